"""What must hold of a hall's records after a run, whatever was killed in between. Pure.

Records in, faults out, each a sentence with the row it was found at; no fault = nothing was lost,
done twice, called out of turn, skipped or printed too often. It knows nothing of Loket's code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

ENDS_A_CALL = frozenset(
    ("call_next", "call_number", "recall", "no_show", "close", "park", "transfer")
)
"""Commands after which the call at which they were pressed is over."""

MOVES: dict[str, dict[str, str]] = {
    "ticket_parked": dict.fromkeys(("waiting", "called", "serving"), "parked"),
    "ticket_returned": {"parked": "waiting"},
    "ticket_closed": dict.fromkeys(("waiting", "called", "serving", "parked"), "closed"),
    "ticket_reinstated": {"closed": "waiting"},
    "ticket_reopened": {"closed": "waiting"},
}
"""Per event from which states it takes a ticket, and where to."""

MAY_END: dict[str, frozenset[str]] = {
    "served": frozenset(("call_next", "call_number", "close", "close_counter", "served_by_hand")),
    "no_show": frozenset(("call_next", "call_number", "no_show", "close_counter")),
    "cancelled": frozenset(("cancel", "confirm_print")),
    "expired": frozenset(("open_day", "confirm_print")),
}
"""By whose wish a ticket ends so."""


class Kept(NamedTuple):
    """A row of a node's outbox."""

    stream: str
    seq: int
    command: dict[str, Any]
    has_result: bool


class Decided(NamedTuple):
    """A row of the hub's journal."""

    pos: int
    node: str
    stream: str
    seq: int
    command: Any
    events: list[dict[str, Any]]
    refusal: str = ""

    @property
    def origin(self) -> str:
        """Return what ids of tickets and calls made by this row are made of."""
        return f"{self.stream}:{self.seq}"


def lost(journal: Iterable[Decided], kept: Mapping[str, Iterable[Kept]]) -> list[str]:
    """Return each row a node kept that was never decided, or decided as something else."""
    decided = {(row.node, row.stream, row.seq): _ageless(row.command) for row in journal}
    faults = []
    for node, rows in kept.items():
        for row in rows:
            found = decided.get((node, row.stream, row.seq))
            if found is None:
                faults.append(f"{node}: {row.stream}:{row.seq} was never decided")
            elif found != _ageless(row.command):
                faults.append(f"{node}: {row.stream}:{row.seq} was decided as {found}")
    return faults


def invented(journal: Iterable[Decided], kept: Mapping[str, Iterable[Kept]]) -> list[str]:
    """Return each row decided for a node that its outbox never held."""
    known = {(node, row.stream, row.seq) for node, rows in kept.items() for row in rows}
    return [
        f"row {row.pos}: {row.node} never kept {row.origin}"
        for row in journal
        if row.node in kept and (row.node, row.stream, row.seq) not in known
    ]


def twice(journal: Iterable[Decided]) -> list[str]:
    """Return each press that was accepted a second time.

    A press is known by what only it says: the code on its slip, or the call at which it was
    pressed, which the press itself ended.
    """
    faults: list[str] = []
    seen: dict[tuple[object, ...], int] = {}
    for row in journal:
        press = None if row.refusal else _press(row)
        if press is None:
            continue
        if press in seen:
            faults.append(f"row {row.pos}: {press} was accepted in row {seen[press]} already")
        seen[press] = row.pos
    return faults


def _press(row: Decided) -> tuple[object, ...] | None:
    command = row.command if isinstance(row.command, dict) else {}
    match command.get("type"):
        case "issue" if command.get("code_sha256"):
            return ("issue", command["code_sha256"])
        case "confirm_print" if row.events:
            return ("confirm_print", command["ticket"])
        case kind if kind in ENDS_A_CALL and command.get("seen"):
            # One of them at a call, not one of each: any of them ends it.
            return ("pressed at", command["counter"], command["seen"])
    return None


def out_of_turn(journal: Iterable[Decided]) -> list[str]:
    """Return each event that could not follow on those before it."""
    walk = _Walk()
    return [f"row {row.pos}: {fault}" for row in journal for fault in walk.faults_of(row)]


