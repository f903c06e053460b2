"""Facts about the example hall of real size."""

from collections import Counter
from pathlib import Path

from broker.hall.setup import Service
from firmware_config.buttons import kiosk_services
from firmware_config.load import load_hall
from firmware_config.schema import BoardNode, CounterNode, KioskNode, host_of

HALL = Path(__file__).parents[2] / "firmware_config" / "examples" / "tebing_tinggi.toml"

MISSPELT = ("antrian", "silahkan", "ijin", "apotik", "sertifikat tanah", "pas foto", "materai")
"""What KBBI writes antrean, silakan, izin, apotek, sertipikat (BPN's word), pasfoto, meterai."""


def test_it_is_of_the_size_it_says() -> None:
    """121 services of 27 agencies, 40 counters in 3 zones, 3 kiosks, 2 boards; each counter run."""
    file = load_hall(HALL)
    assert (len(file.agencies), len(file.services)) == (27, 121)
    assert (len(file.counters), len(file.zones)) == (40, 3)
    assert {counter.zone for counter in file.counters} == {zone.id for zone in file.zones}
    kinds = Counter(type(node) for node in file.nodes)
    assert (kinds[KioskNode], kinds[BoardNode], kinds[CounterNode]) == (3, 2, 40)
    run = {id_ for node in file.nodes if isinstance(node, CounterNode) for id_ in node.counters}
    assert run == {counter.id for counter in file.counters}
    assert len({host_of(node) for node in file.nodes}) == 26


def test_it_says_that_it_is_an_example() -> None:
    """Nobody takes its fees for the real hall's."""
    header = HALL.read_text("utf-8").partition("[hall]")[0]
    assert "AN EXAMPLE, not the data of a real hall" in header


def test_every_service_is_served_and_can_be_asked_for() -> None:
    """A counter serves it; a button takes it, or its agency's general service, set at a counter."""
    file = load_hall(HALL)
    served = {service for counter in file.counters for service in counter.serves}
    assert {service.id for service in file.services} == served
    pressed = {
        service
        for node in file.nodes
        if isinstance(node, KioskNode)
        for service in kiosk_services(file, node).values()
    }
    general = {agency.id: agency.general for agency in file.agencies}
    assert [s.id for s in file.services if not {s.id, general[s.agency]} & pressed] == []


def test_every_text_is_in_both_languages_and_well_spelt() -> None:
    """Names, what to bring, fees and results, without the common misspellings."""
    for service in load_hall(HALL).services:
        texts = _texts(service)
        assert all(set(text) == {"id", "en"} for text in texts), service.id
        assert service.requires is not None
        assert len(service.requires["id"]) == len(service.requires["en"]), service.id
        assert service.fee is not None, service.id
        assert service.standard is not None, service.id
    words = HALL.read_text("utf-8").lower()
    assert [word for word in MISSPELT if word in words] == []


def _texts(service: Service) -> list[dict[str, object]]:
    texts: list[dict[str, object]] = [dict(service.name)]
    texts += [dict(each) for each in (service.requires, service.finish) if each is not None]
    texts += [dict(service.fee)] if isinstance(service.fee, dict) else []
    return texts


def test_no_two_services_of_an_agency_share_a_name() -> None:
    """A visitor at the screen can tell them apart."""
    for language in ("id", "en"):
        names = Counter((s.agency, s.name[language]) for s in load_hall(HALL).services)
        assert [name for name, times in names.items() if times > 1] == []
