"""What the fold makes of rows that an earlier hub decided and a node gave back."""

from broker.hall.events import (
    Adopted,
    NumbersMoved,
    OriginGap,
    ServingStarted,
    TicketCorrected,
    TicketIssued,
)
from broker.hall.state import Changed
from broker.hall.ticket import TicketState
from tests.broker.hall.given import START_MS, opened, snapshot

GEN = "1-0a1b2c3d"
ISSUED = TicketIssued(ticket="t:1", number="A007", service="kk", visit="t:1", issued_ms=START_MS)


def adopted(*, late: bool = False) -> Adopted:
    """Return what leads the events of an adopted row."""
    return Adopted(gen=GEN, pos=9, at_ms=START_MS, late=late)


def test_an_adopted_ticket_is_a_ticket_of_the_hall() -> None:
    """It has its printed number, and the series goes on behind it."""
    hall = opened().hall
    hall.apply(hall.pos + 1, START_MS, (adopted(), ISSUED))

    assert hall.tickets["t:1"].number == "A007"
    assert hall.numbers["A"] == 7


def test_a_late_row_changes_no_state() -> None:
    """It has its position and nothing else: yesterday's ticket doesn't wait today."""
    hall = opened().hall
    before = snapshot(hall)
    changed = hall.apply(hall.pos + 1, START_MS, (adopted(late=True), ISSUED))

    assert changed == Changed(set(), board=False)
    assert snapshot(hall) == {**before, "pos": hall.pos}


def test_a_gap_in_the_origins_changes_no_state() -> None:
    """It is for the technician."""
    hall = opened().hall
    gap = OriginGap(gen=GEN, pos_from=3, pos_upto=9, count=5)

    assert hall.apply(hall.pos + 1, 0, (gap,)) == Changed(set(), board=False)


def test_moved_numbers_go_on_behind_the_one_named() -> None:
    """A series that is further stays where it is."""
    story = opened()
    hall = story.hall
    hall.apply(hall.pos + 1, START_MS, (ISSUED, NumbersMoved(numbers={"A": 99})))
    hall.apply(hall.pos + 1, START_MS, (NumbersMoved(numbers={"A": 50}),))
    (ticket,) = story.take("kk")

    assert hall.tickets[ticket].number == "A100"


def test_serving_without_the_call_it_follows_changes_no_state() -> None:
    """The call is lost: nobody knows at which counter, so the ticket waits to be called."""
    hall = opened().hall
    hall.apply(hall.pos + 1, START_MS, (adopted(), ISSUED))
    hall.apply(hall.pos + 1, START_MS, (adopted(), ServingStarted(ticket="t:1")))

    assert hall.tickets["t:1"].state is TicketState.WAITING


def test_a_ticket_corrected_leaves_its_old_number_to_the_one_that_has_it_too() -> None:
    """Two journals gave A007: the newer one keeps it when the older one is corrected."""
    hall = opened().hall
    twin = TicketIssued(ticket="t:2", number="A007", service="kk", visit="t:2", issued_ms=START_MS)
    corrected = TicketCorrected(ticket="t:1", number="K1007", service="kk", issued_ms=START_MS)
    hall.apply(hall.pos + 1, START_MS, (adopted(), ISSUED, twin))
    hall.apply(hall.pos + 1, START_MS, (adopted(), corrected))

    assert hall.by_number["A007"] is hall.tickets["t:2"]
    assert hall.by_number["K1007"] is hall.tickets["t:1"]
