"""A node gone mad on a real hall: garbage on its own topics harms nobody and is said once."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.real.hall import running_hall, until

STREAM = "e" * 32
ROW = '{"stream":"' + STREAM + '","first":1,"from":1,"beat":1,"commands":[%s]}'
GARBAGE = [
    b"{",
    b"\xff\xfe\x00",
    b"[" * 7000,
    b"x" * 20_000,
    b"x" * 200_000,
    (ROW % '{"type":"issue"}').replace(STREAM, "short").encode(),
    (ROW % "1").replace('"beat":1', '"beat":NaN').encode(),
    (ROW % '{"type":"issue","services":["ktp-el"]}').replace('"from":1', '"from":-1').encode(),
]
BODIES = [
    '{"type":"fly"}',
    '{"type":"issue","services":["no-such-service"]}',
    '{"type":"call_next","counter":1}',
    '{"type":"open_day","date":"2031-01-01"}',
]


def publish(link: dict[str, object], topic: str, payload: bytes) -> None:
    """Publish as that account, as any MQTT client can; what the broker says of it is not ours."""
    subprocess.run(
        [
            *("mosquitto_pub", "-h", "127.0.0.1", "-p", str(link["port"]), "-q", "0"),
            *("-u", str(link["username"]), "-P", str(link["password"])),
            *("-i", str(link["username"]), "-t", topic, "-s"),
        ],
        input=payload,
        capture_output=True,
        timeout=20,
        check=False,
    )


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("mosquitto_sub")
@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
def test_garbage_is_dropped_said_once_and_hurts_no_other_node(tmp_path: Path, broker: str) -> None:
    """Malformed, not UTF-8, deep, oversized, wrong hall, wrong node, replayed; then a press."""
    with running_hall(data=tmp_path, broker=broker) as hall:
        link = json.loads((tmp_path / "kiosk-2" / "link.json").read_text())
        for payload in GARBAGE * 2:
            publish(link, "loket/v1/demo/up/kiosk-2", payload)
        rows = (ROW % ",".join(BODIES)).encode()
        for topic in ("demo/up/kiosk-2", "demo/up/kiosk-2", "demo/up/kiosk-1", "other/up/kiosk-2"):
            publish(link, f"loket/v1/{topic}", rows)

        def is_heard() -> bool:
            # The real kiosk-2 takes its name back at once, and may be quicker than this one.
            publish(link, "loket/v1/demo/up/kiosk-2", rows)
            return any(row.stream == STREAM for row in hall.journal())

        until(is_heard, "the mad rows are decided")
        publish(link, "loket/v1/demo/state/board", b'{"gen":"9-ffffffff"}')

        assert hall.press("kiosk-1", "ktp-el")
        until(lambda: hall.listener.issued("ktp-el") == 1, "a real press counts")
        until(lambda: hall.press("loket-1", "call"), "the counter can be pressed")
        until(lambda: hall.listener.newest["state/board"]["calls"], "the call is on the board")

        journal = hall.journal()
        mad = [refusal for _, node, stream, *_, refusal in journal if stream == STREAM]
        assert mad == ["rejected", "unknown_service", "not_allowed", "not_allowed"]
        log = (tmp_path / "hub" / "log.jsonl").read_text().splitlines()
        dropped = Counter(
            (line["reason"], line["who"])
            for line in map(json.loads, log)
            if line["msg"] == "message dropped"
        )
        assert dropped == {("bad_up", "kiosk-2"): 1}
