"""A kiosk's screen by touches: every service in three, nobody stuck, nothing asked in vain."""

from pathlib import Path

import pytest

from broker.hall.setup import Setup
from displays.touch import (
    ANOTHER_S,
    DONE_S,
    IDLE_S,
    LOST_AFTER_S,
    UNPRINTED_S,
    VISIT_MAX,
    Offer,
    Page,
    Take,
    Taking,
    Touch,
)
from firmware_config.load import load_hall
from firmware_config.schema import setup_of

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"
SETUP = setup_of(load_hall(EXAMPLES / "demo.toml"))
T = 100.0


def touch(setup: Setup = SETUP, **offers: Offer) -> Touch:
    """Return a screen whose node is there."""
    made = Touch(setup=setup, start_s=T)
    made.told(offers, None, now_s=T)
    return made


def tap(screen: Touch, *targets: str, now_s: float = T) -> Take | None:
    """Touch these one after the other; return what the last one takes."""
    take = None
    for target in targets:
        screen.press(target, now_s)
        take = screen.tap(target, now_s)
    return take


def page(screen: Touch, now_s: float = T) -> Page:
    """Return the page that is shown."""
    return screen.look(now_s).page


def at_another(*, service: str = "ktp-el") -> Touch:
    """Return a screen on which one service is chosen."""
    screen = touch()
    tap(screen, f"agency:{SETUP.services[service].agency}", f"service:{service}", "take")
    return screen


def test_every_service_of_the_big_hall_is_three_touches_away() -> None:
    """All 121: its agency, the service, take a number; each is shown on the page before."""
    setup = setup_of(load_hall(EXAMPLES / "tebing_tinggi.toml"))
    assert len(setup.services) == 121
    for service in setup.services.values():
        screen = touch(setup)
        tap(screen, f"agency:{service.agency}")
        assert service.id in screen.look(T).found
        tap(screen, f"service:{service.id}", "take")

        assert screen.look(T).chosen == (service.id,)
        assert page(screen) is Page.ANOTHER
        assert tap(screen, "print") == Take((service.id,), is_priority=False)


@pytest.mark.parametrize("takes", ["closed", "quota", "cutoff", "disrupted"])
def test_a_service_that_gives_no_numbers_says_so_before(takes: str) -> None:
    """Its page is shown, with what to bring; there is nothing to take."""
    screen = touch(kk=Offer(takes=takes))
    tap(screen, "agency:dukcapil", "service:kk")
    model = screen.look(T)

    assert (model.page, model.offers["kk"].takes) == (Page.SERVICE, takes)
    assert tap(screen, "take") is None
    assert page(screen) is Page.SERVICE


def test_a_visit_of_several_services_is_one_slip() -> None:
    """Another one, and then both are asked for together."""
    screen = at_another()
    assert tap(screen, "another", "agency:dukcapil", "service:kk", "take") is None

    assert tap(screen, "print") == Take(("ktp-el", "kk"), is_priority=False)


def test_the_same_service_is_taken_once() -> None:
    """A second number of it would make one person two."""
    screen = at_another()
    tap(screen, "another", "agency:dukcapil", "service:ktp-el")

    assert tap(screen, "take") is None
    assert screen.look(T).chosen == ("ktp-el",)


def test_the_fourth_service_is_the_last() -> None:
    """No question is asked that could only be answered with no."""
    ids = list(SETUP.services)[:VISIT_MAX]
    screen = touch()
    take = None
    for id_ in ids:
        take = tap(screen, f"agency:{SETUP.services[id_].agency}", f"service:{id_}", "take")
        tap(screen, "another")

    assert take == Take(tuple(ids), is_priority=False)


def test_who_has_chosen_can_print_from_the_first_page() -> None:
    """Another one after all not: the slip is not lost."""
    screen = at_another()
    tap(screen, "another")

    assert tap(screen, "print") == Take(("ktp-el",), is_priority=False)


def test_no_answer_is_no() -> None:
    """Whoever walks off gets the slip: the question answers itself, counting down."""
    screen = at_another()
    assert screen.look(T).left_s == ANOTHER_S
    assert screen.due(T + ANOTHER_S - 0.1) is None
    assert screen.look(T + ANOTHER_S - 0.1).left_s == 0

    assert screen.due(T + ANOTHER_S) == Take(("ktp-el",), is_priority=False)
    assert page(screen) is Page.PRINTING


def test_priority_is_a_tick_on_the_first_page() -> None:
    """Touched again it is off; it goes with the visit, and not to the next person."""
    screen = touch()
    tap(screen, "priority")
    assert screen.look(T).is_priority
    tap(screen, "priority")
    assert not screen.look(T).is_priority

    tap(screen, "priority", "agency:dukcapil", "service:kk", "take")
    assert tap(screen, "print") == Take(("kk",), is_priority=True)
    screen.asked("p:1", T)
    screen.told({}, Taking(id="p:1", state="printed", numbers=("A007",)), now_s=T)
    tap(screen, "home")
    assert not screen.look(T).is_priority


@pytest.mark.parametrize("is_told_first", [False, True])
@pytest.mark.parametrize(
    ("state", "shown", "stays_s"),
    [
        ("printed", Page.NUMBER, DONE_S),
        ("unprinted", Page.UNPRINTED, UNPRINTED_S),
        ("refused", Page.REFUSED, UNPRINTED_S),
    ],
)
def test_the_end_of_a_visit(
    state: str, shown: Page, stays_s: float, *, is_told_first: bool
) -> None:
    """What the node came to is shown for a while, whichever of its two answers comes first."""
    screen = at_another()
    tap(screen, "print")
    taking = Taking(id="p:1", state=state, numbers=("A007",), why="closed")
    if is_told_first:
        screen.told({}, taking, now_s=T + 1)
        screen.asked("p:1", T + 1)
    else:
        screen.asked("p:1", T + 1)
        screen.told({}, taking, now_s=T + 1)
    model = screen.look(T + 1)
    assert (model.page, model.numbers, model.why) == (shown, ("A007",), "closed")

    screen.due(T + 1 + stays_s - 0.1)
    assert page(screen) is shown
    screen.due(T + 1 + stays_s)
    assert page(screen) is Page.AGENCIES


