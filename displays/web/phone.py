"""The phone page: `GET /t/CODE` shows the tickets of a slip, `POST` holds or cancels one of them.

One answer holds all of the page, styles and script included, and a phone asks again for the whole
of it: so it is the same after a reload, without a script, and in a captive portal's small browser.
No address of a visitor is looked at, kept or logged, and whoever has no code of today gets one and
the same answer.
"""

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from datetime import tzinfo
from pathlib import Path
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from broker.hall.coded import CodedTicket
from broker.hall.commands import Cancel, Hold
from broker.hall.setup import Setup
from broker.store import StoreError
from broker.wire.messages import Result
from displays.phrases import LOST, Phrase, known, say
from displays.web import phone_phrases as words
from displays.web.limits import Limit
from displays.web.live import Live
from displays.web.phone_view import ASK_SELDOM_S, Card, Phones
from displays.web.phrases import REFUSED

CODE = re.compile(r"[A-Z2-7]{26}\Z")

BODY_BYTES_MAX = 512
ACTS_PER_MINUTE = 10
"""Of one code (DESIGN §5.13)."""

UNKNOWN_PER_MINUTE = 600
"""Of all askers: a code has 128 bits, so this only keeps who guesses from taking time."""

SHOWN_WITHIN_S = 1.5
"""What was done is on the page within that; the hub says it once a second."""

LOOK_EVERY_S = 0.05

LEAD = ("called", "serving", "waiting", "parked", "closed")
"""Of several tickets the one a screen full of one number shows: the first of these."""

SAID: dict[str, Phrase] = {
    "no_answer": words.NO_ANSWER,
    "too_often": words.TOO_OFTEN,
    "not_taken": words.NOT_TAKEN,
    **{code: REFUSED[code] for code in ("held_out", "moved_on", "stale", "wrong_code")},
}
"""What a page may be asked to say of the last press."""

Ask = Callable[[Hold | Cancel], Awaitable[Result | None]]


