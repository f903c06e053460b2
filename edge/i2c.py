"""The I2C bus of a Pi's header, for sensors. The library is loaded with the first transfer."""

import contextlib
import importlib
from typing import Any, Protocol

BUS = 1
"""Pins 3 and 5 of the header are /dev/i2c-1 on every Pi with 40 pins."""


class Bus(Protocol):
    """Transfers with chips of one bus; each raises OSError when no chip answers."""

    def write(self, address: int, content: bytes) -> None:
        """Write these bytes in one transfer."""
        ...

    def read(self, address: int, count: int) -> bytes:
        """Read so many bytes in one transfer."""
        ...

    def read_from(self, address: int, register: int, count: int) -> bytes:
        """Read so many bytes from a register on, in one transfer with a repeated start."""
        ...


class I2cBus:
    """The bus through Linux' driver."""

    def __init__(self, number: int = BUS) -> None:
        self._number = number
        self._bus: Any = None  # smbus2 has no types

    def write(self, address: int, content: bytes) -> None:
        """Write these bytes in one transfer.

        Raises:
            OSError: The bus is off (`dtparam=i2c_arm=on`), no chip answers there, or there is no
                library.
        """
        smbus2, bus = self._opened()
        bus.i2c_rdwr(smbus2.i2c_msg.write(address, content))

    def read(self, address: int, count: int) -> bytes:
        """Read so many bytes in one transfer; OSError as above."""
        smbus2, bus = self._opened()
        answer = smbus2.i2c_msg.read(address, count)
        bus.i2c_rdwr(answer)
        return bytes(answer)

    def read_from(self, address: int, register: int, count: int) -> bytes:
        """Read so many bytes from a register on; OSError as above."""
        smbus2, bus = self._opened()
        answer = smbus2.i2c_msg.read(address, count)
        bus.i2c_rdwr(smbus2.i2c_msg.write(address, [register]), answer)
        return bytes(answer)

    def close(self) -> None:
        """Give the bus back."""
        if self._bus is not None:
            with contextlib.suppress(OSError):
                self._bus.close()
            self._bus = None

    def _opened(self) -> tuple[Any, Any]:
        try:
            smbus2 = importlib.import_module("smbus2")
        except ImportError as error:
            raise OSError(f"{error}: pip install 'loket[sensor]'") from error
        if self._bus is None:
            self._bus = smbus2.SMBus(self._number)
        return smbus2, self._bus
