"""What serves the scores, in words: perennial's model, or the simple rule that beat it."""

from models.heads import MODEL
from models.rules import BTYD_MODELS

WORDS = {
    MODEL: "perennial’s model",
    **{name: f"a buy-till-you-die model ({called})" for name, called in BTYD_MODELS.items()},
    "recency": "the days since the last order",
    "past_rate": "the past rate of orders",
    "no_purchase_in_horizon": "whether an order came lately",
    "base_rate": "one rate for everybody",
    "rate_times_order_value": "past rate of orders × order value",
    "last_window_spend": "what was spent lately",
    "formula": "order value × orders a year",
    "mean_value": "one mean for everybody",
}


def member_words(member: str) -> str:
    """Name of what is served as people say it; an unknown one without its underscores."""
    return WORDS.get(member) or f"the rule “{member.replace('_', ' ')}”"


def served_words(served: dict[str, str] | None) -> str:
    """What tells the risk and what the value, in one phrase; empty where it is not known.

    Parameters
    ----------
    served : `return` and `value`, each "model" or a rule's name
    """
    if not served:
        return ""
    risk, value = member_words(served["return"]), member_words(served["value"])
    return risk if risk == value else f"risk by {risk}, value by {value}"
