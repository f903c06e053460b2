"""The date on a Pi whose clock may be wrong: nobody expires wrongly, and no number is given twice.

A true clock runs beside the Pi's own. The Pi is switched off and on, its clock set off and
trusted; a kiosk takes tickets; each start folds the journal again as the hub does.
"""

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from broker.core import HubCore
from broker.entry import Entry
from broker.hall.events import DayOpened, TicketClosed, TicketIssued
from broker.hall.rules import Actor
from broker.hall.state import Hall
from broker.hall_time import HallTime, Reading
from broker.wire.seal import Seals
from broker.wire.topics import Kind
from tests.broker.test_core import NODES, SETUP
from tests.broker.test_core_hours import hall as open_from_8

if TYPE_CHECKING:
    from broker.publisher import Publication

WIB = ZoneInfo("Asia/Jakarta")
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
YEAR_MS = 365 * 86_400_000
STREAMS = {"kiosk-1": "a" * 32, "web": "d" * 32}
WEB = Actor(node="web", role="web", counters=frozenset({3, 4}))


def ms(text: str) -> int:
    """Return the instant of a local time like `2026-11-25 08:00`."""
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=WIB).timestamp() * 1000)


class Pi:
    """A hub's Pi, its hall, and the true time.

    Attributes:
        true_ms: What a right clock would show.
        issued: By ticket the number, and the true instant of its issue.
        expired: Per expired ticket the true time since its issue, seconds.
    """

    def __init__(self, at: str, *, off_ms: int = 0, trusted: bool = False) -> None:
        self.true_ms = ms(at)
        self.rows: list[Entry] = []
        self.issued: dict[str, tuple[str, int]] = {}
        self.expired: dict[str, float] = {}
        self.said: list[Publication] = []
        self._seqs = dict.fromkeys(STREAMS, 0)
        self._starts = 0
        self.setup = SETUP
        self.boot(off_ms=off_ms, trusted=trusted)

    def boot(self, *, off_ms: int = 0, trusted: bool = False) -> None:
        """Switch it on; its wall clock is so far off."""
        self._off_ms, self._trusted, self._boot_s = off_ms, trusted, 8.0
        self.start()

    def start(self) -> None:
        """Start the hub: fold the journal since the newest day, as a start does."""
        hall = Hall(self.setup)
        marks = [row.pos for row in self.rows if any(isinstance(e, DayOpened) for e in row.events)]
        for row in self.rows[marks[-1] - 1 if marks else 0 :]:
            hall.apply(row.pos, row.at_ms, row.events)
        self._starts += 1
        self.time = HallTime(newest_ms=hall.at_ms)
        self.core = HubCore(
            hall=hall,
            nodes={**NODES, "web": WEB},
            seals=Seals(b"k" * 32),
            gen="1-deadbeef",
            start=f"{self._starts:016}",
            own=f"{self._starts:032}",
            streams={STREAMS[node]: (node, seq) for node, seq in self._seqs.items() if seq},
            beat_base=self._starts * 1000,
            now_s=self._boot_s,
            time=self.time,
        )
        self.look()

    def wait(self, seconds: float) -> "Pi":
        """Let time pass, with a look at the clock each quarter of an hour."""
        end_s = self._boot_s + seconds
        while self._boot_s < end_s:
            step_s = min(900.0, end_s - self._boot_s)
            self._boot_s += step_s
            self.true_ms += round(step_s * 1000)
            self.look()
        return self

    def off(self, seconds: float) -> "Pi":
        """Leave it switched off for so long."""
        self.true_ms += round(seconds * 1000)
        return self

    def set(self, *, off_ms: int = 0, trusted: bool = True) -> "Pi":
        """Let the network or a chip set its clock."""
        self._off_ms, self._trusted = off_ms, trusted
        self.look()
        return self

    def take(self, count: int = 1) -> list[str]:
        """Take tickets; return their numbers."""
        numbers = []
        for _ in range(count):
            issue = self._send("kiosk-1", {"type": "issue", "services": ["ktp-el"]})
            [event] = issue.events
            assert isinstance(event, TicketIssued)
            self.issued[event.ticket] = (event.number, self.true_ms)
            numbers.append(event.number)
            print_ = {"type": "confirm_print", "ticket": event.ticket, "number": event.number}
            self._send("kiosk-1", print_)
        return numbers

    def say(self, date: str) -> str:
        """Have a person say the date; return the refusal."""
        return self._send("web", {"type": "set_day", "date": date}).refusal

    def refusal(self) -> str:
        """Ask for a ticket; return the refusal."""
        return self._send("kiosk-1", {"type": "issue", "services": ["ktp-el"]}).refusal

    def look(self) -> None:
        """Let the hub look at the clock, and commit what follows."""
        self.core.advance(at_ms=self.stamp(), now_s=self._boot_s)
        batch = self.core.cut()
        for row in batch.entries:
            assert not self.rows or row.at_ms >= self.rows[-1].at_ms, "a stamp went back"
            self.rows.append(row)
            for event in row.events:
                if isinstance(event, TicketClosed) and event.outcome == "expired":
                    _, issued_ms = self.issued[event.ticket]
                    self.expired[event.ticket] = (self.true_ms - issued_ms) / 1000
        said = self.core.publications(batch, {}, at_ms=self.stamp(), now_s=self._boot_s)
        self.said = [*said, *self.core.timed(at_ms=self.stamp(), now_s=self._boot_s)]

    def stamp(self) -> int:
        """Return what the hub would stamp now."""
        reading = Reading(self.true_ms + self._off_ms, self._boot_s, self._trusted)
        return self.time.read(reading, newest_ms=self.core.hall.at_ms)

    @property
    def day(self) -> str:
        """The open day."""
        return self.core.hall.day

    @property
    def date_known(self) -> bool:
        """What the heartbeat says."""
        self.wait(10)
        beats = [json.loads(p.payload) for p in self.said if p.topic.kind is Kind.HUB]
        return bool(beats[-1].get("date_known", True))

    @property
    def waiting(self) -> list[str]:
        """The numbers that can be called."""
        return [ticket.number for ticket in self.core.hall.queues["ktp-el"].ready]

    def _send(self, node: str, command: dict[str, Any]) -> Entry:
        self._seqs[node] += 1
        seq = self._seqs[node]
        body = {
            "stream": STREAMS[node],
            "first": seq,
            "from": seq,
            "beat": self._starts * 1000 + 1,
            "commands": [command],
        }
        self.core.take(
            f"loket/v1/demo/up/{node}",
            json.dumps(body).encode(),
            retained=False,
            at_ms=self.stamp(),
            now_s=self._boot_s,
        )
        self.look()
        [row] = [row for row in self.rows if (row.stream, row.seq) == (STREAMS[node], seq)]
        return row

    def check(self) -> None:
        """Assert that nobody expired on the day of the issue, and no number was twice in a day."""
        assert all(age_s > 6 * HOUR_S for age_s in self.expired.values()), self.expired
        days: dict[dt.date, list[str]] = {}
        for number, issued_ms in self.issued.values():
            true = dt.datetime.fromtimestamp(issued_ms / 1000, WIB).date()
            days.setdefault(true, []).append(number)
        for numbers in days.values():
            assert len(numbers) == len(set(numbers)), numbers


