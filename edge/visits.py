"""PURE: how far the visits are that were taken on a kiosk's touch screen, for its panel.

The screen shows the newest one: asked, printing, printed, or refused. Its number is on the glass
too, so a slip that did not come out is no reason to take the ticket back: `unprinted`, the visitor
reads the number, and it counts (DESIGN §5).
"""

from collections.abc import Sequence

from broker.outbox import Key
from edge.paper import Outcome
from edge.slip import Slip

REMEMBERED = 8
"""Visits that are followed at once; a kiosk has one glass and one printer."""


class Visits:
    """The visits of one kiosk's screen, by the press that asked for them."""

    def __init__(self) -> None:
        self._newest: Key | None = None
        self._states: dict[Key, dict[str, object]] = {}
        self._given: dict[str, object] | None = None

    def begin(self, key: Key) -> None:
        """Follow a visit whose press was committed."""
        self._newest = key
        self._states[key] = {"id": name_of(key), "state": "asked", "numbers": [], "why": ""}
        while len(self._states) > REMEMBERED:
            self._states.pop(next(iter(self._states)))

    def printing(self, key: Key, numbers: Sequence[str]) -> None:
        """Its slip is on its way."""
        self._note(key, state="printing", numbers=list(numbers))

    def ended(self, key: Key, outcome: Outcome) -> bool:
        """Its slip is out, perhaps, or surely not; return whether its number is read here now."""
        is_lost = outcome is Outcome.FAILED
        if self._states.get(key, {}).get("state") != "printing":
            return False
        self._note(key, state="unprinted" if is_lost else "printed")
        return is_lost

    def given(self, key: Key, slip: Slip, *, is_lost: bool) -> None:
        """Somebody has these numbers now, of a button or of the screen.

        Shown as `{"id", "language", "tickets": [{"number", "where"}], "is_lost"}`; `is_lost`:
        without paper, so they must be remembered.
        """
        self._given = {
            "id": name_of(key),
            "language": slip.language,
            "tickets": [{"number": each.number, "where": each.where} for each in slip.tickets],
            "is_lost": is_lost,
        }

    def refused(self, key: Key, why: str) -> None:
        """It gets no number."""
        self._note(key, state="refused", why=why)

    def shown(self) -> dict[str, object]:
        """Return what a panel shows: `take`, the newest visit, and `given`, the newest slip."""
        return {"take": self.panel(), "given": self._given}

    def panel(self) -> dict[str, object] | None:
        """Return the newest visit: `id`, `state`, `numbers`, `why`; None = none."""
        return None if self._newest is None else dict(self._states[self._newest])

    def _note(self, key: Key, **changes: object) -> None:
        if key in self._states:
            # A new object: whoever watches compares what was sent with what is.
            self._states[key] = self._states[key] | changes


def name_of(key: Key) -> str:
    """Return a press as people and other processes name it: `stream:seq`, its ticket's id."""
    return f"{key.stream}:{key.seq}"
