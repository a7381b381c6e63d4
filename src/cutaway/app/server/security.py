"""Who may enter: checked before anything is routed, and the headers of every answer."""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import error_response
from .settings import Settings
from .shell import login_page

__all__ = ["AccessControl"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_LOCAL = {"localhost", "127.0.0.1", "::1"}


class AccessControl:
    """ASGI middleware: Host, Origin, then token or cookie; what fails never reaches a route."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self._once = settings.once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it with 401 or 403."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refused(Headers(scope=scope)) or self._unauthenticated(scope)
        await (answer or self.app)(scope, receive, guarded)

    def _refused(self, headers: Headers) -> Response | None:
        """Against DNS rebinding: the name asked for; against other sites: where it comes from."""
        hosts = headers.getlist("host")
        name = _host_name(hosts[0]) if len(hosts) == 1 else None
        if name is None or not self._is_our_name(name):
            return error_response(403, f"this server is not called {' '.join(hosts)!r}")
        for origin in headers.getlist("origin"):
            if urlsplit(origin).netloc != hosts[0] or not origin.startswith(("http:", "https:")):
                return error_response(403, f"pages of {origin!r} may not ask this server")
        foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        if foreign and headers.get("sec-fetch-mode") != "navigate":
            return error_response(403, "pages of other sites may not ask this server")
        return None

    def _is_our_name(self, name: str) -> bool:
        """An address can't be rebound to another one; a name must be known."""
        settings = self.settings
        if name in _LOCAL or name in (settings.host.lower(), *map(str.lower, settings.names)):
            return True
        return settings.host not in _LOCAL and _is_address(name)

    def _unauthenticated(self, scope: Scope) -> Response | None:
        """None for who has cookie or token; who comes with the printed address gets the cookie."""
        settings, headers = self.settings, Headers(scope=scope)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        token = query.get("token", [""])[0]
        if scope["path"] == "/" and scope["method"] == "GET" and self._is_token(token):
            return login_response(settings)
        if self._has_cookie(headers) or _equal_secrets(_bearer(headers), settings.token):
            return None
        if scope["path"] == "/login" and settings.password is not None:
            return None
        if "text/html" in headers.get("accept", "") and not scope["path"].startswith("/api/"):
            return HTMLResponse(login_page(with_password=settings.password is not None), 401)
        return error_response(401, "open the address that the server printed when it was started")

    def _is_token(self, token: str) -> bool:
        """Whether a token of an address is right; that for a browser is right only once."""
        if _equal_secrets(token, self.settings.token):
            return True
        if not self._once or not _equal_secrets(token, self._once):
            return False
        self._once = ""
        return True

    def _has_cookie(self, headers: Headers) -> bool:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(headers.get("cookie", ""))
        except CookieError:
            return False
        found = jar.get(self.settings.cookie_name)
        return found is not None and _equal_secrets(found.value, self.settings.cookie)


def login_response(settings: Settings) -> Response:
    """To the page without the token in its address, and with the cookie that stands for it."""
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        settings.cookie_name, settings.cookie, httponly=True, samesite="strict", path="/"
    )
    return answer


def _bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _equal_secrets(given: str, known: str) -> bool:
    """Whether two secrets are one, in the same time for all of them."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), known.encode())


def _host_name(host: str) -> str | None:
    """The name in a Host header, in small letters and without the port; None for no such."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