def friday() -> Pi:
    """Return a Pi with a right clock on a Friday at 15:30: A001 to A003 have been left waiting."""
    pi = Pi("2026-11-27 07:00", trusted=True).wait(HOUR_S)
    assert pi.day == "2026-11-27"
    assert pi.take(3) == ["A001", "A002", "A003"]
    return pi.wait(7.5 * HOUR_S)


def test_a_right_clock_opens_each_day_and_who_is_left_expires() -> None:
    """At midnight; the numbers begin again."""
    pi = friday().wait(DAY_S)

    assert pi.day == "2026-11-28"
    assert len(pi.expired) == 3
    assert pi.date_known
    assert pi.take() == ["A001"]
    pi.check()


def test_a_hall_that_is_off_over_the_weekend_needs_nobody() -> None:
    """Its chip, or the network, has the date at once: that is no step."""
    pi = friday().off(63.5 * HOUR_S)
    pi.boot(trusted=True)

    assert (pi.day, len(pi.expired), pi.take()) == ("2026-11-30", 3, ["A001"])
    pi.check()


def test_a_clock_at_1970_gives_numbers_all_the_same() -> None:
    """A new hall without any clock: no date, nobody refused; it is dated when the network is."""
    pi = Pi("2026-11-30 07:40", off_ms=-ms("2026-11-30 07:40"))
    assert (pi.day, pi.date_known) == ("", False)
    assert pi.take(2) == ["A001", "A002"]
    pi.wait(2 * HOUR_S)
    assert pi.take() == ["A003"]

    pi.set()

    assert (pi.day, pi.date_known, pi.expired) == ("2026-11-30", True, {})
    assert pi.waiting == ["A001", "A002", "A003"]
    assert pi.take() == ["A004"]
    # Their waits are the true ones.
    ticket = pi.core.hall.by_number["A001"]
    assert abs(ticket.place[0] - pi.issued[ticket.id][1]) < 1000
    pi.check()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_clock_at_1970_changes_nothing_of_an_open_day(*, trusted: bool) -> None:
    """Power fails at 15:30, and the chip's battery is empty: whatever vouches for it is wrong."""
    pi = friday()
    pi.boot(off_ms=-pi.true_ms, trusted=trusted)

    assert (pi.day, pi.date_known, pi.expired) == ("2026-11-27", False, {})
    assert pi.take() == ["A004"]
    assert pi.set().day == "2026-11-27"
    assert pi.date_known
    assert pi.waiting == ["A001", "A002", "A003", "A004"]
    pi.check()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_clock_ten_years_ahead_waits_for_a_person(*, trusted: bool) -> None:
    """At a start, or while the hub runs: the open day goes on, and no stamp is in 2036."""
    pi = friday()
    pi.set(off_ms=10 * YEAR_MS, trusted=trusted)
    assert (pi.day, pi.expired) == ("2026-11-27", {})
    pi.boot(off_ms=10 * YEAR_MS, trusted=trusted)

    assert (pi.day, pi.date_known, pi.expired) == ("2026-11-27", False, {})
    assert pi.take() == ["A004"]
    assert pi.rows[-1].at_ms < pi.true_ms + 1000
    assert pi.set().day == "2026-11-27"
    assert pi.take() == ["A005"]
    assert pi.set().wait(DAY_S).day == "2026-11-28"
    pi.check()


