"""Four digits as a screen: what is lit is written to its chip, whole, when it changes."""

import contextlib
import logging
import zlib
from types import TracebackType
from typing import Protocol, Self

import smbus2

from broker.log import kv
from displays.digits import SETUP, Lit, memory_of

_log = logging.getLogger(__name__)

BUS = 1
"""A Pi's I2C on pins 3 and 5 of its header: /dev/i2c-1."""

AGAIN_S = 5.0
"""So often a chip that was not there is tried, and one that is there written anew: it may have lost
its power, and its memory, since."""


class Bus(Protocol):
    """One device on an I2C bus."""

    def write(self, content: bytes) -> None:
        """Write these bytes in one transfer, or raise OSError."""
        ...


class I2cBus:
    """The device at this address, through Linux' driver."""

    def __init__(self, address: int) -> None:
        self._address = address
        self._bus: smbus2.SMBus | None = None

    def write(self, content: bytes) -> None:
        """Write these bytes in one transfer.

        Raises:
            OSError: The bus is off (`dtparam=i2c_arm=on`), or no chip answers there.
        """
        if self._bus is None:
            self._bus = smbus2.SMBus(BUS)
        self._bus.i2c_rdwr(smbus2.i2c_msg.write(self._address, content))

    def __enter__(self) -> Self:
        """Nothing is opened before the first write."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the bus back."""
        if self._bus is not None:
            with contextlib.suppress(OSError):
                self._bus.close()


class Digits(Protocol):
    """Four digits on whichever chip."""

    def light(self, lit: Lit) -> None:
        """Show it, or raise OSError."""
        ...


class Ht16k33:
    """The chip on this bus, set up anew each time: it may have lost its power since."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def light(self, lit: Lit) -> None:
        """Show it.

        Raises:
            OSError: The bus is off, or no chip answers.
        """
        for command in SETUP:
            self._bus.write(command)
        self._bus.write(memory_of(lit))


class DigitScreen:
    """What `DigitLoop` shows on.

    Attributes:
        frames: Changes really written since the start.
        faults: Writes that failed.
    """

    def __init__(self, digits: Digits) -> None:
        self.frames = 0
        self.faults = 0
        self._digits = digits
        self._lit: Lit | None = None
        self._written_s = 0.0
        self._is_broken = False

    def show(self, lit: Lit, *, now_s: float) -> bool:
        """Write it when it differs, or every 5 s; return whether it is news that is lit now."""
        is_news = lit != self._lit
        if now_s < self._written_s + AGAIN_S and (not is_news or self._is_broken):
            return False
        self._written_s = now_s
        try:
            self._digits.light(lit)
        except OSError as error:
            self.faults += 1
            level = logging.DEBUG if self._is_broken else logging.ERROR
            _log.log(level, "the digits can't be written", extra=kv(why=str(error)))
            self._is_broken, self._lit = True, None
            return False
        if self._is_broken:
            _log.warning("the digits are back")
        self._is_broken, self._lit = False, lit
        self.frames += is_news
        return is_news

    @property
    def is_lit(self) -> bool:
        """Whether the chip took what was to be shown last."""
        return not self._is_broken

    def crc(self) -> int:
        """Return a checksum of what is lit; 0 while nothing is known to be."""
        return zlib.crc32(memory_of(self._lit)) if self._lit else 0
