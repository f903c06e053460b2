"""A stand-in for an I2C bus and the chips on it, at the level of their registers."""

from typing import Protocol

from edge.i2c_bme280 import Calibration, Raw
from edge.i2c_sht4x import crc8

NO_ANSWER = OSError(121, "Remote I/O error")
"""What Linux says when no chip acknowledges its address."""


class Chip(Protocol):
    """A chip: it takes what is written, and gives what is read."""

    def write(self, content: bytes) -> None:
        """Take the bytes of one transfer."""
        ...

    def read(self, count: int) -> bytes:
        """Give so many bytes."""
        ...


class FakeBus:
    """The bus. A chip is taken off by removing it from `chips`.

    Attributes:
        slept_s: What the drivers waited for, added up.
    """

    def __init__(self, chips: dict[int, Chip] | None = None) -> None:
        self.chips = chips or {}
        self.slept_s = 0.0

    def write(self, address: int, content: bytes) -> None:
        """Write these bytes in one transfer."""
        self._chip(address).write(content)

    def read(self, address: int, count: int) -> bytes:
        """Read so many bytes in one transfer."""
        return self._chip(address).read(count)

    def read_from(self, address: int, register: int, count: int) -> bytes:
        """Read so many bytes from a register on."""
        self._chip(address).write(bytes((register,)))
        return self._chip(address).read(count)

    def sleep(self, seconds: float) -> None:
        """Let the chips measure."""
        self.slept_s += seconds

    def _chip(self, address: int) -> Chip:
        if address not in self.chips:
            raise NO_ANSWER
        return self.chips[address]


class FakeBme280:
    """256 registers, and a converter that is given what to say.

    Attributes:
        raw: What the next measurement gives.
        polls: How often the chip says that it still measures.
    """

    def __init__(self, born: Calibration, raw: Raw) -> None:
        self.raw = raw
        self.polls = 1
        self.registers = bytearray(256)
        self.registers[0xD0] = 0x60
        low, high = laid_out(born)
        self.registers[0x88 : 0x88 + len(low)] = low
        self.registers[0xE1 : 0xE1 + len(high)] = high
        self.power_on()
        self._at = 0
        self._left = 0

    def power_on(self) -> None:
        """Have nothing measured, as after power came (data sheet, table 18)."""
        self.registers[0xF2:0xF6] = bytes(4)
        self.registers[0xF7:0xFF] = bytes.fromhex("80 00 00 80 00 00 80 00")

    def write(self, content: bytes) -> None:
        """Set registers in pairs, or the one that is read next."""
        if len(content) == 1:
            self._at = content[0]
            return
        for register, value in zip(content[::2], content[1::2], strict=True):
            self.registers[register] = value
            if register == 0xF4 and value & 0b11:
                self._measure(value)

    def read(self, count: int) -> bytes:
        """Give registers in a row."""
        if self._at == 0xF3:
            self.registers[0xF3] = 0b1000 if self._left > 0 else 0
            self._left -= 1
        return bytes(self.registers[self._at : self._at + count])

    def _measure(self, control: int) -> None:
        self._left = self.polls
        if control >> 5 and control >> 2 & 0b111:
            pressure, temperature, humidity = self.raw
            words = (pressure << 4).to_bytes(3, "big") + (temperature << 4).to_bytes(3, "big")
            self.registers[0xF7:0xFD] = words
            if self.registers[0xF2] & 0b111:
                self.registers[0xFD:0xFF] = humidity.to_bytes(2, "big")


class FakeSht4x:
    """A chip that answers a measurement with these ticks.

    Attributes:
        flips: Added by exclusive or to the answer: what a bad wire does.
    """

    def __init__(self, temperature: int, humidity: int) -> None:
        self.ticks = (temperature, humidity)
        self.flips = bytes(6)
        self._is_asked = False

    def write(self, content: bytes) -> None:
        """Take a command."""
        self._is_asked = content == b"\xfd"

    def read(self, count: int) -> bytes:
        """Answer, once; who did not ask is not acknowledged."""
        if not self._is_asked:
            raise NO_ANSWER
        self._is_asked = False
        words = [ticks.to_bytes(2, "big") for ticks in self.ticks]
        answer = b"".join(word + bytes((crc8(word),)) for word in words)
        return bytes(a ^ b for a, b in zip(answer, self.flips, strict=True))[:count]


def laid_out(born: Calibration) -> tuple[bytes, bytes]:
    """Return a calibration as registers 0x88 to 0xA1, and 0xE1 to 0xE7 (data sheet, table 16)."""
    low = bytearray()
    for name, value in zip(born._fields[:12], born[:12], strict=True):
        low += value.to_bytes(2, "little", signed=name not in {"t1", "p1"})
    low += bytes((0, born.h1))
    h4, h5 = born.h4 & 0xFFF, born.h5 & 0xFFF
    high = born.h2.to_bytes(2, "little", signed=True)
    high += bytes((born.h3, h4 >> 4, (h5 & 0xF) << 4 | h4 & 0xF, h5 >> 4, born.h6 & 0xFF))
    return bytes(low), high
