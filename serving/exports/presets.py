"""The names that marketing tools have for customers and their properties; see docs/presets.md."""

from collections.abc import Callable
from dataclasses import dataclass

EMAIL = "email_sha256"
# What a campaign is steered by; the inner fields of the batch stay out.
FIELDS = (
    "score_status",
    "churn_probability",
    "churn_percentile",
    "risk_tier",
    "risk_change",
    "tier_since",
    "predicted_clv",
    "predicted_number_of_orders",
    "predicted_contribution",
    "historic_clv",
    "total_clv",
    "value_tier",
    "historic_number_of_orders",
    "average_order_value",
    "average_days_between_orders",
    "days_since_last",
    "value_at_risk",
    "expected_date_of_next_order",
    "medium_risk_on",
    "high_risk_on",
    "rfm_group",
    "lifecycle_status",
    "last_contacted_on",
    "reachable_by",
)


@dataclass(frozen=True)
class Preset:
    """Names of one tool.

    Parameters
    ----------
    identity : what it calls the shop's own id of a customer
    named : makes its name of a field's
    """

    identity: str
    named: Callable[[str], str]

    def name_of(self, field: str) -> str:
        """Return the tool's name of a score field, or of `email_sha256`."""
        return self.identity if field == "customer_id" else self.named(field)


def _as_it_is(field: str) -> str:
    return field


def _hubspot(field: str) -> str:
    # Internal names are one list for all apps of an account, hence the prefix.
    return f"perennial_{field}"


def _salesforce(field: str) -> str:
    return "_".join(word.capitalize() for word in field.split("_")) + "__c"


def _segment(field: str) -> str:
    return f"traits.{field}"


PRESETS = {
    "klaviyo": Preset("external_id", _as_it_is),
    "braze": Preset("external_id", _as_it_is),
    "hubspot": Preset("perennial_customer_id", _hubspot),
    "salesforce": Preset("Customer_Id__c", _salesforce),
    "segment": Preset("userId", _segment),
}
