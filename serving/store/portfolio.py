"""Totals of a batch by risk tier and value tier, counted once at publication."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

RISK_TIERS = ("high", "medium", "low")
VALUE_TIERS = ("top", "high", "medium", "low")


def portfolio_of(rows: pd.DataFrame) -> dict[str, Any]:
    """Count customers and add up value by tier.

    Parameters
    ----------
    rows : DataFrame with `score_status`, `risk_tier`, `value_tier`, `predicted_clv`,
        `churn_probability`

    Returns
    -------
    dict
        statuses : {score_status: customers}
        tiers : one dict for each of the 12 cells with `risk_tier`, `value_tier`, `customers`,
            `predicted_clv` (sum, currency), `mean_churn_probability` (null where empty)
    """
    scored = rows[rows["risk_tier"].notna() & rows["value_tier"].notna()]
    cells = [
        _cell(scored, risk_tier, value_tier)
        for risk_tier in RISK_TIERS
        for value_tier in VALUE_TIERS
    ]
    statuses = rows["score_status"].value_counts().sort_index()
    return {
        "statuses": {str(status): int(count) for status, count in statuses.items()},
        "tiers": cells,
    }


def _cell(scored: pd.DataFrame, risk_tier: str, value_tier: str) -> dict[str, Any]:
    rows = scored[(scored["risk_tier"] == risk_tier) & (scored["value_tier"] == value_tier)]
    mean = float(rows["churn_probability"].astype(float).mean()) if len(rows) else None
    return {
        "risk_tier": risk_tier,
        "value_tier": value_tier,
        "customers": len(rows),
        "predicted_clv": float(rows["predicted_clv"].astype(float).sum()),
        "mean_churn_probability": mean,
    }


def portfolio_without(portfolio: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the totals of a batch as they are once a customer's row is out of it.

    Parameters
    ----------
    portfolio : as `portfolio_of` counted it
    row : `score_status`, `risk_tier`, `value_tier`, `predicted_clv`, `churn_probability`
    """
    statuses = dict(portfolio.get("statuses", {}))
    status = row["score_status"]
    if status in statuses:
        statuses[status] -= 1
    kept = {name: count for name, count in statuses.items() if count}
    here = (row["risk_tier"], row["value_tier"])
    cells = [
        _cell_without(cell, row) if (cell["risk_tier"], cell["value_tier"]) == here else cell
        for cell in portfolio.get("tiers", [])
    ]
    return {**portfolio, "statuses": kept, "tiers": cells}


def _cell_without(cell: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    left = cell["customers"] - 1
    if left <= 0:
        empty = {"customers": 0, "predicted_clv": 0.0, "mean_churn_probability": None}
        return {**cell, **empty}
    total = cell["mean_churn_probability"] * cell["customers"] - row["churn_probability"]
    return {
        **cell,
        "customers": left,
        "predicted_clv": cell["predicted_clv"] - row["predicted_clv"],
        "mean_churn_probability": total / left,
    }
