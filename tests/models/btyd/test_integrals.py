"""The quadratures against other ways to the same numbers."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1

from models.btyd.mbg_cnbd_k import MbgCnbdK
from models.btyd.mbg_nbd import MbgNbd
from models.btyd.pareto_nbd import ParetoNbd
from models.btyd.silent_death import gone_unseen
from models.btyd.until_gone import beta_nodes, purchases


def test_beta_nodes_give_the_moments_of_the_beta_distribution():
    a, c = 0.3, np.array([0.7, 2.5, 60.0, 700.0])
    p, weight = beta_nodes(a, c)
    mean = a / (a + c)
    assert weight.sum(axis=1) == pytest.approx(np.ones(4), rel=1e-12)
    assert (p * weight).sum(axis=1) == pytest.approx(mean, rel=1e-12)
    assert (p**2 * weight).sum(axis=1) == pytest.approx(mean * (a + 1) / (a + c + 1), rel=1e-12)


@pytest.mark.parametrize("x", [0, 1, 7, 40])
@pytest.mark.parametrize("a", [0.4, 2.5])
def test_expected_purchases_are_those_of_the_closed_form(a, x):
    # Equation 10 of Fader, Hardie & Lee (2005) without P(alive), c being b + x.
    r, alpha, T, t, c = 0.5, 20.0, 100.0, 90.0, 2.6 + x
    n, until = r + x, alpha + T
    series = hyp2f1(n, c, a + c - 1, t / (until + t))
    closed = (a + c - 1) / (a - 1) * (1 - (until / (until + t)) ** n * series)
    found = purchases(np.array([n]), np.array([t / until]), np.array([c]), a=a)
    assert found == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize(
    ("n", "alpha", "s", "beta", "since", "until"),
    [
        (0.6, 70.0, 0.6, 80.0, 0.0, 270.0),
        (700.5, 30.0, 0.1, 9000.0, 1000.0, 1095.0),
        (90.0, 0.2, 4.0, 2000.0, 3.0, 400.0),
        (25.0, 300.0, 0.2, 0.5, 0.0, 1000.0),
        (3.0, 50.0, 12.0, 1.0, 1.0, 1.5),
    ],
)
def test_the_chance_of_having_gone_unseen_is_the_integral(n, alpha, s, beta, since, until):
    def dies(t):
        stays = ((alpha + since) / (alpha + t)) ** n * ((beta + since) / (beta + t)) ** s
        return s / (beta + t) * stays

    ends = since + (until - since) * np.array([0, 1e-4, 1e-3, 1e-2, 0.1, 1])
    pieces = [quad(dies, u, v, epsrel=1e-12)[0] for u, v in pairwise(ends)]
    found = gone_unseen(np.array([n]), np.array([since]), np.array([until]), alpha, s, beta)
    assert found == pytest.approx(np.log(sum(pieces)), abs=1e-9)


def test_one_stage_makes_the_regular_model_the_plain_one():
    x, t_x = np.array([0.0, 1, 3, 40, 700]), np.array([0.0, 10, 200, 290, 300])
    stages, plain = MbgCnbdK(2.0, 40.0, 0.6, 2.5, k=1), MbgNbd(2.0, 40.0, 0.6, 2.5)
    for horizon in (1.0, 90.0, 365.0):
        asked = (x, t_x, 300.0, horizon)
        assert stages.p_zero(*asked) == pytest.approx(plain.p_zero(*asked), rel=1e-12)
        expected = plain.expected_purchases(*asked)
        assert stages.expected_purchases(*asked) == pytest.approx(expected, rel=1e-8)


def test_pareto_purchases_pass_smoothly_through_s_1():
    near = [ParetoNbd(0.6, 70.0, s, 80.0) for s in (1 - 1e-7, 1.0, 1 + 1e-7)]
    below, at, above = (float(m.expected_purchases(2, 100, 200, 365)[0]) for m in near)
    assert below == pytest.approx(at, rel=1e-6)
    assert above == pytest.approx(at, rel=1e-6)
