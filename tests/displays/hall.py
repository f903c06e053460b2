"""A small hall for the board's tests, and a board in it whose time is an argument."""

from datetime import datetime
from zoneinfo import ZoneInfo

from broker.hall.setup import Agency, Counter, Service, Setup, make_setup
from broker.hall.views import BoardView, Call
from broker.wire.messages import HubState
from displays.board import Board, BoardModel
from displays.board_setup import board_setup

WIB = ZoneInfo("Asia/Jakarta")
GEN = "3-0000abcd"
START_S = 9000.0
AT_MS = round(datetime(2026, 11, 25, 9, 41, tzinfo=WIB).timestamp() * 1000)
"""The hub's clock at START_S: a Wednesday morning."""

SETUP: Setup = make_setup(
    hall="contoh",
    name="MPP Kota Contoh",
    timezone="Asia/Jakarta",
    languages=("id", "en"),
    agencies=(
        Agency(id="dukcapil", name="Dinas Kependudukan", short="Disdukcapil", series="A"),
        Agency(id="bpn", name="Badan Pertanahan", short="BPN", series="B", colour="green"),
    ),
    services=(
        Service(id="ktp", agency="dukcapil", name={"id": "KTP"}),
        Service(id="tanah", agency="bpn", name={"id": "Tanah"}),
    ),
    counters=(
        Counter(id=1, serves=("ktp",), zone="bawah", where={"id": "Dekat pintu"}, direction="left"),
        Counter(id=2, serves=("ktp",), zone="bawah"),
        Counter(id=12, serves=("tanah",), zone="atas", where={"id": "Lantai 2"}, direction="up"),
    ),
)


def call(
    number: str,
    counter: int = 1,
    *,
    at_s: float = START_S,
    repeat: int = 1,
    priority: bool = False,
) -> Call:
    """Return a call made at this instant; its id is its number and repeat."""
    return Call(
        call_id=f"{number}/{repeat}",
        number=number,
        counter=counter,
        service="tanah" if number.startswith("B") else "ktp",
        at_ms=AT_MS + round((at_s - START_S) * 1000),
        repeat=repeat,
        priority=priority,
    )


class Stage:
    """A board and its hub: what is said when, and what is shown then."""

    def __init__(self, *, zone: str | None = None, setup: Setup = SETUP, rows: int = 6) -> None:
        setup_ = board_setup(setup, timezone=WIB, zone=zone)
        self.board = Board(setup=setup_, start_s=START_S, rows=rows)
        self.pos = 0

    def beat(self, now_s: float, *, gen: str = GEN, is_retained: bool = False) -> None:
        """The hub's heartbeat."""
        at_ms = AT_MS + round((now_s - START_S) * 1000)
        state = HubState(gen=gen, pos=self.pos, beat=1, start="", at_ms=at_ms)
        self.board.take_hub(state, is_retained=is_retained, now_s=now_s)

    def say(
        self,
        *calls: Call,
        now_s: float,
        pos: int | None = None,
        gen: str = GEN,
        is_retained: bool = False,
    ) -> None:
        """A snapshot of these calls, newest first, at the next position."""
        self.pos = self.pos + 1 if pos is None else pos
        at_ms = AT_MS + round((now_s - START_S) * 1000)
        view = BoardView(gen=gen, pos=self.pos, at_ms=at_ms, day="2026-11-25", calls=calls)
        self.board.take_board(view, is_retained=is_retained, now_s=now_s)

    def look(self, now_s: float) -> BoardModel:
        """What is shown; the board's own clock stands at zero, as without a clock chip."""
        return self.board.look(now_s=now_s, wall_ms=0)

    def numbers(self, now_s: float) -> tuple[str, ...]:
        """The hero's number, then the rows'."""
        model = self.look(now_s)
        hero = model.hero.number if model.hero else "-"
        return (hero, *(row.number for row in model.rows))
