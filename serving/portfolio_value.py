"""The part of the portfolio answer that tells of value: on revenue or on profit, at choice."""

from collections.abc import Mapping
from typing import Any

BASES = ("revenue", "profit")
NOTHING: dict[str, Any] = {
    "code": None,
    "concentration": None,
    "tiers": [],
    "period": "month",
    "cohorts": [],
    "channels": [],
    "both": [],
}
NO_RATES: dict[str, Any] = {"period": "month", "windows": [], "cohorts": []}
NO_RETENTION: dict[str, Any] = {"years": [], "cohorts": []}


def portfolio_value(details: Mapping[str, Any], basis: str) -> dict[str, Any]:
    """Return the value of the portfolio on one basis out of a batch's facts.

    Returns
    -------
    dict
        basis : as asked for
        worth : by cohort, channel and tier, see `serving.details.worth.on_basis`
        ladder : from gross to contribution, see `serving.details.worth.ladder_facts`; or None
        newcomers : whether new customers are worth less, see `serving.details.newcomers`; or None
        repeat_rates, retention_rates : see `serving.details.rates`
        behaviour : see `serving.details.behaviour`
        moves : between stages and groups, see `serving.details.moves`; or None
    """
    worth = details.get("worth") or {}
    return {
        "basis": basis,
        "worth": worth.get(basis) or NOTHING,
        "ladder": worth.get("ladder"),
        "newcomers": (details.get("newcomers") or {}).get(basis),
        "repeat_rates": details.get("repeat") or NO_RATES,
        "retention_rates": details.get("retention") or NO_RETENTION,
        "behaviour": details.get("behaviour") or [],
        "moves": details.get("moves"),
    }
