"""What a hub hears before it serves, and of another hub while it does (DESIGN §5.9). Pure.

Two hubs never decide at one broker:

- Connected, a hub says nothing until it was handed the heartbeat the broker keeps, or `HEAR_S`
  have passed without one.
- A kept heartbeat with a higher n is a suspicion, for that hub may be dead. This one says and
  decides nothing until it hears more of it: then it stands down. If it hears nothing for `RIVAL_S`
  the other is dead: it opens a generation above it and asks the nodes for what they hold.
- A kept heartbeat with the same n and of another journal is one of a hub this one never met: a
  second hub was switched on, or the first has a new card. This one knocks: it says its heartbeat
  and nothing else for `KNOCK_S`. A hub that lives answers; else a generation is opened above it.
- A live heartbeat of a hub that outranks it makes a hub stand down at once, in the midst of
  serving. It does not come back by itself: which hub stays is for a person to say. Of two with the
  same n the one that serves outranks the one that listens, and answers its heartbeat at once.
- Then it calls with its own heartbeat for births, and decides nothing until each kiosk and counter
  that was here is born again, or `BIRTHS_S` have passed: a birth tells of a journal that was set
  back, and what is decided before is decided on too few rows.
"""

from collections.abc import Iterable
from enum import StrEnum

from broker.wire.generation import is_lower, rank
from broker.wire.messages import HubState

HEAR_S = 0.25
"""A broker hands out what it keeps within some ms of the SUBACK; one just started keeps nothing."""

KNOCK_S = 1.0
"""A hub answers within some ms, one whose disk is slow within some hundred."""

BIRTHS_S = 1.0
"""A node answers a heartbeat of another start within some ms, a slow one within some tens."""

RIVAL_S = 11.0
"""Two heartbeats of 5 s, and some more."""


class Stage(StrEnum):
    """How far a hub has listened.

    Attributes:
        HEARING: It says nothing.
        KNOCKING: It says only its heartbeat, and keeps births for later.
        BIRTHS: It says only its heartbeat, and takes births.
        DONE: It serves.
    """

    HEARING = "hearing"
    KNOCKING = "knocking"
    BIRTHS = "births"
    DONE = "done"


class Listening:
    """A hub's ears.

    Args:
        start: Random per start of this hub.
        holders: Nodes whose births are waited for when they were here before.
        is_done: There is nothing to listen for: it serves at once.

    Attributes:
        stage: How far it has listened; back to `HEARING` with a suspicion.
        rival: A hub that lives and outranks this one, which stands down; None = none.
        is_challenged: A heartbeat is due now: to knock, or to answer a hub that this one outranks.
    """

    def __init__(self, *, start: str, holders: Iterable[str], is_done: bool = False) -> None:
        self.stage = Stage.DONE if is_done else Stage.HEARING
        self.rival: HubState | None = None
        self.is_challenged = False
        self._start = start
        self._holders = frozenset(holders)
        self._suspect: HubState | None = None
        self._suspect_s = 0.0
        self._stranger = ""
        self._knock_s = 0.0
        self._linked_s: float | None = None
        self._is_heard = False
        self._awaited: set[str] = set()
        self._births_s = 0.0

    def connected(self, now_s: float) -> None:
        """Begin a connection: what the broker keeps will come."""
        self._linked_s = now_s
        self._is_heard = False
        self._awaited.clear()
        self._stranger = ""
        if self.stage in {Stage.KNOCKING, Stage.BIRTHS}:
            self.stage = Stage.HEARING

    def disconnected(self) -> None:
        """End a connection: nothing is heard, so nothing is over."""
        self._linked_s = None

    def hub_heard(self, state: HubState, *, gen: str, is_retained: bool, now_s: float) -> None:
        """Take a heartbeat, its own included; `gen` is the generation it serves itself."""
        if state.start == self._start:
            self._is_heard = True
        elif not is_retained:
            own = rank(gen, self._start, listens=self.stage is not Stage.DONE)
            if rank(state.gen, state.start, listens=state.listens) > own:
                self.rival = state
            else:
                self.is_challenged = True
        else:
            self._is_heard = True
            if is_lower(gen, state.gen):
                self._suspected(state, now_s)
            elif gen != state.gen and not is_lower(state.gen, gen):
                self._stranger = state.gen

    def _suspected(self, state: HubState, now_s: float) -> None:
        known = self._suspect
        if known is None:
            self._suspect, self._suspect_s = state, now_s
            self.stage = Stage.HEARING
        elif (known.start, known.beat) != (state.start, state.beat):
            self.rival = state  # It has spoken since.

    def born(self, node: str, *, is_online: bool, is_retained: bool) -> None:
        """Take note of a birth or a will."""
        if is_online and is_retained and node in self._holders and self.stage is not Stage.DONE:
            self._awaited.add(node)
        else:
            self._awaited.discard(node)

    def advance(self, now_s: float) -> str:
        """Go on to the next stage when it is time; return the generation of a hub found dead."""
        if self._linked_s is None or self.rival is not None:
            return ""
        dead = ""
        if self.stage is Stage.HEARING and now_s >= self._heard_s(self._linked_s):
            dead = self._suspect.gen if self._suspect else ""
            is_to_knock = self._stranger and not dead
            self._suspect = None
            if is_to_knock:
                self.stage, self._knock_s = Stage.KNOCKING, now_s + KNOCK_S
                self.is_challenged = True
            else:
                self._begin_births(now_s)
        if self.stage is Stage.KNOCKING and now_s >= self._knock_s:
            dead = self._stranger
            self._begin_births(now_s)
        if self.stage is Stage.BIRTHS and (not self._awaited or now_s >= self._births_s):
            self.stage = Stage.DONE
        return dead

    def _begin_births(self, now_s: float) -> None:
        self._stranger = ""
        self.stage, self._births_s = Stage.BIRTHS, now_s + BIRTHS_S

    def wake_s(self) -> float:
        """Return the instant at which `advance` next has something to do."""
        if self._linked_s is None or self.stage is Stage.DONE:
            return float("inf")
        if self.stage is Stage.KNOCKING:
            return self._knock_s
        return self._births_s if self.stage is Stage.BIRTHS else self._heard_s(self._linked_s)

    def _heard_s(self, linked_s: float) -> float:
        """Return when `HEARING` is over."""
        if self._suspect is not None:
            # Not before this connection has said what it keeps.
            return max(self._suspect_s + RIVAL_S, linked_s + HEAR_S)
        return float("-inf") if self._is_heard else linked_s + HEAR_S
