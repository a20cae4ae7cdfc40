"""Sign in with a token, get a session cookie; sign out, lose it."""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.pages.forms import changes
from serving.pages.render import PAGE_HEADERS, page
from serving.pages.state import Parts
from serving.store.tokens import SESSION_COOKIE, SESSION_HOURS

NOT_VALID = "This token is unknown, has expired or was revoked. Check that all of it was pasted."
MOST_FIELDS = 4


def sign_in_form(request: Request) -> Response:
    """Show the form."""
    return page("sign_in.html", fault="", shop="")


async def sign_in(request: Request) -> Response:
    """Open a session for a valid token and go to the list; else show the form with 401."""
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        token = str(form.get("token", "")).strip()
    session = await run_in_threadpool(Parts.of(request).tokens.create_session, token)
    if session is None:
        return page("sign_in.html", 401, fault=NOT_VALID, shop="")
    secret, _ = session
    response = RedirectResponse("/", status_code=303, headers=PAGE_HEADERS)
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=SESSION_HOURS * 3600,
        path="/",
        secure=request.url.scheme == "https" or Parts.of(request).settings.serve.behind_tls,
        httponly=True,
        samesite="strict",
    )
    return response


def end_session(request: Request, parts: Parts, _form: FormData) -> Response:
    """End the session and go to the form."""
    parts.tokens.end_session(request.cookies[SESSION_COOKIE])
    response = RedirectResponse("/sign-in", status_code=303, headers=PAGE_HEADERS)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return response


sign_out = changes(end_session)
