"""PURE: a touch screen's pages: which ops, at which pixels, and where a finger finds what.

The bottom row, where a child or somebody in a wheelchair reaches, holds what goes on. How buttons
and tiles look is in `touch_sheet`.
"""

from collections.abc import Callable, Sequence

from broker.hall.setup import Service, Setup
from displays import phrases
from displays.ops import Measure, Op, Outline, Rect
from displays.palette import AMBER, GROUND, PANEL, QUIET, TEXT, YELLOW, Colour, stripe
from displays.pen import Pen
from displays.phrases import Phrase
from displays.sizes import make_grid
from displays.touch import Offer, Page, TouchModel
from displays.touch_sheet import CAP_PX, GAP, ROW, SMALL_PX, Sheet, Target

TARGET_MM = 20.0
KEYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Pages:
    """Draws the pages of one hall on one screen. What it makes of equal models is equal.

    Args:
        size: Width and height, px.
        diag_in: The picture's diagonal, inches.
        measure: Widths of texts in the font that will paint them.
    """

    def __init__(
        self, *, setup: Setup, size: tuple[int, int], diag_in: float, measure: Measure
    ) -> None:
        self._setup = setup
        self._size = size
        self._grid = make_grid(size, diag_in=diag_in, far_seat_m=1.0)
        self._measure = measure
        self.target_px = round(TARGET_MM * self._grid.px_per_mm)
        """The least side of a target."""

    def draw(self, model: TouchModel) -> tuple[tuple[Op, ...], tuple[Target, ...]]:
        """Return the picture, and what can be touched on it."""
        pen = Pen(grid=self._grid, measure=self._measure)
        sheet = Sheet(self._setup, model, pen, self.target_px)
        sheet.pen.fill(Rect(0, 0, *self._size), GROUND)
        body, foot = sheet.frame(self._size)
        _PAGES[model.page](sheet, body, foot)
        return tuple(sheet.pen.ops), tuple(sheet.targets)


def _agencies(sheet: Sheet, body: Rect, foot: Rect) -> None:
    px, model = sheet.px, sheet.model
    if not model.is_connected:
        _not_ready(sheet, body, foot)
        return
    served = {service.agency for service in sheet.setup.services.values()}
    agencies = [agency for agency in sheet.setup.agencies.values() if agency.id in served]
    tick = foot
    if sheet.pen.grid.is_upright:  # a row of its own
        tick = Rect(body.x, body.bottom - px(ROW + 24), body.w, px(ROW + 24))
        body = body._replace(h=body.h - px(ROW + 24 + GAP))
    room = sheet.title(sheet.say(phrases.CHOOSE_AGENCY), body)
    for agency, place in zip(agencies, sheet.tiles(len(agencies), room), strict=True):
        name = f"agency:{agency.id}"
        _tile(sheet, name, place, agency.short, stripe(agency.colour))
    search_w, print_w = px(280), px(330) if model.chosen else 0
    right = foot.right - (print_w and print_w + px(GAP))
    if sheet.pen.grid.is_upright:
        _priority(sheet, tick)
    else:
        _priority(sheet, tick._replace(w=right - search_w - px(GAP) - foot.x))
    search = Rect(right - search_w, foot.y, search_w, foot.h)
    sheet.button("search", search, sheet.say(phrases.SEARCH), cap_px=CAP_PX)
    if print_w:
        place = Rect(foot.right - print_w, foot.y, print_w, foot.h)
        text = sheet.say(phrases.PRINT_NOW)
        sheet.button("print", place, text, is_main=True, cap_px=CAP_PX)


