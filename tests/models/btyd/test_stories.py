"""Each model against customers made by its own story, told purchase by purchase."""

import numpy as np
import pytest

from models.btyd.counts import counts_of
from models.btyd.family import MODELS
from models.btyd.gamma_gamma import fit_gamma_gamma
from tests.models.btyd.made import MADE, lived

KINDS = sorted(MADE)


@pytest.mark.parametrize("kind", KINDS)
def test_silence_and_purchases_are_as_often_as_said(kind):
    model, T, horizon = MADE[kind], 200.0, 90.0
    x, t_x, later = lived(model, np.random.default_rng(7), 200_000, T=T, horizon=horizon)
    p_zero = model.p_zero(x, t_x, T, horizon)
    expected = model.expected_purchases(x, t_x, T, horizon)
    # By purchases and by silence; 4.5 standard errors are once in 10,000 runs of these cells.
    for purchases in (0, 1, 2, 3, 5, 8):
        for silent, until in ((0, 40), (40, 120), (120, 201)):
            cell = (x == purchases) & (T - t_x >= silent) & (T - t_x < until)
            n = cell.sum()
            if (1 - p_zero[cell]).sum() < 50:  # too few buyers for a normal error
                continue
            error = np.sqrt((p_zero[cell] * (1 - p_zero[cell])).sum()) / n
            assert abs((later[cell] == 0).mean() - p_zero[cell].mean()) < 4.5 * error
            error = later[cell].std() / np.sqrt(n) + 1e-9
            assert abs(later[cell].mean() - expected[cell].mean()) < 4.5 * error


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_finds_the_parameters_again(kind):
    model, rng = MADE[kind], np.random.default_rng(3)
    parts = [(*lived(model, rng, 20_000, T=T, horizon=1.0)[:2], T) for T in (150.0, 400.0, 900.0)]
    x, t_x = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    T = np.repeat([p[2] for p in parts], 20_000)
    found = MODELS[kind][0](counts_of(x, t_x, T))
    truth, fitted = np.array(list(vars(model).values())), np.array(list(vars(found).values()))
    # 60,000 customers tell the logarithms of the parameters to a few percent.
    assert fitted == pytest.approx(truth, rel=0.15)
    gain = found.log_likelihood(x, t_x, T).sum() - model.log_likelihood(x, t_x, T).sum()
    assert 0 <= gain < 15  # half a chi-square of 4 or 5 parameters


def test_gamma_gamma_finds_its_parameters_again():
    rng = np.random.default_rng(5)
    x = rng.integers(1, 12, 50_000).astype(float)
    rate = rng.gamma(4.0, 1 / 20.0, 50_000)
    mean = rng.gamma(6.0 * x) / (rate * x)
    found = fit_gamma_gamma(x, mean)
    assert [found.p, found.q, found.v] == pytest.approx([6.0, 4.0, 20.0], rel=0.05)


def test_gamma_gamma_counts_a_weight_as_so_many_customers():
    rng = np.random.default_rng(6)
    x = rng.integers(1, 5, 300).astype(float)
    mean, times = rng.lognormal(3.0, 0.5, 300), rng.integers(1, 4, 300)
    weighted = fit_gamma_gamma(x, mean, times)
    repeated = fit_gamma_gamma(np.repeat(x, times), np.repeat(mean, times))
    assert vars(weighted) == pytest.approx(vars(repeated), rel=1e-4)