def test_another_visits_slip_is_not_this_ones() -> None:
    """What the node shows of the button somebody pressed beside the screen changes nothing."""
    screen = at_another()
    tap(screen, "print")
    screen.asked("p:2", T)
    screen.told({}, Taking(id="p:1", state="printed", numbers=("A001",)), now_s=T)

    assert page(screen) is Page.PRINTING


def test_a_node_that_says_nothing_leaves_it_open() -> None:
    """Neither yes nor no: the slip may be out, and its number is valid; else somebody can help."""
    screen = at_another()
    tap(screen, "print")
    screen.due(T + LOST_AFTER_S)

    assert page(screen) is Page.PERHAPS
    tap(screen, "home")
    assert page(screen) is Page.AGENCIES


def test_a_number_that_comes_late_is_shown_to_who_is_still_there() -> None:
    """The printer was slow, then it failed: the number counts, so somebody has to read it."""
    screen = at_another()
    tap(screen, "print")
    screen.asked("p:1", T)
    screen.due(T + LOST_AFTER_S)
    late = Taking(id="p:1", state="unprinted", numbers=("A001",))
    screen.told({}, late, now_s=T + LOST_AFTER_S + 1)

    shown = screen.look(T + LOST_AFTER_S + 1)
    assert (shown.page, shown.numbers) == (Page.UNPRINTED, ("A001",))


def test_a_node_that_could_not_take_it_sends_to_the_desk() -> None:
    """Its disk is full, or it is not there."""
    screen = at_another()
    tap(screen, "print")
    screen.failed(T)

    assert page(screen) is Page.HELP
    tap(screen, "home")
    assert page(screen) is Page.AGENCIES


def test_left_alone_it_begins_again() -> None:
    """In the main language, on the first page, with nothing of the one before."""
    screen = touch()
    tap(screen, "language:en", "priority", "agency:dukcapil", "service:kk")
    screen.due(T + IDLE_S - 0.1)
    assert page(screen) is Page.SERVICE

    assert screen.due(T + IDLE_S) is None
    model = screen.look(T + IDLE_S)
    assert (model.page, model.language, model.is_priority) == (Page.AGENCIES, "id", False)


def test_whoever_leaves_with_something_chosen_gets_a_slip() -> None:
    """A printed slip too many is taken back by a no-show; a person without one is lost."""
    screen = at_another()
    tap(screen, "another")

    assert screen.due(T + IDLE_S) == Take(("ktp-el",), is_priority=False)


def test_a_finger_on_the_screen_is_somebody() -> None:
    """Reading with a finger on the glass is no leaving."""
    screen = touch()
    tap(screen, "agency:dukcapil")
    screen.press("", T + IDLE_S - 1)
    screen.due(T + IDLE_S)

    assert page(screen) is Page.SERVICES


@pytest.mark.parametrize(
    ("targets", "back"),
    [
        (["agency:dukcapil", "back"], Page.AGENCIES),
        (["agency:dukcapil", "service:kk", "back"], Page.SERVICES),
        (["agency:dukcapil", "service:kk", "home"], Page.AGENCIES),
        (["search", "key:K", "service:kk", "back"], Page.SEARCH),
        (["search", "back"], Page.AGENCIES),
    ],
)
def test_back_is_where_one_came_from(targets: list[str], back: Page) -> None:
    """One step; home is the first page."""
    screen = touch()
    tap(screen, *targets)

    assert page(screen) is back


def test_a_search_finds_by_the_first_letters_of_a_word() -> None:
    """In any language, of the service's or the agency's name."""
    setup = setup_of(load_hall(EXAMPLES / "tebing_tinggi.toml"))
    screen = touch(setup)
    tap(screen, "search")
    assert screen.look(T).found == ()
    tap(screen, *(f"key:{letter}" for letter in "PASP"))
    model = screen.look(T)

    assert model.found
    assert all("paspor" in setup.services[id_].name["id"].casefold() for id_ in model.found)
    tap(screen, "erase", "erase", "erase", "erase")
    assert screen.look(T).typed == ""


def test_what_begins_so_itself_comes_before_what_its_agency_is_called() -> None:
    """In the language that is shown: whoever types K looks for what begins with it."""
    screen = touch(setup_of(load_hall(EXAMPLES / "tebing_tinggi.toml")))
    tap(screen, "search", "key:K")
    names = [screen._setup.services[id_].name["id"] for id_ in screen.look(T).found]
    assert all(name.casefold().startswith("k") for name in names)

    tap(screen, "erase", "key:O", "key:T", "key:H")
    assert screen.look(T).found == ()  # "other" is English


@pytest.mark.parametrize(
    "target", ["take", "print", "another", "key:A", "service:kk", "agency:nowhere", "x", ""]
)
def test_a_touch_that_means_nothing_here_does_nothing(target: str) -> None:
    """What is not on the page can't be touched, and were it, nothing would happen."""
    screen = touch()
    before = screen.look(T)

    assert tap(screen, target) is None
    assert screen.look(T) == before


def test_without_its_node_it_says_so() -> None:
    """What it knew of the services is of before."""
    screen = touch(kk=Offer(waiting=3))
    assert screen.look(T).is_connected
    screen.disconnected()

    assert not screen.look(T).is_connected
    assert screen.look(T).offers == {}
