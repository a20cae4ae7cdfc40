import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy_stats import (
    METRICS,
    Truth,
    draws_of,
    gain_of,
    holm,
    measure,
    weights_of,
)
from models.metrics import churn_metrics, value_metrics


def made(n=300, seed=0):
    rng = np.random.default_rng(seed)
    p = np.round(rng.uniform(0.05, 0.95, n), 2)  # some are equal
    churned = (rng.uniform(size=n) < p).astype(float)
    value = np.where(churned == 1, 0.0, np.round(rng.lognormal(3, 1, n)))
    return Truth(churned, value), p, np.round(30 * (1 - p) + rng.uniform(0, 5, n), 1)


def metric(name, weights=None, seed=0):
    truth, p, v = made(seed=seed)
    prediction = p if name in ("auc", "log_loss", "brier", "ece") else v
    return measure(name, truth, prediction)(np.ones(len(p)) if weights is None else weights)


def test_measures_with_equal_weights_are_those_of_the_model_card():
    truth, p, v = made()
    card = {**churn_metrics(truth.churned, p), **value_metrics(truth.value, v)}
    for name in ("auc", "log_loss", "brier", "ece", "concordance", "rmse", "decile_mape", "bias"):
        assert metric(name) == pytest.approx(card[name], abs=1e-9), name
    assert metric("norm_gini") == pytest.approx(card["norm_gini"], abs=2 / len(p))


@pytest.mark.parametrize("name", METRICS)
def test_a_weight_of_two_is_the_customer_twice(name):
    truth, p, v = made()
    n = len(p)
    drawn = np.random.default_rng(1).integers(0, n, n)
    again = Truth(truth.churned[drawn], truth.value[drawn])
    prediction = p if name in ("auc", "log_loss", "brier") else v
    repeated = measure(name, again, prediction[drawn])(np.ones(n))
    weighted = measure(name, truth, prediction)(np.bincount(drawn, minlength=n).astype(float))
    # Where a decile ends within a customer drawn twice, the two need not share it.
    assert weighted == pytest.approx(repeated, abs=0.1 if name == "decile_mape" else 1e-9)


def test_concordance_counts_pairs_by_hand():
    truth = Truth(np.zeros(3), np.array([0.0, 10.0, 20.0]))
    share = measure("concordance", truth, np.array([1.0, 1.0, 0.5]))
    assert share(np.ones(3)) == pytest.approx(0.5 / 3)  # one tie of three pairs, two wrong
    assert share(np.array([1.0, 1.0, 0.0])) == pytest.approx(0.5)


def test_pinball_is_the_mean_of_its_rows():
    truth = Truth(np.zeros(2), np.array([0.0, 10.0]))
    loss = measure("pinball_90", truth, np.array([5.0, 5.0]))
    assert loss(np.ones(2)) == pytest.approx((0.1 * 5 + 0.9 * 5) / 2)


def test_an_unknown_metric_is_refused_by_name():
    with pytest.raises(ValueError, match="'gain'"):
        metric("gain")


def test_a_customer_has_one_weight_at_every_cutoff():
    first, second = pd.Index(["a", "b", "c"]), pd.Index(["c", "a", "d"])
    one, other = weights_of([first, second], draws=50)
    assert one.shape == other.shape == (50, 3)
    assert (one[:, 0] == other[:, 1]).all()
    assert (one[:, 2] == other[:, 0]).all()


def test_weights_of_a_draw_are_as_many_as_customers():
    (drawn,) = weights_of([pd.Index(range(40))], draws=20)
    assert (drawn.sum(axis=1) == 40).all()


def test_holm_by_hand():
    # 4 x 0.01, then 3 x 0.02, then 2 x 0.03 raised to stay above it, then 0.2.
    assert holm([0.2, 0.01, 0.03, 0.02]) == pytest.approx([0.2, 0.04, 0.06, 0.06])


def test_holm_does_not_exceed_one():
    assert holm([0.6, 0.9]).max() == 1.0


def compared(noise, seed):
    """Log loss of the true probabilities against that of noisier ones."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.1, 0.9, 800)
    truth = Truth((rng.uniform(size=800) < p).astype(float), np.zeros(800))
    worse = np.clip(p + noise * rng.normal(size=800), 0.02, 0.98)
    weights = weights_of([pd.Index(range(800))], draws=200)
    results = [draws_of([measure("log_loss", truth, q)], weights) for q in (p, worse)]
    return gain_of("log_loss", *results)


def test_a_clear_gain_is_significant_and_its_interval_is_above_zero():
    gain = compared(noise=0.3, seed=0)
    assert gain.gain > 0
    assert gain.low > 0
    assert gain.p < 0.001


def test_equal_predictions_are_no_gain():
    gain = compared(noise=0.0, seed=0)
    assert gain.gain == 0
    assert gain.p == 1.0


def test_a_gain_that_is_chance_is_rarely_significant():
    rng = np.random.default_rng(0)
    p_values = []
    for _ in range(60):
        rows = rng.normal(size=(2, 200))
        truth = Truth(np.zeros(200), np.zeros(200))
        weights = weights_of([pd.Index(range(200))], draws=200)
        ours, theirs = (draws_of([measure("rmse", truth, row)], weights) for row in rows)
        p_values.append(gain_of("rmse", ours, theirs).p)
    assert (np.array(p_values) < 0.05).mean() < 0.15
