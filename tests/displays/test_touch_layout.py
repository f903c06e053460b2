"""Every page of a kiosk's screen: fingers find what they see, nothing overlaps, nothing is cut."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.hall.refusals import REFUSALS, RefusalCode
from broker.hall.setup import Setup
from displays.ops import Fill, Outline, Rect, Text, areas
from displays.palette import TEXT_ON_GROUND
from displays.phrases import TAKES, say
from displays.screen import Fonts, Screen
from displays.touch import Offer, Page, Taking, Touch, TouchModel
from displays.touch_layout import TARGET_MM, Pages
from firmware_config.load import load_hall
from firmware_config.schema import setup_of

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"
BIG, DEMO = (setup_of(load_hall(EXAMPLES / f"{name}.toml")) for name in ("tebing_tinggi", "demo"))
SIZES = [(1920, 1080), (1080, 1920), (1280, 720)]
DIAG_IN = 15.6
T = 100.0


@pytest.fixture(scope="module")
def fonts() -> Iterator[Fonts]:
    """The real font."""
    screen = Screen(size=(640, 480), fallback=(640, 480), is_headless=True)
    screen.open()
    yield screen.fonts
    screen.close()


def after(
    *targets: str, setup: Setup = BIG, taking: Taking | None = None, takes: str = "open"
) -> TouchModel:
    """Return what is shown after these touches, every service with the same state."""
    offers = {id_: Offer(takes=takes, waiting=118) for id_ in setup.services}
    screen = Touch(setup=setup, start_s=T)
    screen.told(offers, None, now_s=T)
    for target in targets:
        screen.press(target, T)
        screen.tap(target, T)
    if taking:
        screen.asked(taking.id, T)
        screen.told(offers, taking, now_s=T)
    return screen.look(T)


KTP = ("agency:dukcapil", "service:ktp-el")
VISIT = (*KTP, "take", "another", "agency:polres", "service:skck-baru", "take")

REFUSED = Taking(id="a", state="refused", why="quota_reached")

STATES: dict[str, Callable[[], TouchModel]] = {
    "agencies": after,
    "agencies-few": lambda: after(setup=DEMO),
    "agencies-chosen": lambda: after(*KTP, "take", "another", "priority"),
    "services": lambda: after("agency:dukcapil"),
    "services-closed": lambda: after("language:en", "agency:dukcapil", takes="cutoff"),
    "service": lambda: after(*KTP),
    "service-closed": lambda: after(*KTP, takes="disrupted"),
    "another": lambda: after(*VISIT),
    "search": lambda: after("search"),
    "search-found": lambda: after("search", "key:P"),
    "search-nothing": lambda: after("search", "key:X", "key:X"),
    "printing": lambda: after(*VISIT, "print"),
    "number": lambda: after(
        *VISIT, "print", taking=Taking(id="a", state="printed", numbers=("A007", "C118"))
    ),
    "unprinted": lambda: after(
        *VISIT,
        "print",
        taking=Taking(id="a", state="unprinted", numbers=("A007", "C118", "KJ001", "W009")),
    ),
    "refused": lambda: after(*VISIT, "print", taking=REFUSED),
    "perhaps": lambda: after(*VISIT, "print")._replace(page=Page.PERHAPS),
    "not-ready": lambda: Touch(setup=BIG, start_s=T).look(T),
}


def pages(fonts: Fonts, size: tuple[int, int], setup: Setup = BIG) -> Pages:
    """Return what draws a hall's pages."""
    return Pages(setup=setup, size=size, diag_in=DIAG_IN, measure=fonts.measure)


def setup_of_state(name: str) -> Setup:
    """Return the hall this state is of."""
    return DEMO if name.endswith("few") else BIG


def test_the_states_hold_every_page() -> None:
    """A page that is not among them is not looked at."""
    assert {state().page for state in STATES.values()} | {Page.HELP} == set(Page)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATES)
