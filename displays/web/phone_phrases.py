"""Every text of the phone page, as it stands in English: the catalogues' keys."""

from displays.phrases import Phrase

TITLE = Phrase("Your queue number")
NEXT = Phrase("You are next")
AHEAD = Phrase("Before you: {ahead}")
WAITING = Phrase("Waiting")
OTHER_FIRST = Phrase("Keeps its place while your other number is at a counter.")
GO = Phrase("Please go to counter {counter}")
AGAIN = Phrase("Call no. {repeat}")
SERVING = Phrase("Now at counter {counter}")
HELD = Phrase("Held until {time}")
HELD_OUT_OF_TIME = Phrase("Held")
RETURNS = Phrase("It returns to its old place by itself.")
MISSED = Phrase("You were called and did not come")
MISSED_BACK = Phrase("Called again after {places} other numbers, not before {time}.")
MISSED_SOON = Phrase("It is called again soon. Stay near the counters.")
PARKED = Phrase("Set aside by the staff")
PARKED_ASK = Phrase("Ask at the counter where you were.")
SERVED = Phrase("Served. Thank you for coming.")
CANCELLED = Phrase("Cancelled")
TAKE_NEW = Phrase("Take a new number if you still need the service.")
ENDED = Phrase("This number has ended")
ASK_DESK = Phrase("Ask at the information desk.")
PRIORITY = Phrase("Priority")

RULE = Phrase("If you miss your call, you are called again after {places} others, {times} times.")
RULE_ONCE = Phrase("If you miss your call, ask at the information desk.")
CALLED_NOW = Phrase("Called now for this service")
NOBODY_CALLED = Phrase("Nobody yet")
AT_COUNTER = Phrase("counter {counter}")

NOTIFY = Phrase("Tell me when I am called")
KEEP_OPEN = Phrase("Keep this page open.")
NO_VIBRATION = Phrase("This phone can't vibrate from a web page: look at it, or listen.")
NO_WAKE = Phrase("This page can't keep the screen on: have your phone do it.")
SHUT = Phrase("Close")

HOLD = Phrase("Hold my number for {minutes} minutes")
HOLDS_LEFT = Phrase("{left} times more")
CANCEL = Phrase("Cancel my number")
CANCEL_SURE = Phrase("Give up number {number}? It can't be taken back.")
CANCEL_YES = Phrase("Yes, cancel {number}")
REFRESH = Phrase("Refresh")
LANGUAGE = Phrase("Language")

UNKNOWN = Phrase("This code is not known today")
UNKNOWN_WHY = Phrase(
    "A code is of one day. A number of a kiosk that is cut off shows once the connection is back."
)
MISSED_ASK = Phrase("Missed your call? Ask at the information desk.")
LOST = Phrase("Connection lost – please listen for the staff")  # noqa: RUF001 - DESIGN §4
TOO_OFTEN = Phrase("Too often. Wait a minute.")
NO_ANSWER = Phrase("No answer yet. Look again in a moment whether it is done.")
NOT_TAKEN = Phrase("This can't be done now. Ask at the information desk.")

NAMES = {"id": "Bahasa Indonesia", "en": "English"}
"""What a language calls itself; its code, when it isn't here."""
