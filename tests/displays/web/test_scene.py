"""What the page draws of a hall: small ones beside their board, big ones folded."""

from pathlib import Path

import pytest

import firmware_config
from displays.web.scene import BESIDE_MAX, scene_of
from firmware_config.load import load_hall
from tests.displays.web.stage import Stage, ask, short_folder

EXAMPLES = Path(firmware_config.__file__).parent / "examples"


async def page_of(example: str) -> str:
    """Return the page of an example hall."""
    with short_folder() as folder:
        scene = scene_of(load_hall(EXAMPLES / example))
        app = Stage(Path(folder), scene).app
        return (await ask(app, "/")).body.decode()


@pytest.mark.parametrize(
    ("example", "is_big"), [("demo.toml", False), ("tebing_tinggi.toml", True)]
)
def test_services_stand_in_the_groups_of_their_agencies(example: str, *, is_big: bool) -> None:
    """Every service once, agencies and services in the hall file's order."""
    file = load_hall(EXAMPLES / example)
    scene = scene_of(file)

    drawn = [key.button for group in scene.groups for key in group.services]
    assert sorted(drawn) == sorted(service.id for service in file.services)
    assert [key.button for key in scene.services] == [service.id for service in file.services]
    assert [group.agency for group in scene.groups] == [
        agency.name
        for agency in file.agencies
        if any(service.agency == agency.id for service in file.services)
    ]
    assert scene.is_big is is_big is (len(drawn) > BESIDE_MAX)


async def test_a_big_halls_queues_are_folded_behind_boards_and_before_counters() -> None:
    """Closed, so that a page of 121 services begins with what happens."""
    page = await page_of("tebing_tinggi.toml")

    places = [
        page.index(text)
        for text in ('data-board="', '<details class="queue" id="queue">', 'data-counter="1"')
    ]
    assert places == sorted(places)
    assert page.index('data-counter="1"') < page.index('class="kiosk node"')
    assert page.count('<tr data-service="') == 121
    assert page.count("<table>") == 27
    assert '<th scope="col">Kantor Imigrasi</th>' in page


async def test_a_small_halls_queues_stand_beside_the_board() -> None:
    """Nothing to open."""
    page = await page_of("demo.toml")

    assert "<details" not in page
    assert page.index('data-board="') < page.index('<section class="queue"')
    assert page.index('<section class="queue"') < page.index('class="kiosk node"')
    assert page.index('class="kiosk node"') < page.index('data-counter="1"')