class Phone:
    """The routes of the phone page.

    Args:
        ask: Sends a bearer's command; returns its result, or None when none came in time.
        folder: Where `templates` and `static` are.
        mono_s: Monotonic clock.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self,
        *,
        setup: Setup,
        zone: tzinfo,
        live: Live,
        ask: Ask,
        templates: Jinja2Templates,
        folder: Path,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setup = setup
        self._live = live
        self._ask = ask
        self._templates = templates
        self._mono_s = mono_s
        self._phones = Phones(setup, zone)
        self._languages = known(setup.languages)
        self._acts = Limit(per_minute=ACTS_PER_MINUTE)
        self._unknown = Limit(per_minute=UNKNOWN_PER_MINUTE)
        self._css = (folder / "static" / "phone.css").read_text("utf-8")
        self._js = (folder / "static" / "phone.js").read_text("utf-8")
        self._headers = {
            "Content-Security-Policy": "default-src 'none'; img-src data:; connect-src 'self'; "
            f"style-src {_hash(self._css)}; script-src {_hash(self._js)}; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    def routes(self) -> list[Route]:
        """Return them; a QR code is smaller in capitals."""
        paths = ("/t/{code}", "/t/{code}/{language}")
        return [
            Route(path, endpoint, methods=methods)
            for path in (*paths, *(path.replace("/t/", "/T/") for path in paths))
            for endpoint, methods in ((self.page, ["GET"]), (self.act, ["POST"]))
        ]

    async def page(self, request: Request) -> Response:
        """Show the tickets of a code; 304 when the asker has that."""
        language = self._language(request)
        tickets = self._tickets(request)
        if not tickets:
            return self._nobodys(request, language)
        said = SAID.get(request.query_params.get("said", ""))
        response = self._show(
            request,
            language,
            cards=self._phones.cards(tickets, self._live.mirror.board, language),
            ask_s=self._phones.ask_again_s(tickets),
            said=say(said, language) if said else "",
        )
        tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=self._headers | {"ETag": tag})
        response.headers["ETag"] = tag
        return response

    async def act(self, request: Request) -> Response:
        """Hold or cancel a ticket of the code, then show the page."""
        tickets = self._tickets(request)
        if not tickets:
            return self._nobodys(request, self._language(request))
        raw = await _body(request)
        asked = parse_qs(raw.decode("ascii", "replace")) if raw is not None else {}
        act, named = (asked.get(name, [""])[0] for name in ("act", "ticket"))
        ticket = next((one for one in tickets if one.ticket == named), None)
        if ticket is None or act not in {"hold", "cancel"}:
            return PlainTextResponse("no such act", 400, headers=self._headers)
        said = await self._do(act, ticket)
        query = f"?said={said}" if said else ""
        return RedirectResponse(request.url.path + query, 303, headers=self._headers)

    async def _do(self, act: str, ticket: CodedTicket) -> str:
        """Ask the hub; return what is to be said of it, empty when it is done."""
        code = ticket.code_sha256
        if not self._acts.takes(code, self._mono_s()):
            return "too_often"
        if _is_done(act, ticket):
            return ""
        kind = Hold if act == "hold" else Cancel
        before = self._live.mirror.tickets(code)
        if not self._live.is_hub_heard:
            return "not_taken"
        try:
            result = await self._ask(kind(ticket=ticket.ticket, code_sha256=code))
        except StoreError:
            return "not_taken"
        return await self._told(result, code, before)

    async def _told(self, result: Result | None, code: str, before: list[CodedTicket]) -> str:
        """Return what is to be said of a result; of one that is done, when the page shows it."""
        if result is None:
            return "no_answer"
        if result.refusal:
            return result.refusal if result.refusal in SAID else "not_taken"
        end_s = self._mono_s() + SHOWN_WITHIN_S
        while self._live.mirror.tickets(code) == before and self._mono_s() < end_s:  # noqa: ASYNC110 - seldom
            await asyncio.sleep(LOOK_EVERY_S)
        return ""

    def _tickets(self, request: Request) -> list[CodedTicket]:
        code = request.path_params["code"].upper()
        if not CODE.match(code):
            return []
        return self._live.mirror.tickets(hashlib.sha256(code.encode()).hexdigest())

    def _language(self, request: Request) -> str:
        asked = request.path_params.get("language", "").lower()
        return asked if asked in self._languages else self._languages[0]

    def _nobodys(self, request: Request, language: str) -> Response:
        is_free = self._unknown.takes("", self._mono_s())
        page = self._show(request, language, cards=[], ask_s=ASK_SELDOM_S, said="")
        page.status_code = 404 if is_free else 429
        return page

    def _show(
        self, request: Request, language: str, *, cards: list[Card], ask_s: int, said: str
    ) -> Response:
        lead = min(cards, key=lambda card: LEAD.index(card.key), default=None)

        def speak(phrase: Phrase, **values: object) -> str:
            return say(phrase, language, **values)

        values = {
            "cards": cards,
            "lead": lead,
            "ask_s": ask_s,
            "said": said,
            "lost": self._lost(language),
            "hall": self._setup.name,
            "language": language,
            "languages": [(code, words.NAMES.get(code, code)) for code in self._languages],
            "path": f"/t/{request.path_params['code']}",
            "minutes": self._setup.hold_min,
            "say": speak,
            "words": words,
            "missed": say(words.MISSED_ASK, language),
            "css": self._css,
            "js": self._js,
        }
        return self._templates.TemplateResponse(
            request, "phone.html", values, headers=self._headers
        )

    def _lost(self, language: str) -> str:
        """Return the badge while the hub is not heard; empty while it is."""
        if self._live.is_hub_heard:
            return ""
        hub = self._live.mirror.hub
        since = self._phones.time(hub.at_ms) if hub is not None and hub.date_known else ""
        return say(LOST, language, time=since) if since else say(words.LOST, language)


def _is_done(act: str, ticket: CodedTicket) -> bool:
    """Return whether a press changes nothing: the second of two, or of an old page."""
    return ticket.parked_for == "hold" if act == "hold" else ticket.outcome == "cancelled"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


async def _body(request: Request) -> bytes | None:
    """Return the body, or None when it is longer than any form of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return None
    return body
