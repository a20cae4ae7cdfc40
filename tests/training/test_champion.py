"""The refit against the champion, on made customers whose true probabilities are known."""

import numpy as np
import pytest

from models.pointer import POINTER
from tests.serving.made import made_bundle
from tests.serving.made import promote as promote_made
from training.bundle_child import probes
from training.champion import ChampionDecision, champion_predictions, compare
from training.champion_slices import Predictions, Truth, slices_of

N = 8_000


def shop(n=N, seed=0):
    """Truth, and a champion that is right up to noise of its own."""
    draw = np.random.default_rng(seed)
    orders = draw.choice([1, 2, 3, 4, 6, 12], n, p=[0.45, 0.2, 0.1, 0.1, 0.1, 0.05]).astype(float)
    odds = draw.normal(0.8, 1.2, n) - 0.25 * orders
    returns = 1 / (1 + np.exp(odds))
    churned = (draw.random(n) >= returns).astype(float)
    spend = draw.gamma(3, 12, n) * np.sqrt(orders)
    expected = returns * 36 * np.sqrt(orders)
    truth = Truth(
        churned=churned,
        future_value=np.where(churned == 1, 0.0, spend),
        n_orders=orders,
        tenure_days=draw.uniform(1, 900, n),
        value_tier=np.where(expected > np.quantile(expected, 0.8), "high", "low").astype(object),
    )
    return truth, odds, expected


def refit(odds, expected, seed, noise=0.1):
    """What another fit of the same quality says."""
    draw = np.random.default_rng(seed)
    n = len(odds)
    return Predictions(
        1 / (1 + np.exp(-odds + draw.normal(0, noise, n))),
        expected * np.exp(draw.normal(0, noise, n)),
    )


TRUTH, ODDS, EXPECTED = shop()
CHAMPION = refit(ODDS, EXPECTED, seed=1)
GOOD = refit(ODDS, EXPECTED, seed=2)
FEW = TRUTH.n_orders >= 5  # 15 % of the customers, where churn is rare


def but(churn=None, clv=None):
    return Predictions(
        GOOD.churn_probability if churn is None else churn,
        GOOD.predicted_clv if clv is None else clv,
    )


def logit(p):
    return np.log(p / (1 - p))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def shuffled_in(rows, values, seed=3):
    out = values.copy()
    out[rows] = np.random.default_rng(seed).permutation(values[rows])
    return out


