"""Uplift in the OpenAPI document: operation, schema, example."""

from typing import Any

from retention.uplift.learners import LEARNERS
from serving.lists.uplift_answer import REASONS, STATUSES
from serving.lists.uplift_rows import FEATURES
from serving.web.operations import Operation
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

MOMENT: Schema = {"type": "string", "format": "date-time"}
FLAG: Schema = {"type": "boolean"}
INTERVAL = closed({"mean": nullable(NUMBER), "low": nullable(NUMBER), "high": nullable(NUMBER)})


def uplift_operations() -> list[Operation]:
    """Return the operation."""
    return [
        Operation(
            "/v1/uplift",
            "getUplift",
            "Whom contact moves",
            "What the finished lists with a hold-out taught of the effect of contact on the return "
            "rate, and whether new lists are ranked by it. It is learned by `perennial list "
            "uplift` and, where lists have finished since, by `perennial score`; before that, "
            "`status` and `sentence` say what is missing.",
            "Uplift",
            EXAMPLE,
        )
    ]


def uplift_schemas() -> dict[str, Schema]:
    """Return the named schema of the answer."""
    properties = {
        "status": one_of(STATUSES),
        "sentence": TEXT,
        "teaching": {**array(TEXT), "description": "lists that can teach by now"},
        "needed": {**COUNT, "description": "how many of them it takes"},
        "next_readout": nullable(DAY),
        "new_lists": {
            **array(TEXT),
            "description": "lists that could not teach yet when it was learned",
        },
        "outdated": {**FLAG, "description": "there is more to learn from than there was then"},
        "features": array(one_of(FEATURES)),
        "top_share": {**SHARE, "description": "first part of a ranked list that `top` tells of"},
        "fitted_at": nullable(MOMENT),
        "learner": nullable(one_of(tuple(LEARNERS))),
        "lists": array(closed(_list())),
        "left_out": array(closed({"list_id": TEXT, "why": TEXT})),
        "switch": nullable(closed(_switch())),
        "groups": array(closed(_group())),
    }
    return {"Uplift": closed(properties)}


def _list() -> Schema:
    point = closed({"share": SHARE, "gain": NUMBER, "low": NUMBER, "high": NUMBER})
    told = (
        "where the list is ranked by what the lists before it taught; null for the first one and "
        "those too old to test"
    )
    return {
        "list_id": TEXT,
        "customers": COUNT,
        "effect": {**INTERVAL, "description": "of contact on the return rate, everybody"},
        "qini": {**nullable(INTERVAL), "description": f"Qini coefficient, {told}"},
        "top": {**nullable(INTERVAL), "description": f"effect in the first part, {told}"},
        "curve": {
            **nullable(array(point)),
            "description": f"Qini curve: returns more, a customer of the list, {told}",
        },
    }


def _switch() -> Schema:
    return {
        "on": {**FLAG, "description": "new lists are ranked by it"},
        "reason": one_of(REASONS),
        "sentence": TEXT,
        "gain": {**nullable(NUMBER), "description": "earned more on the test lists, currency"},
        "low": {**nullable(NUMBER), "description": "one-sided 99.9 % lower bound of it"},
        "share": {**SHARE, "description": "of a list that either ranking contacts"},
        "moved": {**COUNT, "description": "customers whom one contacts and the other does not"},
    }


def _group() -> Schema:
    limits = {"above": nullable(NUMBER), "at_most": nullable(NUMBER)}
    return {
        "name": TEXT,
        "ranges": array(closed({"feature": TEXT, **limits})),
        "customers": COUNT,
        "effect": INTERVAL,
        "driven_away": {**FLAG, "description": "the whole interval is below 0"},
    }


EXAMPLE: dict[str, Any] = {
    "status": "learned",
    "sentence": "Uplift is off: by uplift the test list would have earned 412 more, at least -903 "
    "with 99.9 % confidence.",
    "teaching": ["spring", "summer"],
    "needed": 2,
    "next_readout": None,
    "new_lists": [],
    "outdated": False,
    "features": list(FEATURES),
    "top_share": 0.3,
    "fitted_at": "1998-07-01T04:00:10Z",
    "learner": "x",
    "lists": [
        {
            "list_id": "spring",
            "customers": 2100,
            "effect": {"mean": 0.031, "low": -0.004, "high": 0.066},
            "qini": None,
            "top": None,
            "curve": None,
        },
        {
            "list_id": "summer",
            "customers": 2240,
            "effect": {"mean": 0.028, "low": -0.006, "high": 0.062},
            "qini": {"mean": 0.006, "low": -0.004, "high": 0.016},
            "top": {"mean": 0.049, "low": -0.011, "high": 0.108},
            "curve": [
                {"share": 0.0, "gain": 0.0, "low": 0.0, "high": 0.0},
                {"share": 0.5, "gain": 0.021, "low": -0.003, "high": 0.045},
                {"share": 1.0, "gain": 0.028, "low": -0.006, "high": 0.062},
            ],
        },
    ],
    "left_out": [{"list_id": "autumn", "why": "its readout is on 1998-12-30"}],
    "switch": {
        "on": False,
        "reason": "not_shown",
        "sentence": "off: by uplift the test list would have earned 412 more, at least -903 with "
        "99.9 % confidence",
        "gain": 412.0,
        "low": -903.0,
        "share": 0.5,
        "moved": 610,
    },
    "groups": [
        {
            "name": "days_since_last at most 129",
            "ranges": [{"feature": "days_since_last", "above": None, "at_most": 129.0}],
            "customers": 480,
            "effect": {"mean": 0.06, "low": -0.01, "high": 0.13},
            "driven_away": False,
        }
    ],
}
