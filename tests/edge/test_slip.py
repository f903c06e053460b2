"""What a slip says, as values and lines."""

import pytest

from broker.hall_time import UNDATED_MS
from edge import phrases
from edge.slip import WIDTH, Slip, slip_text
from tests.edge.slips import CUT_OFF, ENGLISH, NPWP, ONE, SLIPS, VISIT, ZONE


def lines_of(slip: Slip) -> list[str]:
    """Return its lines without what centres them."""
    return [line.strip() for line in slip_text(slip, ZONE).splitlines()]


@pytest.mark.parametrize("name", SLIPS)
def test_every_number_stands_alone_and_no_line_is_too_long(name: str) -> None:
    """The panel and 58 mm paper have 32 characters."""
    lines = slip_text(SLIPS[name], ZONE).splitlines()

    assert max(map(len, lines)) <= WIDTH
    for ticket in SLIPS[name].tickets:
        assert [line.strip() for line in lines].count(ticket.number) == 1


def test_a_visit_is_one_slip_that_lists_all_its_numbers() -> None:
    """Hall, time and rules once; agency, number, service for each."""
    lines = lines_of(VISIT)

    assert [line for line in lines if line in {"A007", "B012", "H112"}] == ["A007", "B012", "H112"]
    assert lines.count("MPP Kota Tebing Tinggi") == 1
    assert lines.count("Rabu 02-12-2026 08.00 WIB") == 1
    assert "Satu slip untuk 3 layanan: nomor" in lines
    assert lines.count("PRIORITAS") == 1


def test_a_copy_says_so_first() -> None:
    """Nobody takes it for a second number."""
    assert lines_of(VISIT)[0] == "SALINAN"
    assert "SALINAN" not in lines_of(ONE)


def test_an_offline_slip_says_that_calls_go_by_time() -> None:
    """And that the number is good."""
    text = " ".join(lines_of(CUT_OFF))

    words = phrases.say(phrases.OFFLINE, "id")
    assert words in text
    assert words not in " ".join(lines_of(ONE))


def test_who_is_ahead_is_said_only_when_known() -> None:
    """Nobody ahead is said too."""
    assert "Menunggu layanan ini: 12 orang" in lines_of(ONE)
    assert "Belum ada antrean layanan ini" in lines_of(ONE._replace(tickets=(NPWP,)))
    assert not any("layanan ini" in line for line in lines_of(CUT_OFF))


def test_it_speaks_english() -> None:
    """All of it but the names."""
    lines = lines_of(ENGLISH)

    assert lines[0] == "COPY"
    assert "Wednesday 02-12-2026 08.00 WIB" in lines
    assert "Waiting for this service: 12" in lines
    assert "PRIORITY" in lines


def test_a_hall_that_does_not_know_the_date_prints_none() -> None:
    """Its stamps are of 1970: no time is better than a wrong one."""
    undated = slip_text(ONE._replace(at_ms=UNDATED_MS), ZONE)

    assert "1970" not in undated
    assert undated.count("\n") == slip_text(ONE, ZONE).count("\n") - 1


def test_a_language_without_texts_falls_to_the_first() -> None:
    """A hall may speak Batak; its slips are in Indonesian."""
    assert [phrases.known(code) for code in ("en", "id", "btk")] == ["en", "id", "id"]
