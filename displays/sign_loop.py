"""A sign's loop: `DisplayLoop` with the snapshots of its counters."""

from typing import Unpack

from broker.link import Received
from broker.wire.generation import Stamp
from broker.wire.messages import read_counter, read_hub
from broker.wire.topics import Kind, Topic
from displays.loop import DisplayLoop, DisplayParts
from displays.ops import Op
from displays.sign import Sign
from displays.sign_layout import sign_picture


class SignLoop(DisplayLoop):
    """The sign above a counter.

    Args:
        parts: As `DisplayLoop`.
    """

    def __init__(self, *, sign: Sign, **parts: Unpack[DisplayParts]) -> None:
        super().__init__(**parts)
        self._sign = sign

    def _receive(self, topic: Topic | None, event: Received, now_s: float) -> bool:
        match topic.kind if topic else None:
            case Kind.COUNTER:
                view = read_counter(event.payload)
                self._sign.take_counter(view, is_retained=event.retained, now_s=now_s)
            case Kind.HUB:
                state = read_hub(event.payload)
                self._sign.take_hub(state, is_retained=event.retained, now_s=now_s)
            case _:
                return False
        return True

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
        return {"ignored": self._sign.ignored}
