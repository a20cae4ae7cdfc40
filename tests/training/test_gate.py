import datetime

import numpy as np
import pytest

from training.gate import (
    BY_CUSTOMER,
    BY_TIME,
    by_customer,
    decide,
    gate_return,
    gate_value,
)
from training.results import MODEL, FoldOutcome

N = 800


def planted(churn, clv, seed=0):
    """An outcome in which `truth` is the true probability and customers who return spend 50."""
    draw = np.random.default_rng(seed)
    truth = draw.uniform(0.05, 0.95, N)
    churned = (draw.random(N) < truth).astype(float)
    value = np.where(churned == 1, 0.0, 50.0)
    return FoldOutcome(
        cutoff=datetime.date(2024, 1, 1),
        churn_horizon_days=60,
        value_horizon_days=60,
        churned=churned,
        future_value=value,
        churn_probability={name: make(truth, draw) for name, make in churn.items()},
        predicted_clv={name: make(50 * (1 - truth), draw) for name, make in clv.items()},
        clv_p10=np.zeros(N),
        clv_p50=value,
        clv_p90=value,
    )


def exact(truth, draw):
    return truth


def level(truth, draw):
    return np.full(N, truth.mean())


def shuffled(truth, draw):
    return draw.permutation(truth)


def test_real_structure_is_served_by_the_model():
    outcome = planted({MODEL: exact, "recency": level}, {MODEL: exact, "mean_value": level})
    for gate in (gate_return, gate_value):
        decision = gate(outcome, method=BY_TIME, seed=0)
        assert decision.served == MODEL
        assert all(gain.low > 0 for gain in decision.versus.values())


def test_where_a_rule_is_the_truth_the_rule_is_served():
    outcome = planted({MODEL: level, "recency": exact}, {MODEL: level, "mean_value": exact})
    assert gate_return(outcome, method=BY_TIME, seed=0).served == "recency"
    assert gate_value(outcome, method=BY_TIME, seed=0).served == "mean_value"


def test_a_model_of_shuffled_labels_is_never_served():
    outcome = planted({MODEL: shuffled, "base_rate": level}, {MODEL: shuffled, "mean_value": level})
    assert gate_return(outcome, method=BY_CUSTOMER, seed=0).served == "base_rate"
    assert gate_value(outcome, method=BY_CUSTOMER, seed=0).served == "mean_value"


def test_a_tie_goes_to_the_rule():
    outcome = planted({MODEL: level, "base_rate": level}, {MODEL: level, "mean_value": level})
    for gate in (gate_return, gate_value):
        decision = gate(outcome, method=BY_TIME, seed=0)
        assert decision.served != MODEL
        assert "not shown to beat" in decision.reason


@pytest.mark.parametrize("seed", range(5))
def test_beating_all_rules_but_one_is_not_enough(seed):
    draw = np.random.default_rng(seed)
    loss = draw.gamma(2, 1, N)
    losses = {MODEL: loss, "recency": loss + 1, "past_rate": loss + draw.normal(0, 0.1, N)}
    decision = decide("return", losses, measure="log loss", method=BY_TIME, seed=seed)
    assert decision.served == "past_rate"
    assert decision.versus["recency"].above_zero


def gains(seed=0):
    """Losses of a model that beats the rule, and a maker of losses at a distance from it."""
    draw = np.random.default_rng(seed)
    loss = draw.gamma(2, 1, N)

    def off(mean, spread=0.1):
        noise = draw.normal(0, spread, N)
        return loss + mean + noise - noise.mean()

    return {MODEL: loss, "recency": loss + 1}, off


def decided(losses):
    return decide("return", losses, measure="log loss", method=BY_TIME, seed=0)


def test_a_model_of_purchase_days_that_is_surely_better_is_served():
    losses, off = gains()
    decision = decided({**losses, "bg_nbd": off(-0.05), "pareto_nbd": off(0.1)})
    assert decision.served == "bg_nbd"
    assert decision.reason.startswith("bg_nbd is shown to have less log loss than the model")
    assert decision.versus["bg_nbd"].below_zero


@pytest.mark.parametrize("mean", [-0.001, 0.0, 0.05])
def test_a_model_of_purchase_days_that_is_not_surely_better_is_not(mean):
    losses, off = gains()
    decision = decided({**losses, "bg_nbd": off(mean)})
    assert decision.served == MODEL
    assert set(decision.versus) == {"recency", "bg_nbd"}


def test_where_a_rule_is_not_beaten_the_best_of_all_others_is_served():
    losses, off = gains()
    losses["past_rate"] = off(0.0)
    for mean, best in ((-0.05, "bg_nbd"), (0.2, "past_rate")):
        decision = decided({**losses, "bg_nbd": off(mean)})
        assert decision.served == best
        assert "not shown to beat past_rate" in decision.reason


def test_without_a_model_the_best_rule_is_served():
    losses = {"recency": np.full(9, 0.5), "base_rate": np.full(9, 0.4)}
    decision = decide("return", losses, measure="log loss", method=BY_CUSTOMER, seed=0)
    assert decision.served == "base_rate"
    assert decision.versus == {}
    assert "too few customers" in decision.reason


def test_losses_of_certain_but_wrong_predictions_are_finite():
    outcome = planted({MODEL: exact, "recency": level}, {MODEL: exact, "mean_value": level})
    outcome.predicted_clv["mean_value"][:] = 0.0
    outcome.churn_probability["recency"][:] = 1.0
    assert gate_return(outcome, method=BY_TIME, seed=0).served == MODEL
    assert gate_value(outcome, method=BY_TIME, seed=0).served == MODEL


def test_a_customer_in_several_rows_is_one_customer():
    losses = {"model": np.array([1.0, 2.0, 2.0, 2.0, 5.0]), "recency": np.arange(5.0)}
    found = by_customer(losses, np.array([7, 3, 3, 3, 9]))
    assert found["model"].tolist() == pytest.approx([3.6, 0.6, 3.0])
    assert found["model"].mean() == pytest.approx(losses["model"].mean())
    assert by_customer(losses, np.arange(5)) is losses
    assert by_customer(losses, np.empty(0, np.int64)) is losses