def test_a_step_of_the_network_at_10_carries_the_morning_over() -> None:
    """On Monday the Pi believes that it is still Friday; at 10:00 the network tells it."""
    pi = friday().off(64 * HOUR_S)
    pi.boot(off_ms=-round(64 * HOUR_S * 1000))
    assert (pi.day, pi.date_known) == ("2026-11-27", False)
    assert pi.take(2) == ["A004", "A005"]
    pi.core.hall.counters[3].status = "open"
    pi.wait(2.4 * HOUR_S)

    pi.set()

    assert (pi.day, pi.date_known) == ("2026-11-30", True)
    assert len(pi.expired) == 3  # Friday's
    assert pi.waiting == ["A004", "A005"]
    assert pi.core.hall.counters[3].status == "open"
    assert pi.take() == ["A006"]
    pi.start()  # and a start folds it to the same
    assert (pi.day, pi.waiting) == ("2026-11-30", ["A004", "A005", "A006"])
    assert pi.wait(DAY_S).day == "2026-12-01"
    assert len(pi.expired) == 6
    assert pi.take() == ["A001"]
    pi.check()


def test_a_power_cut_before_the_network_tells_loses_nobody() -> None:
    """What was issued while nobody knew the date is of the day on which it becomes known."""
    pi = friday().off(64 * HOUR_S)
    pi.boot(off_ms=-round(64 * HOUR_S * 1000))
    assert pi.take() == ["A004"]
    pi.wait(HOUR_S).off(60)
    pi.boot(off_ms=-round(65 * HOUR_S * 1000))
    assert pi.take() == ["A005"]

    assert pi.set().waiting == ["A004", "A005"]
    assert len(pi.expired) == 3
    pi.check()