class _Walk:
    """Where each ticket and counter of the day stands."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._state: dict[str, str] = {}
        self._printed: set[str] = set()
        self._visit: dict[str, str] = {}
        self._at: dict[int, str] = {}
        self._repeat: dict[str, int] = {}

    def faults_of(self, row: Decided) -> Iterator[str]:
        """Follow one row."""
        if row.refusal and row.events:
            yield f"refused as {row.refusal}, and events all the same"
        kinds = Counter(event["type"] for event in row.events)
        if kinds["ticket_called"] + kinds["ticket_recalled"] > 1:
            yield "one press, several calls"
        for event in row.events:
            if event["type"] == "adopted" and event.get("late"):
                return  # on record only
            if fault := self._fault_of(row, event):
                yield f"{event['type']}: {fault}"

    def _fault_of(self, row: Decided, event: dict[str, Any]) -> str:
        kind = event["type"]
        if kind == "day_opened":
            self._begin()
        follow = {
            "ticket_issued": self._issued,
            "print_confirmed": self._confirmed,
            "ticket_corrected": self._corrected,
            "ticket_called": self._called,
            "ticket_recalled": self._recalled,
            **dict.fromkeys(
                ("serving_started", "service_set", "ticket_transferred"), self._at_its_counter
            ),
            **dict.fromkeys(MOVES, self._left),
        }.get(kind)
        return follow(row, event) if follow else ""

    def _issued(self, row: Decided, event: dict[str, Any]) -> str:
        ticket = event["ticket"]
        # A slip nobody had heard of is the ticket it was asked for by, not one of its confirm.
        of = row.command.get("ticket", row.origin) if event.get("paper") else row.origin
        if ticket.partition(".")[0] != of.partition(".")[0]:
            return f"{ticket} is no ticket of this row"
        self._visit[ticket] = event.get("visit", ticket)
        return self._moved(ticket, {"": "waiting"})

    def _corrected(self, _row: Decided, event: dict[str, Any]) -> str:
        return "" if event["ticket"] in self._state else f"{event['ticket']} is unknown"

    def _confirmed(self, _row: Decided, event: dict[str, Any]) -> str:
        ticket = event["ticket"]
        if ticket not in self._state or ticket in self._printed:
            return f"{ticket} is {'on paper already' if ticket in self._printed else 'unknown'}"
        self._printed.add(ticket)
        return ""

    def _called(self, row: Decided, event: dict[str, Any]) -> str:
        ticket, counter = event["ticket"], event["counter"]
        if event["call_id"] != row.origin or row.command["counter"] != counter:
            return "not the call of this row"
        if counter in self._at:
            return f"counter {counter} still has {self._at[counter]}"
        if ticket not in self._printed:
            return f"{ticket} is not on paper"
        for other, at in self._at.items():
            if self._visit.get(at) == self._visit.get(ticket):
                return f"{ticket}: its visitor is at counter {other}"
        self._at[counter], self._repeat[ticket] = ticket, 1
        return self._moved(ticket, {"waiting": "called", "parked": "called"})

    def _recalled(self, row: Decided, event: dict[str, Any]) -> str:
        ticket, counter = event["ticket"], event["counter"]
        if event["call_id"] != row.origin or row.command["counter"] != counter:
            return "not the call of this row"
        if self._at.get(counter) != ticket:
            return f"counter {counter} has {self._at.get(counter)}, not {ticket}"
        self._repeat[ticket] += 1
        if event["repeat"] != self._repeat[ticket]:
            return f"repeat {event['repeat']}, the ticket is at {self._repeat[ticket]}"
        return ""

    def _at_its_counter(self, row: Decided, event: dict[str, Any]) -> str:
        """Follow what staff do with the visitor before them."""
        ticket, counter = event["ticket"], row.command["counter"]
        if self._at.get(counter) != ticket:
            return f"counter {counter} has {self._at.get(counter)}, not {ticket}"
        if event["type"] == "serving_started":
            return self._moved(ticket, {"called": "serving"})
        if event["type"] == "ticket_transferred":
            del self._at[counter]
            return self._moved(ticket, {"called": "waiting", "serving": "waiting"})
        return ""

    def _left(self, row: Decided, event: dict[str, Any]) -> str:
        """Follow what takes a ticket away from where it stood, or brings it back."""
        ticket, kind = event["ticket"], event["type"]
        at = next((counter for counter, has in self._at.items() if has == ticket), None)
        command = row.command if isinstance(row.command, dict) else {}
        is_mine = at in {None, command.get("counter")} or command.get("type") == "open_day"
        if not is_mine and kind in {"ticket_parked", "ticket_closed"}:
            return f"{ticket} is at counter {at}"
        if at is not None:
            del self._at[at]
        return self._moved(ticket, MOVES[kind])

    def _moved(self, ticket: str, moves: Mapping[str, str]) -> str:
        state = self._state.get(ticket, "")
        if state not in moves:
            return f"{ticket} is {state or 'unknown'}"
        self._state[ticket] = moves[state]
        return ""


def forgotten(journal: Iterable[Decided]) -> list[str]:
    """Return each ticket that was set aside without a way back, or ended by nobody's wish."""
    faults = []
    for row in journal:
        kind = row.command.get("type", "") if isinstance(row.command, dict) else ""
        for event in row.events:
            match event:
                case {"type": "adopted"}:
                    break  # the earlier hub's journal had the row that led to it
                case {"type": "ticket_parked", "why": why} if why != "park":
                    if not event.get("back_ms"):
                        faults.append(f"row {row.pos}: {event['ticket']} never returns: {why}")
                case {"type": "ticket_closed", "outcome": outcome}:
                    if kind not in MAY_END[outcome]:
                        faults.append(f"row {row.pos}: {event['ticket']} {outcome} by {kind}")
    return faults


