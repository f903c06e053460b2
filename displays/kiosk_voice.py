"""What a hall file says of a kiosk's voice, and the spoken menu made from it."""

import time
from pathlib import Path

from displays.guide import Guide
from displays.menu import Ask, Menu
from displays.narrator import Narrator, Renderer
from displays.node_panel import NodePanel
from displays.voice import Mixer
from firmware_config.schema import HallFile, KioskNode, KioskVoice, setup_of

FOLDER = "voice"
"""In a screen's data folder: what the kiosk has said, levelled."""


def make_guide(file: HallFile, node: KioskNode, *, folder: Path, panel: NodePanel) -> Guide:
    """Return a kiosk's spoken menu; its sounds begin to be made ready."""
    voice = node.voice if isinstance(node.voice, KioskVoice) else KioskVoice()
    menu = Menu(setup=setup_of(file), says_numbers=voice.numbers)
    narrator = Narrator(
        speaker=Mixer(voice.out),
        renderer=Renderer(folder / FOLDER),
        ready=menu.every_text(),
        on_said=panel.caption,
    )

    def ask(wish: Ask) -> None:
        panel.take(wish.take, wish.language, lambda id_: guide.taken(id_, time.monotonic()))

    guide = Guide(menu=menu, narrator=narrator, on_ask=ask)
    narrator.start()
    return guide
