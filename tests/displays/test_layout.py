"""Nothing overlaps, leaves the screen, or is cut without need: on many screens, in many states."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from displays import phrases
from displays.board import BoardModel, Hero
from displays.board_setup import Mark, Place
from displays.layout import Layout
from displays.ops import Arrow, Fill, Op, Outline, Person, Rect, Sign, Text, areas
from displays.palette import AMBER, TEXT_ON_GROUND, YELLOW, contrast
from displays.screen import Fonts, Screen
from tests.displays.hall import START_S, call
from tests.displays.states import STATES, busy, cut_off, empty, live, recalled, unguided

T = START_S

SIZES = [(1920, 1080), (1366, 768), (3840, 2160), (1280, 720), (1080, 1920), (1280, 1024)]


@pytest.fixture(scope="module")
def fonts() -> Iterator[Fonts]:
    """The real font: widths that people will see."""
    screen = Screen(size=(640, 480), fallback=(640, 480), is_headless=True)
    screen.open()
    yield screen.fonts
    screen.close()


def picture(
    model: BoardModel, fonts: Fonts, size: tuple[int, int] = (1920, 1080), far_seat_m: float = 10
) -> tuple[Op, ...]:
    """Return the picture on a 55 inch screen."""
    layout = Layout(size=size, diag_in=55, far_seat_m=far_seat_m, measure=fonts.measure)
    return layout.picture(model)


def texts(ops: tuple[Op, ...]) -> list[Text]:
    """Return its lines."""
    return [op for op in ops if isinstance(op, Text)]


@pytest.mark.parametrize("far_seat_m", [5, 10, 20])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_nothing_overlaps(
    state: Callable[[], BoardModel], size: tuple[int, int], far_seat_m: float, fonts: Fonts
) -> None:
    """No line touches another line, a sign, an arrow or a border; none leaves the screen."""
    for page, shift in ((0, (0, 0)), (1, (-4, 4)), (2, (4, -4))):
        ops = picture(state()._replace(page=page, shift=shift), fonts, size, far_seat_m)
        solid = [op.rect for op in ops if isinstance(op, Text | Sign | Arrow | Person)]
        borders = [area for op in ops if isinstance(op, Outline) for area in areas(op)]
        pairs = itertools.chain(itertools.combinations(solid, 2), itertools.product(solid, borders))
        for one, other in pairs:
            assert not one.overlaps(other), (one, other, ops)
        screen = Rect(0, 0, *size)
        for op in ops[1:]:
            assert screen.inset(4).holds(op.rect), op


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_text_keeps_inside_its_panel(
    state: Callable[[], BoardModel], size: tuple[int, int], fonts: Fonts
) -> None:
    """Each line lies wholly in the smallest panel it begins in, and on that panel's colour."""
    ops = picture(state(), fonts, size)
    for line in texts(ops):
        corner = Rect(line.rect.x, line.rect.y + line.lead_px, 1, 1)
        panel = [op for op in ops if isinstance(op, Fill) and op.rect.holds(corner)][-1]
        assert panel.rect.holds(line.rect), line
        assert panel.colour == line.ground, line


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_every_text_has_a_tested_contrast(state: Callable[[], BoardModel], fonts: Fonts) -> None:
    """No pair of colours is used that the palette's test does not know."""
    for line in texts(picture(state(), fonts)):
        assert (line.colour, line.ground) in TEXT_ON_GROUND, line
        assert contrast(line.colour, line.ground) >= 7


@pytest.mark.parametrize("size", SIZES)
def test_sentences_are_whole(size: tuple[int, int], fonts: Fonts) -> None:
    """Each sentence, the badge too, is shown in full, on every screen, in every language."""
    for model in (busy(), cut_off()):
        for page in range(len(phrases.SENTENCES) * 2):
            shown = [line.text for line in texts(picture(model._replace(page=page), fonts, size))]
            assert not any("…" in text for text in shown)