def skipped(journal: Iterable[Decided]) -> list[str]:
    """Return each number that is not the next of its prefix on its day, or is two tickets'.

    A number that was on paper before the hub knew of it comes in any order: a kiosk's own, or one
    of the drawer.
    """
    faults: list[str] = []
    next_of: defaultdict[str, int] = defaultdict(lambda: 1)
    holders: dict[str, str] = {}
    for row in journal:
        for event in row.events:
            kind = event["type"]
            if kind == "day_opened":
                next_of.clear()
                holders.clear()
            elif kind == "numbers_moved":
                next_of.update({p: last + 1 for p, last in event["numbers"].items()})
            if kind not in {"ticket_issued", "ticket_corrected"}:
                continue
            number, ticket = event["number"], event["ticket"]
            if holders.setdefault(number, ticket) != ticket:
                faults.append(f"row {row.pos}: {number} is {holders[number]}'s")
            prefix, digits = number[:-3], int(number[-3:])
            if kind == "ticket_corrected" or event.get("paper"):
                continue
            if digits != next_of[prefix]:
                faults.append(f"row {row.pos}: {number} after {next_of[prefix] - 1:03}")
            next_of[prefix] = digits + 1
    return faults


def misprinted(journal: Iterable[Decided], slips: Mapping[str, Sequence[str]]) -> list[str]:
    """Return each slip that is missing, belongs to no ticket, or came out twice.

    A slip may be missing whose kiosk was killed while it printed, and has said so.

    Args:
        slips: Numbers printed, by kiosk.
    """
    faults = []
    due, known = _numbers_of_kiosks(journal, slips.keys())
    for kiosk, printed_numbers in slips.items():
        printed = Counter(printed_numbers)
        faults += [f"{kiosk}: {number} was never printed" for number in due[kiosk] - printed.keys()]
        faults += [f"{kiosk}: {number} is nobody's" for number in printed.keys() - known[kiosk]]
        again = sorted(number for number, times in printed.items() if times > 1)
        faults += [f"{kiosk}: {number} came out {printed[number]} times" for number in again]
    return faults


def _numbers_of_kiosks(
    journal: Iterable[Decided], kiosks: Iterable[str]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return, by kiosk, the numbers that must be on paper, and those that may be.

    One the hub gave and a number of the kiosk's own has replaced is on no slip; nor need one be
    that the kiosk took back because it could not be printed, or was killed while it printed.
    """
    number_of: dict[str, dict[str, str]] = {kiosk: {} for kiosk in kiosks}
    known: dict[str, set[str]] = {kiosk: set() for kiosk in number_of}
    for row in journal:
        mine = number_of.get(row.node)
        if mine is None or row.refusal:
            continue
        command = row.command if isinstance(row.command, dict) else {}  # a gap has none
        if command.get("type") == "confirm_print":
            known[row.node].add(command.get("number", ""))
        for event in row.events:
            match event:
                case {"type": "ticket_issued" | "ticket_corrected", "number": number}:
                    mine[event["ticket"]] = number
                    known[row.node].add(number)
                case {"type": "ticket_closed", "outcome": "cancelled"} | {
                    "type": "print_confirmed",
                    "uncertain": True,
                }:
                    mine.pop(event["ticket"], None)
    return {kiosk: set(numbers.values()) for kiosk, numbers in number_of.items()}, known


def _ageless(command: Any) -> Any:
    """Return a command without what changes each time it is sent."""
    if not isinstance(command, dict):
        return command
    return {key: value for key, value in command.items() if key != "age_ms"}
