"""A touch screen's real parts, and fingers: from the glass to the node's panel, and back."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from displays.frames import FrameServer
from displays.inbox import FrameAsked, Inbox
from displays.node_panel import NodePanel
from displays.screen import Screen
from displays.touch import Page, Touch
from displays.touch_layout import Pages
from displays.touch_loop import TouchLoop
from displays.touch_port import Finger, TouchPort
from firmware_config.load import load_hall
from firmware_config.schema import setup_of
from tests.displays.signalled import Signalled

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"
SETUP = setup_of(load_hall(EXAMPLES / "demo.toml"))
SIZE = (1280, 720)
WITHIN_S = 5.0


class FakeNode:
    """A kiosk's panel socket: tells what it is told to tell, notes what it is asked for."""

    def __init__(self, path: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer = {"take": "p:1"}
        self._panel: dict[str, Any] = {"id": "kiosk-1", "offers": {}, "take": None}
        self._watchers: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def tell(self, **panel: Any) -> None:
        """Change the panel and tell every watcher."""
        self._panel |= panel
        for watcher in self._watchers:
            watcher.sendall(json.dumps(self._panel).encode() + b"\n")

    def close(self) -> None:
        """As a killed process: all its sockets go."""
        if self._listener.fileno() < 0:
            return
        # Wakes the thread that waits in it, too.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for watcher in self._watchers:
            watcher.close()
        self._watchers.clear()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client.makefile("rb") as lines:
                request = json.loads(lines.readline())
            if request == {"watch": True}:
                self._watchers.append(client)
                client.sendall(json.dumps(self._panel).encode() + b"\n")
                continue
            self.asked.append(request)
            client.sendall(json.dumps(self.answer).encode() + b"\n")
            client.close()


class Rig:
    """A touch screen whose node is a fake; the loop runs in the test's own thread."""

    def __init__(self, folder: Path, screen: Screen | None = None) -> None:
        self.folder = folder
        self.screen = screen or Screen(size=SIZE, fallback=SIZE, is_headless=True)
        self.screen.open()
        self.inbox = Inbox()
        self.touch = Touch(setup=SETUP, start_s=time.monotonic())
        self.pages = Pages(setup=SETUP, size=SIZE, diag_in=15.6, measure=self.screen.fonts.measure)
        self.frames = FrameServer(
            path=folder / "frame.sock", ask=lambda: self.inbox.put(FrameAsked())
        )
        self.loop = TouchLoop(
            touch=self.touch,
            pages=self.pages,
            screen=self.screen,
            inbox=self.inbox,
            panel_of=partial(NodePanel, path=folder / "panel.sock", inbox=self.inbox),
            frames=self.frames,
        )

    def close(self) -> None:
        """Give all back."""
        self.loop.close()
        self.frames.close()
        self.inbox.close()
        self.screen.close()

    @property
    def page(self) -> Page:
        """What is shown."""
        return self.touch.look(time.monotonic()).page

    def until(self, is_so: Callable[[], bool]) -> None:
        """Let the loop work until this is so."""
        self._story(iter([is_so]))

    def _story(self, steps: Iterator[Callable[[], bool]]) -> None:
        step = next(steps)
        ends_s = time.monotonic() + WITHIN_S
        while not step():
            assert time.monotonic() < ends_s, self.page
            self.loop.work()

    def finger(self, target: str, *, until: str = "") -> None:
        """Put a finger on a target's middle, and let go there, or on another one."""
        for name, is_down in ((target, True), (until or target, False)):
            _, targets = self.pages.draw(self.touch.look(time.monotonic()))
            rect = next(t.rect for t in targets if t.name == name)
            x, y = (rect.x + rect.w / 2) / SIZE[0], (rect.y + rect.h / 2) / SIZE[1]
            self.inbox.put(Finger(x, y, is_down))
            self.loop.work()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """One whose node is not there yet."""
    made = Rig(tmp_path)
    yield made
    made.close()


def test_a_signal_while_the_window_is_looked_at_ends_the_screen(tmp_path: Path) -> None:
    """It is not forgotten."""
    screen = Signalled(size=SIZE)
    rig = Rig(tmp_path, screen)
    screen.on_pump = rig.loop.stop
    try:
        rig.loop.run()
    finally:
        rig.close()


@pytest.fixture
def node(rig: Rig) -> Iterator[FakeNode]:
    """The node, and a screen that hears it."""
    made = FakeNode(rig.folder / "panel.sock")
    rig.until(lambda: rig.touch.look(0).is_connected)
    yield made
    made.close()


def test_a_visit_from_the_first_touch_to_the_slip(rig: Rig, node: FakeNode) -> None:
    """Two services, one slip: the node is asked once, and the number is shown when it is out."""
    rig.finger("agency:dukcapil")
    rig.finger("service:ktp-el")
    rig.finger("take")
    rig.finger("another")
    rig.finger("language:en")
    rig.finger("agency:dukcapil")
    rig.finger("service:kk")
    rig.finger("take")
    rig.finger("print")
    rig.until(lambda: bool(node.asked))
    assert node.asked == [
        {"take": ["ktp-el", "kk"], "priority": False, "assist": False, "language": "en"}
    ]
    assert rig.page is Page.PRINTING

    node.tell(take={"id": "p:1", "state": "printed", "numbers": ["A007", "A008"]})
    rig.until(lambda: rig.page is Page.NUMBER)
    assert rig.touch.look(0).numbers == ("A007", "A008")


def test_a_finger_that_slides_away_means_nothing(rig: Rig, node: FakeNode) -> None:
    """Down on one button, up on another: neither was meant (WCAG 2.5.2)."""
    assert not node.asked
    rig.finger("agency:dukcapil", until="agency:imigrasi")

    assert rig.page is Page.AGENCIES


def test_a_button_lights_while_a_finger_is_on_it(rig: Rig, node: FakeNode) -> None:
    """The answer to a touch is on the glass, whatever it leads to."""
    assert not node.asked
    rig.loop.work()
    before = rig.screen.crc()
    rig.screen.touch(0.1, 0.3, is_down=True)
    rig.loop.work()

    assert rig.screen.crc() != before


def test_a_service_that_is_closed_can_not_be_taken(rig: Rig, node: FakeNode) -> None:
    """What the node knows of the hall is shown before anybody asks."""
    node.tell(offers={"ktp-el": {"takes": "closed", "waiting": 3}})
    rig.until(lambda: bool(rig.touch.look(0).offers))
    rig.finger("agency:dukcapil")
    rig.finger("service:ktp-el")
    _, targets = rig.pages.draw(rig.touch.look(time.monotonic()))

    assert "take" not in {target.name for target in targets}


def test_a_node_that_says_no_sends_to_the_desk(
    rig: Rig, node: FakeNode, caplog: pytest.LogCaptureFixture
) -> None:
    """Its disk is full: nothing was asked of anybody, and why is in the log."""
    node.answer = {"error": "not kept: the disk is full"}
    rig.finger("agency:dukcapil")
    rig.finger("service:kk")
    rig.finger("take")
    with caplog.at_level(logging.ERROR):
        rig.finger("print")
        rig.until(lambda: rig.page is Page.HELP)

    assert "the node did not take it" in [record.message for record in caplog.records]


def test_a_node_that_dies_is_found_again(rig: Rig, node: FakeNode) -> None:
    """The screen says that it is not ready, and goes on by itself."""
    node.close()
    rig.until(lambda: not rig.touch.look(0).is_connected)
    (rig.folder / "panel.sock").unlink()
    back = FakeNode(rig.folder / "panel.sock")
    rig.until(lambda: rig.touch.look(0).is_connected)
    back.close()


def test_a_take_without_a_node_sends_to_the_desk(rig: Rig, node: FakeNode) -> None:
    """It died between the touches."""
    rig.finger("agency:dukcapil")
    rig.finger("service:kk")
    rig.finger("take")
    (rig.folder / "panel.sock").unlink()
    rig.finger("print")

    assert rig.page is Page.HELP
    assert not node.asked


def test_fingers_come_through_a_socket(rig: Rig, node: FakeNode) -> None:
    """The demo's page touches the picture; what is no finger is dropped."""
    assert not node.asked
    port = TouchPort(path=rig.folder / "touch.sock", put=rig.inbox.put)
    port.start()
    _, targets = rig.pages.draw(rig.touch.look(time.monotonic()))
    rect = next(t.rect for t in targets if t.name == "search")
    x, y = (rect.x + rect.w / 2) / SIZE[0], (rect.y + rect.h / 2) / SIZE[1]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(rig.folder / "touch.sock"))
        client.sendall(b'{"x": 7, "y": 0, "down": true}\nnothing\n{"\xff": 1}\n')
        for down in (True, False):
            client.sendall(json.dumps({"x": x, "y": y, "down": down}).encode() + b"\n")
    rig.until(lambda: rig.page is Page.SEARCH)
    port.close()


def test_the_frame_is_given_to_who_asks(rig: Rig, node: FakeNode) -> None:
    """A picture of what is on the glass."""
    assert not node.asked
    given = []
    rig.frames.give = given.append  # type: ignore[method-assign]
    rig.inbox.put(FrameAsked())
    rig.loop.work()

    assert [shot.size for shot in given] == [SIZE]
