"""PURE: what a voice says of a call, as a sentence to read and as the clips it is made of.

`Nomor antrean A 0 0 7, silakan menuju loket 3`: the number as the slip shows it, digit by digit, so
what people hear is what they read (or as a cardinal, where the hall is used to that); the counter
as a cardinal. A clip is one word or one fixed phrase; the same few clips say every call, so a
speaker records a short list once. The texts are in `phrases.py`; how letters are named and what a
synthesizer must be told to say a word right is here.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from displays.phrases import SAY_AGAIN, SAY_COUNTER, SAY_GO, SAY_NUMBER, say

NumberStyle = Literal["digits", "number"]
"""A hall's `spoken_number`: A 0 0 7, or A 7."""

Form = Literal["full", "short"]
"""A whole sentence, or the number and the counter alone."""

PAUSE = ","
"""A short silence, in a list of parts."""

DIGITS_COUNT = 3
"""A number is a prefix of 1 or 2 characters and so many digits (DESIGN §4)."""

LETTERS = "ABCDEFGHJKLMNPRTUVWXY"
"""Those a prefix may have: no I, O, Q, S, Z."""

COUNTERS_MAX = 99
NUMBERS_MAX = 999


class Cardinals(NamedTuple):
    """The words of numbers.

    Attributes:
        below_20: 0 to 19.
        tens: 20, 30 … 90.
        hundreds: 100, 200 … 900.
        joint: Between hundreds and the rest.
    """

    below_20: tuple[str, ...]
    tens: tuple[str, ...]
    hundreds: tuple[str, ...]
    joint: str = ""


class Tongue(NamedTuple):
    """How one language is spoken.

    Attributes:
        letters: The name of each letter of `LETTERS`, as a person reads it aloud.
        cardinals: Numbers of 0 to 999.
        voice: espeak-ng's name of it.
        sounds: What espeak-ng is given instead of a text it says wrong, by text. In brackets are
            its phonemes.
    """

    letters: tuple[str, ...]
    cardinals: Cardinals
    voice: str
    sounds: dict[str, str]


# Tables, which a test holds against num2words: that library costs a board 3.3 MB and 17 ms.
_ID = ("satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
_EN = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_EN_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
)
_EN_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

TONGUES: dict[str, Tongue] = {
    "id": Tongue(
        letters=(
            *("a", "be", "ce", "de", "e", "ef", "ge", "ha", "je", "ka", "el"),
            *("em", "en", "pe", "er", "te", "u", "ve", "we", "eks", "ye"),
        ),
        cardinals=Cardinals(
            below_20=("nol", *_ID, "sepuluh", "sebelas", *(f"{one} belas" for one in _ID[1:])),
            tens=tuple(f"{one} puluh" for one in _ID[1:]),
            hundreds=("seratus", *(f"{one} ratus" for one in _ID[1:])),
        ),
        voice="id",
        sounds={
            # espeak-ng 1.51 says the e of these as in "bebek" where people say it as in "empat";
            # digits it says right, but for their stress (listened to as phonemes, -x).
            "empat": "[[@mp'at]]",
            "enam": "[[@n'am]]",
            "sebelas": "[[s@b@l'as]]",
            "belas": "[[b@l'as]]",
            # And here the other way round.
            "loket": "[[l'okEt]]",
            "silakan menuju loket": "silakan menuju [[l'okEt]]",
            "ve": "[[v'e]]",
        },
    ),
    "en": Tongue(
        letters=(
            *("a", "bee", "cee", "dee", "e", "eff", "gee", "aitch", "jay", "kay", "el"),
            *("em", "en", "pee", "ar", "tee", "u", "vee", "double-u", "ex", "wye"),
        ),
        cardinals=Cardinals(
            below_20=("zero", *_EN, *_EN_TEENS),
            tens=_EN_TENS,
            hundreds=tuple(f"{one} hundred" for one in _EN),
            joint="and",
        ),
        voice="en-gb",
        sounds={},
    ),
}
"""Languages a voice speaks; one that has a catalogue alone is read, not heard."""


class Clip(NamedTuple):
    """One piece of speech.

    Attributes:
        name: Of its file, without the ending: `letter-a`, `nomor-antrean`, `dua`.
        text: What the speaker reads.
        sound: What espeak-ng is given to read.
    """

    name: str
    text: str
    sound: str


