"""Examples of every answer, from the bundled CDNOW log."""

from typing import Any

Json = dict[str, Any]

CUSTOMER = "00001"
EXAMPLE_HEAD: Json = {
    "as_of": "1998-07-01",
    "batch_id": "1998-07-01-1ec8cf47b5",
    "model_version": "32bbe014b39e",
    "published_at": "1998-07-01T04:00:00Z",
    "stale": False,
}
EXAMPLE_ROW: Json = {
    "customer_id": CUSTOMER,
    "as_of": "1998-07-01",
    "batch_id": "1998-07-01-1ec8cf47b5",
    "model_version": "32bbe014b39e",
    "score_status": "scored",
    "churn_horizon_days": 91,
    "churn_probability": 0.82,
    "usual_churn_probability": 0.8,
    "churn_percentile": 71,
    "risk_tier": "medium",
    "risk_change": "up",
    "tier_since": "1998-06-24",
    "value_horizon_days": 91,
    "predicted_clv": 11.4,
    "clv_p10": 0.0,
    "clv_p50": 0.0,
    "clv_p90": 38.7,
    "predicted_number_of_orders": 0.3,
    "predicted_contribution": 3.4,
    "expected_date_of_next_order": None,
    "expected_date_of_next_order_p10": None,
    "expected_date_of_next_order_p90": None,
    "medium_risk_on": None,
    "high_risk_on": "1998-08-19",
    "historic_clv": 58.95,
    "total_clv": 70.35,
    "simple_clv": 71.6,
    "value_tier": "high",
    "historic_number_of_orders": 2,
    "average_order_value": 29.48,
    "average_days_between_orders": 154.0,
    "days_since_last": 103,
    "value_at_risk": 25.1,
    "rfm_group": "slipping",
    "lifecycle_status": "slipping",
    "last_contacted_on": None,
    "reachable_by": "email",
    "reasons": [
        {
            "code": "days_since_last",
            "value": 103.0,
            "direction": "raises_risk",
            "importance": 0.41,
            "text": "The last order was 103 days ago.",
        }
    ],
    "missing": {
        "expected_date_of_next_order": "return_unlikely",
        "expected_date_of_next_order_p10": "return_unlikely",
        "expected_date_of_next_order_p90": "return_unlikely",
        "medium_risk_on": "already_above",
        "last_contacted_on": "never_contacted",
    },
}
SCORES: Json = {**EXAMPLE_HEAD, "results": [EXAMPLE_ROW]}
CUSTOMER_LIST: Json = {**EXAMPLE_HEAD, "items": [EXAMPLE_ROW], "next_cursor": None}
ORDERS: Json = {
    **EXAMPLE_HEAD,
    "customer_id": CUSTOMER,
    "orders": [
        {
            "customer_id": CUSTOMER,
            "order_number": 1,
            "ordered_on": "1997-10-16",
            "amount": 29.33,
            "items": 2.0,
            "lines": 1,
        }
    ],
}
HISTORY: Json = {
    **EXAMPLE_HEAD,
    "customer_id": CUSTOMER,
    "history": [
        {
            "as_of": "1998-07-01",
            "batch_id": "1998-07-01-1ec8cf47b5",
            "published_at": "1998-07-01T04:00:00Z",
            "churn_probability": 0.82,
            "risk_tier": "medium",
            "predicted_clv": 11.4,
            "value_at_risk": 25.1,
        }
    ],
}
PORTFOLIO: Json = {
    **EXAMPLE_HEAD,
    "data_until": "1998-06-30",
    "customers": 23570,
    "statuses": {"scored": 23570},
    "tiers": [
        {
            "risk_tier": "high",
            "value_tier": "top",
            "customers": 12,
            "predicted_clv": 1680.4,
            "mean_churn_probability": 0.91,
        }
    ],
    "trend": [
        {
            "as_of": "1998-07-01",
            "batch_id": "1998-07-01-1ec8cf47b5",
            "model_version": "32bbe014b39e",
            "tiers": [{"risk_tier": "high", "customers": 7071, "predicted_clv": 20400.5}],
        }
    ],
    "reach": {
        "knows_customers": True,
        "knows_contacts": False,
        "no_contact": 210,
        "unreachable": 1904,
        "reachable": 20870,
        "not_told": 586,
        "contacted": None,
    },
    "last_year": {
        "starts_on": "1997-07-01",
        "ends_before": "1997-09-30",
        "days": 91,
        "net_revenue": 251300.4,
        "of_customers_then": 251300.4,
    },
    "migration": {
        "since": {"batch_id": "1998-06-24-0a9f1c2b3d", "as_of": "1998-06-24"},
        "cells": [{"before": "medium", "now": "high", "customers": 41}],
    },
    "stages": [
        {
            "lifecycle_status": "slipping",
            "customers": 1260,
            "predicted_clv": 14210.8,
            "historic_clv": 98044.1,
            "mean_churn_probability": 0.83,
        }
    ],
    "cohorts": {
        "period": "month",
        "cohorts": [
            {
                "starts_on": "1997-01-01",
                "customers": 7846,
                "predicted_clv": 61120.3,
                "historic_clv": 812440.9,
            }
        ],
    },
    "basis": "revenue",
    "worth": {
        "code": None,
        "concentration": {
            "top_shares": {"0.2": 0.61},
            "customers_for_80": 0.38,
            "sentence": "The best 20% of customers bring 61% of the value; 80% of it comes from "
            "38% of them.",
        },
        "tiers": [
            {
                "value_tier": "top",
                "customers": 1179,
                "customer_share": 0.05,
                "total": 61200.5,
                "value_share": 0.31,
                "mean": 51.91,
            }
        ],
        "period": "month",
        "cohorts": [
            {
                "group": "1997-01",
                "customers": 7846,
                "historic_mean": 103.55,
                "predicted_mean": 7.79,
                "total_mean": 111.34,
                "low": 106.9,
                "high": 115.78,
                "total": 873561.2,
                "total_share": 0.33,
            }
        ],
        "channels": [],
        "both": [],
    },
    "ladder": {
        "steps": [{"step": "net", "historic": 2500315.63, "predicted": 196400.0, "total": None}],
        "acquisition": None,
        "first_order_share": 0.33,
    },
    "newcomers": {
        "days": 90,
        "code": "too_few_cohorts",
        "sentence": "Too few cohorts with 30 customers whose first 90 days are over: 7 are "
        "needed, there are 3.",
        "cohorts": [],
    },
    "repeat_rates": {
        "period": "month",
        "windows": [30],
        "cohorts": [
            {
                "cohort": "1997-01",
                "customers": 7846,
                "windows": [
                    {
                        "window_days": 30,
                        "repeaters": 1020,
                        "rate": 0.13,
                        "low": 0.123,
                        "high": 0.138,
                        "code": None,
                    }
                ],
            }
        ],
    },
    "retention_rates": {"years": [], "cohorts": []},
    "behaviour": [
        {
            "by": "rhythm",
            "groups": [
                {
                    "name": "regular",
                    "customers": 812,
                    "predicted_clv": 20114.2,
                    "mean_churn_probability": 0.44,
                }
            ],
            "not_told": 15400,
            "code": None,
        }
    ],
    "moves": {
        "since": {"batch_id": "1998-06-24-0a9f1c2b3d", "as_of": "1998-06-24"},
        "lifecycle_status": {
            "order": ["active", "slipping"],
            "cells": [{"before": "active", "now": "slipping", "customers": 41}],
            "stayed": 0,
            "moved": 41,
            "joined": 0,
            "left": 0,
            "sentence": "Of 41 customers in both batches 0 stayed in their group, 0 moved up and "
            "41 down; 0 joined and 0 left.",
        },
        "rfm_group": None,
    },
    "growth": {
        "customers": 9120,
        "listed": 500,
        "upper": 0.8,
        "room": 210400.5,
        "code": None,
        "items": [
            {
                "customer_id": CUSTOMER,
                "value": 40.1,
                "potential": 96.3,
                "room": 56.2,
                "peers": "loyal, under 2 years",
            }
        ],
    },
}
MODEL: Json = {
    "model_version": "32bbe014b39e",
    "served": {"return": "model", "value": "model"},
    "summary": ["Learned from 67,591 orders of 23,570 customers, 1997-01-01 to 1998-06-30."],
    "limits": ["The log covers 546 days, less than two years."],
    "promotions": [
        {
            "when": "1998-07-01T03:50:00.000+00:00",
            "what": "promoted",
            "version": "32bbe014b39e",
            "from_version": None,
            "why": "the model beats every simple rule by log loss",
            "forced": False,
        }
    ],
    "drift": None,
    "realised": [],
}
SCORES_BODY: Json = {"customer_ids": [CUSTOMER, "00002"]}
PREDICT_BODY: Json = {
    "as_of": "1998-07-01",
    "purchases": [
        {"customer_id": "new", "ordered_at": "1998-05-01", "amount": 20.0},
        {"customer_id": "new", "ordered_at": "1998-06-12", "amount": 34.5},
    ],
}
PREDICTED: Json = {
    **EXAMPLE_HEAD,
    "results": [
        {
            **dict.fromkeys(EXAMPLE_ROW),
            "customer_id": "new",
            "score_status": "scored",
            "churn_horizon_days": 91,
            "churn_probability": 0.42,
            "risk_tier": "low",
            "value_horizon_days": 91,
            "predicted_clv": 24.9,
            "reasons": EXAMPLE_ROW["reasons"],
            "missing": dict.fromkeys(
                ("medium_risk_on", "high_risk_on", "last_contacted_on", "reachable_by"),
                "batch_only",
            ),
        }
    ],
}
METRICS = 'perennial_requests_total{method="GET",route="/v1/customers",status="200"} 17.0\n'


def problem(status: int, title: str, detail: str) -> Json:
    """Return an error object."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}
