"""The made shop of the retention benchmark is what it says, and small runs of it hold."""

import numpy as np
import pytest

from benchmarks.retention_lists import Scale, after_three_lists, against_oracle, retrained
from benchmarks.retention_page import page
from benchmarks.retention_readouts import readouts
from benchmarks.retention_shop import ASSUMED, Shop, happens

SMALL = Scale(customers=8000, listed=1600)


def test_the_effect_lies_between_minus_3_and_12_points():
    effect = Shop(0, 50_000).period().effect
    assert -0.03 <= effect.min() < -0.025
    assert 0.10 < effect.max() <= 0.12


def test_the_expected_profit_is_the_mean_of_what_happens():
    now = Shop(1, 200_000).period()
    everybody, nobody = np.ones(200_000, bool), np.zeros(200_000, bool)
    # The same draws for both worlds, so that little noise is left in their difference.
    contacted = happens(now, everybody, np.random.default_rng(0))
    left = happens(now, nobody, np.random.default_rng(0))
    assert contacted.returned.mean() - left.returned.mean() == pytest.approx(
        now.effect.mean(), abs=0.001
    )
    made = (contacted.profit - left.profit).mean()
    assert made == pytest.approx(now.profit(ASSUMED).mean(), abs=0.05)


def test_what_the_features_tell_is_right_on_average():
    now = Shop(2, 100_000).period()
    far = np.digitize(now.told, np.linspace(0.1, 0.9, 9))
    for k in np.unique(far):
        here = far == k
        assert now.p[here].mean() == pytest.approx(now.told[here].mean(), abs=0.01)


def test_a_small_list_earns_nearly_what_the_oracle_earns_and_more_than_simple_ones():
    made = against_oracle(0, SMALL)
    assert made["list"] > 0.85 * made["oracle"]
    assert made["list"] > max(made["risk"], made["value"])


@pytest.mark.long
def test_uplift_goes_part_of_the_way_to_its_oracle():
    made = after_three_lists(0, Scale(20_000, 4000))
    assert made["list"] < made["uplift"] < made["oracle"]


def test_the_correction_takes_the_bias_of_a_good_list_away():
    made = retrained(0, SMALL)
    assert made["plain_listed"] < -6
    assert abs(made["corrected_listed"]) < abs(made["plain_listed"]) / 2


def test_a_few_readouts_make_a_page():
    told = {"readouts": {"0": readouts(0, 3, SMALL), "5": readouts(5, 3, SMALL)}}
    text = page(told)
    assert "## Readouts of known effect" in text
    assert "| +5 | 3 |" in text
