"""A board's real process speaks on a real broker; SDL's disk driver keeps what would be heard.

The hall's recordings are tones, one pitch a clip, so that what was played can be read back word for
word from the file: which calls, in which order, with which silences, how loud.
"""

import asyncio
import json
import math
import os
import signal
import socket
import sys
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from broker.accounts import everyone, prepare
from broker.hall.views import BoardView, Call
from broker.link import Received
from broker.wire.messages import Health, encode, read_health
from displays.announcer import GAP_S
from displays.clips import RATE_HZ, write_wav
from displays.hall_voice import speech_of
from displays.loop import HEALTH_S
from displays.loudness import CHIME_LUFS, CLIP_LUFS, loudness_lufs, peak_dbfs
from displays.spoken import PAUSE, clip_list, parts
from firmware_config.load import load_hall
from tests.real.brokers import HALL, WAIT_S, Ear, Running, free_port, serve

EXAMPLE = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"
GEN = "1-00000000"

CHIME_HZ = 300.0
LOW_HZ, STEP_HZ = 500.0, 100.0
"""Of the first clip, and from each to the next: 25 ms tell them apart."""

BUSY_S = 3.0
"""How much later a busy machine may begin the next call; never earlier."""

CLIP_S = 0.1
WINDOW = RATE_HZ // 40


def tone(hz: float, length_s: float = CLIP_S) -> bytes:
    """Return a tone of middling loudness."""
    step = 2 * math.pi * hz / RATE_HZ
    samples = (round(5000 * math.sin(step * i)) for i in range(round(length_s * RATE_HZ)))
    return array("h", samples).tobytes()


def record(folder: Path, hall: Path) -> dict[float, str]:
    """Record a hall's Indonesian clips as tones; return each one's name by its pitch."""
    (folder / "id").mkdir(parents=True)
    pitches = {CHIME_HZ: "chime"}
    write_wav(folder / "chime.wav", tone(CHIME_HZ))
    for index, clip in enumerate(clip_list("id", speech_of(load_hall(hall)))):
        pitches[LOW_HZ + index * STEP_HZ] = clip.name
        write_wav(folder / "id" / f"{clip.name}.wav", tone(LOW_HZ + index * STEP_HZ))
    return pitches


def power(samples: "array[int]", hz: float) -> float:
    """Return how much of a pitch is in the samples (Goertzel)."""
    factor = 2 * math.cos(2 * math.pi * hz / RATE_HZ)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    return before * before + last * last - factor * before * last


