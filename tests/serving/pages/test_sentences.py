from serving.pages.sentences import value_sentence


def of(low, median, high):
    quantiles = {"clv_p10": low, "clv_p50": median, "clv_p90": high}
    return value_sentence({**quantiles, "value_horizon_days": 91})


def test_a_median_of_zero_is_called_nothing():
    assert of(0.0, 0.0, 40.5) == (
        "Most likely nothing: at least half of such customers spend nothing in the next 91 days. "
        "1 in 10 spends more than 40.50."
    )


def test_a_median_above_zero_gives_the_range():
    assert of(1.0, 20.0, 40.0) == (
        "8 of 10 such customers spend between 1.00 and 40.00 in the next 91 days; "
        "half spend more than 20.00."
    )


def test_a_range_from_below_zero_tells_of_refunds():
    assert of(-5.0, 0.0, 40.5).endswith(
        "1 in 10 spends more than 40.50. 1 in 10 gets back 5.00 or more."
    )
    assert of(-5.0, 20.0, 40.0) == (
        "Half of such customers spend more than 20.00 in the next 91 days, 1 in 10 more than "
        "40.00. 1 in 10 gets back 5.00 or more."
    )


def test_nothing_at_the_upper_end_is_said_too():
    assert of(0.0, 0.0, 0.0).startswith("Almost surely nothing")


def test_a_missing_quantile_says_nothing():
    assert not of(None, 0.0, 1.0)
