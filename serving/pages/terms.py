"""What the words on the pages mean, in sentences for people who do not build models."""

RISK_TIERS = ("low", "medium", "high")
VALUE_TIERS = ("top", "high", "medium", "low")

VALUE_SHARES = {"top": "top 5%", "high": "to 20%", "medium": "to 50%", "low": "the rest"}

SORTS = {
    "-value_at_risk": "most value at risk",
    "value_at_risk": "least value at risk",
    "-churn_probability": "highest risk",
    "churn_probability": "lowest risk",
    "-predicted_clv": "highest predicted value",
    "predicted_clv": "lowest predicted value",
    "-days_since_last": "longest silence",
    "days_since_last": "most recent order",
    "customer_id": "customer id",
}
DEFAULT_SORT = "-value_at_risk"

CHANGE_WORDS = {"up": "went up", "down": "went down", "same": "stayed"}

LIFECYCLE_WORDS = {
    "new": "has bought on one day so far, and recently",
    "developing": "has bought on two or three days, and recently",
    "active": "is ordering in the usual rhythm",
    "slipping": "has been silent longer than the usual rhythm",
    "lapsed": "has been silent far longer than the usual rhythm",
    "won_back": "had lapsed and has come back",
}

# Why somebody at risk is not on the list of this week.
LEFT_OUT_WORDS = {
    "no_contact": "asked not to be contacted",
    "unreachable": "cannot be reached",
    "contacted_lately": "contacted lately or on a contact list",
    "not_worth": "not worth a contact",
    "held_out": "held out of a contact list",
    "global_control": "in the standing control group",
}

GROUP_WORDS = {
    "champions": "order often, and did lately",
    "loyal": "order regularly",
    "active": "several orders, the last not long ago",
    "new": "ordered for the first time lately",
    "promising": "one or two orders, not long ago",
    "needs_attention": "ordered several times, silent for a while",
    "slipping": "silent for longer than most customers of the shop",
    "previously_loyal": "ordered often, silent for long",
    "almost_lost": "one or two orders, long ago",
    "dormant": "few orders, longest ago",
}

STATUS_WORDS = {
    "no_profiling": (
        "Not scored: asked not to be",
        (
            "The table of customers says that this customer does not want to be profiled, "
            "so no score is made."
        ),
    ),
    "inactive": (
        "Not scored: silent for too long",
        (
            "This customer has not ordered for longer than the shop's settings look back, "
            "so no score is made. Their purchases are shown below."
        ),
    ),
    "no_purchases": (
        "Not scored: no purchases",
        (
            "The log holds only refunds or cancelled lines for this customer, "
            "so there is nothing to predict from."
        ),
    ),
    "too_new": (
        "Not scored yet: too new",
        (
            "This customer's first order is more recent than the shop's settings ask for. "
            "A score appears once enough days have passed."
        ),
    ),
    "unknown": (
        "Not known",
        "No purchase in the log belongs to this customer id.",
    ),
}

MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        "risk",
        "Risk",
        (
            "How many of 100 customers like this one place no order within the next {churn_days} "
            "days, with the usual marketing going on. The tier compares that share with two "
            "thresholds, which as a rule are drawn from the shop's own customers: where most "
            "buy rarely, even a low tier can stand above 50%."
        ),
    ),
    (
        "change",
        "Change",
        (
            "Whether the risk tier went up, went down or stayed since the previous batch of "
            "scores, and since which day the customer has been in this tier."
        ),
    ),
    (
        "usual",
        "Usual",
        (
            "The share among all customers with as many orders, in the latest window of this "
            "length that has passed. A risk well above the usual one, the mark on the bar, says "
            "that this customer is unlike their peers."
        ),
    ),
    (
        "value",
        "Predicted value",
        (
            "What a customer is expected to spend in the next {value_days} days, net of refunds: "
            "an average over many customers like this one. The range under it holds 8 of 10 of "
            "them; 1 in 10 spends less, 1 in 10 more. A range from 0.00 means that many spend "
            "nothing, one from below 0.00 that some are refunded more than they spend."
        ),
    ),
    (
        "orders",
        "Expected orders",
        (
            "How many orders such a customer places in the next {value_days} days: an average, "
            "those who place none included."
        ),
    ),
    (
        "next_order",
        "Next order",
        (
            "The middle day of the next order among customers like this one who order at all in "
            "the next {value_days} days, and the days between which 8 of 10 of those orders fall. "
            "No day is given where no order is likelier than one."
        ),
    ),
    (
        "silence_dates",
        "If no order comes",
        (
            "The first day on which the tier would be medium, or high, were this customer silent "
            "until then: the same model asked of each later day, up to 365 days ahead. A day to "
            "write to them before."
        ),
    ),
    (
        "value_tier",
        "Value tier",
        (
            "By predicted value: top is the highest 5% of customers, high goes to 20%, medium to "
            "50%, low is the rest."
        ),
    ),
    (
        "value_at_risk",
        "Value at risk",
        (
            "Risk times what the customer would spend in the next {churn_days} days if they do "
            "order. It ranks whom to look at first. It is no forecast of a loss, so it is never "
            "added up."
        ),
    ),
    (
        "silence",
        "Days since last",
        "Whole days from the last order to the day the data end.",
    ),
    (
        "lifecycle",
        "Lifecycle",
        (
            "Where the customer stands: new (one purchase day), developing (two or three), active "
            "(in rhythm), slipping (silent longer than usual), lapsed (far longer), won back "
            "(lapsed, then returned)."
        ),
    ),
    (
        "contribution",
        "Predicted contribution",
        (
            "The margin on the predicted value, less what serving the expected orders and keeping "
            "the customer cost, with later money counted less: what is left of it."
        ),
    ),
    (
        "simple_clv",
        "By the formula",
        (
            "Average order × orders a year × years of custom (how long such customers stay, of the "
            "first 5 years): the formula that many know, beside the model. It knows nothing of "
            "silence, and mostly says too much."
        ),
    ),
    (
        "group",
        "RFM group",
        (
            "By how lately and how often the customer ordered. It says what a customer did, not "
            "what contact would change."
        ),
    ),
    (
        "reason",
        "Reasons",
        (
            "What in this customer's history moved the risk up or down the most. They describe the "
            "pattern the score rests on; they do not prove a cause."
        ),
    ),
)


def meanings(churn_days: int, value_days: int) -> dict[str, tuple[str, str]]:
    """Title and sentence of each term, with the horizons of the batch on show filled in."""
    return {
        key: (title, text.format(churn_days=churn_days, value_days=value_days))
        for key, title, text in MEANINGS
    }
