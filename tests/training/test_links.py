import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from training.links import LINKS, ORDERS, RETURN, SPEND, TOTAL, log_spend, median_spend

DRAW = np.random.default_rng(0)
TARGETS = {
    "return": (DRAW.random(500) < 0.3).astype(float),
    "spend": DRAW.normal(3.0, 1.0, 500),
    "total": np.where(DRAW.random(500) < 0.5, 0.0, DRAW.gamma(2.0, 20.0, 500)),
    "orders": DRAW.poisson(0.8, 500).astype(float),
}


def test_worked_example():
    none = np.zeros(1)
    assert RETURN.mean(none) == 0.5
    assert SPEND.mean(none) == 0.0
    assert TOTAL.mean(none) == ORDERS.mean(none) == 1.0
    # A coin said of heads costs log 2; an order where none was expected to come, 2 * (log 1 + 0).
    assert RETURN.losses(np.ones(1), none) == pytest.approx(np.log(2))
    assert SPEND.losses(np.full(1, 2.0), none) == 4.0
    assert ORDERS.losses(np.ones(1), none) == 0.0
    assert ORDERS.losses(none, none) == 2.0


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_the_start_is_the_score_of_least_loss_for_all(link):
    target = TARGETS[link.name]
    found = minimize_scalar(
        lambda raw: float(link.losses(target, np.full(len(target), raw)).mean()),
        bounds=(-5, 8),
        method="bounded",
        options={"xatol": 1e-7},
    )
    assert link.start(target) == pytest.approx(found.x, abs=1e-4)
    assert link.mean(np.array([link.start(target)]))[0] == pytest.approx(target.mean())


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_the_error_of_the_level_is_that_of_levels_found_in_like_samples(link):
    whole = TARGETS[link.name]
    levels, told = [], []
    for _ in range(400):
        sample = DRAW.choice(whole, 300)
        levels.append(link.start(sample))
        told.append(link.level_error(sample, np.full(300, link.start(sample))))
    assert np.mean(told) == pytest.approx(np.std(levels), rel=0.15)


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_target_that_never_changes_has_a_finite_start_and_error(link, value):
    target = np.full(40, value)
    assert np.isfinite(link.start(target))
    assert np.isfinite(link.level_error(target, np.full(40, link.start(target))))


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_no_score_is_so_large_that_the_loss_is_lost(link):
    target = np.array([0.0, 1.0])
    for raw in (-700.0, 700.0):
        assert np.isfinite(link.losses(target, np.full(2, raw))).all()


def test_small_spend_and_refunds_count_as_a_twentieth_of_the_median():
    spend = np.array([-5.0, 0.0, 1.0, 40.0])
    assert log_spend(spend, 40.0) == pytest.approx(np.log([2.0, 2.0, 2.0, 40.0]))


def test_the_median_is_that_of_those_who_spent():
    assert median_spend(np.array([-3.0, 0.0, 0.0, 10.0, 30.0])) == 20.0
    assert median_spend(np.array([-3.0, 0.0])) == 1.0