P = GOOD.churn_probability
BAD = {
    "noisier overall": (
        but(churn=sigmoid(logit(P) + np.random.default_rng(4).normal(0, 0.6, N))),
        "log loss",
    ),
    "blind in a slice": (but(churn=shuffled_in(FEW, P)), "customers with 5 or more orders"),
    "shifted level": (but(churn=sigmoid(logit(P) + 0.5)), "calibration error"),
    "inverted": (but(churn=1 - P), "log loss"),
    "constant": (but(churn=np.full(N, TRUTH.churned.mean())), "PR-AUC"),
    "NaN": (
        but(churn=np.where(np.arange(N) == 7, np.nan, P)),
        "not finite or out of range for 1 of 8000",
    ),
    "overconfident": (but(churn=sigmoid(2.5 * logit(P))), "calibration error"),
    "value in another unit": (but(clv=100 * GOOD.predicted_clv), "total value"),
    "value for two thirds too much": (but(clv=1.7 * GOOD.predicted_clv), "total value"),
    "level shifted in a slice": (
        but(churn=np.where(FEW, sigmoid(logit(P) + 0.25), P)),
        "calibration error",
    ),
    "probability of 1.2": (but(churn=np.where(np.arange(N) == 7, 1.2, P)), "out of range"),
    "value below zero": (but(clv=GOOD.predicted_clv - 1e3), "predicted_clv is not finite or out"),
    "value by customer shuffled": (
        but(clv=shuffled_in(np.ones(N, bool), GOOD.predicted_clv)),
        "Tweedie deviance of value",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_r15_a_bad_challenger_is_refused_with_figures(name):
    challenger, word = BAD[name]
    decision = compare(challenger, CHAMPION, TRUTH, seed=0)
    assert not decision.promote
    assert any(word in reason for reason in decision.reasons), decision.reasons
    assert all(any(c.isdigit() for c in reason) for reason in decision.reasons)


@pytest.mark.parametrize("seed", range(10, 14))
def test_a_refit_that_differs_by_noise_alone_is_promoted(seed):
    truth, odds, expected = shop(seed=seed)
    one, other = refit(odds, expected, seed), refit(odds, expected, seed + 100)
    decision = compare(one, other, truth, seed=0)
    assert decision.promote, decision.reasons
    assert "not worse than the champion: log loss" in decision.reasons[0]


@pytest.mark.parametrize("n", [100, 900])
def test_a_small_shop_is_not_kept_from_refits_by_noise(n):
    kept = 0
    for seed in range(6):
        truth, odds, expected = shop(n, seed=seed)
        one, other = refit(odds, expected, seed), refit(odds, expected, seed + 100)
        kept += not compare(one, other, truth, seed=0).promote
    assert kept <= 1


def test_a_better_challenger_is_promoted():
    best = refit(ODDS, EXPECTED, seed=5, noise=0.0)
    decision = compare(best, refit(ODDS, EXPECTED, seed=6, noise=0.5), TRUTH, seed=0)
    assert decision.promote
    assert len(decision.reasons) == 1


def test_the_champion_against_itself_is_promoted_with_all_slices_shown():
    decision = compare(CHAMPION, CHAMPION, TRUTH, seed=0)
    assert decision.promote
    assert decision.slices[0].customers == N
    names = [figures.slice for figures in decision.slices]
    assert names == list(slices_of(TRUTH))
    assert "customers of value tier high" in names
    orders = [f.customers for f in decision.slices if "order" in f.slice]
    assert sum(orders) == N


def test_a_slice_of_999_customers_is_shown_and_not_judged():
    rows = np.flatnonzero(FEW)
    for size, promoted in ((999, True), (1_000, False)):
        chosen = np.concatenate([rows[:size], np.flatnonzero(~FEW)])
        one, other, truth = (
            type(x)(*(column[chosen] for column in vars(x).values() if len(column)))
            for x in (but(churn=shuffled_in(FEW, P)), GOOD, TRUTH)
        )
        decision = compare(one, other, truth, seed=0)
        in_slice = [r for r in decision.reasons if "5 or more orders" in r]
        assert bool(in_slice) is not promoted
        assert any(f.customers == size for f in decision.slices)


def test_losses_worse_by_less_than_half_a_percent_or_by_chance_do_not_count():
    slightly = but(churn=sigmoid(logit(P) + 0.03))
    assert compare(slightly, GOOD, TRUTH, seed=0).promote
    few = np.arange(60)
    one, other, truth = (
        type(x)(*(column[few] for column in vars(x).values() if len(column)))
        for x in (but(churn=sigmoid(1.2 * logit(P))), GOOD, TRUTH)
    )
    assert compare(one, other, truth, seed=0).promote


def test_a_champion_that_predicts_nonsense_stops_nobody():
    broken = Predictions(np.full(N, np.nan), CHAMPION.predicted_clv)
    why = (
        "nothing to compare with: the champion's churn_probability is not finite or out of range "
        f"for {N} of {N} customers"
    )
    assert compare(GOOD, broken, TRUTH, seed=0) == ChampionDecision(True, [why], [])


def test_predictions_of_other_customers_are_refused():
    fewer = Predictions(P[:5], GOOD.predicted_clv[:5])
    with pytest.raises(ValueError, match="churned has 8000, and .*challenger's churn_probability"):
        compare(fewer, CHAMPION, TRUTH, seed=0)


def test_where_everybody_churned_the_ranking_is_not_judged():
    truth = Truth(**{**vars(TRUTH), "churned": np.ones(N), "future_value": np.zeros(N)})
    decision = compare(CHAMPION, CHAMPION, truth, seed=0)
    assert decision.promote
    assert np.isnan(decision.slices[0].pr_auc)


FEATURES = probes(made_bundle()).assign(new_since=1.0)


def asked(models, features=FEATURES, horizons=(90, 365)):
    """What is predicted, and what is said where nothing is."""
    told: list[str] = []
    return champion_predictions(models, features, horizons=horizons, tell=told.append), told


def test_the_model_in_use_predicts_though_there_are_more_features_now(tmp_path):
    promote_made(tmp_path)
    found, told = asked(tmp_path)
    assert told == []
    churn, value = made_bundle().predict(FEATURES)
    assert found is not None
    assert found.churn_probability.tolist() == churn.churn.tolist()
    assert found.predicted_clv.tolist() == value.value.mean.tolist()


def test_without_a_model_in_use_it_is_a_first_promotion(tmp_path):
    assert asked(tmp_path) == (None, ["first promotion: no model is in use yet"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: (folder / "heads.json").write_text("{}"), "is not what was sealed"),
        (lambda folder: folder.rename(folder.with_name("elsewhere")), "no sealed bundle in"),
    ],
)
def test_a_model_in_use_that_does_not_load_makes_it_a_first_promotion(tmp_path, change, why):
    version = promote_made(tmp_path)
    change(tmp_path / version)
    found, told = asked(tmp_path)
    assert found is None
    assert why in told[0]


def test_a_pointer_that_cannot_be_read_makes_it_a_first_promotion(tmp_path):
    promote_made(tmp_path)
    (tmp_path / POINTER).write_text("{")
    assert asked(tmp_path)[0] is None


def test_a_model_of_lost_features_or_other_horizons_is_not_compared(tmp_path):
    promote_made(tmp_path)
    found, told = asked(tmp_path, FEATURES.drop(columns=["T"]))
    assert found is None
    assert "needs 1 features that are no longer made, T first" in told[0]
    found, told = asked(tmp_path, horizons=(60, 365))
    assert found is None
    assert "it predicts 90 and 365 days ahead, not 60 and 365" in told[0]


def test_a_level_off_by_a_window_s_chance_refuses_no_refit():
    decision = compare(but(clv=1.2 * GOOD.predicted_clv), CHAMPION, TRUTH, seed=0)
    assert decision.promote, decision.reasons
