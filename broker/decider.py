"""From a row as it came to its result: its command read, its age judged, decided, recorded."""

import logging

import msgspec
from msgspec.structs import replace

from broker.batch import Arrival, Row
from broker.hall.commands import AGE_MAX_MS, AnyCommand, CounterCommand, decode_command
from broker.hall.events import HallEvent, StreamGap
from broker.hall.rules import Actor, Asked, Refusal, decide
from broker.hall.state import Hall
from broker.ledger import Ledger
from broker.log import kv
from broker.wire.delivery import Beats
from broker.wire.messages import COMMAND_BYTES_MAX, Result, Up, WireError
from broker.wire.transit import Transit

_log = logging.getLogger(__name__)

DETAIL_MAX = 200
"""Characters of a peer's fault that are kept."""

REJECTED = "rejected"
"""Refusal of a row whose body no release of ours would send; journaled so its stream goes on."""


class Decider:
    """Decides rows of nodes.

    Args:
        nodes: Who may do what, by node id.
    """

    def __init__(
        self, *, hall: Hall, nodes: dict[str, Actor], beats: Beats, ledger: Ledger
    ) -> None:
        self._hall = hall
        self._nodes = nodes
        self._beats = beats
        self._ledger = ledger
        self._transit = Transit()

    def took_s(self, arrival: Arrival, sent_ms: int | None) -> float:
        """Return for how long a message was on its way; each one tells of its node's clock."""
        sent_s = None if sent_ms is None else sent_ms / 1000
        return self._transit.took_s(arrival.node, sent_s, arrival.now_s)

    def decide_row(self, arrival: Arrival, up: Up, seq: int, body: bytes) -> Result:
        """Decide one row and append it; a body that can't be read is refused as `REJECTED`."""
        events: tuple[HallEvent, ...] = ()
        refusal = detail = ""
        try:
            events = self._decide(arrival, up, seq, _read_command(body))
        except Refusal as error:
            refusal, detail = error.code, error.detail
        except WireError as error:
            refusal, detail = REJECTED, str(error)[:DETAIL_MAX]
            body = body if len(body) <= COMMAND_BYTES_MAX else b"null"
        row = Row(arrival.node, up.stream, seq, body)
        return self._ledger.record(row, arrival.at_ms, events, refusal=refusal, detail=detail)

    def _decide(
        self, arrival: Arrival, up: Up, seq: int, command: AnyCommand
    ) -> tuple[HallEvent, ...]:
        command = _aged(command, self.took_s(arrival, up.sent_ms))
        stale = command.expires and self._beats.is_stale(
            beat=up.beat,
            age_ms=command.age_ms,
            ttl_s=self._hall.setup.command_ttl_s,
            now_s=arrival.now_s,
        )
        asked = Asked(origin=f"{up.stream}:{seq}", at_ms=arrival.at_ms, stale=stale)
        try:
            return decide(self._hall, command, self._nodes[arrival.node], asked)
        except Refusal as error:
            if error.code == "seen_other" and isinstance(command, CounterCommand):
                # What was pressed at shows an old call: it may have missed the newest.
                self._ledger.batch.counters.add(command.counter)
            raise

    def record_gap(self, node: str, gap: StreamGap, at_ms: int) -> None:
        """Append what stands for rows that never came and never will."""
        _log.warning(
            "stream gap: rows the node no longer holds never reached this hub",
            extra=kv(node=node, seq_from=gap.seq_from, seq_upto=gap.seq_upto),
        )
        self._ledger.record(Row(node, gap.stream, gap.seq_upto, b"null"), at_ms, (gap,))


def _aged(command: AnyCommand, took_s: float) -> AnyCommand:
    """Return a command that never expires as old as it is now: it counts from the press."""
    if command.expires or command.age_ms is None:
        return command
    return replace(command, age_ms=min(command.age_ms + round(took_s * 1000), AGE_MAX_MS))


def _read_command(body: bytes) -> AnyCommand:
    if len(body) > COMMAND_BYTES_MAX:
        raise WireError(f"{len(body)} bytes, a command has at most {COMMAND_BYTES_MAX}")
    try:
        return decode_command(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
