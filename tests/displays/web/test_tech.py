"""The technician's pages: who gets in, and what is shown there."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.middleware import Middleware

from broker.wire.figures import Button, Machine
from broker.wire.messages import Alarm, Health, HubState, encode
from broker.wire.topics import Kind, Topic
from displays.web.app import make_templates
from displays.web.gate import Gate
from displays.web.mirror import Mirror
from displays.web.roster import Roster, members_of
from displays.web.sessions import TRIES_FREE
from displays.web.signin import COOKIE, SignIn
from displays.web.tech import TechPages
from displays.web.technician import Technician
from firmware_config.load import load_hall
from tests.displays.web.stage import DEMO, Answer, ask, demo_scene

PASSWORD = "kucing-hitam-1"  # noqa: S105 - a test's
PAGES = ("/tech", "/tech/part", "/tech/node/kiosk-1", "/tech/node/kiosk-1/part")


class Stage:
    """The pages of the demo's hall, with a clock that stands."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 1000.0
        self.technician = Technician(
            folder, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        )
        self.roster = Roster(members_of(load_hall(DEMO)))
        templates = make_templates()
        pages = TechPages(
            scene=demo_scene(),
            roster=self.roster,
            mirror=Mirror(),
            sign_in=SignIn(
                technician=self.technician, templates=templates, now_s=lambda: self.now_s
            ),
            templates=templates,
            zones={},
            now_s=lambda: self.now_s,
        )
        self.routes = pages.routes()
        self.app = Starlette(routes=self.routes, middleware=[Middleware(Gate)])
        self.cookie = ""

    async def get(self, path: str) -> Answer:
        """Ask with the cookie, if there is one."""
        path, _, query = path.partition("?")
        return await ask(self.app, path, headers=self._cookies(), query=query)

    async def post(self, path: str, **form: str) -> Answer:
        """Send a form."""
        body = urlencode(form).encode()
        headers = self._cookies() | {"content-type": "application/x-www-form-urlencoded"}
        answer = await ask(self.app, path, method="POST", body=body, headers=headers)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer

    async def sign_in(self) -> None:
        """Pass the door."""
        self.technician.set_password(PASSWORD)
        assert (await self.post("/tech/login", password=PASSWORD)).status == 303

    def health(self, node: str, health: Health) -> None:
        """Have a device tell its health."""
        self.roster.take(
            Topic("demo", Kind.HEALTH, node), encode(health), self.now_s, retained=False
        )

    def alarm(self, subject: str, what: str, mend: str) -> None:
        """Raise one."""
        alarm = Alarm(
            id=f"paper_out.{subject}",
            kind="paper_out",
            subject=subject,
            level="urgent",
            since_ms=940_000,
            what={"id": what, "en": "It has no paper."},
            mend={"id": mend, "en": "Put in a new roll."},
        )
        self.roster.alarms[alarm.id] = alarm

    def beat(self) -> None:
        """Have the hub and its broker be there."""
        beat = HubState(gen="1-0a0a0a0a", pos=7, beat=3, start="x", at_ms=1_000_000)
        self.roster.linked = True
        self.roster.take(Topic("demo", Kind.HUB), encode(beat), self.now_s, retained=False)

    def _cookies(self) -> dict[str, str]:
        return {"cookie": self.cookie} if self.cookie else {}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Pages nobody is signed in to."""
    return Stage(tmp_path)


@pytest.mark.parametrize("path", PAGES)
async def test_nobody_sees_the_pages_without_signing_in(stage: Stage, path: str) -> None:
    """Pages lead to the door, their parts say no."""
    stage.technician.set_password(PASSWORD)
    for cookie in ("", f"{COOKIE}=", f"{COOKIE}=guessed"):
        stage.cookie = cookie
        answer = await stage.get(path)
        if path.endswith("part"):
            assert (answer.status, answer.body) == (401, b"")
        else:
            assert (answer.status, answer.headers["location"]) == (303, "/tech/login")


async def test_the_password_opens_and_signing_out_closes(stage: Stage) -> None:
    """The cookie is for this page alone and no script's; its token is worth nothing afterwards."""
    await stage.sign_in()
    cookie = stage.cookie
    for path in PAGES:
        assert (await stage.get(path)).status == 200
    assert (await stage.get("/tech/login")).headers["location"] == "/tech"

    assert (await stage.post("/tech/logout")).status == 303
    stage.cookie = cookie
    assert (await stage.get("/tech")).status == 303


