"""The page of one contact list: what was declared, what it promises, who is on it, imports."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from serving.errors import CursorError
from serving.lists import service
from serving.lists.words import STATUS_WORDS
from serving.pages.frame import frame, headline, notice
from serving.pages.lists_forms import MOST_BYTES
from serving.pages.lists_funnel import funnel
from serving.pages.lists_imports import imported_words
from serving.pages.lists_missing import of_a_list
from serving.pages.lists_sensitivity import sensitivity_table
from serving.pages.lists_words import ARMS, audience_words, declared, gain_words, outside_words
from serving.pages.render import page
from serving.pages.state import Parts
from serving.store.batch import Batch
from serving.store.usage import count_listed
from serving.web.patience import take_time

PAGE_SIZE = 25
MOST_BANDS = 24


@of_a_list
def list_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show one list."""
    take_time(request.scope)
    list_id = request.path_params["list_id"]
    arm = request.query_params.get("arm", "")
    arm = arm if arm in ARMS else ""
    cursor = request.query_params.get("cursor") or None
    shown = service.the_list(parts.store, parts.settings, parts.clock(), list_id)
    try:
        members = service.members(
            parts.store, list_id, cursor=cursor, limit=PAGE_SIZE, arm=arm or None
        )
    except CursorError as error:
        return _no_such_part(request, parts, list_id, str(error))
    count_listed(len(members["items"]))
    told = shown["terms"]
    return page(
        "list_page.html",
        **frame(request, parts, "lists"),
        **headline(parts, batch),
        list=shown,
        list_id=list_id,
        statuses=STATUS_WORDS,
        declared=declared(told, told["churn_horizon_days"]),
        audience=audience_words(told["audience"]),
        gain_words=gain_words(shown["gain"], told["assumed"]["save_rate"]),
        steps=funnel(shown["counts"]),
        sensitivity=sensitivity_table(shown["sensitivity"], shown["gain"]["mean"]),
        bands=(shown.get("fairness") or [])[:MOST_BANDS],
        members=_with_reasons(parts, batch, members["items"]),
        first_page=list_href(list_id, arm),
        arm=arm,
        arms=ARMS,
        is_further=cursor is not None,
        following=list_href(list_id, arm, members["next_cursor"]),
        most_mib=MOST_BYTES // 2**20,
        outside=outside_words(shown["counts"]),
        erased=sum((shown.get("erased") or {}).values()),
        imported=imported_words(request.query_params),
    )


def list_href(list_id: str, arm: str = "", cursor: str | None = "") -> str:
    """Address of the members' part of a list's page; empty where a cursor is None."""
    if cursor is None:
        return ""
    pairs = [(name, text) for name, text in (("arm", arm), ("cursor", cursor)) if text]
    return f"/lists/{list_id}{'?' if pairs else ''}{urlencode(pairs)}#members"


def _no_such_part(request: Request, parts: Parts, list_id: str, why: str) -> Response:
    return notice(
        request,
        parts,
        422,
        title="This page of the list cannot be shown",
        sentence=f"{why[:1].upper()}{why[1:]}.",
        link={"href": list_href(list_id), "text": "The list from its beginning"},
        here="lists",
    )


def _with_reasons(parts: Parts, batch: Batch, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Members with the row of the current batch under `row`; None where it holds them no more."""
    ids = [item["customer_id"] for item in items if item["customer_id"]]
    found = parts.store.scores(ids, batch.batch_id) if ids else {}
    return [{**item, "row": found.get(item["customer_id"])} for item in items]
