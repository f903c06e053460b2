"""A thread that reads a node's sensors: a chip may hold it up, and must hold up nothing else."""

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Mapping

from broker.vitals import end_process
from edge.inbox import Read
from edge.sensors import SensorError, SensorPort

_log = logging.getLogger(__name__)


def read_all(ports: Iterable[SensorPort]) -> tuple[tuple[Mapping[str, float] | None, str], ...]:
    """Return what each sensor says, or None and why it says nothing."""
    return tuple(_read(port) for port in ports)


def _read(port: SensorPort) -> tuple[Mapping[str, float] | None, str]:
    try:
        return port.read(), ""
    except SensorError as error:
        return None, str(error)


class Reader:
    """The thread. It is a daemon's: a bus that hangs keeps no process from its end.

    Args:
        put: Takes what was read, on this thread.
        crashed: Called after a port raised what no port may: the process is to end, for without its
            thread a node would live on and measure nothing.
    """

    def __init__(
        self,
        *,
        ports: tuple[SensorPort, ...],
        put: Callable[[Read], None],
        mono_s: Callable[[], float],
        crashed: Callable[[], None] = end_process,
    ) -> None:
        self._ports = ports
        self._put = put
        self._mono_s = mono_s
        self._crashed = crashed
        self._works: queue.SimpleQueue[Callable[[], Read] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sensors", daemon=True)

    def start(self) -> None:
        """Begin; ask afterwards."""
        self._thread.start()

    def ask(self) -> None:
        """Have all sensors read once; what they say is put when the last one has been read."""
        self._works.put(self._all)

    def stop(self) -> None:
        """Have the thread end when it is back; it is not waited for."""
        self._works.put(None)

    def _run(self) -> None:
        try:
            while (work := self._works.get()) is not None:
                self._put(work())
        except Exception:  # noqa: BLE001 - whatever it is, the process ends by it
            _log.exception("the sensors' thread has crashed")
            self._crashed()

    def _all(self) -> Read:
        results = read_all(self._ports)
        return Read(results, self._mono_s())
