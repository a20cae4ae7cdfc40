"""Which interval of a list's profit holds: robust, percentile bootstrap, or bootstrap-t."""

import numpy as np
from numpy.typing import NDArray

from retention.lists.adjusted_effect import adjusted_effect

Float = NDArray[np.float64]
SIZES = ((100, 400), (300, 1200), (1000, 2000))
DRAWS = 500
# Profits of few who return, with a long tail: log spend has a standard deviation of 1.2.
RETURNS, EFFECT, MARGIN, TAIL = 0.3, 0.05, 40.0, 1.2


def interval_kinds(held: int, contacted: int, lists: int, seed: int = 0) -> dict[str, float]:
    """Share of made lists in which each 95 % interval holds the true effect on profit."""
    rng = np.random.default_rng([seed, held])
    truth = EFFECT * MARGIN
    covered = np.zeros(3)
    arm = np.arange(held + contacted) < contacted
    none = np.zeros((held + contacted, 1))
    for _ in range(lists):
        one, zero = _profits(contacted, RETURNS + EFFECT, rng), _profits(held, RETURNS, rng)
        found = adjusted_effect(np.append(one, zero), arm, none[:, 0].astype(np.int64), none)
        covered[0] += found.low <= truth <= found.high
        means, errors = _resampled(one, zero, rng)
        low, high = np.quantile(means, [0.025, 0.975])
        covered[1] += low <= truth <= high
        low, high = np.quantile((means - found.estimate) / errors, [0.025, 0.975])
        covered[2] += (
            found.estimate - high * found.error <= truth <= found.estimate - low * found.error
        )
    robust, percentile, studentised = (float(c) / lists for c in covered)
    return {"robust": robust, "percentile": percentile, "bootstrap_t": studentised}


def _profits(count: int, share: float, rng: np.random.Generator) -> Float:
    spent = np.exp(TAIL * rng.normal(size=count) - TAIL**2 / 2)
    return np.asarray((rng.random(count) < share) * spent * MARGIN, float)


def _resampled(one: Float, zero: Float, rng: np.random.Generator) -> tuple[Float, Float]:
    """Differences of means of resamples, and their standard errors, shape (DRAWS,) each."""
    arms = [y[rng.integers(0, len(y), (DRAWS, len(y)))] for y in (one, zero)]
    variance = sum(y.var(axis=1, ddof=1) / y.shape[1] for y in arms)
    return arms[0].mean(axis=1) - arms[1].mean(axis=1), np.sqrt(variance)
