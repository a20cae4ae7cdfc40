"""What every page behind the sign-in shows, and the pages for when there is nothing to show."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.errors import StoreDown
from serving.pages.forms import csrf_of
from serving.pages.members import served_words
from serving.pages.render import page
from serving.pages.state import Parts
from serving.pages.words import written_as
from serving.store.batch import Batch

RETRY_SECONDS = "30"
# Key of the page, its address, its name in the navigation.
NAVIGATION = (
    ("week", "/", "This week"),
    ("overview", "/overview", "Overview"),
    ("portfolio", "/portfolio", "Portfolio"),
    ("customers", "/customers", "Customers"),
    ("lists", "/lists", "Lists"),
    ("model", "/model", "Model"),
    ("data", "/data", "Data"),
)

View = Callable[[Request, Parts, Batch], Response]


def published(view: View) -> Callable[[Request], Response]:
    """Give a view the current batch; without one, or without a store, a page that says so."""

    @wraps(view)
    def handler(request: Request) -> Response:
        parts = Parts.of(request)
        try:
            batch = parts.store.current()
            if batch is None:
                return _nothing_yet(request, parts)
            with written_as(parts.writing):
                return view(request, parts, batch)
        except StoreDown:
            return _unavailable(
                request,
                parts,
                title="The scores cannot be read just now",
                sentence="The score store does not answer. Try again in a minute; if it lasts, "
                "the log of the service says why.",
                command="",
            )

    return handler


def frame(request: Request, parts: Parts, here: str = "") -> dict[str, Any]:
    """What the header of a page needs; `here` is the page's key in the navigation."""
    return {
        "shop": parts.settings.name,
        "is_signed_in": True,
        "here": here,
        "navigation": NAVIGATION,
        "csrf": csrf_of(request),
        "stale_after_hours": parts.settings.serve.stale_after_hours,
    }


def headline(parts: Parts, batch: Batch) -> dict[str, Any]:
    """The line on the batch that a page shows: `head` and `served`."""
    answer = parts.answers.head(batch, parts.clock())
    return {
        "head": {**answer, "data_until": batch.data_until},
        "served": served(parts, batch),
    }


def served(parts: Parts, batch: Batch) -> str:
    """What made the scores of a batch, in words; empty where its model is in use no more."""
    champion = parts.holder.champion
    if champion is None or champion.version != batch.model_version:
        return ""
    return served_words(champion.bundle.served)


def horizons(rows: list[dict[str, Any]], parts: Parts) -> dict[str, int]:
    """Days looked ahead by the rows on show; by the settings where no row tells."""
    row = next((row for row in rows if row["churn_horizon_days"]), None)
    settings = parts.settings.horizons
    return {
        "churn_days": row["churn_horizon_days"] if row else settings.churn_days,
        "value_days": row["value_horizon_days"] if row else settings.value_days,
    }


def notice(
    request: Request,
    parts: Parts,
    status: int,
    *,
    title: str,
    sentence: str,
    command: str = "",
    link: dict[str, str] | None = None,
    here: str = "",
) -> Response:
    """A page of one heading and one sentence in the dashboard's dress."""
    return page(
        "notice.html",
        status,
        **frame(request, parts, here),
        title=title,
        sentence=sentence,
        command=command,
        link=link,
    )


def _nothing_yet(request: Request, parts: Parts) -> Response:
    return _unavailable(
        request,
        parts,
        title="Nothing is published yet",
        sentence="The service runs, but no scores have been published for this shop. "
        "Train a model once, then publish its scores:",
        command="perennial train -c CONFIG\nperennial score -c CONFIG",
    )


def _unavailable(
    request: Request, parts: Parts, *, title: str, sentence: str, command: str
) -> Response:
    link = {"href": request.url.path, "text": "Try again"}
    response = notice(
        request, parts, 503, title=title, sentence=sentence, command=command, link=link
    )
    response.headers["Retry-After"] = RETRY_SECONDS
    return response
