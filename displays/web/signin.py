"""The door of the technician's pages: one password in, one cookie out."""

import logging
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from broker.log import kv
from displays.web.sessions import Sessions, Tries
from displays.web.technician import PASSWORD_CHARS_MAX, AccountError, Technician

log = logging.getLogger(__name__)

COOKIE = "loket_technician"
FORM_BYTES_MAX = 2 * 1024
DOOR = "/tech/login"


class SignIn:
    """Routes that open and close a session, and who may pass.

    Args:
        now_s: Monotonic clock: a wrong date locks nobody out.
    """

    def __init__(
        self, *, technician: Technician, templates: Jinja2Templates, now_s: Callable[[], float]
    ) -> None:
        self._technician = technician
        self._templates = templates
        self._now_s = now_s
        self._sessions = Sessions(lambda: secrets.token_urlsafe(32))
        self._tries = Tries()

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route(DOOR, self.ask),
            Route(DOOR, self.open, methods=["POST"]),
            Route("/tech/logout", self.close, methods=["POST"]),
        ]

    def is_open(self, request: Request) -> bool:
        """Return whether this browser is signed in."""
        token = request.cookies.get(COOKIE, "")
        return self._sessions.is_open(token, self._now_s())

    async def ask(self, request: Request) -> Response:
        """Show the form."""
        if self.is_open(request):
            return RedirectResponse("/tech", 303)
        return self._form(request, "" if self._technician.exists else "unset")

    async def open(self, request: Request) -> Response:
        """Take the form: sign in, or say why not."""
        wait_s = self._tries.wait_s(self._now_s())
        if wait_s > 0:
            answer = self._form(request, "wait", 429, wait_s=round(wait_s + 0.5))
            answer.headers["Retry-After"] = str(round(wait_s + 0.5))
            return answer
        password = await _password(request)
        # Counted before it is looked at: a thousand at once are no thousand free tries.
        self._tries.wrong(self._now_s())
        try:
            is_right = await self._technician.knows(password)
        except AccountError as error:
            log.critical("the technician's account can't be used", extra=kv(why=str(error)))
            return self._form(request, "unset", 503)
        if not is_right:
            log.warning("a wrong technician's password")
            return self._form(request, "wrong", 403)
        self._tries.right()
        log.info("the technician signed in")
        answer = RedirectResponse("/tech", 303)
        # No Secure: the page is plain HTTP on this machine, until it has a certificate.
        token = self._sessions.open(self._now_s())
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/tech")
        return answer

    async def close(self, request: Request) -> Response:
        """Sign out."""
        self._sessions.close(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(DOOR, 303)
        answer.delete_cookie(COOKIE, path="/tech")
        return answer

    def _form(self, request: Request, why: str, status: int = 200, **more: object) -> Response:
        context = {"why": why, **more}
        headers = {"Cache-Control": "no-store"}
        return self._templates.TemplateResponse(
            request, "tech_login.html", context, status_code=status, headers=headers
        )


async def _password(request: Request) -> str:
    """Return what was typed; empty when the form is none of ours, which is a wrong password."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            return ""
    try:
        (typed,) = parse_qs(body.decode(), strict_parsing=True, max_num_fields=4)["password"]
    except (ValueError, KeyError):
        return ""
    return typed if len(typed) <= PASSWORD_CHARS_MAX else ""
