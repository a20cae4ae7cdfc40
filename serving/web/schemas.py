"""JSON schemas of the answers, for the OpenAPI document."""

from typing import Any

from retention.dates import NEXT_ORDER, SILENCE
from retention.scores import SCORE_FIELDS
from serving.store.listing import LIFECYCLES
from serving.store.portfolio import RISK_TIERS, VALUE_TIERS
from serving.store.tables import scores

Schema = dict[str, Any]

DAY: Schema = {"type": "string", "format": "date"}
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
ENUMS: dict[str, tuple[str, ...]] = {
    "score_status": ("scored", "inactive", "no_purchases", "too_new", "unknown"),
    "risk_tier": RISK_TIERS,
    "risk_change": ("up", "down", "same"),
    "value_tier": VALUE_TIERS,
    "lifecycle_status": LIFECYCLES,
}
DAYS = ("tier_since", *NEXT_ORDER, *SILENCE)
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
    "value_at_risk": "for ranking only; never add it up",
    "days_since_last": "days",
}
SERVED = (
    "what tells `return` and `value`: model (perennial's), a simple rule's name, or a "
    "buy-till-you-die model's: bg_nbd, mbg_nbd, pareto_nbd, mbg_cnbd_k"
)
HEAD: Schema = {
    "as_of": DAY,
    "batch_id": TEXT,
    "model_version": TEXT,
    "published_at": {"type": "string", "format": "date-time"},
    "stale": {"type": "boolean", "description": "published longer ago than the shop allows"},
}
EXAMPLE_HEAD: Schema = {
    "as_of": "1998-07-01",
    "batch_id": "1998-07-01-1ec8cf47b5",
    "model_version": "32bbe014b39e",
    "published_at": "1998-07-01T04:00:00Z",
    "stale": False,
}
EXAMPLE_ROW: Schema = {
    "customer_id": "00001",
    "score_status": "scored",
    "churn_horizon_days": 91,
    "churn_probability": 0.82,
    "usual_churn_probability": 0.8,
    "churn_percentile": 71,
    "risk_tier": "medium",
    "value_horizon_days": 91,
    "predicted_clv": 11.4,
    "clv_p10": 0.0,
    "clv_p50": 0.0,
    "clv_p90": 38.7,
    "predicted_number_of_orders": 0.3,
    "expected_date_of_next_order": None,
    "expected_date_of_next_order_p10": None,
    "expected_date_of_next_order_p90": None,
    "medium_risk_on": None,
    "high_risk_on": "1998-08-19",
    "value_at_risk": 25.1,
    "value_tier": "high",
    "lifecycle_status": "slipping",
    "missing": {
        "expected_date_of_next_order": "return_unlikely",
        "expected_date_of_next_order_p10": "return_unlikely",
        "expected_date_of_next_order_p90": "return_unlikely",
        "medium_risk_on": "already_above",
    },
}


def nullable(schema: Schema) -> Schema:
    """Return a schema that null fits too."""
    return {"anyOf": [schema, {"type": "null"}]}


def closed(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    """Return the schema of an object with these properties and no others."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
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
            "description": "a status other than scored has nulls; unknown has two fields only",
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
        "Portfolio": with_head(_portfolio()),
        "ModelCard": {
            "type": "object",
            "properties": {
                "model_version": TEXT,
                "served": {
                    "type": "object",
                    "additionalProperties": TEXT,
                    "description": SERVED,
                },
            },
            "required": ["model_version"],
        },
        "Problem": _problem(),
    }


def _portfolio() -> Schema:
    cell = {
        "risk_tier": {"type": "string", "enum": list(RISK_TIERS)},
        "value_tier": {"type": "string", "enum": list(VALUE_TIERS)},
        "customers": COUNT,
        "predicted_clv": NUMBER,
        "mean_churn_probability": nullable(NUMBER),
    }
    return {
        "data_until": DAY,
        "customers": COUNT,
        "statuses": {"type": "object", "additionalProperties": COUNT},
        "tiers": {"type": "array", "items": closed(cell)},
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
