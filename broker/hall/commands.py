"""What may be asked of the hall, in the imperative. These structs are the wire bodies.

A command on the wire is a JSON object with its `type`, e.g.
`{"type":"call_next","age_ms":12,"counter":3,"seen":""}`. Unknown fields are ignored, so an older
hub survives a newer node; an unknown type or a bad field is journaled as `rejected`.
"""

from typing import Annotated, ClassVar, get_args

import msgspec
from msgspec import Meta, Struct

from broker.hall.setup import CounterId, Id
from broker.hall.stamps import DisruptedBy

Origin = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}:[1-9][0-9]{0,15}(\.[2-4])?\Z")]
"""`stream:seq` of the command that made it (`.2` to `.4`: the further tickets of one issue)."""

Seen = Annotated[str, Meta(max_length=64)]
"""The `call_id` the lamp or page showed when pressed; empty when it showed none (DESIGN §5.6)."""

Number = Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,2}[0-9]{3}\Z")]
"""What people read: a prefix of 1-2 characters and 3 digits."""

Services = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=64)]
"""Some of the hall's services."""

Score = Annotated[int, Meta(ge=1, le=4)]
"""How a visitor found the service: 1 = worst, as the survey's four answers (SKM)."""

AGE_MAX_MS = 40 * 24 * 3600 * 1000

AgeMs = Annotated[int, Meta(ge=0, le=AGE_MAX_MS)]

CodeSha256 = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
"""Of the secret on the slip that ties phone and ticket. The kiosk keeps the secret: neither wire
nor journal ever holds it. Empty = the slip has none."""

IdOrNone = Annotated[str, Meta(pattern=r"^([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?)?\Z")]
"""As `Id`, or empty."""


def snake_case(name: str) -> str:
    """Return `CallNext` as `call_next`: the tag of a command or event on the wire."""
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class Command(Struct, frozen=True, kw_only=True, tag_field="type", tag=snake_case):
    """Something asked of the hall.

    Attributes:
        age_ms: Age when sent, by the sender's monotonic clock; None when it was made in an
            earlier boot, so its age is not known.
    """

    expires: ClassVar[bool] = False
    """Whether it is refused as stale after `command_ttl_s` (DESIGN §5.7)."""

    age_ms: AgeMs | None = 0


class Issue(Command, frozen=True, kw_only=True):
    """Take 1-4 tickets for one person. Ticket ids are the origin, then origin.2 ... origin.4.

    Attributes:
        priority: They are called before others; why is never asked (DESIGN §4).
        assist: Staff are to accompany them; why is never asked either.
        language: In which the visitor reads the slip; empty = the hall's main one.
    """

    services: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=4)]
    code_sha256: CodeSha256 = ""
    priority: bool = False
    assist: bool = False
    language: Annotated[str, Meta(pattern=r"^([a-z]{2,3})?\Z")] = ""


class ConfirmPrint(Command, frozen=True, kw_only=True):
    """The slip with this number is on paper: the ticket may be called from now on. Paper wins.

    Its number is the hub's, or one of the kiosk's own offline prefix when no answer came in time.

    Attributes:
        ticket: The origin of its issue, whatever became of that.
        service: What it is for; needed when the hub does not know the ticket.
        made_age_ms: How long before this command the button was pressed; None when that was in an
            earlier boot, so it is not known.
        priority, assist, code_sha256: As its issue says.
        print_uncertain: The kiosk was killed while it printed, so the slip may not be out.
    """

    ticket: Origin
    number: Number
    service: IdOrNone = ""
    made_age_ms: AgeMs | None = None
    priority: bool = False
    assist: bool = False
    code_sha256: CodeSha256 = ""
    print_uncertain: bool = False


class Cancel(Command, frozen=True, kw_only=True):
    """Take a ticket back: the kiosk could not print it, or the visitor goes without.

    Attributes:
        code_sha256: Of the slip's secret, when its bearer asks; empty = a kiosk or staff do.
    """

    ticket: Origin
    code_sha256: CodeSha256 = ""


class Assist(Command, frozen=True, kw_only=True):
    """Ask that staff come to this kiosk: somebody held its help button."""

    expires: ClassVar[bool] = True


class Attend(Command, frozen=True, kw_only=True):
    """Say that staff have come to the kiosk that asked for them."""

    node: Id


class Hold(Command, frozen=True, kw_only=True):
    """Let a waiting visitor be away for a while: phone, desk or pad. It returns by itself.

    Attributes:
        code_sha256: Of the slip's secret, when its bearer asks; empty = staff do.
    """

    ticket: Origin
    code_sha256: CodeSha256 = ""


class Return(Command, frozen=True, kw_only=True):
    """Let a parked ticket wait again, at its old place."""

    ticket: Origin


class Reinstate(Command, frozen=True, kw_only=True):
    """Bring back a ticket that ended today, behind the next two: the visitor is here after all."""

    ticket: Origin


class SetPriority(Command, frozen=True, kw_only=True):
    """Move a ticket to the priority class, or back to the normal one; its place is as it was."""

    ticket: Origin
    priority: bool


class Disrupt(Command, frozen=True, kw_only=True):
    """Take no more tickets for these services today; who waits keeps the place and is called.

    Attributes:
        services: At most 64, so that command and result fit their messages.
        why: Never free text: it is shown to visitors, and kept for years.
    """

    services: Services
    why: DisruptedBy


