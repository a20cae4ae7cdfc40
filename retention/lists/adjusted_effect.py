"""The effect of having been assigned to contact, adjusted for what was known beforehand.

Lin (2013), Annals of Applied Statistics 7(1), 295-318: one regression an arm on centred covariates,
which never loses precision to the plain difference in large lists; errors are HC2, conservative
under randomisation. It is CUPED (Deng et al. 2013, WSDM) with strata and slopes of each arm. On
skewed profits these intervals held more often than bootstrap ones: benchmarks/results/retention.md.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]
LEVEL, POWER = 0.95, 0.80
# Customers of the smaller arm for each coefficient, below which fewer are fitted.
PER_COEFFICIENT = 20


@dataclass(frozen=True)
class Effect:
    """Mean effect of assignment on an outcome, contacted less held out.

    Attributes
    ----------
    estimate, error : effect a customer and its standard error; NaN without two in each arm
    low, high : 95 % interval
    contacted_mean, held_out_mean : plain means of the arms
    detectable : least effect that would be shown in 80 % of lists such as this one
    """

    estimate: float
    error: float
    low: float
    high: float
    contacted_mean: float
    held_out_mean: float
    detectable: float

    @property
    def shown(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0

    @property
    def defined(self) -> bool:
        """Whether both arms could be compared."""
        return math.isfinite(self.error)


def adjusted_effect(
    outcome: Float, contacted: Mask, stratum: NDArray[np.int64], covariates: Float
) -> Effect:
    """Intention to treat: by assignment, whoever was reached.

    Parameters
    ----------
    outcome : shape (n,), finite
    contacted : shape (n,), assigned to contact; the others are held out
    stratum : shape (n,), decile within which the hold-out was drawn
    covariates : shape (n, k), known before the assignment, finite

    Raises
    ------
    ValueError
        If shapes differ or a number is not finite.
    """
    y, t = np.asarray(outcome, float), np.asarray(contacted, bool)
    x = np.asarray(covariates, float)
    if not (y.shape == t.shape == np.shape(stratum) == x.shape[:1]):
        raise ValueError(
            f"outcome, contacted, stratum and covariates are of the same customers, got shapes "
            f"{y.shape}, {t.shape}, {np.shape(stratum)} and {x.shape}"
        )
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        wrong = int((~np.isfinite(y)).sum() + (~np.isfinite(x)).any(axis=1).sum())
        raise ValueError(
            f"outcomes and covariates must be finite, {wrong} rows are not; "
            "a customer without a purchase has revenue 0"
        )
    one_mean, zero_mean = (float(y[a].mean()) if a.any() else math.nan for a in (t, ~t))
    smaller = int(min(t.sum(), (~t).sum()))
    if smaller < 2:
        nan = math.nan
        return Effect(nan, nan, nan, nan, one_mean, zero_mean, nan)
    design = _design(np.asarray(stratum), x, smaller)
    (one, one_variance, one_free), (zero, zero_variance, zero_free) = (
        _at_mean(y[arm], design[arm]) for arm in (t, ~t)
    )
    error = math.sqrt(one_variance + zero_variance)
    reach = float(student.ppf((1 + LEVEL) / 2, max(1, min(one_free, zero_free))))
    estimate = one - zero
    detectable = (reach + float(norm.ppf(POWER))) * error
    low, high = estimate - reach * error, estimate + reach * error
    return Effect(estimate, error, low, high, one_mean, zero_mean, detectable)


def _design(stratum: NDArray[np.int64], x: Float, smaller: int) -> Float:
    """Intercept and centred covariates, as many as the smaller arm bears."""
    deciles = (stratum[:, None] == np.unique(stratum)[None, 1:]).astype(float)
    ones = np.ones((len(stratum), 1))
    for columns in (np.column_stack([x, deciles]), x):
        spread = columns.std(axis=0)
        told = columns[:, spread > 0] / spread[spread > 0]
        if smaller >= PER_COEFFICIENT * (told.shape[1] + 1):
            return np.column_stack([ones, told - told.mean(axis=0)])
    return ones


def _at_mean(y: Float, design: Float) -> tuple[float, float, int]:
    """Fitted mean of an arm at the covariates of the whole list, its HC2 variance, and freedom."""
    inverse = np.linalg.pinv(design.T @ design, hermitian=True)
    rows = design @ inverse
    left = y - rows @ (design.T @ y)
    leverage = np.einsum("ij,ij->i", rows, design)
    weight = rows[:, 0]
    variance = float((weight**2 * left**2 / np.maximum(1 - leverage, 1e-9)).sum())
    rank = round(float(leverage.sum()))
    return float(weight @ y), variance, len(y) - rank
