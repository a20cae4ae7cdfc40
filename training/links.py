"""The kinds of score that are fitted: what each predicts, its loss and its error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

from models.link_score import Float
from models.metrics import tweedie_deviance_rows

LOG_LEAST = 1e-6


@dataclass(frozen=True)
class Link:
    """One kind of score.

    Attributes
    ----------
    name : `return`, `spend`, `total` or `orders`
    objective : XGBoost's
    power : variance power of the linear score's family: 0 normal, 1 Poisson, 1.5 Tweedie; None for
        a logistic one
    """

    name: str
    objective: str
    power: float | None

    def mean(self, raw: Float) -> Float:
        """Expectation of the target from a score on the link's scale."""
        if self.power is None:
            return np.asarray(expit(raw), dtype=np.float64)
        return raw if self.power == 0 else np.exp(np.minimum(raw, 20.0))

    def start(self, target: Float) -> float:
        """Score that fits the mean of the target."""
        mean = float(target.mean())
        if self.power is None:
            held = min(max(mean, LOG_LEAST), 1 - LOG_LEAST)
            return float(np.log(held / (1 - held)))
        return mean if self.power == 0 else float(np.log(max(mean, LOG_LEAST)))

    def losses(self, target: Float, raw: Float) -> Float:
        """Loss of each row, shape (n,)."""
        mean = self.mean(raw)
        if self.power is None:
            return np.asarray(np.logaddexp(0, raw) - target * raw, dtype=np.float64)
        if self.power == 0:
            return (target - mean) ** 2
        if self.power == 1:
            return np.asarray(2 * (xlogy(target, target / mean) - target + mean), dtype=np.float64)
        return tweedie_deviance_rows(target, mean, self.power)

    def level_error(self, target: Float, raw: Float) -> float:
        """Standard error of the score's level over these rows, on the link's scale."""
        mean = self.mean(raw)
        if self.power is None:
            return float(1 / np.sqrt(max((mean * (1 - mean)).sum(), LOG_LEAST)))
        scatter = float(((target - mean) ** 2).sum())
        whole = len(target) if self.power == 0 else float(mean.sum())
        return float(np.sqrt(scatter) / max(whole, LOG_LEAST))


RETURN = Link("return", "binary:logistic", None)
SPEND = Link("spend", "reg:squarederror", 0.0)
TOTAL = Link("total", "reg:tweedie", 1.5)
ORDERS = Link("orders", "count:poisson", 1.0)
LINKS = (RETURN, SPEND, TOTAL, ORDERS)


def log_spend(value: Float, median: float) -> Float:
    """Log of spend, that of refunds and gifts held at a twentieth of the median."""
    return np.log(np.maximum(value, 0.05 * median))


def median_spend(value: NDArray[np.float64]) -> float:
    """Median of what those who spent something spent; 1 where nobody did."""
    spent = value[value > 0]
    return float(np.median(spent)) if len(spent) else 1.0
