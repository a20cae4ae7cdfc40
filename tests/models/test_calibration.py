import numpy as np
import pytest
from scipy.special import expit

from models.calibration import EDGE, PlattCalibrator, fit_platt


def simulated(slope, intercept, n=20_000, seed=0):
    draw = np.random.default_rng(seed)
    score = draw.normal(3.0, 2.0, n)
    return score, (draw.random(n) < expit(slope * score + intercept)).astype(float)


def test_worked_example():
    assert PlattCalibrator(2.0, -1.0).probability(np.array([0.5, 1.5])) == pytest.approx(
        [0.5, expit(2)]
    )


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.4, -2.0), (-0.7, 1.5)])
def test_a_known_law_is_recovered(slope, intercept):
    fitted = fit_platt(*simulated(slope, intercept))
    # 20,000 rows: the standard error of the slope is below 0.015, of the intercept below 0.05.
    assert fitted.slope == pytest.approx(slope, abs=0.05)
    assert fitted.intercept == pytest.approx(intercept, abs=0.15)


def test_the_mean_probability_is_the_base_rate():
    score, outcome = simulated(0.5, -3.0)
    assert fit_platt(score, outcome).probability(score).mean() == pytest.approx(
        outcome.mean(), abs=1e-3
    )


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_scale_of_the_score_does_not_matter(scale):
    score, outcome = simulated(0.5, -3.0, n=2000)
    one = fit_platt(score, outcome).probability(score)
    other = fit_platt(score * scale, outcome).probability(score * scale)
    assert other == pytest.approx(one, abs=1e-4)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1 / 3, -1234.5678, 1e9])
@pytest.mark.parametrize("n", [10, 999, 1000])
def test_a_constant_score_gives_the_base_rate(constant, n):
    outcome = (np.arange(n) % 5 == 0).astype(float)
    probability = fit_platt(np.full(n, constant), outcome).probability(np.full(n, constant))
    # One hit and one miss are added: far from 0 and 1 even where all are the same.
    assert probability == pytest.approx((outcome.sum() + 1) / (n + 2))


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_kind_of_outcome_gives_a_rate_short_of_certainty(outcome):
    score = np.linspace(-1, 1, 50)
    probability = fit_platt(score, np.full(50, outcome)).probability(score)
    assert probability == pytest.approx((50 * outcome + 1) / 52)


def test_a_perfect_score_gives_no_certainty():
    score = np.concatenate([np.full(100, -1.0), np.full(100, 1.0)])
    probability = fit_platt(score, (score > 0).astype(float)).probability(score)
    assert 0.9 < probability.max() < 1
    assert 0 < probability.min() < 0.1


def test_probabilities_stay_off_the_edges():
    extreme = PlattCalibrator(1.0, 0.0).probability(np.array([-1e9, 1e9]))
    assert extreme.tolist() == [EDGE, 1 - EDGE]
