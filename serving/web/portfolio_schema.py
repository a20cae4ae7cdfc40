"""JSON schema of the portfolio: totals, their course over the batches, stages, cohorts, value."""

from serving.store.listing import LIFECYCLES
from serving.store.portfolio import RISK_TIERS, VALUE_TIERS
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
from serving.web.worth_schema import worth

TIERS_AND_NONE = (*RISK_TIERS, "none")


def portfolio() -> Schema:
    """Return the properties of the portfolio besides its head."""
    return {
        "data_until": DAY,
        "customers": COUNT,
        "statuses": {"type": "object", "additionalProperties": COUNT},
        "tiers": array(closed(_tier())),
        "trend": {**array(closed(_trend())), "description": "every batch kept, oldest first"},
        "reach": nullable(closed(_reach())),
        "last_year": nullable(closed(_last_year())),
        "migration": nullable(closed(_migration())),
        "stages": array(closed(_stage())),
        "cohorts": closed(_cohorts()),
        **worth(),
    }


def _tier() -> Schema:
    return {
        "risk_tier": one_of(RISK_TIERS),
        "value_tier": one_of(VALUE_TIERS),
        "customers": COUNT,
        "predicted_clv": NUMBER,
        "mean_churn_probability": nullable(SHARE),
    }


def _trend() -> Schema:
    tier = {"risk_tier": one_of(RISK_TIERS), "customers": COUNT, "predicted_clv": NUMBER}
    head = {"as_of": DAY, "batch_id": TEXT, "model_version": TEXT}
    return {**head, "tiers": array(closed(tier))}


def _reach() -> Schema:
    flags: Schema = {n: {"type": "boolean"} for n in ("knows_customers", "knows_contacts")}
    counts = ("no_contact", "unreachable", "reachable", "not_told", "contacted")
    return {**flags, **dict.fromkeys(counts, nullable(COUNT))}


def _last_year() -> Schema:
    return {
        "starts_on": DAY,
        "ends_before": DAY,
        "days": COUNT,
        "net_revenue": NUMBER,
        "of_customers_then": nullable(NUMBER),
    }


def _migration() -> Schema:
    cell = {"before": one_of(TIERS_AND_NONE), "now": one_of(TIERS_AND_NONE), "customers": COUNT}
    return {"since": closed({"batch_id": TEXT, "as_of": DAY}), "cells": array(closed(cell))}


def _stage() -> Schema:
    return {
        "lifecycle_status": one_of(LIFECYCLES),
        "customers": COUNT,
        "predicted_clv": NUMBER,
        "historic_clv": NUMBER,
        "mean_churn_probability": nullable(SHARE),
    }


def _cohorts() -> Schema:
    sums = {"customers": COUNT, "predicted_clv": NUMBER, "historic_clv": NUMBER}
    return {
        "period": one_of(("month", "quarter", "year")),
        "cohorts": array(closed({"starts_on": DAY, **sums})),
    }