class Resume(Command, frozen=True, kw_only=True):
    """Take tickets for these services again."""

    services: Services


class Admit(Command, frozen=True, kw_only=True):
    """Let a number wait that is on paper and not known: of the drawer, or lost with a hub."""

    number: Number
    service: Id


class ServedByHand(Command, frozen=True, kw_only=True):
    """Say that somebody was called by voice and served, while the hub was gone.

    Attributes:
        counter: Who served; None when a desk that tells of it does not know.
        service: For which service, should the number not be known; empty = not known either.
    """

    number: Number
    counter: CounterId | None = None
    service: IdOrNone = ""


class CounterCommand(Command, frozen=True, kw_only=True):
    """Something the staff at one counter ask for."""

    expires: ClassVar[bool] = True

    counter: CounterId
    seen: Seen = ""


class CallNext(CounterCommand, frozen=True, kw_only=True):
    """End the current ticket and call the next; opens a closed or paused counter."""


class Recall(CounterCommand, frozen=True, kw_only=True):
    """Call the current ticket again."""


class NoShow(CounterCommand, frozen=True, kw_only=True):
    """The called visitor did not come."""


class Close(CounterCommand, frozen=True, kw_only=True):
    """The current ticket is served; nobody is called."""


class Start(CounterCommand, frozen=True, kw_only=True):
    """The called visitor is here: serving begins."""


class Park(CounterCommand, frozen=True, kw_only=True):
    """Set the current ticket aside until staff return or call it: a form is missing."""


class CallNumber(CounterCommand, frozen=True, kw_only=True):
    """End the current ticket as `call_next` would and call this one, waiting or parked."""

    number: Number


class Transfer(CounterCommand, frozen=True, kw_only=True):
    """Let the current ticket wait elsewhere, with its number and the time of its first issue.

    Attributes:
        service: To wait for; empty = it stays with its own.
        to_counter: The only one that may call it, while that one is not closed; None = any.
    """

    service: IdOrNone = ""
    to_counter: CounterId | None = None


class SetService(CounterCommand, frozen=True, kw_only=True):
    """Say which of an agency's services the current ticket, taken for its general one, is for."""

    service: Id


class PauseCounter(CounterCommand, frozen=True, kw_only=True):
    """Stop calling for a while; the current ticket stays."""


class OpenCounter(CounterCommand, frozen=True, kw_only=True):
    """Open a closed or paused counter without calling."""


class CloseCounter(CounterCommand, frozen=True, kw_only=True):
    """Close the counter; a current ticket is closed as `call_next` would."""


class Rate(CounterCommand, frozen=True, kw_only=True):
    """Say how the visitor at the counter, or the one who just left it, found the service.

    Attributes:
        score: 1 = worst, to 4.
    """

    expires: ClassVar[bool] = False

    score: Score


class ReturnDue(Command, frozen=True, kw_only=True):
    """Let every parked ticket wait again whose time has come. Hub only, when `policy.due` says."""


_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

Date = Annotated[str, Meta(pattern=rf"^{_DATE}\Z")]
"""An ISO date in the hall's time zone, e.g. `2026-11-25`."""


class OpenDay(Command, frozen=True, kw_only=True):
    """Begin a day: numbers from 001, counters closed, yesterday's tickets expired. Hub only.

    Attributes:
        date: Empty when no day is open and nobody knows the date: numbers are given all the same.
    """

    date: Annotated[str, Meta(pattern=rf"^({_DATE})?\Z")]


class DoubtDate(Command, frozen=True, kw_only=True):
    """Go on with the open day: no clock is trusted. Hub only."""


class DateDay(Command, frozen=True, kw_only=True):
    """Give the open day its date, and let it go on: a clock is trusted again. Hub only.

    Attributes:
        from_pos, step_ms: See `DayDated`.
    """

    date: Date
    from_pos: Annotated[int, Meta(ge=0)] = 0
    step_ms: Annotated[int, Meta(ge=0)] = 0


class SetDay(Command, frozen=True, kw_only=True):
    """Say which day it is, while no clock is trusted. Who waits goes on waiting."""

    date: Date


AnyCommand = (
    Issue
    | ConfirmPrint
    | Cancel
    | Assist
    | Attend
    | Hold
    | Return
    | Reinstate
    | SetPriority
    | Disrupt
    | Resume
    | Admit
    | ServedByHand
    | CallNext
    | Recall
    | NoShow
    | Close
    | Start
    | Park
    | CallNumber
    | Transfer
    | SetService
    | PauseCounter
    | OpenCounter
    | CloseCounter
    | Rate
    | ReturnDue
    | OpenDay
    | DoubtDate
    | DateDay
    | SetDay
)

COMMANDS: tuple[type[Command], ...] = get_args(AnyCommand)

_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_encoder = msgspec.json.Encoder()


def decode_command(raw: bytes | msgspec.Raw) -> AnyCommand:
    """Return the command in this JSON.

    Raises:
        msgspec.ValidationError: Unknown type, or a field that is not what it must be.
        msgspec.DecodeError: Not JSON.
    """
    return _decoder.decode(raw)


def encode_command(command: Command) -> bytes:
    """Return the command as JSON."""
    return _encoder.encode(command)
