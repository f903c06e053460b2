"""PURE: what the runtime and a role say to each other: what is known, and what is wanted done."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from broker.hall.commands import AnyCommand, Cancel, ConfirmPrint, Issue
from broker.wire.messages import Result
from broker.wire.topics import Topic
from edge.lamps import Pattern
from edge.press import Press
from edge.slip import Slip


class Sent(StrEnum):
    """How far what was pressed has come, worst first as the lamp shows it."""

    LATE = "late"
    ON_THE_WAY = "on_the_way"
    ALL = "all"


class Standing(NamedTuple):
    """What the runtime knows about the way to the hub.

    Attributes:
        is_heard: The broker is connected and the hub was heard lately.
        is_kept: What happened here is on disk.
        now_s: Monotonic clock.
        sent: `LATE`: a press has waited longer for its result than staff take as "at once", or
            what happened here could not be written to disk yet.
    """

    is_heard: bool
    sent: Sent
    is_kept: bool = True
    now_s: float = 0.0


class Visit(NamedTuple):
    """What somebody chose on a touch screen: services of one visit, one slip.

    Attributes:
        language: In which its slip is to be; empty for the hall's main one.
    """

    services: tuple[str, ...]
    is_priority: bool = False
    language: str = ""
    is_assisted: bool = False


class Ask(NamedTuple):
    """Commit this to the outbox, then send it."""

    command: AnyCommand


class Flash(NamedTuple):
    """Show this once on these lamps, and log why when it was refused.

    Attributes:
        lamps: Their names.
        why: Empty when nothing went wrong.
    """

    lamps: tuple[str, ...]
    pattern: Pattern
    why: str = ""


class Print(NamedTuple):
    """Commit what it will confirm, put it on paper, then commit `confirm` itself.

    Attributes:
        number: What people read, for the log.
        offline: Those of its numbers that were given without the hub.
        confirm: What to ask once it is on paper.
        cancel, failed: What to ask, and show, when it could not be printed.
    """

    number: str
    slip: Slip
    confirm: tuple[ConfirmPrint, ...]
    cancel: tuple[Cancel, ...]
    failed: Flash
    offline: tuple[str, ...] = ()


Wish = Ask | Flash | Print


class Role(Protocol):
    """What a node is for. A role decides, the runtime does."""

    name: str

    def topics(self) -> tuple[Topic, ...]:
        """Return what it reads beside its acks and `state/hub`."""
        ...

    def pressed(self, button: str, press: Press) -> tuple[Wish, ...]:
        """Return what a moment of a press asks for."""
        ...

    def wanted(self, visit: Visit, now_s: float) -> Issue:
        """Return the issue a visit chosen on a screen asks for.

        Raises:
            ValueError: It is none of this role's, or names a service nobody knows.
        """
        ...

    def received(self, topic: Topic, payload: bytes, *, gen_n: int) -> bool:
        """Take a snapshot; one of a generation below `gen_n`, or older than the last, is ignored.

        Return whether `standing` may return something else for it.

        Raises:
            WireError: Not what this topic carries.
        """
        ...

    def answered(self, command: AnyCommand, result: Result) -> tuple[Wish, ...]:
        """Return what the result of one of this node's commands asks for."""
        ...

    def alone(
        self,
        issue: Issue,
        ticket: str,
        *,
        given_ms: Mapping[str, int],
        at_ms: int,
        hall_ms: int | None,
    ) -> Print | Flash:
        """Return the slip of a press the hub has not answered in time, with numbers of its own.

        Args:
            ticket: The id of its first ticket.
            given_ms: When each number was last given without the hub, the newest one last.
            at_ms: This machine's wall clock at the press.
            hall_ms: The hall's time at the press, to be printed; None = not known.
        """
        ...

    def failed(self, button: str) -> Flash:
        """Return what to show when a press could not be kept."""
        ...

    def standing(self, standing: Standing) -> dict[str, Pattern]:
        """Return what each lamp shows while nothing is flashed."""
        ...

    def wake_s(self) -> float | None:
        """Return the monotonic instant at which `standing` shows something else by itself."""
        ...

    def panel(self) -> dict[str, object]:
        """Return what a panel shows beside buttons and lamps."""
        ...
