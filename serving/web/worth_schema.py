"""JSON schema of the value part of the portfolio: worth, rates, behaviour, moves, room to grow."""

from retention.clv.ladder import STEPS
from serving.portfolio_value import BASES
from serving.store.portfolio import VALUE_TIERS
from serving.web.shapes import (
    COUNT,
    DAY,
    NUMBER,
    SHARE,
    TEXT,
    Schema,
    array,
    closed,
    nullable,
    one_of,
)

PERIODS = ("month", "quarter", "year")
# The middle of what is not measured may be anywhere.
INTERVAL: Schema = {"low": nullable(NUMBER), "high": nullable(NUMBER)}


def worth() -> Schema:
    """Return the properties of the portfolio that tell of value."""
    return {
        "basis": one_of(BASES),
        "worth": closed(_on_basis()),
        "ladder": nullable(closed(_ladder())),
        "newcomers": nullable(closed(_newcomers())),
        "repeat_rates": closed(_repeat()),
        "retention_rates": closed(_retention()),
        "behaviour": array(closed(_behaviour())),
        "moves": nullable(closed(_moves())),
        "growth": nullable(closed(_growth())),
    }


def _on_basis() -> Schema:
    means = ("historic_mean", "predicted_mean", "total_mean")
    group = {
        "group": TEXT,
        "customers": COUNT,
        **dict.fromkeys(means, NUMBER),
        **INTERVAL,
        "total": NUMBER,
        "total_share": nullable(NUMBER),
    }
    tier = {
        "value_tier": one_of(VALUE_TIERS),
        "customers": COUNT,
        "customer_share": nullable(SHARE),
        "total": NUMBER,
        "value_share": nullable(NUMBER),
        "mean": nullable(NUMBER),
    }
    spread = {
        "top_shares": {
            "type": "object",
            "additionalProperties": SHARE,
            "description": "share of customers, the most valuable first: share of the value",
        },
        "customers_for_80": nullable(SHARE),
        "sentence": TEXT,
    }
    return {
        "code": {**nullable(TEXT), "description": "no_margin: there is no profit to tell of"},
        "concentration": nullable(closed(spread)),
        "tiers": array(closed(tier)),
        "period": one_of(PERIODS),
        "cohorts": array(closed(group)),
        "channels": array(closed(group)),
        "both": array(closed(group)),
    }


def _ladder() -> Schema:
    amounts = dict.fromkeys(("historic", "predicted", "total"), nullable(NUMBER))
    acquisition = {
        "customers": COUNT,
        "cost": nullable(NUMBER),
        "contribution": nullable(NUMBER),
        "clv_to_acquisition_cost": nullable(NUMBER),
        "payback_months": nullable(NUMBER),
    }
    return {
        "steps": array(closed({"step": one_of(STEPS), **amounts})),
        "acquisition": nullable(closed(acquisition)),
        "first_order_share": nullable(NUMBER),
    }


def _newcomers() -> Schema:
    cohort = {
        "cohort": TEXT,
        "customers": COUNT,
        "mean": NUMBER,
        "usual": NUMBER,
        "change": nullable(NUMBER),
        "p": SHARE,
        "worth_less": {"type": "boolean"},
        "sentence": TEXT,
    }
    return {
        "days": COUNT,
        "code": nullable(TEXT),
        "sentence": TEXT,
        "cohorts": array(closed(cohort)),
    }


def _repeat() -> Schema:
    window = {
        "window_days": COUNT,
        "repeaters": nullable(COUNT),
        "rate": nullable(SHARE),
        "low": nullable(SHARE),
        "high": nullable(SHARE),
        "code": nullable(TEXT),
    }
    cohort = {"cohort": TEXT, "customers": COUNT, "windows": array(closed(window))}
    return {
        "period": one_of(PERIODS),
        "windows": array(COUNT),
        "cohorts": array(closed(cohort)),
    }


def _retention() -> Schema:
    rate = {
        "customers": COUNT,
        "retained": COUNT,
        **dict.fromkeys(("rate", "low", "high"), nullable(SHARE)),
    }
    return {
        "years": array(closed({"year": {"type": "integer"}, **rate})),
        "cohorts": array(
            closed({"cohort": {"type": "integer"}, "year": {"type": "integer"}, **rate})
        ),
    }


def _behaviour() -> Schema:
    group = {
        "name": TEXT,
        "customers": COUNT,
        "predicted_clv": NUMBER,
        "mean_churn_probability": nullable(SHARE),
    }
    return {
        "by": TEXT,
        "groups": array(closed(group)),
        "not_told": COUNT,
        "code": nullable(TEXT),
    }


def _moves() -> Schema:
    cell = {"before": TEXT, "now": TEXT, "customers": COUNT}
    counts = dict.fromkeys(("stayed", "moved", "joined", "left"), COUNT)
    matrix = closed(
        {"order": array(TEXT), "cells": array(closed(cell)), **counts, "sentence": TEXT}
    )
    return {
        "since": closed({"batch_id": TEXT, "as_of": DAY}),
        "lifecycle_status": nullable(matrix),
        "rfm_group": nullable(matrix),
    }


def _growth() -> Schema:
    item = {
        "customer_id": TEXT,
        **dict.fromkeys(("value", "potential", "room"), NUMBER),
        "peers": TEXT,
    }
    return {
        "customers": COUNT,
        "listed": COUNT,
        "upper": SHARE,
        "room": NUMBER,
        "code": nullable(TEXT),
        "items": array(closed(item)),
    }
