"""The page *Data*: what became of every row of the log, and what the log covers."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving.pages.frame import frame, headline
from serving.pages.render import page
from serving.pages.state import Parts
from serving.store.batch import Batch

FATES = (
    ("accepted", "Accepted", "Purchases and refunds that everything here is made from."),
    ("duplicate", "Duplicate", "Delivered before, by their line id, order or file; counted once."),
    ("anonymous", "Anonymous", "Without a customer, so they tell nothing of anybody."),
    ("excluded", "Excluded", "Left out by a rule of the settings, such as postage."),
    ("quarantined", "Quarantined", "Could not be read, and wait in a list with their reasons."),
)


def data_page(request: Request, parts: Parts, batch: Batch) -> Response:
    """Show the data report of the load that the current batch was made from."""
    facts = parts.store.details(batch.batch_id).get("data")
    return page(
        "data.html",
        **frame(request, parts, "data"),
        **headline(parts, batch),
        facts=facts,
        fates=fates(facts) if facts else [],
        is_whole=facts is not None and _adds_up(facts),
    )


def fates(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What became of the rows: counts and shares, in the order of the sum."""
    rows = facts["rows"] or 1
    return [
        {"name": name, "rows": facts[key], "share": facts[key] / rows, "meaning": meaning}
        for key, name, meaning in FATES
    ]


def _adds_up(facts: Mapping[str, Any]) -> bool:
    return bool(facts["rows"] == sum(facts[key] for key, _, _ in FATES))
