"""A kiosk's slips: from the press to the paper, and on to what the hub is told of it (DESIGN §5).

A press gets its number from the hub. Without an answer it gets one without the hub, after 1.5 s, or
at once where it is known that none can come. Either way the number is on disk before it is printed
(a promise), and the confirm after: killed between, the kiosk confirms what it had promised, for the
slip may be in somebody's hand, and prints nothing. So a press has one slip at most, and what the
hub says of it later is only noted.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from broker.clock import Clock
from broker.hall.commands import (
    AGE_MAX_MS,
    AnyCommand,
    Cancel,
    ConfirmPrint,
    Issue,
    decode_command,
)
from broker.log import kv
from broker.outbox import Key, Outbox, Promise
from broker.store import StoreError
from broker.wire.delivery import Row
from broker.wire.figures import PrinterHealth
from broker.wire.messages import Result
from edge.inbox import Inbox, Paper
from edge.paper import SAID, Outcome, PaperPort, Printed
from edge.role import Flash, Print, Role
from edge.visits import Visits

_log = logging.getLogger(__name__)

HUB_WAIT_S = 1.5
"""A visitor who pressed waits so long for the hub; the slip is out within 2 s (DESIGN §5)."""


NO_NUMBER = "no_number"
"""Why a visit is refused here: no answer of the hub, and no number of the kiosk's own."""


NOT_KEPT = "not_kept"
"""The same: the disk refuses."""


class Waiting(NamedTuple):
    """A press that has no number yet.

    Attributes:
        due_s: Monotonic instant until which the hub is waited for.
    """

    row: Row
    issue: Issue
    due_s: float


class Ended(NamedTuple):
    """A slip's way has ended: what to ask of the hub, in one commit with the note that it has.

    Attributes:
        made_s: When it ended.
        decided: A result that is not on disk yet.
    """

    key: Key
    asks: Sequence[AnyCommand]
    made_s: float
    decided: tuple[tuple[Row, Result], ...] = ()


