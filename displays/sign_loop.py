"""A sign's loop, with pixels or with digits: it hears its counters and the hub's heartbeat."""

import time
from typing import TYPE_CHECKING, Unpack

from broker.link import Received
from broker.wire.generation import Stamp
from broker.wire.messages import read_counter, read_hub
from broker.wire.topics import Kind, Topic
from displays.digits import lit_of
from displays.loop import DisplayLoop, DisplayParts, NodeLoop, NodeParts
from displays.ops import Op
from displays.sign import Sign
from displays.sign_layout import sign_picture

if TYPE_CHECKING:
    from displays.digit_screen import DigitScreen


class SignLoop(DisplayLoop):
    """The sign above a counter.

    Args:
        parts: As `DisplayLoop`.
    """

    def __init__(self, *, sign: Sign, **parts: Unpack[DisplayParts]) -> None:
        super().__init__(**parts)
        self._sign = sign

    def _receive(self, topic: Topic | None, event: Received, now_s: float) -> bool:
        return hear(self._sign, topic, event, now_s)

    def _picture(self, now_s: float, wall_ms: int) -> tuple[Op, ...]:
        del wall_ms  # a sign shows no time
        model = self._sign.look(now_s=now_s)
        return sign_picture(model, size=self._screen.size, measure=self._screen.fonts.measure)

    def _wake_s(self, now_s: float, wall_ms: int) -> float:
        del wall_ms
        return self._sign.wake_s(now_s=now_s)

    def _shown(self) -> Stamp:
        return self._sign.shown

    def _figures(self) -> dict[str, int]:
        return super()._figures() | {"ignored": self._sign.ignored}


class DigitLoop(NodeLoop):
    """The four digits above a counter.

    Args:
        parts: As `NodeLoop`.
    """

    def __init__(self, *, sign: Sign, screen: "DigitScreen", **parts: Unpack[NodeParts]) -> None:
        super().__init__(**parts)
        self._sign = sign
        self._screen = screen

    def _receive(self, topic: Topic | None, event: Received, now_s: float) -> bool:
        return hear(self._sign, topic, event, now_s)

    def _show(self) -> bool:
        now_s = time.monotonic()
        model = self._sign.look(now_s=now_s)
        lit = lit_of(model.panels[0], is_lost=model.is_lost)
        return self._screen.show(lit, now_s=now_s)

    def _is_visible(self) -> bool:
        return self._screen.is_lit

    def _look_after(self) -> bool:
        return True

    def _wake_s(self, now_s: float, wall_ms: int) -> float:
        del wall_ms
        return self._sign.wake_s(now_s=now_s)

    def _shown(self) -> Stamp:
        return self._sign.shown

    def _figures(self) -> dict[str, int]:
        return {
            "ignored": self._sign.ignored,
            "frames": self._screen.frames,
            "frame_crc": self._screen.crc(),
            "i2c_faults": self._screen.faults,
        }


def hear(sign: Sign, topic: Topic | None, event: Received, now_s: float) -> bool:
    """Let a sign take a message, or raise WireError; return False when it is none of its."""
    match topic.kind if topic else None:
        case Kind.COUNTER:
            view = read_counter(event.payload)
            sign.take_counter(view, is_retained=event.retained, now_s=now_s)
        case Kind.HUB:
            state = read_hub(event.payload)
            sign.take_hub(state, is_retained=event.retained, now_s=now_s)
        case _:
            return False
    return True
