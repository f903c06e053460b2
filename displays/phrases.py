"""Every text people read or hear of a call, as it stands in English: the catalogues' keys.

A text is changed here, and its other languages in `firmware_config/locale` (`make texts` says what
is to be translated). `say` fills it in; times are written as 08.00 and the day as people say it.
Sentences of the strip must be true in every hall that runs this release.
"""

from datetime import datetime

from firmware_config import texts

Phrase = texts.Phrase
say = texts.say
known = texts.known
languages = texts.languages

COUNTER = Phrase("COUNTER")
GO_TO = Phrase("Please go to")
GO_TO_COUNTER = Phrase("Go to counter")
HEAD_NUMBER = Phrase("Number")
HEAD_COUNTER = Phrase("Counter")
HEAD_AGENCY = Phrase("Services here")
WAITING = Phrase("{count} waiting")
RECALL = Phrase("CALL NO. {repeat}")
RECALL_SHORT = Phrase("{repeat}x")
PRIORITY_CALL = Phrase("PRIORITY")
LOST = Phrase(
    "Connection lost since {time} – please listen for the staff"  # noqa: RUF001 - DESIGN §4
)
WELCOME = Phrase("Welcome")
TAKE_A_NUMBER = Phrase("Take a number, then wait until it is called on this screen.")
STARTING = Phrase("This screen is getting ready.")
FOLLOW_STAFF = Phrase("Please follow the staff")
NUMBER_STAYS = Phrase("Your number stays valid.")

SIGN_READY = Phrase("READY")
SIGN_PAUSED = Phrase("ON A BREAK")
SIGN_CLOSED = Phrase("CLOSED")
SIGN_GO = Phrase("Please come")
SIGN_SERVING = Phrase("Now serving")
"""What stands above a counter: its state in one word; above a number what it asks of its holder."""

SAY_NUMBER = Phrase("Ticket")
SAY_GO = Phrase("please go to counter")
SAY_COUNTER = Phrase("counter")
SAY_AGAIN = Phrase("Calling again")
"""What a voice says beside the number's letters and digits and the counter's number: `spoken.py`
joins them."""

CLOSED = Phrase("Closed")
CLOSED_UNTIL = Phrase(
    "Closed – opens again {opens}"  # noqa: RUF001 - DESIGN §4
)
ISSUE_FROM = Phrase("First numbers {opens}")
AT_TIME = Phrase("at {time} {zone}")
SEE_YOU = Phrase("Thank you for coming.")

SENTENCES = (
    Phrase("Watch this screen for your number and counter."),
    Phrase("Have your papers ready before you are called."),
    Phrase("Missed your call? Ask at the information desk."),
    Phrase("Need help? Ask at the information desk."),
    Phrase("Keep your slip until you have been served."),
)
"""The strip's whole sentences, shown one at a time in every language of the hall."""

# A kiosk's touch screen.
CHOOSE_AGENCY = Phrase("Choose an office")
SEARCH = Phrase("Search")
SEARCH_HINT = Phrase("Type the first letters of the service")
NOTHING_FOUND = Phrase("Nothing fits. Erase a letter, or ask at the information desk.")
ERASE = Phrase("Erase")
BACK = Phrase("Back")
HOME = Phrase("Start")
PRIORITY = Phrase("Priority")
PRIORITY_FOR = Phrase(
    "Aged 60+, pregnant or nursing, with a disability, with small children, disaster victims"
)
BRING = Phrase("Bring")
FEE = Phrase("Fee")
FREE = Phrase("Free")
FINISH = Phrase("Ready")
NOBODY_WAITS = Phrase("Nobody is waiting")
TAKE_NUMBER = Phrase("Take a number")
TAKEN = Phrase("Chosen already")
TAKES: dict[str, Phrase] = {
    "closed": Phrase("Closed now"),
    "quota": Phrase("No more numbers today"),
    "cutoff": Phrase("No more numbers today: closing soon"),
    "disrupted": Phrase("Out of order for now"),
}
"""Why a service gives no numbers now."""
ANOTHER = Phrase("Another service?")
ANOTHER_YES = Phrase("Yes, add one")
PRINT_NOW = Phrase("Print my number")
PRINT_IN = Phrase("Prints in {count} seconds")
PRINTING = Phrase("Printing your number")
TAKE_SLIP = Phrase("Take your slip")
NO_PAPER = Phrase("Out of paper. Take a photo or note this number; it stays valid.")
PERHAPS = Phrase("If your slip has come out, take it: its number is valid.")
PERHAPS_NOT = Phrase("If it has not, please ask at the information desk.")
NO_NUMBER = Phrase("No number could be given")
ASK_DESK = Phrase("Please ask at the information desk")
NOT_READY = Phrase("This machine is not ready. Please ask at the information desk.")
LANGUAGE_NAME = Phrase("English", "a language's own name")
"""In its own language: who can't read this one finds theirs."""

DAYS_OF_A_WEEK = 7

MONTHS = (
    Phrase("January"),
    Phrase("February"),
    Phrase("March"),
    Phrase("April"),
    Phrase("May"),
    Phrase("June"),
    Phrase("July"),
    Phrase("August"),
    Phrase("September"),
    Phrase("October"),
    Phrase("November"),
    Phrase("December"),
)
DATE = Phrase("{weekday}, {day} {month}")
DATE_SHORT = Phrase("{weekday} {day} {month}", "both shortened to three letters")


def say_time(at: datetime) -> str:
    """Return hours and minutes as 08.00."""
    return f"{at:%H.%M}"


def say_day(at: datetime, language: str, *, is_short: bool = False) -> str:
    """Return the day as `Rabu, 25 November`, or short as `Rab 25 Nov`."""
    weekday = say(texts.WEEKDAYS[at.weekday()], language)
    month = say(MONTHS[at.month - 1], language)
    if is_short:
        return say(DATE_SHORT, language, weekday=weekday[:3], day=at.day, month=month[:3])
    return say(DATE, language, weekday=weekday, day=at.day, month=month)


def say_opening(opens: datetime, at: datetime, language: str) -> str:
    """Return when something opens as `pukul 08.00 WIB`, with its day when that is another.

    Within a week the day's name will do: `Senin pukul 08.00 WIB`.
    """
    time = say(AT_TIME, language, time=say_time(opens), zone=opens.tzname() or "")
    days = (opens.date() - at.date()).days
    if days == 0:
        return time
    if days < DAYS_OF_A_WEEK:
        return f"{say(texts.WEEKDAYS[opens.weekday()], language)} {time}"
    return f"{say_day(opens, language)} {time}"