def _priority(sheet: Sheet, place: Rect) -> None:
    px, is_on = sheet.px, sheet.model.is_priority
    ground = sheet.ground("priority")
    sheet.pen.fill(place, ground, 8)
    if is_on:
        sheet.pen.ops.append(Outline(place, YELLOW, px(6), px(8)))
    side = px(64)
    box = Rect(place.x + px(GAP), place.y + (place.h - side) // 2, side, side)
    sheet.pen.ops.append(Outline(box, TEXT, px(6), px(8)))
    if is_on:
        sheet.pen.fill(box.inset(px(14)), YELLOW, 4)
    x = box.right + px(GAP)
    name_w = sheet.pen.measure(sheet.say(phrases.PRIORITY), "bold", px(CAP_PX))
    name = Rect(x, place.y, name_w, place.h)
    sheet.pen.line(sheet.say(phrases.PRIORITY), name, cap_px=px(CAP_PX), ground=ground)
    words = Rect(name.right + px(32), place.y + px(4), 0, place.h - px(8))
    words = words._replace(w=place.right - px(20) - words.x)
    text = sheet.say(phrases.PRIORITY_FOR)
    sheet.lines(text, words, 26, (QUIET, ground), face="regular")
    sheet.targets.append(Target("priority", place))


def _tile(  # noqa: PLR0913, PLR0917 - a tile's parts
    sheet: Sheet,
    name: str,
    place: Rect,
    text: str,
    colour: Colour,
    low: str = "",
    low_colour: Colour = QUIET,
) -> None:
    px, ground = sheet.px, sheet.ground(name)
    sheet.pen.fill(place, ground, 16)
    bar = Rect(place.x + px(8), place.y + px(12), px(12), place.h - px(24))
    sheet.pen.fill(bar, colour, 5)
    room = Rect(bar.right + px(12), place.y + px(8), 0, place.h - px(16))
    room = room._replace(w=place.right - px(8) - room.x)
    if low:
        strip = Rect(room.x, room.bottom - px(34), room.w, px(GAP))
        sheet.pen.line(
            low,
            strip,
            cap_px=px(GAP),
            cap_min_px=px(22),
            face="regular",
            colour=low_colour,
            ground=ground,
        )
        room = room._replace(h=strip.y - px(14) - room.y)
    sheet.lines(text, room, CAP_PX, (TEXT, ground))
    sheet.targets.append(Target(name, place))


def _service_tiles(sheet: Sheet, room: Rect) -> None:
    services = [sheet.setup.services[id_] for id_ in sheet.model.found]
    for service, place in zip(services, sheet.tiles(len(services), room), strict=True):
        colour = stripe(sheet.setup.agencies[service.agency].colour)
        low, low_colour = _state_of(sheet, service)
        _tile(
            sheet, f"service:{service.id}", place, sheet.name_of(service), colour, low, low_colour
        )


def _state_of(sheet: Sheet, service: Service) -> tuple[str, Colour]:
    """Return what is to be known of a service at a glance."""
    if service.id in sheet.model.chosen:
        return sheet.say(phrases.TAKEN), YELLOW
    offer = sheet.model.offers.get(service.id, Offer())
    if offer.takes in phrases.TAKES:
        return sheet.say(phrases.TAKES[offer.takes]), AMBER
    if offer.waiting is None:
        return "", QUIET
    if offer.waiting == 0:
        return sheet.say(phrases.NOBODY_WAITS), QUIET
    return sheet.say(phrases.WAITING, count=offer.waiting), QUIET


def _services(sheet: Sheet, body: Rect, foot: Rect) -> None:
    agency = sheet.setup.agencies[sheet.model.agency]
    room = sheet.title(agency.name, body)
    _service_tiles(sheet, room)
    sheet.foot_buttons(foot, [("back", phrases.BACK, False)])


def _search(sheet: Sheet, body: Rect, foot: Rect) -> None:
    px, model = sheet.px, sheet.model
    room = sheet.title(model.typed or sheet.say(phrases.SEARCH_HINT), body)
    columns = 7 if sheet.pen.grid.is_upright else 9
    w, pitch = (room.w + px(GAP)) // columns, px(ROW + GAP)
    names = [f"key:{letter}" for letter in KEYS] + ["erase"] * bool(model.typed)
    keys_h = -(-(len(KEYS) + 1) // columns) * pitch
    keys = Rect(room.x, room.bottom - keys_h + px(GAP), room.w, keys_h)
    for index, name in enumerate(names):
        x, y = keys.x + index % columns * w, keys.y + index // columns * pitch
        label = sheet.say(phrases.ERASE) if name == "erase" else name[-1]
        cap = SMALL_PX if name == "erase" else CAP_PX
        sheet.button(name, Rect(x, y, w - px(GAP), px(ROW)), label, cap_px=cap)
    above = Rect(room.x, room.y, room.w, keys.y - px(24) - room.y)
    if model.typed and not model.found:
        sheet.lines(sheet.say(phrases.NOTHING_FOUND), above, CAP_PX, (TEXT, GROUND))
    _service_tiles(sheet, above)
    sheet.foot_buttons(foot, [("back", phrases.BACK, False)])


def _service(sheet: Sheet, body: Rect, foot: Rect) -> None:
    px, model = sheet.px, sheet.model
    service = sheet.setup.services[model.service]
    sheet.pen.fill(body, PANEL, 22)
    room = body.inset(px(40))
    agency = sheet.setup.agencies[service.agency]
    bar = Rect(room.x, room.y, px(16), px(140))
    sheet.pen.fill(bar, stripe(agency.colour), 6)
    name = Rect(bar.right + px(GAP), room.y, room.right - bar.right - px(GAP), px(84))
    sheet.lines(sheet.name_of(service), name, 52)
    low = Rect(name.x, name.bottom + px(14), name.w, px(40))
    sheet.pen.line(
        agency.name, low, cap_px=px(SMALL_PX), cap_min_px=px(24), face="regular", colour=QUIET
    )
    y = bar.bottom + px(36)
    for head, lines in _facts(sheet, service):
        y = _fact(sheet, head, lines, Rect(room.x, y, room.w, room.bottom - y))
    buttons = [("back", phrases.BACK, False)]
    if service.id not in model.chosen and _takes(sheet, service) == "open":
        buttons.append(("take", phrases.TAKE_NUMBER, True))
    sheet.foot_buttons(foot, buttons)


def _takes(sheet: Sheet, service: Service) -> str:
    return sheet.model.offers.get(service.id, Offer()).takes


def _facts(sheet: Sheet, service: Service) -> list[tuple[str, Sequence[str]]]:
    """Return what is to be known before a number is taken: head and lines, in order."""
    language = sheet.model.language
    facts: list[tuple[str, Sequence[str]]] = []
    state, _ = _state_of(sheet, service)
    if state:
        facts.append(("", [state]))
    if service.requires:
        facts.append((sheet.say(phrases.BRING), service.requires.get(language, ())))
    if service.fee is not None:
        facts.append((sheet.say(phrases.FEE), [_fee(sheet, service)]))
    if service.finish:
        facts.append((sheet.say(phrases.FINISH), [service.finish.get(language, "")]))
    return [(head, lines) for head, lines in facts if any(lines)]


def _fee(sheet: Sheet, service: Service) -> str:
    fee = service.fee
    if isinstance(fee, int):
        # As money is written here: a point between thousands.
        return f"Rp{fee:,}".replace(",", ".") if fee else sheet.say(phrases.FREE)
    return (fee or {}).get(sheet.model.language, "")


def _fact(sheet: Sheet, head: str, lines: Sequence[str], room: Rect) -> int:
    """Draw one fact; return where the next one begins."""
    px, y = sheet.px, room.y
    is_state = not head
    head_w = 0 if is_state else px(200)
    if head:
        place = Rect(room.x, y, head_w, px(CAP_PX))
        sheet.pen.line(head, place, cap_px=px(SMALL_PX), face="regular", colour=QUIET)
    service = sheet.setup.services[sheet.model.service]
    colour = _state_of(sheet, service)[1] if is_state else TEXT
    for line in lines:
        place = Rect(room.x + head_w, y, room.w - head_w, px(CAP_PX))
        sheet.pen.line(
            line,
            place,
            cap_px=px(CAP_PX if is_state else 36),
            cap_min_px=px(24),
            colour=colour,
            face="bold" if is_state else "regular",
        )
        y += px(62)
    return y + px(18)


def _another(sheet: Sheet, body: Rect, foot: Rect) -> None:
    px, model = sheet.px, sheet.model
    room = sheet.title(sheet.say(phrases.ANOTHER), body)
    for id_ in model.chosen:
        service = sheet.setup.services[id_]
        place = Rect(room.x, room.y, room.w, px(110))
        sheet.pen.fill(place, PANEL, 16)
        colour = stripe(sheet.setup.agencies[service.agency].colour)
        sheet.pen.fill(Rect(place.x + px(14), place.y + px(14), px(14), px(82)), colour, 5)
        sheet.lines(
            sheet.name_of(service),
            place.inset(px(8)).inset(px(2))._replace(x=place.x + px(52), w=place.w - px(80)),
            CAP_PX,
        )
        room = Rect(room.x, place.bottom + px(20), room.w, room.bottom - place.bottom - px(20))
    text = sheet.say(phrases.PRINT_IN, count=model.left_s)
    low = Rect(body.x, body.bottom - px(60), body.w, px(44))
    sheet.pen.line(
        text, low, cap_px=px(36), face="regular", colour=QUIET, ground=GROUND, align="right"
    )
    buttons = [("another", phrases.ANOTHER_YES, False), ("print", phrases.PRINT_NOW, True)]
    sheet.foot_buttons(foot, buttons)


def _message(*texts: Phrase, is_amber: bool = False) -> "_Draw":
    """Return what draws a page of numbers, if there are any, and words."""

    def draw(sheet: Sheet, body: Rect, foot: Rect) -> None:
        px, model = sheet.px, sheet.model
        place = body._replace(h=foot.bottom - body.y) if not _can_end(model) else body
        sheet.pen.fill(place, PANEL, 22)
        if is_amber:
            sheet.pen.ops.append(Outline(place, AMBER, px(12), px(22)))
        room = place.inset(px(64))
        if model.numbers and model.page is not Page.REFUSED:
            number = Rect(room.x, room.y, room.w, room.h * 3 // 5)
            numbers = "  ".join(model.numbers)
            sheet.pen.line(
                numbers, number, cap_px=min(px(260), number.h), cap_min_px=px(80), align="centre"
            )
            room = Rect(
                room.x, number.bottom + px(24), room.w, room.bottom - number.bottom - px(24)
            )
        share = room.h // len(texts)
        for index, phrase in enumerate(texts):
            part = Rect(room.x, room.y + index * share, room.w, share)
            look = (TEXT, PANEL) if index == 0 else (QUIET, PANEL)
            sheet.lines(sheet.say(phrase), part, 60 if index == 0 else 44, look, align="centre")
        if _can_end(model):
            sheet.foot_buttons(foot, [("home", phrases.HOME, False)])

    return draw


def _can_end(model: TouchModel) -> bool:
    return model.page is not Page.PRINTING


_TAKES_OF = {"past_cutoff": "cutoff", "quota_reached": "quota"}
"""What a refusal of the hub's is called as the state of a service, where it has another name."""


def _refused(sheet: Sheet, body: Rect, foot: Rect) -> None:
    takes = _TAKES_OF.get(sheet.model.why, sheet.model.why)
    why = phrases.TAKES.get(takes, phrases.NO_NUMBER)
    _message(why, phrases.ASK_DESK, is_amber=True)(sheet, body, foot)


def _not_ready(sheet: Sheet, body: Rect, foot: Rect) -> None:
    place = body._replace(h=foot.bottom - body.y)
    sheet.pen.fill(place, PANEL, 22)
    sheet.pen.ops.append(Outline(place, AMBER, sheet.px(12), sheet.px(22)))
    sheet.lines(sheet.say(phrases.NOT_READY), place.inset(sheet.px(64)), 60, align="centre")


_Draw = Callable[[Sheet, Rect, Rect], None]

_PAGES: dict[Page, _Draw] = {
    Page.AGENCIES: _agencies,
    Page.SERVICES: _services,
    Page.SERVICE: _service,
    Page.SEARCH: _search,
    Page.ANOTHER: _another,
    Page.PRINTING: _message(phrases.PRINTING),
    Page.NUMBER: _message(phrases.TAKE_SLIP),
    Page.UNPRINTED: _message(phrases.NO_PAPER),
    Page.REFUSED: _refused,
    Page.PERHAPS: _message(phrases.PERHAPS, phrases.PERHAPS_NOT, is_amber=True),
    Page.HELP: _message(phrases.NO_NUMBER, phrases.ASK_DESK, is_amber=True),
}
