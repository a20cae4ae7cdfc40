"""What to do about a customer: a table of rules, the first that fits is taken.

It suggests and decides nothing: whether a contact pays is for a list with costs and a hold-out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.catalogue import BY_NAME

VALUABLE = ("top", "high")


@dataclass(frozen=True)
class Rule:
    """An action, and for whom it is.

    Parameters
    ----------
    action : what to do, for the retention team
    stages : lifecycle stages that it fits; empty for all
    valuable : whether it is only for value tiers top and high
    topics : topics of features, of which one must raise the risk among the reasons; empty for any
    """

    action: str
    stages: tuple[str, ...] = ()
    valuable: bool = False
    topics: tuple[str, ...] = ()

    def fits(self, row: Mapping[str, Any], topics: set[str]) -> bool:
        """Whether a score row, with the topics that raise its risk, is one of these."""
        return (
            (not self.stages or row["lifecycle_status"] in self.stages)
            and (not self.valuable or row["value_tier"] in VALUABLE)
            and (not self.topics or bool(topics & set(self.topics)))
        )

    @property
    def whom(self) -> str:
        """For whom it is, in words."""
        stage = " or ".join(stage.replace("_", " ") for stage in self.stages) or "any stage"
        value = ", value tier top or high" if self.valuable else ""
        topic = " or ".join(topic.replace("_", " ") for topic in self.topics)
        return f"{stage}{value}{f', {topic} among the reasons' if topic else ''}"


RULES = (
    Rule("Leave to the win-back campaign: a reminder now comes too late.", ("lapsed",)),
    Rule("Ask what went wrong with the last order before offering anything.", topics=("returns",)),
    Rule("Thank them in person and offer help with the first order.", ("new",), valuable=True),
    Rule("Send the second-order message: what others bought next.", ("new",)),
    Rule(
        "Write before the silence repeats: they lapsed once and came back by themselves.",
        ("won_back",),
    ),
    Rule("Call or write in person this week; offer help, not a discount.", ("slipping",), True),
    Rule("Send the reminder before the silence grows longer than usual.", ("slipping",)),
    Rule(
        "Write in person: orders have become rarer or smaller. Ask what they look for.",
        ("active", "developing"),
        True,
        ("trend", "recent_orders", "recent_spend"),
    ),
    Rule(
        "Show what is new in what they buy: orders have become rarer or smaller.",
        ("active", "developing"),
        topics=("trend", "recent_orders", "recent_spend"),
    ),
    Rule("Give a reason to come back that fits the last order.", ("developing",)),
    Rule("Look at the history first: the customer is still in their own rhythm.", ("active",)),
)
OTHERWISE = Rule("Look at the history first.")


def advice(row: Mapping[str, Any]) -> str:
    """Suggest what to do about a scored customer.

    Parameters
    ----------
    row : score row with `lifecycle_status`, `value_tier` and `reasons`
    """
    topics = {_topic(reason) for reason in row["reasons"]}
    return next((rule for rule in RULES if rule.fits(row, topics)), OTHERWISE).action


def _topic(reason: Mapping[str, Any]) -> str:
    """Topic of a reason that raises the risk; empty for one that does not."""
    known = BY_NAME.get(reason["code"])
    if known is None or reason["direction"] != "raises_risk":
        return ""
    # That nothing was returned is no reason to ask why.
    return "" if known.topic == "returns" and not reason["value"] else known.topic
