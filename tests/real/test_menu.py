"""A number is taken by ear and three buttons alone: no screen, real processes, captured sound.

espeak-ng is a program of the test's here, which says every text as one pitch; SDL's disk driver
keeps what would be heard. So the visitor of this test knows only what the loudspeaker said.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from displays.clips import RATE_HZ, write_wav
from displays.menu import Menu
from firmware_config.load import load_hall
from firmware_config.schema import BANTUAN, CHOOSE, NEXT, setup_of
from tests.real.hall import RunningHall, running_hall, until
from tests.real.test_voice import Heard, tone

EXAMPLE = Path(__file__).parents[2] / "firmware_config" / "examples" / "demo.toml"
LOW_HZ, STEP_HZ = 500.0, 80.0
WORD_S = 0.15
HINT, LONG_S = "For English, press the help button again.", 4.0
"""Long enough to be interrupted by who has heard it begin."""

WITHIN_S = 60.0
CALLED, CAME = "Petugas sudah dipanggil. Tunggu di sini.", "Petugas sudah datang."

ESPEAK = """\
#!{python}
import json, pathlib, shutil, sys

if sys.argv[1] == "--version":
    print("eSpeak NG text-to-speech: of a test  Data at: nowhere")
    sys.exit()
texts = json.loads(pathlib.Path({texts!r}).read_text())
shutil.copy(texts[sys.argv[-1]], sys.argv[sys.argv.index("-w") + 1])
"""


def teach(folder: Path, hall: Path) -> dict[float, str]:
    """Put an espeak-ng there that says each text of this hall as a tone; return texts by pitch."""
    said = Menu(setup=setup_of(load_hall(hall))).every_text()
    texts = dict.fromkeys(
        [*(part.text for each in said for part in each), *"ABCDK0123456789", "Lantai 1"]
    )
    pitches = {LOW_HZ + at * STEP_HZ: text for at, text in enumerate(texts)}
    assert max(pitches) < RATE_HZ / 2
    folder.mkdir()
    files = {}
    for hz, text in pitches.items():
        files[text] = str(folder / f"{hz:.0f}.wav")
        write_wav(Path(files[text]), tone(hz, LONG_S if text == HINT else WORD_S))
    (folder / "texts.json").write_text(json.dumps(files))
    program = folder / "espeak-ng"
    program.write_text(ESPEAK.format(python=sys.executable, texts=str(folder / "texts.json")))
    program.chmod(0o755)
    return pitches


class Listener:
    """Somebody before kiosk-1 who hears, presses, and knows nothing else."""

    def __init__(self, hall: RunningHall, sound: Path, pitches: dict[float, str]) -> None:
        self.hall = hall
        self._sound = sound
        self._pitches = pitches
        self._known = 0

    @property
    def words(self) -> list[str]:
        """All that was heard from the start."""
        return [word for _, word in Heard(self._sound, self._pitches).words]

    @property
    def awaited(self) -> set[str]:
        """The kiosks at which staff are awaited, as the hub tells everybody."""
        return {*self.hall.listener.newest.get("state/queue", {}).get("assists", {})}

    def press(self, button: str) -> None:
        """Press; what is heard from now on is the answer."""
        self._known = len(self.words)
        assert self.hall.press("kiosk-1", button, ms=60)

    def hears(self, *texts: str) -> None:
        """Wait until these were said, one after the other, since the last press."""
        wanted = list(texts)

        def is_said() -> bool:
            heard = self.words[self._known :]
            spans = range(len(heard) - len(wanted) + 1)
            return any(heard[at : at + len(wanted)] == wanted for at in spans)

        until(is_said, f"{texts} heard", within_s=WITHIN_S)


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Listener]:
    """Run a hall whose kiosk-1 speaks, without a screen."""
    hall, sound = tmp_path / "hall.toml", tmp_path / "sound.raw"
    text = EXAMPLE.read_text("utf-8")
    first, second, rest = text.partition('id = "kiosk-2"')
    quiet = rest.replace("voice = true\nhelp = { bantuan = 23, next = 24, choose = 25 }\n", "")
    assert quiet != rest
    hall.write_text(first + second + quiet, "utf-8")
    pitches = teach(tmp_path / "espeak", hall)
    environment = {
        "PATH": f"{tmp_path / 'espeak'}:{os.environ['PATH']}",
        "SDL_AUDIODRIVER": "disk",
        "SDL_DISKAUDIOFILE": str(sound),
        "SDL_DISKAUDIODELAY": "23",  # as long as a buffer lasts: in real time
    }
    with running_hall(
        data=tmp_path / "d", broker="embedded", hall=hall, environment=environment
    ) as running:
        log = tmp_path / "d" / "kiosk-1.screen" / "log.jsonl"
        until(lambda: "node heard" in log.read_text("utf-8"), "the speaker follows its node")
        yield Listener(running, sound, pitches)


def test_a_number_is_taken_by_ear(visitor: Listener) -> None:
    """Help, the second office, its first service, take: the hub's number is said, and its place."""
    visitor.press(BANTUAN)
    visitor.hears("Instansi mana?", "Dinas Kependudukan dan Pencatatan Sipil")
    visitor.press(NEXT)
    visitor.hears("Kantor Imigrasi")
    visitor.press(CHOOSE)
    visitor.hears("Layanan mana?", "Paspor baru")
    visitor.press(CHOOSE)
    visitor.hears("Paspor baru", "Ambil nomor. Tekan pilih, atau lanjut untuk pilihan lain.")
    visitor.press(CHOOSE)
    visitor.hears("Nomor antrean Anda", "B", "0", "0", "1")

    issued = [
        event
        for row in visitor.hall.journal()
        for event in row.events
        if event["type"] == "ticket_issued"
    ]
    assert [(event["number"], event["service"]) for event in issued] == [("B001", "paspor-baru")]


def test_a_press_interrupts_what_is_said(visitor: Listener) -> None:
    """Who knows the way does not wait: the sentence ends there, and the answer follows."""
    visitor.press(BANTUAN)
    visitor.hears(
        "Bantuan suara. Tekan lanjut untuk pilihan berikutnya. Tekan pilih untuk memilih."
    )
    visitor.press(BANTUAN)
    visitor.hears("English.", "Which office?")
    heard = visitor.words

    assert "Instansi mana?" not in heard


def test_who_pressed_a_ticket_button_hears_the_number(visitor: Listener) -> None:
    """Once, with its place; no menu begins."""
    visitor.press("ktp-el")
    visitor.hears("Nomor antrean Anda", "A", "0", "0", "1", "Ambil slip Anda, lalu tunggu di")

    assert "Instansi mana?" not in visitor.words


def test_staff_are_called_and_say_that_they_have_come(visitor: Listener) -> None:
    """Held 2 s: the hub has it, and the visitor hears so; held at CHOOSE, staff are there."""
    assert visitor.hall.press("kiosk-1", BANTUAN, ms=2200)
    visitor.hears(CALLED)
    until(lambda: visitor.awaited == {"kiosk-1"}, "the hub tells where staff are awaited")
    assert visitor.hall.press("kiosk-1", CHOOSE, ms=3200)
    visitor.hears(CAME)
    until(lambda: visitor.awaited == set(), "the hub tells that nobody waits")
