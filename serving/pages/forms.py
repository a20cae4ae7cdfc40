"""Forms that change something: each carries a token that only our own pages can know."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from serving.pages.render import page
from serving.pages.state import Parts
from serving.pages.words import written_as
from serving.store.tokens import SESSION_COOKIE

FIELD = "csrf"
MOST_FIELDS = 40

Action = Callable[[Request, Parts, FormData], Response]


def csrf_of(request: Request) -> str:
    """The text that the hidden field `csrf` must hold in a form of this session."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    return hmac.new(secret.encode(), FIELD.encode(), hashlib.sha256).hexdigest()


def changes(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Let a form reach `action` only from a page of the same session; any other gets 403."""

    async def handler(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            if not is_ours(request, form):
                return forged()
            return await run_in_threadpool(_written, action, request, form)

    return handler


def _written(action: Action, request: Request, form: FormData) -> Response:
    parts = Parts.of(request)
    with written_as(parts.writing):
        return action(request, parts, form)


def is_ours(request: Request, form: FormData) -> bool:
    """Whether a form came from a page of this session."""
    if not request.cookies.get(SESSION_COOKIE):
        return False
    given = str(form.get(FIELD, "")).encode("utf-8", "replace")
    return hmac.compare_digest(given, csrf_of(request).encode())


def forged() -> Response:
    """The page for a form that another site, or a page of an ended session, has sent."""
    return page(
        "notice.html",
        403,
        shop="",
        title="This form was not accepted",
        sentence="It does not carry the mark of your session: the session began anew since the "
        "page was opened, or the form came from elsewhere. Nothing was changed. Open the page "
        "again and repeat.",
        command="",
        link={"href": "/", "text": "Open the dashboard"},
    )
