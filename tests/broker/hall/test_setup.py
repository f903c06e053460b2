"""What a hall consists of."""

import pytest

from broker.hall.setup import Agency, Service, Setup, make_setup
from tests.broker.hall.given import small_setup


def hall_with(agency: Agency, service: Service) -> Setup:
    """Return a hall of these two."""
    return make_setup(
        hall="h",
        name="H",
        timezone="Asia/Jakarta",
        agencies=(agency,),
        services=(service,),
        counters=(),
    )


def test_parts_are_found_by_id() -> None:
    """Maps keep the order of the hall file."""
    setup = small_setup()

    assert list(setup.agencies) == ["dukcapil", "bapenda"]
    assert list(setup.services) == ["ktp-el", "kk", "pajak"]
    assert list(setup.counters) == [1, 2, 3]


@pytest.mark.parametrize(
    ("agencys", "own", "series"), [("A", None, "A"), ("A", "B", "B"), (None, "B", "B")]
)
def test_a_service_counts_in_its_own_series_or_its_agencys(
    agencys: str | None, own: str | None, series: str
) -> None:
    """The nearer one wins."""
    setup = hall_with(
        Agency(id="a", name="A", short="A", series=agencys),
        Service(id="s", agency="a", name={"id": "S"}, series=own),
    )

    assert setup.series == {"s": series}


def test_a_service_without_any_series_is_named() -> None:
    """The checks of the hall file should have found it; the message says which."""
    with pytest.raises(ValueError, match="service s: no series"):
        hall_with(
            Agency(id="a", name="A", short="A"), Service(id="s", agency="a", name={"id": "S"})
        )
