"""Examples of the answers about contact lists."""

from typing import Any

Json = dict[str, Any]

LIST_ID = "summer"
ASKED: Json = {
    "list_id": "summer",
    "audience": {"risk_tier": ["high", "medium"]},
    "contact_cost": 1.0,
    "incentive": 5.0,
    "redemption_anyway": 0.3,
    "margin": 0.4,
    "save_rate": {"mean": 0.1, "sd": 0.03},
    "budget": 500.0,
    "holdout": 0.2,
    "begins_on": "1998-07-01",
}
HEAD: Json = {
    "list_id": "summer",
    "created_at": "1998-07-01T06:00:00Z",
    "created_by": "3f2c1a90",
    "batch_id": "1998-07-01-1ec8cf47b5",
    "as_of": "1998-07-01",
    "model_version": "32bbe014b39e",
    "begins_on": "1998-07-01",
    "readout_on": "1998-09-29",
    "primary_outcome": "return_rate",
}
PROMISED: Json = {
    "counts": {
        "customers": 3000,
        "not_scored": 300,
        "too_new": 0,
        "no_contact": 0,
        "unreachable": 0,
        "reach_unknown": 0,
        "held_out_elsewhere": 0,
        "global_control": 0,
        "contact_cap": 0,
        "lapsed": 200,
        "value_unknown": 0,
        "filtered_out": 1277,
        "eligible": 1223,
        "worth_contacting": 374,
        "listed": 367,
        "contacted": 287,
        "held_out": 80,
    },
    "outlay": 487.744,
    "gain": {
        "mean": 454.192,
        "low": -63.8221,
        "high": 1118.402,
        "chance_of_loss": 0.0508,
        "break_even_save_rate": 0.0451,
    },
}
WHOLE: Json = {
    "terms": {
        "assumed": {
            "save_rate": {"mean": 0.1, "sd": 0.03, "origin": "assumed"},
            "margin": 0.4,
            "contact_cost": 1.0,
            "incentive": 5.0,
            "redemption_saved": 1.0,
            "redemption_anyway": 0.3,
            "kappa": 1.0,
        },
        "budget": 500.0,
        "max_contacts": None,
        "holdout": 0.2,
        "detect": 0.03,
        "primary_outcome": "return_rate",
        "readout_on": "1998-09-29",
        "seed": 0,
        "begins_on": "1998-07-01",
        "audience": {
            "include_lapsed": False,
            "channel": None,
            "risk_tier": ["high", "medium"],
            "value_tier": [],
            "lifecycle_status": [],
            "rfm_group": [],
            "min_value_at_risk": None,
            "min_churn_probability": None,
        },
        "contact_cap": None,
        "global_control": False,
        "outside_sample": False,
        "batch_id": "1998-07-01-1ec8cf47b5",
        "model_version": "32bbe014b39e",
        "churn_horizon_days": 90,
        "ranking": None,
        "format": "perennial list 2",
    },
    **PROMISED,
    "holdout": {
        "share": 0.2,
        "detectable_effect": 0.1406,
        "sufficient": False,
        "sentence": "80 of 367 customers (21.8 %) held out: an effect of 14.1 points or more on "
        "the return rate is shown in 80 % of cases",
    },
    "sensitivity": [
        {"assumption": "contact_cost", "change": -0.5, "value": 0.5, "net_gain": 597.692}
    ],
}
PREVIEW: Json = {"list_id": LIST_ID, "refusal": None, **WHOLE, "outside_outlay": 0.0}
LIST: Json = {
    **HEAD,
    "status": "open",
    **WHOLE,
    "audience": WHOLE["terms"]["audience"],
    "digest": "0c71382f3d4ea914b5e48e4d4b26303f1f826ad359110b48a1e4c368f2a20b8c",
    "erased": {},
    "fairness": [
        {
            "attribute": "orders",
            "band": "one-time buyers",
            "customers": 313,
            "selected": 40,
            "rate": 0.1278,
            "low": 0.0953,
            "high": 0.1693,
            "others_rate": 0.1495,
            "differs": False,
            "sentence": "Of 313 one-time buyers 12.8% are on the list (95% interval 9.5% to "
            "16.9%): about as often as the others (15.0%).",
        }
    ],
}
LISTS: Json = {
    "items": [
        {
            **HEAD,
            **PROMISED,
            "status": "final",
            "verdict": "no effect shown; a list of this size could have shown 17.9 points or more",
        }
    ],
    "next_cursor": None,
}
MEMBERS: Json = {
    "list_id": "summer",
    "items": [
        {
            "customer_id": "02260",
            "rank": 1,
            "arm": "contacted",
            "stratum": 0,
            "return_probability": 0.015,
            "expected_spend": 252.8934,
            "contact_cost": 1.0,
            "expected_outlay": 1.515,
            "expected_profit": 8.449,
            "break_even_save_rate": 0.0108,
            "sample": "list",
        }
    ],
    "next_cursor": "WyJzdW1tZXIiLCJmODAyNDM4NmEzNDU0MmU4IiwxLjAsIiJd",
}
READOUT: Json = {
    "list_id": "summer",
    "status": "final",
    "verdict": "no effect shown; a list of this size could have shown 17.9 points or more",
    "primary_outcome": "return_rate",
    "begins_on": "1998-07-01",
    "readout_on": "1998-09-29",
    "as_of": "1998-10-09",
    "contacted": 287,
    "held_out": 80,
    "means": {
        "return_rate": {"contacted": 0.4111, "held_out": 0.425},
        "revenue": {"contacted": 42.3185, "held_out": 36.9577},
        "profit": {"contacted": 13.8716, "held_out": 14.7831},
    },
    "effects": {
        "return_rate": {
            "estimate": -0.0143,
            "low": -0.1399,
            "high": 0.1113,
            "error": 0.0631,
            "detectable": 0.1787,
            "shown": False,
        },
        "revenue": {
            "estimate": 5.9075,
            "low": -12.3284,
            "high": 24.1434,
            "error": 9.1561,
            "detectable": 25.9418,
            "shown": False,
        },
        "profit": {
            "estimate": -0.6975,
            "low": -7.9025,
            "high": 6.5075,
            "error": 3.6176,
            "detectable": 10.2496,
            "shown": False,
        },
    },
    "net_gain": {"estimate": -200.1736, "low": -2268.0141, "high": 1867.6668},
    "save_rate": {"mean": -0.0249, "sd": 0.1097, "origin": "measured"},
    "outcomes_from": "imported",
    "costs_from": "assumed",
    "contacts": {"recorded": 0, "contacted_reached": 0, "held_out_reached": 0},
    "erased": {"contacted": 0, "held_out": 0},
}
CONTACTS: Json = {
    "contacts": [
        {
            "customer_id": "00001",
            "contacted_at": "1998-07-01T09:30:00",
            "list_id": LIST_ID,
            "channel": "email",
            "cost": 1.0,
        }
    ]
}
CONTACTS_ANSWER: Json = {
    "recorded": 1,
    "duplicate": 0,
    "held_out": 0,
    "held_out_contacted": 0,
    "erased": 0,
    "lists": [LIST_ID],
}
OUTCOMES: Json = {"outcomes": [{"customer_id": "00001", "revenue": 41.5, "orders": 2}]}
OUTCOMES_ANSWER: Json = {"list_id": LIST_ID, "recorded": 1, "not_members": 0, "outcomes": 1}
