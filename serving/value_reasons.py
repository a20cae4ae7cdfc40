"""Why a number of a customer's value cannot be given, and which setting or table would give it."""

from retention.clv.formula import NO_PURCHASES, NO_YEARS
from retention.clv.ladder import (
    NO_ACQUISITION_COST,
    NO_MARGIN,
    NO_PREDICTION,
    NO_REFUND_SHARE,
)
from retention.clv.ratios import FREE_OF_COST, NEVER_PAYS_BACK, NO_SPEND
from retention.extra_fields import NO_CUT_POINTS

NOT_KEPT, NO_BIAS = "not_kept", "no_bias_measured"
OTHER_MODEL = "another_model_in_use"
REASONS = {
    NO_MARGIN: "`money.margin` is not set: the share of net revenue that is left after goods",
    NO_ACQUISITION_COST: "the table of customers has no `acquisition_cost` of this customer",
    FREE_OF_COST: "winning this customer cost nothing, and a ratio to nothing is no number",
    NEVER_PAYS_BACK: (
        "what came so far and is expected within the next {days} days does not cover what winning "
        "this customer cost"
    ),
    NO_SPEND: "net revenue to date and expected together is not above zero",
    NO_PURCHASES: "there is no purchase to go by",
    NO_YEARS: "how long customers with a first order of this size stay is not known yet",
    NO_REFUND_SHARE: "the shop's share of refunds is not known, so no gross is predicted",
    NO_PREDICTION: "this customer is not scored ({status}), so nothing is predicted",
    NO_CUT_POINTS: (
        "the current batch was published by an earlier version, without what this is measured by; "
        "the next batch tells it"
    ),
    NOT_KEPT: (
        "the current batch was published by an earlier version, which kept revenue net of refunds "
        "only; the next batch tells it"
    ),
    NO_BIAS: (
        "the card of the model in use does not tell how far the formula was off; the next "
        "`perennial train` measures it"
    ),
    OTHER_MODEL: (
        "another model is in use than the one that made the current batch, so how far the formula "
        "was off is not told beside it; the next `perennial score` tells it"
    ),
}
NO_TABLE = (
    "there is no table of customers: name one by `customers` in the settings, with a column "
    "`acquisition_cost`"
)


def reason(code: str, *, days: int | None, status: str, has_table: bool) -> str:
    """The sentence of a code.

    Parameters
    ----------
    days : value horizon; None where the customer has none
    status : `score_status` of the customer
    has_table : whether the settings name a table of customers
    """
    told = NO_TABLE if code == NO_ACQUISITION_COST and not has_table else REASONS[code]
    text = told.format(days=days, status=status.replace("_", " "))
    return f"{text[:1].upper()}{text[1:]}."
