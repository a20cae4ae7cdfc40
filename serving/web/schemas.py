"""JSON schemas of the answers, for the OpenAPI document."""

from retention.dates import NEXT_ORDER, SILENCE
from retention.scores import SCORE_FIELDS
from retention.segments.rfm import GROUPS
from serving.store.listing import LIFECYCLES
from serving.store.portfolio import RISK_TIERS, VALUE_TIERS
from serving.store.tables import scores
from serving.web.model_schema import model_card
from serving.web.portfolio_schema import portfolio
from serving.web.shapes import COUNT, DAY, NUMBER, TEXT, Schema, closed, nullable

# What `bodies.FORBIDDEN` refuses in an id.
ID_PATTERN = r"^[^\x00-\x1f\x7f]+$"
ENUMS: dict[str, tuple[str, ...]] = {
    "score_status": (
        *("scored", "inactive", "no_purchases", "too_new"),
        *("no_profiling", "erased", "unknown"),
    ),
    "risk_tier": RISK_TIERS,
    "risk_change": ("up", "down", "same"),
    "value_tier": VALUE_TIERS,
    "rfm_group": GROUPS,
    "lifecycle_status": LIFECYCLES,
}
DAYS = ("tier_since", *NEXT_ORDER, *SILENCE, "last_contacted_on")
UNITS = {
    "churn_probability": "P(no purchase within churn_horizon_days), 0 to 1",
    "usual_churn_probability": "that of customers with as many orders, in the latest closed window",
    "churn_percentile": "1 to 100, 100 is riskiest",
    "predicted_clv": "expected revenue net of refunds within value_horizon_days, currency",
    "clv_p10": "1 in 10 such customers spend less; below 0 where refunds may outweigh purchases",
    "clv_p50": "half of such customers spend less; 0 where most spend nothing",
    "clv_p90": "1 in 10 such customers spend more",
    "predicted_number_of_orders": "expected orders within value_horizon_days",
    "expected_date_of_next_order": (
        "median day of the next order, given one within value_horizon_days; null where `missing` "
        "says return_unlikely (less likely than not) or too_few_returners (of the whole shop)"
    ),
    "expected_date_of_next_order_p10": "1 in 10 such customers who order do so before this day",
    "expected_date_of_next_order_p90": "9 in 10 such customers who order do so by this day",
    "medium_risk_on": (
        "first day on which the risk is medium or higher if no order comes; null where `missing` "
        "says already_above, not_within_365_days, or batch_only (/predict does not search for it)"
    ),
    "high_risk_on": "the same for high risk",
    "predicted_contribution": (
        "margin on predicted_clv less costs, discounted; null where `missing` says no_margin "
        "(money.margin is not set)"
    ),
    "simple_clv": "average order value x orders a year x years of custom (at most 5), currency",
    "rfm_group": (
        "by recency and frequency; `missing` says no_cut_points where /predict goes by a batch of "
        "an earlier version"
    ),
    "last_contacted_on": (
        "day of the latest contact; null where `missing` says never_contacted, "
        "no_contacts_table, or batch_only (/predict)"
    ),
    "reachable_by": (
        "channels with commas between, empty for none; null where `missing` says not_given, "
        "no_customers_table, or batch_only (/predict)"
    ),
    "value_at_risk": "for ranking only; never add it up",
    "days_since_last": "days",
}
HEAD: Schema = {
    "as_of": DAY,
    "batch_id": TEXT,
    "model_version": TEXT,
    "published_at": {"type": "string", "format": "date-time"},
    "stale": {"type": "boolean", "description": "published longer ago than the shop allows"},
}


def with_head(properties: Schema) -> Schema:
    """Return the schema of an answer about scores."""
    return closed({**HEAD, **properties})


def _field(name: str) -> Schema:
    if name == "customer_id":
        return TEXT
    if name in ("as_of", "batch_id", "model_version"):
        return nullable(TEXT)
    if name == "score_status":
        return {"type": "string", "enum": list(ENUMS[name])}
    if name == "missing":
        why = "field that is null: code of the reason"
        return {"type": "object", "additionalProperties": TEXT, "description": why}
    if name == "reasons":
        return {"type": "array", "maxItems": 5, "items": {"$ref": "#/components/schemas/Reason"}}
    if name in ENUMS:
        return nullable({"type": "string", "enum": list(ENUMS[name])})
    kind = scores.columns[name].type.python_type
    plain = {int: "integer", float: "number", str: "string"}[kind]
    schema = nullable(DAY if name in DAYS else {"type": plain})
    return {**schema, "description": UNITS[name]} if name in UNITS else schema


def components() -> dict[str, Schema]:
    """Return the named schemas of the answers."""
    row = {name: _field(name) for name in SCORE_FIELDS}
    optional = tuple(name for name in SCORE_FIELDS if name not in ("customer_id", "score_status"))
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/ScoreRow"}}
    order = {
        "customer_id": TEXT,
        "order_number": {"type": "integer", "minimum": 1},
        "ordered_on": DAY,
        "amount": NUMBER,
        "items": nullable(NUMBER),
        "lines": COUNT,
    }
    past = {
        "as_of": DAY,
        "batch_id": TEXT,
        "published_at": HEAD["published_at"],
        **{n: _field(n) for n in ("churn_probability", "risk_tier")},
        **{n: _field(n) for n in ("predicted_clv", "value_at_risk")},
    }
    return {
        "ScoreRow": {
            **closed(row, optional=optional),
            "description": "a status other than scored has nulls, but for contact and reach; "
            "unknown has two fields only",
        },
        "Reason": closed(
            {
                "code": TEXT,
                "value": nullable(NUMBER),
                "direction": {"type": "string", "enum": ["raises_risk", "lowers_risk"]},
                "importance": {"type": "number", "minimum": 0, "maximum": 1},
                "text": TEXT,
            }
        ),
        "Scores": with_head({"results": rows}),
        "CustomerList": with_head({"items": rows, "next_cursor": nullable(TEXT)}),
        "Orders": with_head(
            {"customer_id": TEXT, "orders": {"type": "array", "items": closed(order)}}
        ),
        "History": with_head(
            {"customer_id": TEXT, "history": {"type": "array", "items": closed(past)}}
        ),
        "Portfolio": with_head(portfolio()),
        "ModelCard": model_card(),
        "Problem": _problem(),
    }


def _problem() -> Schema:
    fault = closed({"where": TEXT, "what": TEXT})
    properties = {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "errors": {"type": "array", "items": fault},
    }
    return {**closed(properties, optional=("errors",)), "description": "an error (RFC 9457)"}
