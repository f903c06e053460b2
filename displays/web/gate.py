"""Who may ask this server: a browser on this machine, on this page, and plain programs.

A page elsewhere must not press buttons through a visitor's or technician's browser: a foreign Host
is DNS rebinding, a foreign Origin is a forged request. Both are refused before any route sees them.
"""

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_NAMES = frozenset(("127.0.0.1", "localhost", "[::1]"))

# Nothing from elsewhere, nothing inline; no frame around the page.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not "no-referrer": with it a form's Origin is null, and its press would look foreign.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def refusal(status: int, error: str, mend: str, **more: object) -> Response:
    """Return a JSON answer that says what is wrong and how to mend it."""
    body = msgspec.json.encode({"error": error, "mend": mend, **more})
    return Response(body, status, media_type="application/json")


def name_of(host: str) -> str:
    """Return a Host header's name without its port, in lower case."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


class Gate:
    """ASGI middleware: refuses foreign hosts and origins, adds the security headers.

    Args:
        names: Of this server; None where any name leads to it, as on a Wi-Fi without internet.
    """

    def __init__(self, app: ASGIApp, *, names: frozenset[str] | None = LOCAL_NAMES) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that may not pass, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers_out = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers_out.setdefault(name, value)  # a page may have its own
            await send(message)

        headers = Headers(scope=scope)
        answer = self._foreign_host(headers)
        if answer is None and scope["method"] not in {"GET", "HEAD"}:
            answer = self._foreign_origin(headers)
        await (answer or self._app)(scope, receive, send_with_headers)

    def _foreign_host(self, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if self._names is None or name_of(host) in self._names:
            return None
        mend = f"open it as one of: {', '.join(sorted(self._names))}"
        return refusal(421, f"the host {host!r} is not this server", mend)

    def _foreign_origin(self, headers: Headers) -> Response | None:
        site = headers.get("sec-fetch-site", "none")
        origin = headers.get("origin")
        is_own = origin is None or origin == f"http://{headers.get('host')}"
        if is_own and site in {"same-origin", "none"}:
            return None
        mend = "press on the page of this server itself, or with a program that sends no Origin"
        return refusal(403, f"a request from {origin or site} may not press here", mend)
