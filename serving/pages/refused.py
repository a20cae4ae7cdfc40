"""The page that a browser gets in place of an error object: what was wrong, and when to try again.

It needs neither store nor session, for it is shown where there may be none.
"""

import math

from starlette.responses import Response

from serving.pages.render import page

TITLES = {
    401: "Not signed in",
    403: "Not allowed",
    404: "No such page",
    413: "Too long",
    422: "This does not fit",
    429: "Too much for now",
    500: "This page could not be made",
    503: "Not just now",
}
MINUTE, HOUR = 60, 3600


def refused_page(
    status: int,
    sentence: str,
    *,
    retry_after: str | None = None,
    link: tuple[str, str] = ("/", "Open the dashboard"),
) -> Response:
    """Return a page of one heading and the sentence of an error.

    Parameters
    ----------
    status : HTTP status
    sentence : what was wrong and what to do, without a full stop
    retry_after : seconds until it may be asked for again
    link : address and text of the way on
    """
    told = f"{sentence[:1].upper()}{sentence[1:]}."
    if retry_after is not None and retry_after.isdigit():
        told += f" Try again in {span_of(int(retry_after))}."
    return page(
        "notice.html",
        status,
        shop="",
        title=TITLES.get(status, "This was not accepted"),
        sentence=told,
        command="",
        link={"href": link[0], "text": link[1]},
    )


def span_of(seconds: int) -> str:
    """Return a time to wait in words, rounded up to the next unit people wait by."""
    if seconds < MINUTE:
        count, unit = max(1, seconds), "second"
    elif seconds <= 2 * HOUR:
        count, unit = math.ceil(seconds / MINUTE), "minute"
    else:
        count, unit = math.ceil(seconds / HOUR), "hour"
    return f"{count} {unit}{'' if count == 1 else 's'}"
