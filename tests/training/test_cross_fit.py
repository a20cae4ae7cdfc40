from dataclasses import replace

import numpy as np
import pytest

from models.metrics import churn_metrics
from models.trees import TreeParameters
from tests.training.made import FOLDS, made_rows
from training.cross_fit import SHARES, choose_share, cross_fit
from training.links import LINKS, RETURN, SPEND

# Trees that learn a customer's own mark by heart, if they are given the chance.
GREEDY = TreeParameters(
    max_depth=10, learning_rate=0.5, min_child_weight=0.1, subsample=1.0, colsample_bynode=1.0,
    reg_lambda=0.01,
)  # fmt: skip


def scored(rows, trees=None, seed=0):
    return cross_fit(rows, trees or TreeParameters(), n_folds=FOLDS, seed=seed)


def auc(rows, raw):
    return churn_metrics(rows.churned, 1 / (1 + np.exp(-raw)))["auc"]


@pytest.fixture(scope="module")
def rows():
    return made_rows(300)


@pytest.fixture(scope="module")
def scores(rows):
    return scored(rows)


def test_every_kind_has_a_served_score_and_one_unseen_of_every_row(rows, scores):
    names = {link.name for link in LINKS}
    assert set(scores.served) == set(scores.unseen) == names
    for raw in scores.unseen.values():
        assert raw.shape == (len(rows),)
        assert np.isfinite(raw).all()


def test_a_law_is_learnt(rows, scores):
    assert auc(rows, scores.unseen["return"]) > 0.7
    back = rows.churned == 0
    said = scores.unseen["spend"][back]
    assert np.corrcoef(said, np.log(np.maximum(rows.value[back], 1.0)))[0, 1] > 0.7


def own_coins(customers, seed):
    """Each customer has one coin for all windows, and a mark that tells customers apart."""
    rows = made_rows(customers, effects=(0.0,) * 5, season=(False,) * 5, law=0.0, seed=seed)
    coin = np.random.default_rng(seed).integers(0, 2, customers)[rows.customer].astype(float)
    dense = np.zeros_like(rows.dense)
    dense[:, 0] = rows.dense[:, 3]
    labels = rows.labels.assign(
        churned=coin, future_orders=1 - coin, future_value=20.0 * (1 - coin)
    )
    return replace(rows, dense=dense, linear=rows.linear[:, 2:3], labels=labels)


def test_no_row_is_scored_by_a_fit_that_saw_its_customer():
    # With the customer in the fit, the mark tells the coin for certain; without, nothing does.
    found, by_heart = [], []
    for seed in range(3):
        rows = own_coins(300, seed)
        scores = scored(rows, GREEDY)
        found.append(auc(rows, scores.unseen["return"]))
        served = scores.served["return"]
        by_heart.append(auc(rows, replace(served, share=1.0).raw(rows.dense, rows.linear)))
    assert min(by_heart) > 0.75, "the mark can be learnt"
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_labels_of_a_fold_do_not_move_the_linear_score_of_its_rows(rows):
    mine = rows.fold == 3
    other = rows.labels.copy()
    flipped = np.flatnonzero(mine)[::20]
    other.loc[flipped, "churned"] = 1 - other.loc[flipped, "churned"]
    linear = replace(rows, dense=np.zeros_like(rows.dense))  # trees have nothing to split
    found = [scored(replace(linear, labels=y)) for y in (rows.labels, other)]
    assert {f.served["return"].share for f in found} == {0.0}
    one, two = (f.unseen["return"] for f in found)
    assert np.array_equal(one[mine], two[mine])
    assert not np.array_equal(one[~mine], two[~mine])


def test_from_noise_nothing_is_learnt():
    found = []
    for seed in range(6):
        rows = made_rows(250, law=0.0, seed=seed)
        found.append(auc(rows, scored(rows, seed=seed).unseen["return"]))
    deviation = 1 / np.sqrt(12 * 250 * 3 / 4)  # of one AUC of 750 rows, half of them churned
    assert abs(np.mean(found) - 0.5) <= 3 * deviation / np.sqrt(len(found))


def test_the_same_seed_gives_the_same_bytes(rows, scores):
    again = scored(rows)
    for name, raw in scores.unseen.items():
        assert raw.tobytes() == again.unseen[name].tobytes()
        one, two = scores.served[name], again.served[name]
        assert one.spec("x") == two.spec("x")
        assert one.booster.save_raw() == two.booster.save_raw()


def test_unseen_scores_bear_the_effect_of_their_window_and_the_served_that_of_the_season():
    rows = made_rows(600, effects=(0.0, 0.0, 0.0, -1.2), season=(False, False, False, True))
    scores = scored(rows)
    raw = scores.unseen["return"]
    season = rows.window == 3
    assert raw[season].mean() < raw[~season].mean() - 0.6
    assert scores.served["return"].effect < -0.6
    assert scores.served["orders"].effect > 0.3
    churn = 1 / (1 + np.exp(-raw))
    for window in range(4):
        mine = rows.window == window
        assert churn[mine].mean() == pytest.approx(rows.churned[mine].mean(), abs=0.04)


def test_the_share_is_a_half_unless_another_is_surely_better(rows):
    _, target = rows.for_link(RETURN)
    truth = 1.5 * rows.dense[:, 0].astype(float)
    noise = 4 * np.random.default_rng(0).normal(size=len(rows))
    assert choose_share(RETURN, rows, truth, truth) == 0.5
    assert choose_share(RETURN, rows, truth, noise) == 0.0
    assert choose_share(RETURN, rows, noise, truth) == 1.0
    assert len(target) == len(rows)


def test_the_share_of_spend_is_chosen_by_those_who_came_back(rows):
    truth = np.log(np.maximum(rows.value, 1.0))
    wrong = np.where(rows.churned == 0, truth + 2.0, truth)
    assert choose_share(SPEND, rows, truth, wrong) == 0.0
    assert choose_share(SPEND, rows, wrong, truth) in SHARES[-2:]
