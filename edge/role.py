"""PURE: what the runtime and a role say to each other: what is known, and what is wanted done."""

from enum import StrEnum
from typing import NamedTuple, Protocol

from broker.hall.commands import AnyCommand, Cancel, ConfirmPrint
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
        sent: `LATE`: a press has waited longer for its result than staff take as "at once", or
            what happened here could not be written to disk yet.
    """

    is_heard: bool
    sent: Sent


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
    """Put this on paper; then commit `confirm` together with the result that led to it.

    Attributes:
        number: What people read, for the log.
        confirm: What to ask once it is on paper.
        cancel, failed: What to ask, and show, when it could not be printed.
    """

    number: str
    slip: Slip
    confirm: tuple[ConfirmPrint, ...]
    cancel: tuple[Cancel, ...]
    failed: Flash


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

    def received(self, topic: Topic, payload: bytes, *, gen_n: int) -> None:
        """Take a snapshot; one of a generation below `gen_n`, or older than the last, is ignored.

        Raises:
            WireError: Not what this topic carries.
        """
        ...

    def answered(self, command: AnyCommand, result: Result) -> tuple[Wish, ...]:
        """Return what the result of one of this node's commands asks for."""
        ...

    def failed(self, button: str) -> Flash:
        """Return what to show when a press could not be kept."""
        ...

    def standing(self, standing: Standing) -> dict[str, Pattern]:
        """Return what each lamp shows while nothing is flashed."""
        ...

    def panel(self) -> dict[str, object]:
        """Return what a panel shows beside buttons and lamps."""
        ...
