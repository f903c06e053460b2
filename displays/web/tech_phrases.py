"""PURE: what the technician's pages say, in English: the catalogues' keys."""

from displays.phrases import Phrase

TITLE = Phrase("Technician")
COUNT = Phrase("{good} of {all} devices are well")
ALL_WELL = Phrase("All {all} devices are well.")
MORE = Phrase("{what} And {count} more.")
BROKER_GONE = Phrase("The broker is not reached: what is shown here may be old.")
HUB_GONE = Phrase("The hub has not been heard for {age}: kiosks go on alone, nobody is called.")
HUB_UNHEARD = Phrase("The hub has not been heard yet.")
WAITING_FOR = Phrase("Waiting for word from {count} devices.")
SILENT_ONE = Phrase("{node} is not heard.")

URGENT = Phrase("Fault", "state of a device")
WARNING = Phrase("Look", "state of a device")
UNKNOWN = Phrase("Unknown", "state of a device")
INFO = Phrase("Note", "state of a device")
GOOD = Phrase("Well", "state of a device")

HALL = Phrase("Whole hall", "place of devices")
ENTRANCE = Phrase("Hub and kiosks", "place of devices")

HEARD = Phrase("heard {age} ago")
UNHEARD = Phrase("nothing heard yet")
GONE_FOR = Phrase("switched off or cut off for {age}")
SILENT_FOR = Phrase("silent for {age}")
SEEN_BY = Phrase("seen by {initials}")

SECONDS = Phrase("{count} s", "age")
MINUTES = Phrase("{count} min", "age")
HOURS = Phrase("{count} h", "age")
DAYS = Phrase("{count} days", "age")

LAST_SLIP = Phrase("last slip {age} ago")
NO_SLIP = Phrase("no slip since its start")
LAST_PRESS = Phrase("last press {age} ago")
NO_PRESS = Phrase("no press since its start")
CALLING = Phrase("calling {number}")
SHOWING = Phrase("picture changed {age} ago")
SHOWING_CALL = Phrase("showing {number}, picture changed {age} ago")
JOURNAL = Phrase("journal at {pos}")

YES = Phrase("yes", "figure")
NO = Phrase("no", "figure")
UNTOLD = Phrase("unknown", "figure")

VERSION = Phrase("Version")
MODEL = Phrase("Kind of Pi")
UPTIME = Phrase("Running for")
TEMPERATURE = Phrase("Processor")
SUPPLY = Phrase("Supply")
SUPPLY_LOW_NOW = Phrase("too weak now")
SUPPLY_LOW_SEEN = Phrase("was too weak since it was switched on")
SUPPLY_FINE = Phrase("enough")
MEMORY_FREE = Phrase("Memory free")
DISK_FREE = Phrase("Disk free")
DISK_ERRORS = Phrase("Errors of the card")
CANARY = Phrase("Card tried")
CANARY_FINE = Phrase("writes and reads, {seconds} s")
CANARY_FAILED = Phrase("fails: replace it")
CLOCK = Phrase("Clock")
CLOCK_KEPT = Phrase("kept")
CLOCK_FREE = Phrase("nothing keeps it")
NETWORK = Phrase("Network")
OUTBOX = Phrase("Not sent yet")
CONNECTS = Phrase("Connections since start")
PRINTER = Phrase("Printer")
SCREEN = Phrase("Screen plugged in")

PRINTER_STATES = {
    "ok": Phrase("ready", "printer"),
    "near_end": Phrase("paper runs out soon", "printer"),
    "out": Phrase("no paper", "printer"),
    "offline": Phrase("not reached", "printer"),
    "unknown": Phrase("does not say", "printer"),
}

BUTTONS = Phrase("Buttons")
BUTTON = Phrase("Button")
PRESSES = Phrase("Presses")
LAST = Phrase("Last")
STUCK = Phrase("STUCK")
CHATTER = Phrase("Bounces")
PRESS_EACH = Phrase("Press each button once: its count goes up within 15 s.")
ALARMS = Phrase("Alarms")
NO_ALARMS = Phrase("No alarms.")
FIGURES = Phrase("Figures")
BACK = Phrase("All devices")
SIGN_OUT = Phrase("Sign out")
OLD = Phrase("This page has been cut off from the hall for {age}.")
LANGUAGE = Phrase("Language")
SINCE = Phrase("for {age}")
AGO = Phrase("{age} ago")
