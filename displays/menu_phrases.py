"""What a kiosk's speaker says: the spoken menu, and the number that was given.

Sentences for the ear: short, the word that tells them apart first. Buttons are called by what is
on them: BANTUAN, LANJUT (next), PILIH (choose).
"""

from displays.phrases import Phrase

LANGUAGE = Phrase("English.", "a language's own name")
"""Said first when the language was changed, in that language."""

OTHER_LANGUAGE = Phrase("For English, press the help button again.", "a language of itself")
"""In the language it leads to."""

INTRO = Phrase("Spoken help. Press next for the next choice. Press choose to take it.")
CALL_STAFF = Phrase("Hold the help button for two seconds to call the staff.")
CALLING = Phrase("Calling the staff.")
CALLED = Phrase("The staff have been called. Please wait here.")
ATTENDED = Phrase("The staff are here.")
NOT_CALLED = Phrase("The staff can't be called from here. Please call out for them.")
WHICH_AGENCY = Phrase("Which office?")
WHICH_SERVICE = Phrase("Which service?")

TAKE = Phrase("Take a number. Press choose, or next for other choices.")
ADD = Phrase("Add another service.")
PRIORITY_ON = Phrase(
    "The priority queue, for the aged, pregnant or nursing, with a disability,"
    " with small children, or disaster victims."
)
PRIORITY_OFF = Phrase("Not priority after all.")
ASSIST_ON = Phrase("Ask to be accompanied by staff.")
ASSIST_OFF = Phrase("Not accompanied after all.")
IS_PRIORITY = Phrase("Priority is chosen.")
IS_ASSISTED = Phrase("Staff will accompany you.")
BACK = Phrase("Go back.")

ONE_WAITS = Phrase("One person is waiting.")
WAIT = Phrase("people are waiting.")
"""After a number."""
TAKEN = Phrase("Chosen already.")

PRINTING = Phrase("Your number is being printed.")
NUMBER = Phrase("Your ticket number is")
AND = Phrase("and")
TAKE_SLIP = Phrase("Take your slip, and wait at")
TAKE_SLIP_HERE = Phrase("Take your slip, and listen for your call.")
NO_PAPER = Phrase("Out of paper. Remember this number; it stays valid.")
WAIT_AT = Phrase("Please wait at")
LISTEN = Phrase("Listen for your call.")

LEAVING = Phrase("Spoken help ends. Press the help button to start again.")