class Printing:
    """Which presses wait for a number, which slips are on their way, which have ended.

    What was pressed before the start waits for the hub from the start.

    Attributes:
        in_hand: Slips the paper has not told of yet.
        ended: To be committed, oldest first.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        *,
        role: Role,
        outbox: Outbox,
        paper: PaperPort,
        inbox: Inbox,
        visits: Visits,
        clock: Clock,
        time_ms: Callable[[float], int | None],
    ) -> None:
        self.in_hand = 0
        self.ended: deque[Ended] = deque()
        self._printed_s: float | None = None
        self._failed = 0
        self._role = role
        self._outbox = outbox
        self._paper = paper
        self._inbox = inbox
        self._visits = visits
        self._time_ms = time_ms
        self._clock = clock
        self._promised: set[Key] = set()
        self._waiting: dict[Key, Waiting] = {}
        now_s = clock.mono_s()
        for promise in outbox.promises:
            self._promised.add(promise.key)
            if not promise.is_out:
                self.ended.append(uncertain(promise, now_s))
        for row in outbox.rows:
            issue = _issue_of(row)
            if issue and key_of(row) not in self._promised:
                self.asked(row, issue, now_s)

    def asked(self, row: Row, command: AnyCommand, from_s: float) -> None:
        """Take a press that was committed."""
        if isinstance(command, Issue):
            self._waiting[key_of(row)] = Waiting(row, command, from_s + HUB_WAIT_S)

    def answered(self, row: Row) -> bool:
        """Take note that the hub has decided this row; return whether it comes too late to print.

        Then its slip is out, or on its way, or it was refused here.
        """
        self._waiting.pop(key_of(row), None)
        is_late = key_of(row) in self._promised
        self._promised.discard(key_of(row))
        return is_late

    def ask_again(self, row: Row, command: AnyCommand) -> None:
        """Have a row's command committed once more, as old as it was."""
        made_s = self._clock.mono_s() if row.made_s is None else row.made_s
        self.ended.append(Ended(key_of(row), (command,), made_s))

    def due(self, now_s: float, *, is_gone: bool) -> list[Waiting]:
        """Return the presses that wait no longer, in order; with the hub gone, all of them."""
        return [each for each in self._waiting.values() if is_gone or each.due_s <= now_s]

    @property
    def is_waiting(self) -> bool:
        """Whether any press waits for the hub's answer."""
        return bool(self._waiting)

    def wake_s(self) -> float | None:
        """Return the instant at which the next press is due."""
        if not self._waiting:
            return None
        return min(each.due_s for each in self._waiting.values())

    async def go_alone(self, *, is_gone: bool) -> list[Flash]:
        """Give presses that wait no longer a number without the hub; return who gets none.

        A press that gets none is taken back: a later answer is not printed.
        """
        refused: list[Flash] = []
        now_s = self._clock.mono_s()
        for row, issue, _ in self.due(now_s, is_gone=is_gone):
            age_s = 0.0 if row.made_s is None else now_s - row.made_s
            wish = self._role.alone(
                issue,
                f"{row.stream}:{row.seq}",
                given_ms=self._outbox.offline,
                at_ms=self._clock.wall_ms() - round(age_s * 1000),
                hall_ms=self._time_ms(now_s - age_s),
            )
            if isinstance(wish, Print):
                await self.print_slip(wish, row)
                continue
            refused.append(wish)
            self._visits.refused(key_of(row), NO_NUMBER)
            self._waiting.pop(key_of(row))
            self._promised.add(key_of(row))
            cancel = Cancel(ticket=f"{row.stream}:{row.seq}")
            self.ended.append(Ended(key_of(row), (cancel,), now_s))
        return refused

    async def print_slip(self, wish: Print, row: Row, result: Result | None = None) -> None:
        """Commit the number, and the result it came with; then hand the slip to the paper.

        The paper may take its time, and tells how it ended. A number that can't be committed is
        not printed.
        """
        key, decided = key_of(row), ((row, result),) if result else ()
        self._waiting.pop(key, None)
        if result is None:
            self._promised.add(key)
        promise = Promise(
            key=key,
            made_s=row.made_s,
            confirms=wish.confirm,
            offline=dict.fromkeys(wish.offline, self._clock.wall_ms()),
        )
        try:
            self.in_hand += 1
            await self._outbox.append_all((), made_s=0.0, decided=decided, promise=promise)
        except StoreError as error:
            self._visits.refused(key, NOT_KEPT)  # a number that is not on disk is shown nowhere
            told = Paper(wish, row, Printed(Outcome.FAILED, str(error)), decided)
            self._inbox.put_threadsafe(told)
            return
        self._visits.printing(key, [confirm.number for confirm in wish.confirm])
        self._paper.print_slip(
            wish.slip, lambda printed: self._inbox.put_threadsafe(Paper(wish, row, printed))
        )

    def figures(self, state: str, now_s: float) -> PrinterHealth:
        """Return the printer's figures, for the health.

        Args:
            state: What it says of itself.
        """
        printed_s = self._printed_s
        age_s = None if printed_s is None else round(now_s - printed_s, 1)
        return PrinterHealth(state=state, printed_age_s=age_s, failed=self._failed)

    def end(self, item: Paper, counts: Counter[str]) -> Flash | None:
        """Take the end of a slip's way; return what to show when it is surely not there.

        One that may be there counts: nobody with paper is lost. So does one whose number stands on
        a touch screen: it is read there.
        """
        self.in_hand -= 1
        wish, row, (outcome, why), decided = item
        level, words, names = SAID[outcome]
        _log.log(level, words, extra=kv(number=wish.number, why=why))
        counts.update(names)
        now_s = self._clock.mono_s()
        if outcome is Outcome.PRINTED:
            self._printed_s, self._failed = now_s, 0
        elif outcome is Outcome.FAILED:
            self._failed += 1
        is_read_here = self._visits.ended(key_of(row), outcome)
        if outcome is Outcome.FAILED and not is_read_here:
            self.ended.append(Ended(key_of(row), wish.cancel, now_s, decided))
            return wish.failed
        self._visits.given(key_of(row), wish.slip, is_lost=outcome is Outcome.FAILED)
        asks = [aged(confirm, row.made_s, now_s) for confirm in wish.confirm]
        self.ended.append(Ended(key_of(row), asks, now_s))
        return None


def key_of(row: Row) -> Key:
    """Return what names a press on disk."""
    return Key(row.stream, row.seq)


def aged(confirm: ConfirmPrint, made_s: float | None, now_s: float) -> ConfirmPrint:
    """Return the confirm with the age of its press, None when that was in an earlier boot."""
    if made_s is None:
        return confirm
    age_ms = min(max(0, round((now_s - made_s) * 1000)), AGE_MAX_MS)
    return replace(confirm, made_age_ms=age_ms)


def uncertain(promise: Promise, now_s: float) -> Ended:
    """Return the end of a slip whose kiosk was killed while it was printed."""
    confirms = [
        replace(aged(confirm, promise.made_s, now_s), print_uncertain=True)
        for confirm in promise.confirms
    ]
    return Ended(promise.key, confirms, now_s)


def _issue_of(row: Row) -> Issue | None:
    try:
        command = decode_command(row.command)
    except msgspec.ValidationError:  # a row of a newer release, before a rollback
        return None
    return command if isinstance(command, Issue) else None
