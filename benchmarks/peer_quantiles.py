"""Quantiles of spend for peers that only give a probability and an expected value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

LEVELS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Quantiles:
    """The 0.1, 0.5 and 0.9 quantiles of each customer's spend, currency."""

    p10: Float
    p50: Float
    p90: Float


def spread_of(actual: Float, expected: Float) -> Float:
    """Sorted ratios of actual to expected spend of customers who came back."""
    good = (expected > 0) & (actual > 0)
    return np.sort(actual[good] / expected[good]) if good.any() else np.ones(1)


def with_mass_at_zero(churn: Float, spend_if_back: Float, spread: Float) -> Quantiles:
    """Zero below the churn probability, above it the expected spend times a ratio of `spread`."""

    def at(level: float) -> Float:
        rest = np.clip((level - churn) / np.maximum(1 - churn, 1e-9), 0.0, 1.0)
        return np.where(level > churn, spend_if_back * np.quantile(spread, rest), 0.0)

    return Quantiles(*(at(level) for level in LEVELS))