def test_nothing_overlaps(name: str, size: tuple[int, int], language: str, fonts: Fonts) -> None:
    """No line touches another line or a border; none leaves its panel or the screen."""
    model = STATES[name]()._replace(language=language)
    ops, _ = pages(fonts, size, setup_of_state(name)).draw(model)
    texts = [op for op in ops if isinstance(op, Text)]
    borders = [area for op in ops if isinstance(op, Outline) for area in areas(op)]
    for one, other in itertools.combinations(texts, 2):
        assert not one.rect.overlaps(other.rect), (one.text, other.text)
    for line, border in itertools.product(texts, borders):
        assert not line.rect.overlaps(border), line.text
    for line in texts:
        corner = Rect(line.rect.x, line.rect.y + line.lead_px, 1, 1)
        panel = [op for op in ops if isinstance(op, Fill) and op.rect.holds(corner)][-1]
        assert panel.rect.holds(line.rect), line.text
        assert panel.colour == line.ground, line.text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATES)
def test_fingers_find_what_they_see(name: str, size: tuple[int, int], fonts: Fonts) -> None:
    """Targets of 20 mm and more, 4 mm and more apart, on the screen, each with its own meaning."""
    made = pages(fonts, size, setup_of_state(name))
    _, targets = made.draw(STATES[name]())
    px_per_mm = made.target_px / TARGET_MM
    screen = Rect(0, 0, *size)
    for target in targets:
        assert min(target.rect.w, target.rect.h) >= made.target_px - 1, target
        assert screen.holds(target.rect), target
    for one, other in itertools.combinations(targets, 2):
        around = one.rect.inset(-round(4 * px_per_mm))
        assert not around.overlaps(other.rect), (one, other)
    assert len({target.name for target in targets}) == len(targets)


@pytest.mark.parametrize("name", STATES)
def test_every_text_has_a_tested_contrast(name: str, fonts: Fonts) -> None:
    """7:1, on whatever it stands, a finger on it or not."""
    model = STATES[name]()
    made = pages(fonts, SIZES[0], setup_of_state(name))
    _, targets = made.draw(model)
    for down in ("", *(target.name for target in targets)):
        ops, _ = made.draw(model._replace(down=down))
        assert {(op.colour, op.ground) for op in ops if isinstance(op, Text)} <= set(TEXT_ON_GROUND)


@pytest.mark.parametrize("size", SIZES)
def test_every_service_of_the_big_hall_is_there_to_be_touched(
    size: tuple[int, int], fonts: Fonts
) -> None:
    """121 of them, on 27 pages, on every screen; each is named in full."""
    made = pages(fonts, size)
    _, agencies = made.draw(after())
    found = set()
    for target in agencies:
        if target.name.startswith("agency:"):
            _, services = made.draw(after(target.name))
            found |= {t.name for t in services if t.name.startswith("service:")}

    assert found == {f"service:{id_}" for id_ in BIG.services}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATES)
def test_what_is_drawn_can_be_touched(name: str, size: tuple[int, int], fonts: Fonts) -> None:
    """Each target, touched, leads somewhere or changes what is shown."""
    model = STATES[name]()
    if name == "not-ready":
        return
    made = pages(fonts, size, setup_of_state(name))
    _, targets = made.draw(model)
    for target in targets:
        kind = target.name.partition(":")[0]
        assert kind in KINDS, target


KINDS = {
    *("language", "agency", "service", "priority", "search", "key", "erase"),
    *("take", "another", "print", "back", "home"),
}


@pytest.mark.parametrize("takes", ["closed", "quota", "cutoff", "disrupted"])
def test_nothing_is_offered_that_is_not_to_be_had(takes: str, fonts: Fonts) -> None:
    """Said before a number is asked for: there is no button for it."""
    _, open_ = pages(fonts, SIZES[0]).draw(after(*KTP))
    _, shut = pages(fonts, SIZES[0]).draw(after(*KTP, takes=takes))

    assert "take" in {target.name for target in open_}
    assert "take" not in {target.name for target in shut}


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ("closed", "closed"),
        ("past_cutoff", "cutoff"),
        ("quota_reached", "quota"),
        ("disrupted", "disrupted"),
    ],
)
def test_a_refusal_says_why(fonts: Fonts, why: RefusalCode, says: str) -> None:
    """In the words the service's own page has for it; the hub's codes are other words."""
    assert why in REFUSALS
    model = after(*VISIT, "print", taking=Taking(id="a", state="refused", why=why))
    pages = Pages(setup=BIG, size=SIZES[0], diag_in=DIAG_IN, measure=fonts.measure)
    ops, _ = pages.draw(model)
    written = " ".join(op.text for op in ops if isinstance(op, Text))
    assert say(TAKES[says], "id") in written
