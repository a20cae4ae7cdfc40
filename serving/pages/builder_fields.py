"""The questions of the list builder: what each asks, what it means, what it is without an answer.

`path` says where the answer stands in the body of `POST /v1/lists`; shares are asked in per cent.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["amount", "percent", "count", "day", "text"]


@dataclass(frozen=True)
class Slider:
    """Ends and step of the slider that a script puts beside a field."""

    least: float
    most: float
    step: float


@dataclass(frozen=True)
class Question:
    """One field to fill in.

    Parameters
    ----------
    path : where the answer goes, keys of the body from the outside in
    title, meaning : what stands over and under the field
    kind : how the answer is read; a percentage is divided by 100
    default : text in the field to begin with; empty for none
    unit : what stands behind the field
    slider : where one helps
    """

    path: tuple[str, ...]
    title: str
    meaning: str
    kind: Kind
    default: str = ""
    unit: str = ""
    slider: Slider | None = None


COSTS = {
    "contact_cost": Question(
        ("contact_cost",),
        "Cost of one contact",
        "Postage and print, the minutes of a call, or the fee of one message. An e-mail costs next "
        "to nothing, but not nothing.",
        "amount",
        "1.00",
        slider=Slider(0, 20, 0.05),
    ),
    "incentive": Question(
        ("incentive",),
        "Incentive",
        "What a voucher or discount costs the shop when it is used; 0 for a letter without one. "
        "One amount for the whole list: no customer’s own score ever sets how much is given.",
        "amount",
        "0",
        slider=Slider(0, 50, 0.5),
    ),
    "redemption_saved": Question(
        ("redemption_saved",),
        "Used by those won back",
        "Of the customers who return because of the contact, how many use the incentive.",
        "percent",
        "100",
        "%",
        Slider(0, 100, 1),
    ),
    "redemption_anyway": Question(
        ("redemption_anyway",),
        "Used by those who would have bought anyway",
        "Of the customers who would have returned by themselves, how many use it all the same. "
        "100% is the careful answer.",
        "percent",
        "100",
        "%",
        Slider(0, 100, 1),
    ),
    "margin": Question(
        ("margin",),
        "Margin",
        "What is left of net sales after the cost of goods.",
        "percent",
        "",
        "%",
        Slider(1, 100, 1),
    ),
    "kappa": Question(
        ("kappa",),
        "Spend of those won back",
        "What a customer won back spends, against one who stays by themselves. 100% says as much; "
        "less is more careful.",
        "percent",
        "100",
        "%",
        Slider(0, 100, 1),
    ),
}

RESPONSE = {
    "save_rate": Question(
        ("save_rate", "mean"),
        "Save rate",
        "Of 100 customers who would not return, how many return because of the contact. Nobody "
        "knows it before the first readout; 5% is a common guess.",
        "percent",
        "5",
        "%",
        Slider(0.5, 30, 0.5),
    ),
    "save_sd": Question(
        ("save_rate", "sd"),
        "How unsure that is",
        "Standard deviation of the save rate in points: with 5% and 2 points it lies between 2% "
        "and 9% in about 95 of 100 cases. 0 would say that it is known.",
        "percent",
        "2",
        "points",
        Slider(0, 10, 0.5),
    ),
}

REACH = {
    "budget": Question(
        ("budget",),
        "Budget",
        "For contacts and for incentives that are used. Without one the list goes as far as a "
        "contact is expected to pay.",
        "amount",
    ),
    "max_contacts": Question(
        ("max_contacts",),
        "Most customers contacted",
        "If the team or the printer can do no more. Without a number there is no limit.",
        "count",
    ),
    "cap_contacts": Question(
        ("contact_cap", "contacts"),
        "No more contacts than",
        "Customers who were contacted so often lately are left out. Needs the days beside it.",
        "count",
    ),
    "cap_days": Question(
        ("contact_cap", "days"),
        "within so many days",
        "Counted back from the first day of the list.",
        "count",
        unit="days",
    ),
}

MEASURE = {
    "holdout": Question(
        ("holdout",),
        "Held out",
        "Share of the list that is drawn at random and not contacted, to be compared with. "
        "“auto” takes the least that can show the effect named beside it, 10% where no share up to "
        "50% can; 0 measures nothing.",
        "percent",
        "auto",
        "% or auto",
    ),
    "detect": Question(
        ("detect",),
        "Effect to be shown",
        "The smallest rise of the return rate worth knowing of. The smaller it is, the more "
        "customers must be held out.",
        "percent",
        "3",
        "points",
        Slider(0.5, 15, 0.5),
    ),
    "begins_on": Question(
        ("begins_on",),
        "First day",
        "Orders count from this day on. Today unless another is given.",
        "day",
    ),
    "readout_on": Question(
        ("readout_on",),
        "Day of the readout",
        "Orders before this day count; before it the readout is preliminary and gives no "
        "verdict. By default after as many days as the risk looks ahead.",
        "day",
    ),
}

WHO = {
    "min_value_at_risk": Question(
        ("audience", "min_value_at_risk"),
        "Value at risk from",
        "Least value at risk of a customer, an amount. Empty for any.",
        "amount",
    ),
    "min_churn_probability": Question(
        ("audience", "min_churn_probability"),
        "Risk from",
        "Least risk of not ordering. Empty for any.",
        "percent",
        unit="%",
    ),
    "channel": Question(
        ("audience", "channel"),
        "Channel",
        "Only customers who may be reached by it, such as email or post, as the table of customers "
        "names it. Empty for any.",
        "text",
    ),
}

NAME = {
    "list_id": Question(
        ("list_id",),
        "Name of the list",
        "Small letters, digits and hyphens, such as autumn-letter. It cannot be changed later, "
        "and the hold-out is drawn by it. Without one the list is named after the day.",
        "text",
    ),
}

QUESTIONS: dict[str, Question] = {**NAME, **WHO, **COSTS, **RESPONSE, **REACH, **MEASURE}
# Several may be chosen, each a filter of the audience.
CHOICES = ("risk_tier", "value_tier", "lifecycle_status", "rfm_group")
# Yes or no: where the answer stands in the body.
FLAGS = {
    "include_lapsed": ("audience", "include_lapsed"),
    "global_control": ("global_control",),
    "outside_sample": ("outside_sample",),
}
OUTCOMES = {
    "return_rate": "Return rate: how many order again",
    "revenue": "Revenue: what they spend",
    "profit": "Profit: margin less what the list cost",
}
DEFAULT_OUTCOME = "return_rate"
