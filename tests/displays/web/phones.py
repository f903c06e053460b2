"""What the tests of the phone page stand on: a slip's code, its tickets in every state, a hub."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from broker.hall.coded import CodedTicket, CodedView
from broker.hall.commands import Cancel, Hold
from broker.hall.views import BoardView, Call, QueueView
from broker.wire.messages import HubState, Result, encode
from broker.wire.topics import Kind, Topic
from displays.web.app import HERE, Pages, make_templates, phone_app
from displays.web.phone import Phone
from firmware_config.load import load_hall
from firmware_config.schema import setup_of
from tests.displays.web.stage import DEMO, Stage

if TYPE_CHECKING:
    from starlette.types import ASGIApp

CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23"
SHA256 = hashlib.sha256(CODE.encode()).hexdigest()
FIRST = f"{'a' * 32}:1"
AT_MS = 1_795_600_000_000
AT = "16.46 WIB"
HALF_PAST_MS = AT_MS + 30 * 60_000
GEN, DAY = "1-0123abcd", "2026-11-25"


def ticket(**fields: Any) -> CodedTicket:
    """Return A007 of the code, waiting behind three others unless the fields say otherwise."""
    known = {"code_sha256": SHA256, "ticket": FIRST, "number": "A007", "service": "ktp-el"}
    return CodedTicket(**{**known, "state": "waiting", "ahead": 3, "holds_left": 2, **fields})


STATES: dict[str, CodedTicket] = {
    "waiting": ticket(),
    "next": ticket(ahead=0, priority=True),
    "called": ticket(state="called", ahead=None, counter=3, called_ms=AT_MS, repeat=2),
    "serving": ticket(state="serving", ahead=None, counter=3),
    "held": ticket(state="parked", ahead=None, parked_for="hold", back_ms=HALF_PAST_MS),
    "missed": ticket(
        state="parked", ahead=None, parked_for="no_show", back_ms=HALF_PAST_MS, places=3
    ),
    "parked": ticket(state="parked", ahead=None, parked_for="park"),
    "served": ticket(state="closed", ahead=None, outcome="served"),
    "cancelled": ticket(state="closed", ahead=None, outcome="cancelled"),
    "ended": ticket(state="closed", ahead=None, outcome="no_show"),
}
"""Every state a bearer's ticket can be in."""


class PhoneStage(Stage):
    """The demo's page with the phone page in it, before a hub that is only messages.

    Attributes:
        asked: What bearers asked the hub.
        result: What it says to the next of them; None = nothing in time.
        now_s: Monotonic clock of the limits.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        file = load_hall(DEMO)
        self.asked: list[Hold | Cancel] = []
        self.result: Result | None = Result(seq=1, pos=2, at_ms=AT_MS)
        self.now_s = 0.0
        self.pos = 0
        self.phone = Phone(
            setup=setup_of(file),
            zone=ZoneInfo(file.hall.timezone),
            live=self.live,
            ask=self.ask,
            templates=make_templates(),
            folder=HERE,
            mono_s=self.mono_s,
        )
        self.pages = Pages(
            scene=self.scene,
            feed=self.feed,
            live=self.live,
            panels=self.panels,
            frames=self.frames,
            phone=self.phone,
        )
        self.app = self.pages.app()
        self.guests: ASGIApp = phone_app(self.phone)

    async def ask(self, command: Hold | Cancel) -> Result | None:
        """Take a bearer's command."""
        self.asked.append(command)
        return self.result

    def mono_s(self) -> float:
        """Return the time of the limits; a read takes a second."""
        self.now_s += 1.0
        return self.now_s

    def say(self, kind: Kind, message: Any, name: str = "", *, retained: bool = False) -> None:
        """Have the hub publish something."""
        topic = str(Topic(self.scene.hall, kind, name))
        self.live.received(topic, encode(message), retained=retained)

    def beat(self, *, retained: bool = False) -> None:
        """Have the hub be heard."""
        hub = HubState(gen=GEN, pos=self.pos, beat=1, start="s", at_ms=AT_MS)
        self.say(Kind.HUB, hub, retained=retained)

    def show(self, *tickets: CodedTicket, day: str = DAY) -> None:
        """Have the hub say which tickets there are, and that A005 is called to counter 2."""
        self.pos += 1
        view = CodedView(gen=GEN, pos=self.pos, day=day, at_ms=AT_MS, tickets=tickets)
        self.say(Kind.CODED, view, "ktp-el")
        queue = QueueView(gen=GEN, pos=self.pos, at_ms=AT_MS, day=DAY, services={})
        self.say(Kind.QUEUE, queue)
        call = Call(call_id="c", number="A005", counter=2, service="ktp-el", at_ms=AT_MS)
        board = BoardView(gen=GEN, pos=self.pos, at_ms=AT_MS, day=DAY, calls=(call,))
        self.say(Kind.BOARD, board)
