"""`loket status` against what a broker says, and without one."""

import argparse
import json
import socket
from pathlib import Path

import pytest

from broker.accounts import LinkSettings, new_password
from broker.health_store import HEALTH_FILE, HealthStore
from broker.link import Received
from broker.status_command import Listener, status
from broker.wire.messages import Fleet, HubState, NodeStatus, encode
from tests.broker.test_status import ALARM

NODE = NodeStatus(id="kiosk-1", role="kiosk", place="pintu", contact="here")
HUB = HubState(gen="1-deadbeef", pos=1, beat=1, start="s", at_ms=7000)


def heard(kind: str, body: bytes, *, retained: bool = True) -> Received:
    """Return a message of the broker's."""
    return Received(f"loket/v1/demo/{kind}", body, retained)


def told(*events: Received) -> Listener:
    """Return a listener that took these."""
    listener = Listener()
    for event in events:
        listener.take(event)
    return listener


def test_what_the_broker_keeps_is_put_together() -> None:
    """An alarm that was cleared is gone; rubbish, and what is none of ours, changes nothing."""
    found = told(
        heard("state/fleet", encode(Fleet(at_ms=5000, version="0.1.0", nodes=(NODE,)))),
        heard("alarm/a", encode(ALARM)),
        heard("alarm/b", encode(ALARM)),
        heard("alarm/b", b""),
        heard("alarm/c", b"{"),
        Received("elsewhere", b"", retained=False),
        heard("state/hub", encode(HUB), retained=False),
    ).glance()

    assert found.fleet is not None
    assert found.fleet.nodes == (NODE,)
    assert list(found.alarms) == [ALARM]
    assert (found.is_hub_heard, found.now_ms, found.why) == (True, 7000, "")


def test_a_heartbeat_the_broker_kept_is_no_life() -> None:
    """Of a hub that died."""
    assert not told(heard("state/hub", encode(HUB))).glance().is_hub_heard


@pytest.mark.parametrize("as_json", [True, False])
async def test_without_a_broker_it_tells_what_the_hub_left_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    """From its file, when this is its Pi; and fails, so that a script sees it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        settings = LinkSettings(
            addresses=("127.0.0.1",), port=port, username="viewer", password=new_password()
        )
        (tmp_path / "viewer").mkdir()
        (tmp_path / "viewer" / "link.json").write_bytes(encode(settings))
        async with HealthStore.open(tmp_path / "hub" / HEALTH_FILE) as store:
            await store.put(changed={ALARM.id: ALARM}, transitions=[], figures=[])
        code = status(argparse.Namespace(data=tmp_path, json=as_json, lang="en"))
    said = capsys.readouterr().out

    assert code == 1
    if as_json:
        body = json.loads(said)
        assert (body["hub_heard"], body["broker_reached"], body["nodes"]) == (False, False, [])
        assert body["alarms"][0]["id"] == ALARM.id
    else:
        assert said.startswith(f"✖ The broker can't be reached: 127.0.0.1:{port}.")
        assert "kiosk-1 is not heard" in said


def test_without_an_account_it_says_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where to start, and no traceback."""
    assert status(argparse.Namespace(data=tmp_path, json=False, lang="en")) == 1
    assert "loket broker" in capsys.readouterr().err
