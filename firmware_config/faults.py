"""What is wrong with a hall file, in words a technician can act on. PURE."""

import difflib
import json
import re
from collections.abc import Iterable
from typing import NamedTuple

SHOWN_MAX = 40

CHOICES_MAX = 12

PREFIX_MIN = 3

BARE = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Fault(NamedTuple):
    """One thing to mend.

    Attributes:
        key: Where, e.g. `hall.timezone` or `service[2] (kk): agency`; `[2]` = the second one.
        what: What is wrong.
        mend: What to do about it.
    """

    key: str
    what: str
    mend: str

    def __str__(self) -> str:
        """Return it as one line without the file's name."""
        return f"{self.key}: {self.what}; {self.mend}"


def show(value: object) -> str:
    """Return a value of a TOML file as it is written there, shortened."""
    if isinstance(value, dict):
        return "a table { }" if value else "an empty table { }"
    if isinstance(value, list):
        return "a list [ ]" if value else "an empty list [ ]"
    # A number beyond 64 bits has no business here, and its digits may be too many to print.
    if isinstance(value, int) and value.bit_length() > 64:  # noqa: PLR2004 - see above
        return "a number that is far too big"
    text = json.dumps(value, default=str, ensure_ascii=False)
    # Control characters would move the terminal's cursor or turn the line's direction.
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def key_of(name: str) -> str:
    """Return a key as it is written in TOML, shortened: bare, or in quotes."""
    return name if BARE.fullmatch(name) else show(name)


def listed(words: Iterable[object], *, last: str = "and") -> str:
    """Return `a, b and c`."""
    texts = [str(word) for word in words]
    if len(texts) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def nearest(word: object, known: Iterable[object]) -> str | None:
    """Return the known word meant by a wrong one, or None."""
    by_lower = {str(each).lower(): str(each) for each in known}
    said = str(word).lower()[:64]
    near = difflib.get_close_matches(said, by_lower, n=1)
    # "pajak" is meant for "pajak-daerah", which is too long to be close.
    near += [each for each in by_lower if len(said) >= PREFIX_MIN and each.startswith(said)]
    return by_lower[near[0]] if near else None


def choose(word: object, known: Iterable[object]) -> str:
    """Return how to mend a word that isn't one of those known: the nearest one, or all of them."""
    words = [str(each) for each in known]
    meant = nearest(word, words)
    return f"did you mean {meant}?" if meant else one_of(words)


def one_of(known: Iterable[object]) -> str:
    """Return the demand to write one of some words, of many only the first."""
    words = [str(each) for each in known]
    if len(words) > CHOICES_MAX:
        return f"write one of {', '.join(words[:CHOICES_MAX])} … ({len(words)} in all)"
    return f"write {'one of ' if len(words) > 1 else ''}{listed(words, last='or')}"
