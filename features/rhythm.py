"""How the customers of a shop space their purchase days."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.running.columns import RunningColumns

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Rhythm:
    """Gaps between purchase days over all customers of a shop.

    Attributes
    ----------
    mean_gap : mean over customers of their mean gap, days
    late, very_late : 75th and 95th percentile of a gap over the customer's own mean gap
    second_late, second_very_late : the same percentiles of the days from first to second purchase
    """

    mean_gap: float
    late: float
    very_late: float
    second_late: float
    second_very_late: float


def rhythm_of(log: ShopLog, fallback_days: float) -> Rhythm:
    """Rhythm of all customers of a log; from `fallback_days` where nobody came back yet."""
    parts = list(log.map(lambda part: _gaps(part, log.until)))
    relative, second, means = (np.concatenate(kind) for kind in zip(*parts, strict=True))
    if not len(relative):
        return Rhythm(fallback_days, 1.0, 2.0, fallback_days, 2 * fallback_days)
    return Rhythm(
        mean_gap=float(means.mean()),
        late=float(max(np.quantile(relative, 0.75), 1.0)),
        very_late=float(max(np.quantile(relative, 0.95), 1.5)),
        second_late=float(np.quantile(second, 0.75)),
        second_very_late=float(np.quantile(second, 0.95)),
    )


def _gaps(log: PurchaseLog, until: int | None) -> tuple[Float, Float, Float]:
    """Gaps over the customer's own mean, gaps to the second purchase, mean gaps of customers."""
    if until is not None:
        if not (log.known_day < until).any():
            return np.array([]), np.array([]), np.array([])
        log = log.known_before(until)
    columns = RunningColumns(log)
    count, gap = columns.state("days"), columns.state("last_gap")
    before = np.concatenate([[0], count[:-1]])
    before[log.starts[:-1]] = 0
    new_gap = (count > before) & (count > 1)
    last = log.starts[1:] - 1
    spans = columns.state("last_day")[last] - columns.state("first_day")[last]
    own_mean = np.divide(
        spans, count[last] - 1, out=np.ones(log.n_customers), where=count[last] > 1
    )
    gaps = gap[new_gap].astype(float)
    relative = gaps / own_mean[log.customer_of_line[new_gap]]
    return relative, gaps[count[new_gap] == 2], own_mean[count[last] > 1]
