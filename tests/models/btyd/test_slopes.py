"""The written-out gradients against differences, and the sums over histories against each one."""

import numpy as np
import pytest

from models.btyd import beta_geometric, gamma_gamma, pareto_nbd
from models.btyd.beta_geometric import Kind
from models.btyd.counts import Counts, counts_of
from models.btyd.gamma_gamma import GammaGamma
from models.btyd.pareto_nbd import ParetoNbd
from tests.models.btyd.made import MADE, lived

PLACES = [[-0.6, 2.3, -0.5, 0.4], [1.0, 0.0, 2.0, -2.0], [-2.0, 4.0, -3.0, 3.0]]
KINDS = [Kind(1, False), Kind(1, True), Kind(2, True), Kind(5, True)]


def histories():
    x, t_x, _ = lived(MADE["mbg_nbd"], np.random.default_rng(1), 800, T=60.0, horizon=1.0)
    return counts_of([*x, 0, 1, 90], [*t_x, 0, 5, 60], [60.0] * 800 + [0, 5, 60])


def slopes(likelihood, theta):
    steps = np.eye(len(theta)) * 1e-5
    return [(likelihood(theta + h)[0] - likelihood(theta - h)[0]) / 2e-5 for h in steps]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_slopes_of_the_beta_geometric_models(kind, place):
    counts, theta = histories(), np.array(place)
    likelihood = beta_geometric.likelihood_of(counts, kind)
    value, slope = likelihood(theta)
    assert slope == pytest.approx(slopes(likelihood, theta), rel=1e-6, abs=1e-4)
    r, alpha, a, b = np.exp(theta)
    each = beta_geometric.log_likelihood(
        counts.frequency, counts.recency, counts.T, r=r, alpha=alpha, a=a, b=b, kind=kind
    )
    assert value == pytest.approx(counts.weight @ each, rel=1e-12)


@pytest.mark.parametrize("place", PLACES)
def test_slopes_of_pareto_nbd(place):
    counts, theta = histories(), np.array(place)
    likelihood = pareto_nbd.likelihood_of(counts)
    value, slope = likelihood(theta)
    assert slope == pytest.approx(slopes(likelihood, theta), rel=1e-6, abs=1e-4)
    each = ParetoNbd(*np.exp(theta)).log_likelihood(counts.frequency, counts.recency, counts.T)
    assert value == pytest.approx(counts.weight @ each, rel=1e-10)


@pytest.mark.parametrize("place", [[1.8, 1.0, 0.0], [-0.5, -1.0, 2.0], [3.0, 2.0, -1.0]])
def test_slopes_of_gamma_gamma(place):
    rng, theta = np.random.default_rng(2), np.array(place)
    x, mean, weight = (
        rng.integers(1, 9, 200).astype(float),
        rng.lognormal(0, 1, 200),
        rng.random(200),
    )
    likelihood = gamma_gamma.likelihood_of(Counts(x, mean, np.zeros(200), weight))
    value, slope = likelihood(theta)
    assert slope == pytest.approx(slopes(likelihood, theta), rel=1e-6, abs=1e-4)
    p, over, v = np.exp(theta)
    each = GammaGamma(p, gamma_gamma.LEAST_Q + over, v).log_likelihood(x, mean)
    assert value == pytest.approx(weight @ each, rel=1e-12)
