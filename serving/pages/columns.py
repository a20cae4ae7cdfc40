"""The columns that the list of customers can show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ListColumn:
    """A column of the list.

    Parameters
    ----------
    title : what stands over it
    meaning : key of the sentence that explains it, see `terms.MEANINGS`
    sort : field that it is sorted by; empty where it cannot be
    is_number : whether it stands to the right
    note : unit or horizon, with the horizons' days in braces
    """

    title: str
    meaning: str = ""
    sort: str = ""
    is_number: bool = True
    note: str = ""


COLUMNS = {
    "risk": ListColumn("Risk", "risk", "churn_probability", False, "no order in {churn_days} days"),
    "usual": ListColumn("Usual", "usual"),
    "change": ListColumn("Change", "change", is_number=False),
    "since": ListColumn("In this tier since", "change"),
    "value": ListColumn("Predicted value", "value", "predicted_clv", note="next {value_days} days"),
    "tier": ListColumn("Value tier", "value_tier", is_number=False),
    "at_risk": ListColumn(
        "Value at risk", "value_at_risk", "value_at_risk", note="in {churn_days} days"
    ),
    "contribution": ListColumn(
        "Contribution", "contribution", note="predicted, next {value_days} days"
    ),
    "expected": ListColumn("Expected orders", "orders", note="next {value_days} days"),
    "next": ListColumn("Next order", "next_order"),
    "high_on": ListColumn("High risk on", "silence_dates"),
    "orders": ListColumn("Orders so far"),
    "spent": ListColumn("Spent so far"),
    "average": ListColumn("Average order"),
    "gap": ListColumn("Days between orders"),
    "silence": ListColumn("Days since last", "silence", "days_since_last"),
    "lifecycle": ListColumn("Lifecycle", "lifecycle", is_number=False),
    "formula": ListColumn("By the formula", "simple_clv"),
    "group": ListColumn("RFM group", "group", is_number=False),
    "contacted": ListColumn("Last contact"),
    "reach": ListColumn("Reachable by", is_number=False),
    "reason": ListColumn("First reason", "reason", is_number=False),
}
DEFAULT_COLUMNS = (
    "risk",
    "usual",
    "value",
    "at_risk",
    "orders",
    "silence",
    "lifecycle",
    "reason",
)