async def test_the_cookie_is_kept_from_scripts_and_other_sites(stage: Stage) -> None:
    """HttpOnly, SameSite=Strict, below /tech."""
    stage.technician.set_password(PASSWORD)
    answer = await stage.post("/tech/login", password=PASSWORD)

    words = {word.strip().lower() for word in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/tech"} <= words


@pytest.mark.parametrize("form", [{"password": "wrong"}, {"password": ""}, {"pass": PASSWORD}, {}])
async def test_anything_else_opens_nothing(stage: Stage, form: dict[str, str]) -> None:
    """And says so in the form."""
    stage.technician.set_password(PASSWORD)

    answer = await stage.post("/tech/login", **form)

    assert answer.status == 403
    assert "Kata sandi salah" in answer.body.decode()
    assert stage.cookie == ""


async def test_a_form_that_is_too_long_is_wrong(stage: Stage) -> None:
    """It is not read to its end."""
    stage.technician.set_password(PASSWORD)

    assert (await stage.post("/tech/login", password=PASSWORD, more="x" * 9000)).status == 403


async def test_guessing_is_slowed_down_for_everybody_and_passes(stage: Stage) -> None:
    """While it waits even the right password is not looked at."""
    stage.technician.set_password(PASSWORD)
    for _ in range(TRIES_FREE):
        assert (await stage.post("/tech/login", password="wrong")).status == 403  # noqa: S106
    assert (await stage.post("/tech/login", password=PASSWORD)).status == 429
    answer = await stage.post("/tech/login", password=PASSWORD)
    assert (answer.status, answer.headers["retry-after"]) == (429, "2")

    stage.now_s += 2
    assert (await stage.post("/tech/login", password=PASSWORD)).status == 303


async def test_without_a_password_the_page_says_how_to_set_one(stage: Stage) -> None:
    """Instead of a form nobody can pass."""
    assert "loket technician" in (await stage.get("/tech/login")).body.decode()
    answer = await stage.post("/tech/login", password=PASSWORD)
    assert answer.status == 503
    assert "loket technician" in answer.body.decode()


async def test_the_page_says_what_is_wrong_and_how_to_mend_it(stage: Stage) -> None:
    """On the card and on the device's page, in the language asked for."""
    await stage.sign_in()
    stage.beat()
    stage.health("kiosk-1", Health(uptime_s=60, machine=Machine(soc_c=54.0)))
    stage.alarm("kiosk-1", "Kertas kiosk-1 habis.", "Isi <kertas> baru.")

    page = (await stage.get("/tech")).body.decode()
    assert "Kertas kiosk-1 habis." in page
    assert '<html lang="id">' in page
    device = (await stage.get("/tech/node/kiosk-1")).body.decode()
    assert "Isi &lt;kertas&gt; baru." in device
    assert "54 °C" in device
    english = (await stage.get("/tech/node/kiosk-1/part?lang=en")).body.decode()
    assert "Put in a new roll." in english
    assert '<html lang="en">' in (await stage.get("/tech?lang=en")).body.decode()
    assert '<html lang="id">' in (await stage.get("/tech?lang=xx")).body.decode()


async def test_buttons_are_listed_to_be_pressed(stage: Stage) -> None:
    """A stuck one is marked by a word."""
    await stage.sign_in()
    buttons = {"call": Button(presses=3, pressed_age_s=5.0), "done": Button(stuck=True)}
    stage.health("loket-1", Health(uptime_s=60, buttons=buttons))

    page = (await stage.get("/tech/node/loket-1?lang=en")).body.decode()

    assert "STUCK" in page
    assert "5 s ago" in page


async def test_a_device_nobody_knows_leads_back(stage: Stage) -> None:
    """An old bookmark."""
    await stage.sign_in()

    assert (await stage.get("/tech/node/kiosk-9")).headers["location"] == "/tech"
    assert (await stage.get("/tech/node/kiosk-9/part")).status == 404


@pytest.mark.parametrize("path", PAGES)
async def test_the_page_takes_nothing_from_elsewhere(stage: Stage, path: str) -> None:
    """No address of another server, nothing inline."""
    await stage.sign_in()
    page = (await stage.get(path)).body.decode()

    assert "http://" not in page
    assert "https://" not in page
    assert "style=" not in page
    assert "<script>" not in page
