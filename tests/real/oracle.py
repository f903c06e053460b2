"""What must hold of a hall's records after a run, whatever was killed in between. Pure.

Records in, faults out, each a sentence with the row it was found at; no fault = nothing was lost,
done twice, called out of turn, skipped or printed too often. It knows nothing of Loket's code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple


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
        case "call_next" | "recall" | "no_show" | "close" if command.get("seen"):
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
        self._state: dict[str, str] = {}
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
            if fault := self._fault_of(row, event):
                yield f"{event['type']}: {fault}"

    def _fault_of(self, row: Decided, event: dict[str, Any]) -> str:
        match event["type"]:
            case "day_opened":
                self._state, self._at, self._repeat = {}, {}, {}
            case "ticket_issued":
                return self._issued(row, event["ticket"])
            case "print_confirmed":
                return self._moved(event["ticket"], {"issued": "waiting"})
            case "ticket_called":
                return self._called(row, event)
            case "ticket_recalled":
                return self._recalled(row, event)
            case "ticket_closed" | "ticket_parked" | "ticket_returned":
                return self._left(event["ticket"], event["type"])
        return ""

    def _issued(self, row: Decided, ticket: str) -> str:
        if ticket.split(".", maxsplit=1)[0] != row.origin:
            return f"{ticket} is no ticket of this row"
        return self._moved(ticket, {"": "issued"})

    def _called(self, row: Decided, event: dict[str, Any]) -> str:
        ticket, counter = event["ticket"], event["counter"]
        if event["call_id"] != row.origin or row.command["counter"] != counter:
            return "not the call of this row"
        if counter in self._at:
            return f"counter {counter} still has {self._at[counter]}"
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

    def _left(self, ticket: str, kind: str) -> str:
        if kind == "ticket_returned":
            return self._moved(ticket, {"parked": "waiting"})
        self._at = {counter: at for counter, at in self._at.items() if at != ticket}
        if kind == "ticket_parked":
            return self._moved(ticket, dict.fromkeys(("waiting", "called"), "parked"))
        ends = ("issued", "waiting", "called", "parked")
        return self._moved(ticket, dict.fromkeys(ends, "closed"))

    def _moved(self, ticket: str, moves: dict[str, str]) -> str:
        state = self._state.get(ticket, "")
        if state not in moves:
            return f"{ticket} is {state or 'unknown'}"
        self._state[ticket] = moves[state]
        return ""


def skipped(journal: Iterable[Decided]) -> list[str]:
    """Return each number that is not the next of its prefix on its day."""
    faults: list[str] = []
    next_of: defaultdict[str, int] = defaultdict(lambda: 1)
    for row in journal:
        for event in row.events:
            if event["type"] == "day_opened":
                next_of.clear()
            if event["type"] != "ticket_issued":
                continue
            prefix, digits = event["number"][:-3], event["number"][-3:]
            if int(digits) != next_of[prefix]:
                faults.append(f"row {row.pos}: {event['number']} after {next_of[prefix] - 1:03}")
            next_of[prefix] = int(digits) + 1
    return faults


def misprinted(
    journal: Iterable[Decided], slips: Mapping[str, Sequence[str]], kills: Mapping[str, int]
) -> list[str]:
    """Return each slip that is missing, belongs to no ticket, or is one copy too many.

    Args:
        slips: Numbers printed, by kiosk.
        kills: How often each kiosk was killed: each may have been between slip and commit, and
            then the slip is printed once more.
    """
    numbers: dict[str, set[str]] = {kiosk: set() for kiosk in slips}
    for row in journal:
        for event in row.events:
            if event["type"] == "ticket_issued":
                numbers.setdefault(row.node, set()).add(event["number"])
    faults = []
    for kiosk, issued in numbers.items():
        printed = Counter(slips.get(kiosk, ()))
        faults += [f"{kiosk}: {number} was never printed" for number in issued - printed.keys()]
        faults += [f"{kiosk}: {number} is nobody's" for number in printed.keys() - issued]
        copies = printed.total() - len(printed)
        if copies > kills.get(kiosk, 0):
            again = sorted(number for number, times in printed.items() if times > 1)
            faults.append(f"{kiosk}: {copies} copies, killed {kills.get(kiosk, 0)} times: {again}")
    return faults


def _ageless(command: Any) -> Any:
    """Return a command without what changes each time it is sent."""
    if not isinstance(command, dict):
        return command
    return {key: value for key, value in command.items() if key != "age_ms"}