def test_a_chip_that_is_slow_by_hours_carries_this_boots_tickets_over() -> None:
    """It was trusted, so its date was taken; a step over midnight shows that it was wrong."""
    pi = Pi("2026-11-24 18:00", trusted=True)
    assert pi.take() == ["A001"]
    pi.off(14 * HOUR_S)
    pi.boot(off_ms=-round(9 * HOUR_S * 1000), trusted=True)  # Tuesday 23:00, truly Wednesday 08:00
    assert pi.take() == ["A002"]
    pi.wait(0.5 * HOUR_S).start()
    assert pi.take() == ["A003"]

    pi.set()

    assert pi.day == "2026-11-25"
    assert pi.waiting == ["A002", "A003"]
    assert pi.take() == ["A004"]
    assert len(pi.expired) == 1
    pi.check()


def test_a_day_without_any_trusted_clock() -> None:
    """Three days and two nights without network: numbers go on, and nobody expires for it."""
    pi = friday().off(64 * HOUR_S)
    pi.boot(off_ms=-round(64 * HOUR_S * 1000))
    pi.take(2)
    pi.wait(DAY_S)
    assert (pi.day, pi.date_known, pi.expired) == ("2026-11-27", False, {})
    assert pi.take(2) == ["A006", "A007"]
    pi.wait(2 * HOUR_S)

    pi.set()  # on Tuesday

    assert pi.day == "2026-12-01"
    assert pi.waiting == ["A006", "A007"]
    assert len(pi.expired) == 5  # Friday's, and Monday's
    pi.check()


def test_a_person_says_the_date() -> None:
    """Friday's end, the morning's go on; the next day has to be said again, after 16 hours too."""
    pi = friday().off(64 * HOUR_S)
    pi.boot(off_ms=-round(64 * HOUR_S * 1000))
    assert pi.take() == ["A004"]

    assert pi.say("2026-11-26") == "day_already_open"  # days never go back
    assert pi.say("2026-11-30") == ""
    assert (pi.day, pi.date_known, pi.waiting) == ("2026-11-30", True, ["A004"])
    assert len(pi.expired) == 3
    assert pi.take() == ["A005"]

    pi.wait(17 * HOUR_S)
    assert (pi.day, pi.date_known) == ("2026-11-30", False)
    assert pi.say("2026-12-01") == ""
    assert (pi.day, pi.date_known, pi.waiting) == ("2026-12-01", True, [])
    assert pi.take() == ["A001"]

    pi.set()
    assert (pi.day, pi.date_known, pi.waiting) == ("2026-12-01", True, ["A001"])
    assert pi.say("2026-12-02") == "day_already_open"  # a trusted clock knows better
    pi.check()


def test_what_a_person_said_is_asked_again_after_a_start() -> None:
    """Nobody knows how long the Pi was off."""
    pi = friday().off(64 * HOUR_S)
    pi.boot()
    pi.say("2026-11-30")
    assert pi.date_known
    pi.boot()
    assert (pi.day, pi.date_known) == ("2026-11-30", False)
    assert pi.say("2026-11-30") == ""
    assert pi.date_known


def test_a_clock_set_back_over_midnight_opens_no_day_twice() -> None:
    """The day that was opened too early goes on, and is not trusted until it has come."""
    pi = Pi("2026-11-25 16:00", off_ms=round(9 * HOUR_S * 1000), trusted=True)
    assert pi.day == "2026-11-26"
    pi.take()
    pi.set()

    assert (pi.day, pi.date_known) == ("2026-11-26", False)
    pi.wait(9 * HOUR_S)
    assert (pi.day, pi.date_known, pi.expired) == ("2026-11-26", True, {})
    assert pi.take() == ["A002"]
    pi.check()


def test_nobody_is_refused_by_the_hours_of_a_clock_that_is_not_trusted() -> None:
    """Who presses stands in the hall, so it is open; a trusted clock keeps the hours again."""
    pi = Pi("2026-11-25 09:00", off_ms=-3 * round(DAY_S * 1000))
    pi.setup = open_from_8()
    pi.boot(off_ms=-3 * round(DAY_S * 1000))
    assert pi.refusal() == ""

    pi.set()
    assert pi.refusal() == ""
    assert pi.wait(8 * HOUR_S).refusal() == "closed"
