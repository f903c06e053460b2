"""A language more is a catalogue more: a made-up one, a third longer than English, is spoken.

No line of code knows it. It is painted on every board, sign and slip and said by the pages, and
nothing overlaps or leaves its place for it.
"""

import itertools
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from msgspec.structs import replace

from broker.hall.refusals import REFUSALS
from displays.layout import Layout
from displays.ops import Arrow, Rect, Sign, Text
from displays.phrases import say, say_day
from displays.screen import Fonts, Screen
from displays.sign import Panel, SignModel
from displays.sign_layout import sign_picture
from displays.touch import Offer, Touch
from displays.touch_layout import Pages
from displays.web.phrases import refused
from edge import phrases
from edge.draw import measure, paint
from edge.slip import slip_text
from edge.slip_layout import DOTS, EDGE, slip_picture
from firmware_config import texts
from firmware_config.load import HallFileError, load_hall
from firmware_config.schema import setup_of
from tests.displays.hall import START_S
from tests.displays.states import STATES
from tests.edge.slips import AT_MS, SLIPS, ZONE
from tests.texts import as_mo, in_code, path_of, read, updated

DEMO = Path(__file__).parents[1] / "firmware_config" / "examples" / "demo.toml"

CODE = "qps"
"""ISO 639's for local use."""

LONGER = str.maketrans(
    {"a": "áa", "e": "éè", "i": "ïi", "o": "óo", "u": "üu", "A": "ÁA", "E": "ÉE"}
)


def made_up(text: str) -> str:
    """Return a text in the language: longer, and with letters of its own; its values stay."""
    parts = re.split(r"(\{\w*\})", text.replace("{{", "(").replace("}}", ")"))
    return "".join(part if part[:1] == "{" else part.translate(LONGER) for part in parts)


@pytest.fixture(scope="module", autouse=True)
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two catalogues in a folder: the shipped one, and the new one, as a translator makes it."""
    folder = tmp_path_factory.mktemp("locale")
    begun = updated(Catalog(locale="en"), in_code())
    for message in begun:
        if message.id:
            message.string = made_up(str(message.id))
    for code, catalog in (("id", read(path_of("id"))), (CODE, begun)):
        path = path_of(code, folder)
        path.parent.mkdir(parents=True)
        path.with_suffix(".mo").write_bytes(as_mo(catalog))
    with texts.reading(folder):
        yield


@pytest.fixture(scope="module")
def fonts() -> Iterator[Fonts]:
    """The real font."""
    screen = Screen(size=(640, 480), fallback=(640, 480), is_headless=True)
    screen.open()
    yield screen.fonts
    screen.close()


def test_it_is_one_of_the_languages() -> None:
    """After the two that are shipped; a hall may name it, and its day is said in it."""
    assert texts.languages() == ("id", "en", CODE)
    assert texts.known([CODE, "id"]) == (CODE, "id")
    assert say_day(datetime(2026, 11, 25, tzinfo=ZONE), CODE) == "Wéèdnéèsdáay, 25 Nóovéèmbéèr"


def test_a_hall_file_may_name_it(tmp_path: Path) -> None:
    """`loket check` takes it, and still refuses one that nobody wrote."""
    hall = tmp_path / "hall.toml"
    text = re.sub(r", en = (\"[^\"]*\"|\[[^\]]*\])", "", DEMO.read_text("utf-8"))
    text = text.replace("{ id = ", f"{{ {CODE} = ")
    hall.write_text(re.sub(r"languages = \[.*\]", f'languages = ["{CODE}"]', text), "utf-8")
    assert load_hall(hall).hall.languages == (CODE,)

    hall.write_text(hall.read_text("utf-8").replace(f'["{CODE}"]', '["qqq"]'), "utf-8")
    with pytest.raises(HallFileError, match='write "id", "en" or "qps"'):
        load_hall(hall)


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1280, 720)])
@pytest.mark.parametrize("state", STATES)
def test_a_board_is_painted_in_it(state: str, size: tuple[int, int], fonts: Fonts) -> None:
    """Nothing overlaps and nothing leaves the screen."""
    layout = Layout(size=size, diag_in=55, far_seat_m=10, measure=fonts.measure)
    model = STATES[state]()._replace(languages=(CODE, "id"))
    for page in range(4):
        ops = layout.picture(model._replace(page=page))
        solid = [op.rect for op in ops if isinstance(op, Text | Sign | Arrow)]
        for one, other in itertools.combinations(solid, 2):
            assert not one.overlaps(other)
        assert all(Rect(0, 0, *size).inset(4).holds(op.rect) for op in ops[1:])
        assert any(set(op.text) & set("áéïóü") for op in ops if isinstance(op, Text))


@pytest.mark.parametrize("state", ["called", "serving", "ready", "paused", "closed", "unknown"])
def test_a_sign_is_painted_in_it(state: str, fonts: Fonts) -> None:
    """Alone in its language: all inside, no two lines over each other."""
    number = "A007" if state in {"called", "serving"} else ""
    panel = Panel(12, state, number, repeat=2)  # type: ignore[arg-type]  # one of its literals
    for size in ((800, 480), (480, 800)):
        ops = sign_picture(
            SignModel((CODE, "id"), (panel,), is_lost=True), size=size, measure=fonts.measure
        )
        lines = [op for op in ops if isinstance(op, Text)]
        assert all(Rect(0, 0, *size).holds(op.rect) for op in lines)
        for one, other in itertools.combinations(lines, 2):
            assert not one.rect.overlaps(other.rect)


def test_a_touch_screen_is_painted_in_it(fonts: Fonts) -> None:
    """With a button that says its own name."""
    setup = replace(setup_of(load_hall(DEMO)), languages=("id", CODE))
    touch = Touch(setup=setup, start_s=START_S)
    touch.told({id_: Offer(takes="open", waiting=3) for id_ in setup.services}, None, now_s=START_S)
    touch.press(f"language:{CODE}", START_S)
    touch.tap(f"language:{CODE}", START_S)
    pages = Pages(setup=setup, size=(1920, 1080), diag_in=15.6, measure=fonts.measure)
    ops, _ = pages.draw(touch.look(START_S))
    said = {op.text for op in ops if isinstance(op, Text)}
    assert {made_up("English"), made_up("Choose an office")} <= said


@pytest.mark.parametrize("width", DOTS)
@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_printed_in_it(name: str, width: int) -> None:
    """On both papers, with nothing in the outer dots."""
    slip = SLIPS[name]._replace(language=CODE)
    image = paint(slip_picture(slip, ZONE, width=width, measure=measure, code=()))
    black = image.convert("L").point(lambda shade: 255 - shade).getbbox()
    assert black is not None
    assert black[0] >= EDGE
    assert black[2] <= DOTS[width] - EDGE
    assert slip.at_ms == AT_MS
    assert say(phrases.TITLE, CODE) in slip_text(slip, ZONE)


def test_the_pages_refuse_in_it() -> None:
    """Every code of a refusal, in the new language first."""
    for code in REFUSALS:
        [first, _] = refused(code, (CODE, "en"))
        assert first["lang"] == CODE
        assert first["text"] != refused(code, ("en",))[0]["text"]
    assert say(texts.Phrase("{count} waiting"), CODE, count=3) == "3 wáaïitïing"
