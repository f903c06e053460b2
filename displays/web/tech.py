"""The technician's pages: the hall's devices, what is wrong with them, and what to do about it.

The server renders; the script only fetches the middle of the page again. Without it the page
renews itself every 15 s, so it works in any browser there is.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from displays.phrases import known, say
from displays.web import tech_phrases as words
from displays.web.figures import buttons_of, figures_of
from displays.web.glance import Glancer, Reader, Screen, in_language
from displays.web.mirror import Mirror
from displays.web.roster import Member, Roster
from displays.web.scene import Scene
from displays.web.signin import DOOR, SignIn

NO_STORE = {"Cache-Control": "no-store"}


class TechPages:
    """Routes below `/tech`, for whoever is signed in.

    Args:
        mirror: What the hall shows just now.
        zones: Their names by language code, by id.
        now_s: Monotonic clock.
    """

    def __init__(  # noqa: PLR0913 - the parts that know the hall, each by name
        self,
        *,
        scene: Scene,
        roster: Roster,
        mirror: Mirror,
        sign_in: SignIn,
        templates: Jinja2Templates,
        zones: dict[str, dict[str, str]],
        now_s: Callable[[], float],
    ) -> None:
        self._scene = scene
        self._roster = roster
        self._mirror = mirror
        self._sign_in = sign_in
        self._templates = templates
        self._zones = zones
        self._now_s = now_s
        self._members = {member.id: member for member in roster.members}

    def routes(self) -> list[Route]:
        """Return them; those of the door first."""
        return [
            *self._sign_in.routes(),
            Route("/tech", self.hall),
            Route("/tech/part", self.hall_part),
            Route("/tech/node/{node}", self.node),
            Route("/tech/node/{node}/part", self.node_part),
        ]

    async def hall(self, request: Request) -> Response:
        """Show every device."""
        return self._page(request, "tech.html", part="/tech/part", of=self._hall(request))

    async def hall_part(self, request: Request) -> Response:
        """Return the middle of that page."""
        return self._part(request, "tech_hall.html", self._hall(request))

    async def node(self, request: Request) -> Response:
        """Show one device."""
        member = self._members.get(request.path_params["node"])
        if member is None:
            return RedirectResponse("/tech", 303)
        part = f"/tech/node/{member.id}/part"
        return self._page(request, "tech.html", part=part, of=self._node(request, member))

    async def node_part(self, request: Request) -> Response:
        """Return the middle of that page."""
        member = self._members.get(request.path_params["node"])
        if member is None:
            return Response(status_code=404, headers=NO_STORE)
        return self._part(request, "tech_node.html", self._node(request, member))

    def _hall(self, request: Request) -> dict[str, object]:
        glancer = self._glancer(self._language(request))
        return {"middle": "tech_hall.html", "glance": glancer.glance()}

    def _node(self, request: Request, member: Member) -> dict[str, object]:
        language, now_s = self._language(request), self._now_s()
        glancer = self._glancer(language)
        seen = self._roster.seen(member.id, now_s)
        health = seen.health if seen else None
        return {
            "middle": "tech_node.html",
            "card": glancer.card(member),
            "figures": figures_of(health, language, glancer.age) if health else (),
            "buttons": (
                buttons_of(health, language, glancer.age, now_s - seen.heard_s)
                if health and seen
                else ()
            ),
        }

    def _glancer(self, language: str) -> Glancer:
        hub = self._roster.hub
        reader = Reader(
            zones={zone: in_language(names, language) for zone, names in self._zones.items()},
            language=language,
            now_s=self._now_s(),
            # Alarms are stamped by the hub's clock, right or wrong.
            at_ms=hub.at_ms if hub else 0,
        )
        return Glancer(self._roster, Screen(self._mirror.board, self._mirror.counters), reader)

    def _language(self, request: Request) -> str:
        spoken = known(self._scene.languages)
        asked = request.query_params.get("lang", "")
        return asked if asked in spoken else spoken[0]

    def _page(
        self, request: Request, template: str, *, part: str, of: dict[str, object]
    ) -> Response:
        if not self._sign_in.is_open(request):
            return RedirectResponse(DOOR, 303)
        return self._rendered(request, template, of | {"part": part})

    def _part(self, request: Request, template: str, of: dict[str, object]) -> Response:
        if not self._sign_in.is_open(request):
            return Response(status_code=401, headers=NO_STORE)
        return self._rendered(request, template, of)

    def _rendered(self, request: Request, template: str, of: dict[str, object]) -> Response:
        language = self._language(request)
        context = of | {
            "scene": self._scene,
            "lang": language,
            "languages": known(self._scene.languages),
            "words": words,
            "say": lambda phrase, **values: say(phrase, language, **values),
        }
        return self._templates.TemplateResponse(request, template, context, headers=NO_STORE)
