"""The query parameters of `GET /v1/customers`, checked by name and value."""

import math
import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from retention.segments.rfm import GROUPS
from serving.errors import NO_CURSOR
from serving.portfolio_value import BASES
from serving.store.listing import DEFAULT_SORT, LIFECYCLES, RISK_CHANGES, SORTS, Filters
from serving.store.portfolio import RISK_TIERS, VALUE_TIERS
from serving.web.problem import Problem

CHOICES = {
    "risk_tier": RISK_TIERS,
    "value_tier": VALUE_TIERS,
    "lifecycle_status": LIFECYCLES,
    "risk_change": RISK_CHANGES,
    "rfm_group": GROUPS,
}
SINGLE = ("min_value_at_risk", "min_churn_probability", "q", "sort", "limit", "cursor")
KNOWN = (*CHOICES, *SINGLE)
MAX_LIMIT = 1000
DEFAULT_LIMIT = 50
MAX_TEXT = 200
# Every cursor is longer than this; an empty one is none.
CURSOR_PATTERN = "^([A-Za-z0-9_-]{36,})?$"


@dataclass(frozen=True)
class ListQuery:
    """What a list was asked for."""

    filters: Filters
    sort: str
    limit: int
    cursor: str | None


def list_query(params: QueryParams) -> ListQuery:
    """Return the checked parameters.

    Raises
    ------
    Problem
        422 if a parameter is unknown, given twice, or has a value that is not allowed.
    """
    for name in params:
        if name not in KNOWN:
            raise Problem(422, f"unknown query parameter {name!r}; known are {', '.join(KNOWN)}")
    for name in SINGLE:
        if len(params.getlist(name)) > 1:
            raise Problem(422, f"{name} is given twice; give it once")
    filters = Filters(
        risk_tier=_choices(params, "risk_tier"),
        value_tier=_choices(params, "value_tier"),
        lifecycle_status=_choices(params, "lifecycle_status"),
        risk_change=_choices(params, "risk_change"),
        rfm_group=_choices(params, "rfm_group"),
        min_value_at_risk=_number(params, "min_value_at_risk", low=-math.inf, high=math.inf),
        min_churn_probability=_number(params, "min_churn_probability", low=0, high=1),
        q=_text(params, "q"),
    )
    sort = params.get("sort", DEFAULT_SORT)
    if sort not in SORTS:
        raise Problem(422, f"sort must be one of {', '.join(SORTS)}")
    return ListQuery(filters, sort, limit_of(params), cursor_of(params))


def basis_of(params: QueryParams) -> str:
    """Return the basis of value that a portfolio was asked for on; default `revenue`.

    Raises
    ------
    Problem
        422 if there is no such basis, or it is given twice.
    """
    given = params.getlist("basis") or [BASES[0]]
    if len(given) > 1 or given[0] not in BASES:
        raise Problem(422, f"basis must be one of {', '.join(BASES)}, given once")
    return given[0]


def cursor_of(params: QueryParams) -> str | None:
    """Return the cursor, checked; None without one."""
    text = params.get("cursor", "")
    if not re.fullmatch(CURSOR_PATTERN, text):
        raise Problem(422, NO_CURSOR)
    return text or None


def _choices(params: QueryParams, name: str) -> tuple[str, ...]:
    given = [part for value in params.getlist(name) for part in value.split(",")]
    for value in given:
        if value not in CHOICES[name]:
            raise Problem(422, f"{name} must be among {', '.join(CHOICES[name])}")
    return tuple(sorted(set(given)))


def _number(params: QueryParams, name: str, *, low: float, high: float) -> float | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not low <= value <= high:
        between = "" if math.isinf(high) else f" from {low:g} to {high:g}"
        raise Problem(422, f"{name} must be a number{between}")
    return value


def _text(params: QueryParams, name: str) -> str | None:
    text = params.get(name)
    if text is not None and (len(text) > MAX_TEXT or "\x00" in text):
        raise Problem(422, f"{name} must be part of a customer id, at most {MAX_TEXT} characters")
    return text or None


def limit_of(params: QueryParams) -> int:
    """Return the number of rows of a page, checked."""
    text = params.get("limit", str(DEFAULT_LIMIT))
    digits = text.isascii() and text.isdigit() and len(text) <= 4
    if not digits or not 1 <= int(text) <= MAX_LIMIT:
        raise Problem(422, f"limit must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)
