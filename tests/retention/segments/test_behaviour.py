import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME
from retention.segments.behaviour import (
    BY_CHANCE,
    SHOWN,
    behaviour,
    breadth,
    chance_limits,
    rhythm,
)


def told(gaps, silence=0.0, limit=90.0):
    """The rhythm of one customer with such gaps."""
    values = np.asarray(gaps, float)
    found, codes = rhythm([values.mean()], [values.std()], [len(values)], [silence], [limit])
    return found[0], codes[0]


def test_a_clock_is_regular_and_bursts_are_clumpy():
    assert told([30] * 8) == ("regular", None)
    assert told([1, 1, 1, 200, 1, 1, 1, 200, 1]) == ("clumpy", None)
    assert told([10, 60, 25, 40, 5, 33]) == ("irregular", None)


def test_silence_beyond_the_own_limit_is_lapsing_whatever_the_rhythm():
    assert told([30] * 8, silence=91)[0] == "lapsing"
    assert told([30] * 8, silence=90)[0] == "regular"


def test_one_gap_is_no_rhythm():
    assert told([30]) == (None, "too_few_orders")
    assert rhythm([np.nan], [np.nan], [0], [10], [90])[0].tolist() == [None]


def test_with_two_gaps_the_limits_are_known():
    # |a - b| / (a + b) of two exponential waits is uniform.
    low, high = chance_limits()
    assert (low[2], high[2]) == pytest.approx((BY_CHANCE, 1 - BY_CHANCE), abs=0.01)
    assert np.isnan(low[:2]).all()


@pytest.mark.parametrize("gaps", [3, 10, 40])
def test_purchases_without_a_rhythm_look_like_one_as_seldom_as_stated(gaps):
    waits = np.random.default_rng(gaps).exponential(50, size=(4000, gaps))
    found, _ = rhythm(
        waits.mean(axis=1), waits.std(axis=1), np.full(4000, gaps), np.zeros(4000), np.ones(4000)
    )
    shares = pd.Series(found).value_counts(normalize=True)
    assert shares["regular"] == pytest.approx(BY_CHANCE, abs=0.02)
    assert shares["clumpy"] == pytest.approx(BY_CHANCE, abs=0.02)


def test_the_features_shown_are_features():
    assert {feature for feature, _ in SHOWN.values()} <= set(BY_NAME)


FEATURES = pd.DataFrame(
    {
        "mean_gap": [30.0, 30.0, np.nan],
        "sd_gap": [0.0, 0.0, np.nan],
        "frequency": [5.0, 5.0, 0.0],
        "days_since_last": [5.0, 500.0, 10.0],
        "n_orders": [6.0, 6.0, 1.0],
        "discount_share": [0.2, 0.0, np.nan],
        "discounted_lines_share": [0.5, 0.0, np.nan],
        "top_channel_share": [0.9, 0.6, 1.0],
        "distinct_channels": [2.0, 2.0, 1.0],
    },
    index=pd.Index(["a", "b", "c"], name="customer_id"),
)


def test_what_the_log_tells_is_labelled_and_what_it_does_not_tell_is_coded():
    found, codes = behaviour(FEATURES, [90.0] * 3)
    assert found.index.equals(FEATURES.index)
    assert found["rhythm"].tolist() == ["regular", "lapsing", None]
    assert found["discount_buyer"].tolist() == ["mostly", "never", None]
    assert found["channel_mix"].tolist() == ["one_channel", "several_channels", "one_channel"]
    assert found["breadth"].tolist() == [None] * 3
    assert codes["rhythm"].tolist() == [None, None, "too_few_orders"]
    assert codes["discount_buyer"].tolist() == [None, None, "not_given"]
    assert codes["breadth"].tolist() == ["no_product_column"] * 3
    for name, code in codes.items():
        assert (found[name].isna().to_numpy() == (pd.Series(code).notna().to_numpy())).all(), name


def test_breadth_is_told_among_customers_with_as_many_orders():
    distinct = [1, 2, 3, 10, 20, 30]
    orders = [1, 1, 1, 12, 12, 12]
    assert breadth(distinct, orders).tolist() == ["narrow", "medium", "broad"] * 2
    assert breadth([4, 4, 4], [1, 1, 1]).tolist() == ["medium"] * 3
