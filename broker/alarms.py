"""PURE: which alarms are open: from what is found now, through hysteresis, to what people are told.

`broker.diagnosis` says what holds; here it is decided when that becomes an alarm and when it stops
being one. An alarm is raised after its finding has held for `raise_s` without a break, and cleared
after it has not held for `clear_s`. A finding that is unknown keeps an open alarm open and a closed
one closed.

People can answer: acknowledge (it stays, quietly, for four hours), and put a subject under
maintenance, which hides what it causes. Neither changes what is found.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from broker.alarm_table import AlarmKind
from broker.diagnosis import Finding
from broker.wire.messages import Alarm

QUIET_S = 4 * 3600.0
"""An acknowledgement is over by the next shift, whoever gave it."""

OPEN_MAX = 200
"""Of open alarms; more than this is one fault nobody thought of, and the worst are enough."""

RANK = {"urgent": 0, "warning": 1, "info": 2}


class _Watched:
    """One kind at one subject, whether it is an alarm yet or not."""

    __slots__ = ("alarm", "holds", "quiet_until_s", "since_s")

    def __init__(self) -> None:
        self.holds: bool | None = None
        self.since_s = 0.0
        self.quiet_until_s = 0.0
        self.alarm: Alarm | None = None


class Alarms:
    """The open alarms of a hall.

    Args:
        kinds: The table.
        kept: Those that were open when the hub last ended: they stay until it is known that they
            are over. One of a kind or subject that is gone ends with the first findings.
        now_s: Monotonic.
    """

    def __init__(
        self, kinds: Mapping[str, AlarmKind], *, kept: Iterable[Alarm] = (), now_s: float = 0.0
    ) -> None:
        self._kinds = kinds
        self._watched: dict[str, _Watched] = {}
        self._maintained: set[str] = set()
        for alarm in kept:
            if alarm.kind in kinds:
                watched = self._watched[alarm.id] = _Watched()
                watched.alarm, watched.since_s = alarm, now_s
                watched.quiet_until_s = now_s + QUIET_S if alarm.acknowledged_by else 0.0

    @property
    def open(self) -> dict[str, Alarm]:
        """The open alarms by id, worst first, then oldest."""
        found = [watched.alarm for watched in self._watched.values() if watched.alarm]
        found.sort(key=lambda alarm: (RANK[alarm.level], alarm.since_ms, alarm.id))
        return {alarm.id: alarm for alarm in found[:OPEN_MAX]}

    @property
    def maintained(self) -> frozenset[str]:
        """Subjects somebody works on."""
        return frozenset(self._maintained)

    def take(
        self, findings: Iterable[Finding], *, now_s: float, at_ms: int, is_open: bool = True
    ) -> dict[str, Alarm | None]:
        """Return what changed: the alarms that are new or say something else, None for ended ones.

        A finding that is not among those of now, and was before, no longer holds.

        Args:
            now_s: Monotonic.
            at_ms: Wall clock, the stamp of what is raised.
            is_open: The hall is: kinds of opening hours count only then.

        Raises:
            KeyError: A finding of a kind that is not in the table.
        """
        before = self.open
        current = {f"{finding.kind}.{finding.subject}": finding for finding in findings}
        for name in list(current.keys() | self._watched.keys()):
            self._look(name, current.get(name), now_s, at_ms, is_open=is_open)
        self._watched = {n: w for n, w in self._watched.items() if w.alarm or w.holds}
        now = self.open
        changed: dict[str, Alarm | None] = {i: a for i, a in now.items() if before.get(i) != a}
        return changed | dict.fromkeys(before.keys() - now.keys())

    def _look(
        self, name: str, finding: Finding | None, now_s: float, at_ms: int, *, is_open: bool
    ) -> None:
        kind = self._kinds[finding.kind if finding else name.partition(".")[0]]
        is_hushed = finding is not None and self._is_hushed(finding, kind, is_open=is_open)
        holds = finding.holds if finding and not is_hushed else False
        watched = self._watched.get(name)
        if watched is None:
            if not holds:
                return  # most of all findings, at each look
            watched = self._watched[name] = _Watched()
        if holds != watched.holds:
            watched.holds, watched.since_s = holds, now_s
        held_s = now_s - watched.since_s
        if watched.alarm is None:
            if holds and finding is not None and held_s >= kind.raise_s:
                watched.alarm = _alarm(name, kind, finding, at_ms)
        elif holds is False and held_s >= kind.clear_s:
            watched.alarm = None
        else:
            self._renew(watched, watched.alarm, kind, finding if holds else None, now_s)

    def _renew(
        self,
        watched: _Watched,
        alarm: Alarm,
        kind: AlarmKind,
        finding: Finding | None,
        now_s: float,
    ) -> None:
        """Let an open alarm say what holds now, and an acknowledgement be over."""
        if alarm.acknowledged_by and now_s >= watched.quiet_until_s:
            alarm = replace(alarm, acknowledged_by="")
        if finding is not None:
            alarm = replace(alarm, what=_filled(kind.what, finding))
        watched.alarm = alarm

    def _is_hushed(self, finding: Finding, kind: AlarmKind, *, is_open: bool) -> bool:
        return finding.subject in self._maintained or (kind.in_hours and not is_open)

    def acknowledge(self, alarm_id: str, by: str, *, now_s: float) -> Alarm | None:
        """Note who has seen it, for `QUIET_S`; return it, None when it is not open."""
        watched = self._watched.get(alarm_id)
        if watched is None or watched.alarm is None:
            return None
        watched.alarm = replace(watched.alarm, acknowledged_by=by)
        watched.quiet_until_s = now_s + QUIET_S
        return watched.alarm

    def maintain(self, subject: str, *, on: bool) -> None:
        """Say that somebody works on a subject, or has ended: its findings count no more, or again.

        What it had raised is cleared as if it were mended.
        """
        if on:
            self._maintained.add(subject)
        else:
            self._maintained.discard(subject)


def _alarm(name: str, kind: AlarmKind, finding: Finding, at_ms: int) -> Alarm:
    return Alarm(
        id=name,
        kind=finding.kind,
        subject=finding.subject,
        level=kind.level,
        since_ms=at_ms,
        what=_filled(kind.what, finding),
        mend=_filled(kind.mend, finding),
    )


def _filled(texts: Mapping[str, str], finding: Finding) -> dict[str, str]:
    words = {**finding.details, "subject": finding.subject}
    return {language: text.format_map(words) for language, text in texts.items()}
