"""How far the visits of a touch screen are."""

from broker.outbox import Key
from edge.paper import Outcome
from edge.visits import REMEMBERED, Visits, name_of

ONE, OTHER = Key("a" * 32, 1), Key("a" * 32, 2)


def test_a_visit_of_a_button_is_nobodys_on_the_screen() -> None:
    """Only what was begun here is followed."""
    visits = Visits()
    visits.printing(ONE, ["A001"])

    assert not visits.ended(ONE, Outcome.FAILED)
    assert visits.panel() is None


def test_the_newest_is_shown() -> None:
    """One glass: whoever touches it now sees his own visit, and the one before goes on."""
    visits = Visits()
    visits.begin(ONE)
    visits.printing(ONE, ["A001"])
    visits.begin(OTHER)
    assert visits.ended(ONE, Outcome.FAILED)

    assert visits.panel() == {"id": name_of(OTHER), "state": "asked", "numbers": [], "why": ""}


def test_a_slip_that_is_perhaps_out_is_called_printed() -> None:
    """A printer that can't be asked: the visitor looks for the slip first."""
    visits = Visits()
    visits.begin(ONE)
    visits.printing(ONE, ["A001"])

    assert not visits.ended(ONE, Outcome.UNKNOWN)
    assert (visits.panel() or {})["state"] == "printed"


def test_old_visits_are_forgotten() -> None:
    """A kiosk runs for months."""
    visits = Visits()
    for seq in range(1, REMEMBERED + 3):
        visits.begin(Key("a" * 32, seq))
    visits.printing(ONE, ["A001"])

    assert not visits.ended(ONE, Outcome.FAILED)
    assert (visits.panel() or {})["id"] == f"{'a' * 32}:{REMEMBERED + 2}"
