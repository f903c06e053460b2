"""stdlib logging as JSON lines on stderr, one event a line, for journald and `jq`.

    log = logging.getLogger(__name__)
    log.info("ticket called", extra=kv(ticket="A017", counter=3))

A message is fixed words; what varies goes into fields. Levels: WARNING = a technician may need to
act. Nothing about a visitor is ever logged: no code, name, phone number or address.
"""

import json
import logging
import math
import sys
import threading
import time
from types import TracebackType
from typing import Any

_FIELDS = "loket_fields"

_log = logging.getLogger(__name__)


def kv(**fields: object) -> dict[str, object]:
    """Return `fields` in the form logging's `extra` wants.

    Strings, numbers, None, and lists and maps of them are kept; anything else becomes its `repr`.
    """
    return {_FIELDS: fields}


class JsonLines(logging.Formatter):
    """A record as one line of strict JSON.

    Keys: `at` (UTC, ISO, ms), `level`, `logger`, `node` when there is one, `msg`, the fields of
    `kv`, and `error` with the traceback when there is one. A field never replaces one of these.
    """

    def __init__(self, *, node: str = "") -> None:
        super().__init__()
        self._node = node

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, without its newline."""
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "at": f"{second}.{int(record.created * 1000) % 1000:03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if self._node:
            line["node"] = self._node
        line["msg"] = record.getMessage()
        for key, value in getattr(record, _FIELDS, {}).items():
            line.setdefault(key, _plain(value))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line)


def _plain(value: object) -> object:
    """Return the value as JSON can hold it; NaN and infinity are no JSON, so they become text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else repr(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            return repr(value)


def setup(level: str = "INFO", *, node: str = "") -> None:
    """Send everything logged in this process to stderr as JSON lines; call once, at its start.

    Warnings and uncaught exceptions, of threads too, become lines as well.

    Args:
        level: A name of `logging`, e.g. `INFO`; lower case will do.
        node: The id of this process, put into every line.

    Raises:
        ValueError: No such level.
    """
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines(node=node))
    logging.basicConfig(level=level.upper(), handlers=[lines], force=True)
    for library in ("aiosqlite", "asyncio"):
        # At DEBUG they log every call with its object's address: a page a press, and slow.
        logging.getLogger(library).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_thread_death


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _log.critical("the process dies of an error", exc_info=(kind, error, trace))


def _log_thread_death(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is None or hook.exc_type is SystemExit:
        return
    name = hook.thread.name if hook.thread else ""
    trace = (hook.exc_type, hook.exc_value, hook.exc_traceback)
    _log.error("a thread died of an error", exc_info=trace, extra=kv(thread=name))