def test_a_call_reads_from_top_to_bottom(fonts: Fonts) -> None:
    """Agency, number, counter; both numbers as big as the sizes promise."""
    model = busy()
    assert model.hero is not None
    lines = {line.text: line for line in texts(picture(model, fonts))}

    assert lines["Disdukcapil"].rect.bottom <= lines[model.hero.number].rect.y
    assert lines[model.hero.number].rect.bottom <= lines["LOKET"].rect.y
    assert lines[model.hero.number].cap_px >= 240
    assert lines[str(model.hero.counter)].colour == YELLOW


def test_numbers_of_a_length_have_one_size(fonts: Fonts) -> None:
    """The hero does not jump in size from A111 to B888."""
    model = busy()
    assert model.hero is not None
    sizes = set()
    for number in ("A111", "B888", "A007"):
        shown = texts(picture(model._replace(hero=model.hero._replace(number=number)), fonts))
        sizes |= {line.cap_px for line in shown if line.text == number}

    assert len(sizes) == 1


def test_the_counter_has_an_arrow_only_when_the_way_is_known(fonts: Fonts) -> None:
    """An arrow points somewhere: without a direction it would send people astray."""
    hero = Hero("A007", 1, Mark("Disdukcapil", "blue", "A"), Place("Dekat pintu", "left"))
    known = picture(busy()._replace(hero=hero), fonts)
    unknown = picture(busy()._replace(hero=hero._replace(place=Place())), fonts)

    assert [op.direction for op in known if isinstance(op, Arrow)] == ["left"]
    assert "Dekat pintu" in [line.text for line in texts(known)]
    assert not any(isinstance(op, Arrow) for op in unknown)


def test_the_badge_is_black_on_amber_with_a_sign(fonts: Fonts) -> None:
    """Words, sign and colour: none of them alone."""
    ops = picture(cut_off()._replace(page=0), fonts)
    badge = next(op for op in ops if isinstance(op, Fill) and op.colour == AMBER)
    inside = [line.text for line in texts(ops) if badge.rect.holds(line.rect)]
    wanted = "Sambungan terputus sejak 09.41 – dengarkan panggilan petugas"  # noqa: RUF001 - DESIGN §4

    assert inside == [wanted]
    assert any(isinstance(op, Sign) and badge.rect.holds(op.rect) for op in ops)
    assert {"A007", "B001"} <= {line.text for line in texts(ops)}


def test_without_guidance_there_is_no_hero(fonts: Fonts) -> None:
    """The staff say how it goes on."""
    shown = " ".join(line.text for line in texts(picture(unguided(), fonts)))

    assert "Ikuti petunjuk petugas" in shown


def test_a_recall_is_marked(fonts: Fonts) -> None:
    """In words, on the hero; in short, on a row."""
    shown = {line.text for line in texts(picture(recalled(), fonts, far_seat_m=5))}

    assert "PANGGILAN KE-3" in shown
    assert "KE-2" in shown


def test_a_waiting_call_is_outlined(fonts: Fonts) -> None:
    """It is news, though another stands big."""
    stage = live()
    stage.say(call("A008", 2), call("A007", at_s=T - 0.1), now_s=T)
    outlines = [op for op in picture(stage.look(T), fonts) if isinstance(op, Outline)]

    assert len(outlines) == 2


def test_agencies_are_paged_while_nobody_is_called(fonts: Fonts) -> None:
    """More agencies than rows: each has its turn."""
    marks = tuple(Mark(f"Instansi {n}", "blue", "A") for n in range(10))
    shown = set()
    for page in range(3):
        model = empty()._replace(marks=marks, page=page)
        shown |= {line.text for line in texts(picture(model, fonts))}

    assert {mark.name for mark in marks} <= shown


def test_equal_models_are_equal_pictures(fonts: Fonts) -> None:
    """What is shown already is not painted again."""
    assert picture(busy(), fonts) == picture(busy(), fonts)


def test_a_board_whose_hall_has_no_date_shows_no_clock(fonts: Fonts) -> None:
    """A time of 1970 is worse than none: people compare it with their slip."""
    shown = [line.text for line in texts(picture(STATES["starting"](), fonts))]

    assert "MPP Kota Contoh" in shown
    assert not any("1970" in text or "Januari" in text or text == "WIB" for text in shown)
