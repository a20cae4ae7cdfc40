"""Who may pass: a bearer token, or a dashboard session on pages and reads.

`AuthMiddleware` denies by default. It looks up the rule of the path before anything else runs; a
path without a rule is 401 without a token and 404 with one.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.runtime import Runtime
from serving.store.tokens import SESSION_COOKIE, Principal
from serving.web.problem import Problem
from serving.web.rates import WrongTokens
from serving.web.rules import Found, Rule, find

REMEMBER_SECONDS = 2.0
REMEMBERED = 1024
SIGN_IN = "/sign-in"
CHALLENGE = {"www-authenticate": 'Bearer realm="perennial"'}


class AuthMiddleware:
    """Lets a request pass with `scope["state"]["principal"]` and `["rule"]`, or answers it.

    Whether that principal may use the route is for `PermitMiddleware` to say, behind the limits:
    what is refused counts, too.

    Parameters
    ----------
    runtime : holds the sessions
    tokens : tells whose a token is
    """

    def __init__(self, app: ASGIApp, *, runtime: Runtime, tokens: "Remembered") -> None:
        self.app = app
        self.runtime = runtime
        self.tokens = tokens
        self.sessions = Remembered(
            lambda secret: runtime.quickly(runtime.tokens.check_session, secret)
        )
        self.wrong = WrongTokens(
            lambda: runtime.share(runtime.settings.serve.wrong_tokens_per_minute)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        found = find(scope["method"], scope["path"])
        state = scope.setdefault("state", {})
        state["rule"], state["allowed"] = found.rule, found.allowed
        scope["path_params"] = dict(found.path_params)
        answer = await self._refusal(scope, found)
        if answer is None and found.rule is not None and found.rule.path == SIGN_IN:
            send = self._counting(scope, receive, send)
        await (answer or self.app)(scope, receive, send)

    async def _refusal(self, scope: Scope, found: Found) -> Response | None:
        rule, headers = found.rule, Headers(scope=scope)
        if rule is not None and rule.form and scope["method"] == "POST":
            _check_same_site(headers)
        if rule is not None and rule.is_open:
            return None
        principal = await self._principal(headers, rule)
        if principal is None:
            if "authorization" in headers:
                self.wrong.check(scope)
            if rule is not None and rule.is_page and "authorization" not in headers:
                return RedirectResponse("/sign-in", status_code=303)
            raise Problem(401, _why_401(headers), headers=CHALLENGE)
        scope["state"]["principal"] = principal
        return None

    def _counting(self, scope: Scope, receive: Receive, send: Send) -> Send:
        """Count a form with a wrong token like a header with one."""
        is_refused = False

        async def counted(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] == 401:
                try:
                    self.wrong.check(scope)
                except Problem as problem:
                    is_refused = True
                    await problem.response_to(scope)(scope, receive, send)
            if not is_refused:
                await send(message)

        return counted

    async def _principal(self, headers: Headers, rule: Rule | None) -> Principal | None:
        bearer = headers.get("authorization")
        if bearer is not None:
            kind, _, text = bearer.partition(" ")
            return await self.tokens.get(text.strip()) if kind.lower() == "bearer" else None
        if rule is not None and not rule.by_cookie:
            return None
        secret = session_secret(headers)
        return await self.sessions.get(secret) if secret else None


class Remembered:
    """Answers of a check, kept for two seconds: a revoked token ends within that time."""

    def __init__(self, check: Callable[[str], Awaitable[Principal | None]]) -> None:
        self._check = check
        self._kept: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    def known(self, text: str) -> Principal | None:
        """Return whose text this is, as far as it was checked in the last two seconds."""
        kept = self._kept.get(_key(text))
        return kept[1] if kept is not None and time.monotonic() < kept[0] else None

    async def get(self, text: str) -> Principal | None:
        """Return whose text this is, None if it is nobody's; refusals are not kept."""
        known = self.known(text)
        if known is not None:
            return known
        key, now = _key(text), time.monotonic()
        principal = await self._check(text)
        self._kept.pop(key, None)
        if principal is not None:
            self._kept[key] = (now + REMEMBER_SECONDS, principal)
            if len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return principal


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def session_secret(headers: Headers) -> str | None:
    """Return the session cookie's content, if there is one."""
    try:
        cookie = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    return cookie[SESSION_COOKIE].value if SESSION_COOKIE in cookie else None


def _check_same_site(headers: Headers) -> None:
    # Older browsers send no such header; SameSite=Strict covers them.
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Problem(403, "a form of another site was sent here; open the dashboard itself")


def _why_401(headers: Headers) -> str:
    if "authorization" not in headers:
        return "no token; send the header `Authorization: Bearer TOKEN`"
    return "the token is unknown, expired or revoked; create one with `perennial token`"