class Speech(NamedTuple):
    """What a hall's voice may have to say, all in all: which clips it needs.

    Attributes:
        letters: The letters of its prefixes, once each.
        counter_max: The highest counter number.
    """

    spoken_number: NumberStyle = "digits"
    letters: str = LETTERS
    counter_max: int = COUNTERS_MAX


def sentence(number: str, counter: int, language: str, *, style: NumberStyle = "digits") -> str:
    """Return the call as people read it: `Nomor antrean A 0 0 7, silakan menuju loket 3`."""
    prefix, count = _split(number)
    digits = list(str(int(count)) if _is_cardinal(prefix, style) else "")
    shown = " ".join([*prefix, "".join(digits) or " ".join(count)])
    return f"{say(SAY_NUMBER, language)} {shown}, {say(SAY_GO, language)} {counter}"


def parts(  # noqa: PLR0913 - a call, and each way a hall may want it said
    number: str,
    counter: int,
    language: str,
    *,
    style: NumberStyle = "digits",
    form: Form = "full",
    is_again: bool = False,
) -> tuple[str, ...]:
    """Return the names of the clips that say the call, in order, with a `PAUSE` where one breathes.

    Raises:
        ValueError: No number: a prefix and three digits.
    """
    where = [PAUSE, _name(say(SAY_GO if form == "full" else SAY_COUNTER, language))]
    said = [*_number(number, language, style), *where, *words(counter, language)]
    if form == "short":
        return tuple(said)
    said = [_name(say(SAY_NUMBER, language)), PAUSE, *said]
    return (_name(say(SAY_AGAIN, language)), PAUSE, *said) if is_again else tuple(said)


def words(count: int, language: str) -> list[str]:
    """Return a cardinal's words: 12 is `dua belas`, `twelve`."""
    names = TONGUES[language].cardinals
    hundreds, rest = divmod(count, 100)
    said = [names.hundreds[hundreds - 1]] if hundreds else []
    if said and rest:
        said.append(names.joint)
    if rest >= len(names.below_20):
        tens, ones = divmod(rest, 10)
        said += [names.tens[tens - 2], names.below_20[ones] if ones else ""]
    elif rest or not said:
        said.append(names.below_20[rest])
    return " ".join(said).split()


def clip_list(language: str, speech: Speech) -> tuple[Clip, ...]:
    """Return every clip this hall's voice needs in a language, in the order to record them."""
    tongue = TONGUES[language]
    phrases = [say(p, language) for p in (SAY_NUMBER, SAY_GO, SAY_COUNTER, SAY_AGAIN)]
    letters = [
        Clip(f"letter-{letter.lower()}", name, tongue.sounds.get(name, letter))
        for letter, name in zip(LETTERS, tongue.letters, strict=True)
        if letter in speech.letters
    ]
    top = NUMBERS_MAX if speech.spoken_number == "number" else speech.counter_max
    spoken = dict.fromkeys(word for count in range(top + 1) for word in words(count, language))
    spoken |= dict.fromkeys(word for digit in range(10) for word in words(digit, language))
    texts = (*phrases, *spoken)
    return (*letters, *(Clip(_name(t), t, tongue.sounds.get(t, t)) for t in texts))


def letters_of(prefixes: Iterable[str]) -> str:
    """Return the letters of these prefixes, once each, in the order of `LETTERS`."""
    found = set("".join(prefixes))
    return "".join(letter for letter in LETTERS if letter in found)


def _number(number: str, language: str, style: NumberStyle) -> list[str]:
    prefix, count = _split(number)
    said = [
        word
        for sign in prefix
        for word in (words(int(sign), language) if sign.isdigit() else [f"letter-{sign.lower()}"])
    ]
    if _is_cardinal(prefix, style):
        return [*said, *words(int(count), language)]
    return [*said, *(word for digit in count for word in words(int(digit), language))]


def _split(number: str) -> tuple[str, str]:
    if not re.fullmatch(rf"[A-Z0-9]{{1,2}}[0-9]{{{DIGITS_COUNT}}}", number):
        raise ValueError(f"{number!r} is no number: 1 or 2 letters and 3 digits, such as A007")
    return number[:-DIGITS_COUNT], number[-DIGITS_COUNT:]


def _is_cardinal(prefix: str, style: NumberStyle) -> bool:
    # K1001 as "K one, one" would be two numbers to the ear: a prefix with a digit stays digits.
    return style == "number" and prefix.isalpha()


def _name(text: str) -> str:
    return text.lower().replace(" ", "-")
