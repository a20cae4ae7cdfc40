"""Published estimates of the CDNOW sample of 2,357 customers, 39 weeks, time in weeks.

They are printed to three decimals, likelihoods to one: half of the last digit, and as much again
for the rounding of their data, is the tolerance.
"""

import numpy as np
import pytest

from models.btyd.bg_nbd import BgNbd, fit_bg_nbd
from models.btyd.counts import counts_of
from models.btyd.gamma_gamma import GammaGamma, fit_gamma_gamma
from models.btyd.mbg_cnbd_k import fit_mbg_cnbd_k
from models.btyd.mbg_nbd import fit_mbg_nbd
from models.btyd.pareto_nbd import fit_pareto_nbd
from tests.models.btyd.made import cdnow_sample


@pytest.fixture(scope="module")
def cdnow():
    return cdnow_sample()


def parameters(model):
    return list(vars(model).values())


def test_the_sample_is_the_published_one(cdnow):
    x, _, T, spend = cdnow
    assert (len(x), x.sum(), (x > 0).sum()) == (2357, 2457, 946)
    assert T.max() * 7 == 272
    assert np.nanmean(spend) == pytest.approx(35.08, abs=0.01)  # Fader & Hardie, note 025


@pytest.mark.parametrize(
    ("fit", "published", "log_likelihood"),
    [
        (fit_bg_nbd, [0.243, 4.414, 0.793, 2.426], -9582.4),  # Fader, Hardie & Lee 2005, table 2
        (fit_pareto_nbd, [0.553, 10.578, 0.606, 11.669], -9595.0),  # the same table
        (fit_mbg_nbd, [0.525, 6.183, 0.891, 1.614], None),  # as public libraries find it
    ],
)
def test_estimates_are_the_published_ones(cdnow, fit, published, log_likelihood):
    x, t_x, T, _ = cdnow
    model = fit(counts_of(x, t_x, T))
    assert parameters(model) == pytest.approx(published, abs=0.001)
    if log_likelihood is not None:
        assert model.log_likelihood(x, t_x, T).sum() == pytest.approx(log_likelihood, abs=0.1)


def test_gamma_gamma_is_the_published_one(cdnow):
    x, _, _, spend = cdnow
    assert parameters(fit_gamma_gamma(x, spend)) == pytest.approx([6.25, 3.74, 15.44], abs=0.01)


@pytest.mark.parametrize(
    ("x", "mean", "value"), [(2, 22.35, 24.65), (1, 11.77, 18.91), (0, 0, 35.17)]
)
def test_purchase_value_matches_the_sheet(x, mean, value):
    # Fader & Hardie, note 025; its p, q, v are printed to two decimals, hence 0.1.
    found = GammaGamma(p=6.25, q=3.74, v=15.44).expected_value(x, mean)
    assert found == pytest.approx(value, abs=0.1)


def test_expected_purchases_match_the_bg_nbd_sheet():
    # Fader, Hardie & Lee, "Implementing the BG/NBD model in Excel": x 2, t_x 30.43, T 38.86 weeks.
    model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    assert model.expected_purchases(2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=0.001)


def test_cdnow_is_not_more_regular_than_chance(cdnow):
    x, t_x, T, _ = cdnow
    counts = counts_of(x, t_x, T)
    regular, plain = fit_mbg_cnbd_k(counts), fit_mbg_nbd(counts)
    assert regular.k == 1
    assert parameters(regular)[:4] == parameters(plain)


def test_the_unit_of_time_does_not_matter(cdnow):
    x, t_x, T, _ = cdnow
    weeks, days = (fit_pareto_nbd(counts_of(x, t_x * u, T * u)) for u in (1.0, 7.0))
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-6)
    assert days.p_zero(2, 213, 272, 90) == pytest.approx(weeks.p_zero(2, 213 / 7, 272 / 7, 90 / 7))
