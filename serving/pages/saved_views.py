"""Forms of the saved views: keep, rename, delete."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from serving.pages.forms import changes
from serving.pages.frame import notice
from serving.pages.query import LIST_ADDRESS, ListQuery
from serving.pages.render import PAGE_HEADERS
from serving.pages.state import Parts
from serving.store.views import ViewError, Views

# Lists that every shop begins with.
READY_MADE = (
    ("High risk, high value", "risk_tier=high&value_tier=top,high"),
    ("Slipping", "lifecycle_status=slipping"),
    ("Risk went up", "risk_change=up"),
    ("Won back", "lifecycle_status=won_back"),
    ("Everybody", "everybody=yes"),
)


def view_links(parts: Parts, query: ListQuery) -> dict[str, Any]:
    """The views that a list page offers: `views` and, if one is on show, its `view` by name."""
    own = Views(parts.store.database, parts.clock).all()
    here = query.text
    links = [_link(name, text, here, "") for name, text in READY_MADE]
    links += [_link(view.name, view.query, here, view.created_by) for view in own]
    shown = next((link for link in links[::-1] if link["is_shown"]), None)
    return {"views": links, "view": shown}


def save(request: Request, parts: Parts, form: FormData) -> Response:
    """Keep the list on show under the name given."""
    query = ListQuery.of_text(str(form.get("query", "")))
    if query.fault:
        return _refused(request, parts, query.fault)
    try:
        _views(parts).save(str(form.get("name", "")), query.text, request.state.principal.prefix)
    except ViewError as error:
        return _refused(request, parts, str(error))
    return _to(query.first)


def rename(request: Request, parts: Parts, form: FormData) -> Response:
    """Give a view another name."""
    try:
        _views(parts).rename(str(form.get("name", "")), str(form.get("new_name", "")))
    except ViewError as error:
        return _refused(request, parts, str(error))
    return _to(ListQuery.of_text(str(form.get("query", ""))).first)


def remove(request: Request, parts: Parts, form: FormData) -> Response:
    """Forget a view; the list stays on show."""
    _views(parts).remove(str(form.get("name", "")))
    return _to(ListQuery.of_text(str(form.get("query", ""))).first)


save_view, rename_view, remove_view = changes(save), changes(rename), changes(remove)


def _link(name: str, text: str, here: str, created_by: str) -> dict[str, Any]:
    query = ListQuery.of_text(text)
    is_shown = query.text == here
    return {"name": name, "href": query.href, "is_shown": is_shown, "created_by": created_by}


def _views(parts: Parts) -> Views:
    return Views(parts.store.database, parts.clock)


def _to(href: str) -> Response:
    return RedirectResponse(href, status_code=303, headers=PAGE_HEADERS)


def _refused(request: Request, parts: Parts, why: str) -> Response:
    return notice(
        request,
        parts,
        422,
        title="The view was not kept",
        sentence=f"{why[:1].upper()}{why[1:]}.".replace("..", "."),
        link={"href": LIST_ADDRESS, "text": "Back to the customers"},
        here="customers",
    )
