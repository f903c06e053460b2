"""PURE: the one catalogue of what the pages say when something is not done, in every language.

The rules refuse in codes (`broker.hall.refusals`), the routes in English for programs. Here are
the sentences for whoever pressed: what is so, and what to do now.
"""

from collections.abc import Iterable

from displays.phrases import Phrase, known, say

REFUSED: dict[str, Phrase] = {
    "not_allowed": Phrase("This device may not do that. Call the technician."),
    "unknown_service": Phrase("This service is not known. Call the technician."),
    "unknown_counter": Phrase("This counter is not known. Call the technician."),
    "unknown_ticket": Phrase("There is no such number today. Look again."),
    "unknown_number": Phrase("Nobody gave out this number today. Read it again."),
    "service_needed": Phrase("Say for which service this number is."),
    "stale": Phrase("Too late, or the connection has just come back. Look, then press again."),
    "seen_other": Phrase("The counter has moved on. Look first, then press again."),
    "day_not_open": Phrase("The day is not open yet. Wait a moment."),
    "day_already_open": Phrase("This day is open already."),
    "numbers_used_up": Phrase("Today's numbers are used up. Ask at the information desk."),
    "disrupted": Phrase("The service is disrupted. Ask at the information desk."),
    "nobody_waiting": Phrase("Nobody is waiting."),
    "nobody_called": Phrase("No number is called at this counter."),
    "nobody_to_rate": Phrase("There is nobody at this counter to rate it."),
    "counter_closed": Phrase("The counter is closed. Open it, or choose another."),
    "moved_on": Phrase("The number has moved on. Look again."),
    "not_on_paper": Phrase("Its slip is not out yet. Wait a moment."),
    "visit_busy": Phrase("The visitor is at another counter."),
    "not_served_here": Phrase("This counter does not serve that number."),
    "held_out": Phrase("This number can't be held any more."),
    "not_general": Phrase("Not a number of the general service. Transfer it."),
    "already_known": Phrase("This number is known already today."),
    "at_counter": Phrase("Another counter has this number. End it there."),
    "closed": Phrase("Outside the hours in which numbers are given out."),
    "past_cutoff": Phrase("It is too short before closing time for a new number."),
    "quota_reached": Phrase("All numbers of today are given out."),
    "wrong_code": Phrase("This code is of no such number. Scan the slip once more."),
    "rejected": Phrase("The device sent something nobody understands. Call the technician."),
}
"""By the code of a refusal; `rejected` is the hub's own."""

REFUSED_SO = Phrase("Refused: {code}.")
"""A code of a newer hub than this page."""

NOT_RUNNING = Phrase("Device {node} does not answer. See first what came of it, then press again.")
NOT_TAKEN = Phrase("The press at {node} was not taken. See its lamp, then press again.")
TOO_MANY = Phrase("Too many buttons are being pressed. Wait a moment, then press again.")

Texts = list[dict[str, str]]
"""One text in some languages, the first to be read first: `[{"lang": "id", "text": "…"}]`."""


def texts(phrase: Phrase, languages: Iterable[str], **values: object) -> Texts:
    """Return the text in those of a hall's languages the catalogue has, in their order."""
    return [{"lang": lang, "text": say(phrase, lang, **values)} for lang in known(languages)]


def refused(code: str, languages: Iterable[str]) -> Texts:
    """Return what to say of a refusal."""
    phrase = REFUSED.get(code)
    return texts(phrase, languages) if phrase else texts(REFUSED_SO, languages, code=code)