class Heard:
    """A captured file as a listener hears it: spells of sound, each the clip it is."""

    def __init__(self, path: Path, pitches: dict[float, str]) -> None:
        samples = array("h")
        samples.frombytes(path.read_bytes()[: path.stat().st_size // 2 * 2])
        self.samples = samples
        self.words: list[tuple[float, str]] = []
        self.loud: list[float] = []
        for begin, end in _spells(samples):
            middle = (begin + end) // 2
            window = samples[middle - WINDOW // 2 : middle + WINDOW // 2]
            found = max(pitches, key=lambda hz: power(window, hz))
            self.words.append((begin / RATE_HZ, pitches[found]))
            self.loud.append(loudness_lufs(samples[begin:end], RATE_HZ))

    @property
    def announcements(self) -> list[tuple[float, float, list[str]]]:
        """When each began and ended, and its words after the chime."""
        found: list[tuple[float, float, list[str]]] = []
        for at_s, word in self.words:
            if word == "chime":
                found.append((at_s, at_s, []))
            else:
                begin_s, _, words = found[-1]
                found[-1] = (begin_s, at_s + CLIP_S, [*words, word])
        return found


def _spells(samples: "array[int]") -> Iterator[tuple[int, int]]:
    """Yield where sound begins and ends; 20 ms of silence end it."""
    begin, quiet = None, 0
    for index, sample in enumerate(samples):
        if abs(sample) > 300:
            begin, quiet = index if begin is None else begin, 0
        elif begin is not None:
            quiet += 1
            if quiet > RATE_HZ // 50:
                yield begin, index - quiet
                begin = None


class SpeakingBoard:
    """`loket board board-1` with a voice, whose sound goes into a file."""

    def __init__(self, folder: Path, driver: str = "disk") -> None:
        self.folder = folder
        self.log = folder / "board.log"
        self.sound = folder / "sound.raw"
        self._driver = driver
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it says READY."""
        notify = self.folder / "notify.sock"
        notify.unlink(missing_ok=True)
        sound = {
            "SDL_AUDIODRIVER": self._driver,
            "SDL_DISKAUDIOFILE": str(self.sound),
            "SDL_DISKAUDIODELAY": "23",  # as long as a buffer lasts: in real time
        }
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, self.log.open("ab") as log:
            told.bind(str(notify))
            told.settimeout(WAIT_S)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "edge.cli", "board", "board-1", "--headless"),
                *("--hall", str(self.folder / "hall.toml"), "--data", str(self.folder)),
                env={**os.environ, **sound, "NOTIFY_SOCKET": str(notify)},
                stderr=log,
            )
            assert await asyncio.to_thread(told.recv, 64) == b"READY=1"

    async def stop(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        assert self._process is not None
        self._process.send_signal(signum)
        return await asyncio.wait_for(self._process.wait(), WAIT_S)

    async def silent(self) -> None:
        """Wait until its last second was silence: the driver writes that too."""
        async with asyncio.timeout(60):
            await asyncio.sleep(1)
            while any(self.sound.read_bytes()[-2 * RATE_HZ :]):  # noqa: ASYNC110 - a file wakes nobody
                await asyncio.sleep(0.5)

    async def logged(self, message: str, count: int = 1) -> list[dict[str, object]]:
        """Wait for so many lines of the log; return them."""
        async with asyncio.timeout(60):
            while True:
                text = self.log.read_text(encoding="utf-8")
                # SDL's disk driver says there that it is one.
                lines = [json.loads(line) for line in text.splitlines() if line[:1] == "{"]
                found = [line for line in lines if line["msg"] == message]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)


@asynccontextmanager
async def a_hall(
    folder: Path, *, driver: str = "disk", voice: str = '{ clips = "own" }'
) -> AsyncIterator[tuple[Ear, SpeakingBoard]]:
    """Run a broker; yield the hub's side of it, and a board that speaks Indonesian."""
    text = EXAMPLE.read_text(encoding="utf-8").replace('id = "demo"', f'id = "{HALL}"')
    both = 'languages = ["id", "en"]'
    text = text.replace(both, f'{both}\nvoice_languages = ["id"]')
    text = text.replace("voice = false", f"voice = {voice}")
    (folder / "hall.toml").write_text(text, encoding="utf-8")
    port, (ready, stopping) = free_port(), (asyncio.Event(), asyncio.Event())
    who = everyone([("board-1", "board")])
    accounts = prepare(data=folder, accounts=who, addresses=["127.0.0.1"], port=port)
    board = SpeakingBoard(folder, driver)
    async with asyncio.TaskGroup() as tasks:
        broker = Running(folder, port, accounts)
        tasks.create_task(serve("embedded", broker, ready.set, stopping))
        async with asyncio.timeout(WAIT_S):
            await ready.wait()
        async with Ear(broker, "hub", "birth/+", "health/+") as hub:
            yield hub, board
        stopping.set()


def snapshot(pos: int, *calls: Call, at_ms: int) -> bytes:
    """Return a board's snapshot, the calls newest first."""
    return encode(BoardView(gen=GEN, pos=pos, at_ms=at_ms, day="2026-11-25", calls=calls))


def calls_of(count: int, at_ms: int) -> list[Call]:
    """Return so many calls of one instant, newest first."""
    return [
        Call(
            call_id=f"c{n}",
            number=f"A{n:03}",
            counter=n % 6 + 1,
            service="ktp-el",
            at_ms=at_ms - 1000 + n,
        )
        for n in range(count, 0, -1)
    ]


async def unsaid(hub: Ear) -> Health:
    """Wait for a board's figures that name a call it could not say."""
    while True:
        event = await asyncio.to_thread(hub.told.get, timeout=2 * HEALTH_S)
        if isinstance(event, Received) and "/health/" in event.topic:
            health = read_health(event.payload)
            if health.unsaid:
                return health


async def test_twelve_calls_at_once_are_all_heard(tmp_path: Path) -> None:
    """In order, none over another, a silence between them, as loud as they are to be."""
    async with a_hall(tmp_path) as (hub, board):
        pitches = record(tmp_path / "own", tmp_path / "hall.toml")
        await board.start()
        await board.logged("voice ready")
        at_ms = time.time_ns() // 1_000_000
        calls = calls_of(12, at_ms)
        hub.publish("state/board", snapshot(7, *calls, at_ms=at_ms))
        lines = await board.logged("call said", 12)
        await board.silent()
        assert await board.stop() == 0
    heard = Heard(board.sound, pitches)
    spoken = heard.announcements
    expected = [
        [
            part
            for part in parts(call.number, call.counter, "id", form=line["form"])  # type: ignore[arg-type]  # of a log
            if part != PAUSE
        ]
        for call, line in zip(reversed(calls), lines, strict=True)
    ]

    assert [line["number"] for line in lines] == [call.number for call in reversed(calls)]
    assert [words for _, _, words in spoken] == expected
    for (_, end_s, _), (begin_s, _, _) in pairwise(spoken):
        assert GAP_S - 0.05 <= begin_s - end_s <= GAP_S + BUSY_S
    for (_, word), lufs in zip(heard.words, heard.loud, strict=True):
        expected_lufs = CHIME_LUFS if word == "chime" else CLIP_LUFS
        assert lufs == pytest.approx(expected_lufs, abs=1), word
    assert peak_dbfs(heard.samples) <= -1


async def test_a_killed_board_says_the_rest_once(tmp_path: Path) -> None:
    """After kill -9 in a burst nothing is said twice, and nothing from a retained message."""
    async with a_hall(tmp_path) as (hub, board):
        record(tmp_path / "own", tmp_path / "hall.toml")
        await board.start()
        await board.logged("voice ready")
        at_ms = time.time_ns() // 1_000_000
        calls = calls_of(4, at_ms)
        hub.publish("state/board", snapshot(7, *calls, at_ms=at_ms))
        await board.logged("call said", 2)
        await board.stop(signal.SIGKILL)
        await board.start()
        await board.logged("voice ready", 2)
        await asyncio.sleep(1)
        assert len(await board.logged("call said")) == 2
        now_ms = time.time_ns() // 1_000_000
        hub.publish("state/board", snapshot(8, *calls, at_ms=now_ms))
        lines = await board.logged("call said", 4)
        assert await board.stop() == 0

    assert [line["number"] for line in lines] == ["A001", "A002", "A003", "A004"]


async def test_a_board_without_a_sound_card_goes_on(tmp_path: Path) -> None:
    """It shows, says in its log why it is silent, and in its health which calls were not said."""
    async with a_hall(tmp_path, driver="no-such-driver") as (hub, board):
        await board.start()
        why = await board.logged("no sound: calls are on the screen only")
        at_ms = time.time_ns() // 1_000_000
        hub.publish("state/board", snapshot(7, *calls_of(1, at_ms), at_ms=at_ms))
        health = await unsaid(hub)
        assert await board.stop() == 0

    assert "sound device" in str(why[0]["why"])
    assert health.unsaid == ("A001",)
    assert (health.counts["voice_sound"], health.counts["voice_screen_only"]) == (0, 1)
    assert health.counts["frame_pos"] == 7
