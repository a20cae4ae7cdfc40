"""How customers buy: in what rhythm, at what discount, how broadly, through which channels."""

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from retention.groups import order_group

Float = NDArray[np.float64]
Object = NDArray[np.object_]
RHYTHMS = ("regular", "irregular", "clumpy", "lapsing")
TOO_FEW_ORDERS = "too_few_orders"
NO_DISCOUNTS = "no_discount_column"
NO_BASKETS = "no_product_column"
NO_CHANNELS = "no_channel_column"
LEAST_GAPS, MOST_GAPS = 2, 60
# Purchases without any rhythm look regular, and look clumpy, with this probability each.
BY_CHANCE = 0.10
_DRAWS = 20_000


@lru_cache(maxsize=1)
def chance_limits() -> tuple[Float, Float]:
    """Variation of gaps below which customers are regular and above which clumpy, by gaps.

    Days picked at random leave gaps that are as spread as those of exponential waits between the
    first and the last; their variation (standard deviation over mean) depends on their number.
    The limits are its 10th and 90th percentile, by simulation with a fixed seed; arrays of shape
    (MOST_GAPS + 1,), NaN below `LEAST_GAPS`.
    """
    draw = np.random.default_rng(20_240_101)
    low, high = np.full((2, MOST_GAPS + 1), np.nan)
    waits = draw.exponential(size=(_DRAWS, MOST_GAPS))
    count = np.arange(1, MOST_GAPS + 1)
    mean = np.cumsum(waits, axis=1) / count
    spread = np.sqrt(np.maximum(np.cumsum(waits**2, axis=1) / count - mean**2, 0.0))
    limits = np.quantile(spread / mean, [BY_CHANCE, 1 - BY_CHANCE], axis=0)
    low[LEAST_GAPS:], high[LEAST_GAPS:] = limits[:, LEAST_GAPS - 1 :]
    return low, high


def rhythm(
    mean_gap: ArrayLike, sd_gap: ArrayLike, gaps: ArrayLike, silence: ArrayLike, limit: ArrayLike
) -> tuple[Object, Object]:
    """How a customer's purchase days are spaced.

    Parameters
    ----------
    mean_gap, sd_gap : arrays of shape (n,), of the gaps between purchase days, days
    gaps : array of shape (n,), number of gaps: repeat purchase days
    silence : array of shape (n,), days since the last purchase day
    limit : array of shape (n,), days of silence that are late by the customer's own rhythm: the
        first of `retention.lifecycle.silence_limits`

    Returns
    -------
    rhythm : `lapsing` (silent for longer than the limit, whatever the rhythm was), `regular` (gaps
        more even than chance makes them), `clumpy` (more bunched), `irregular` (neither); None with
        fewer than two gaps
    codes : `too_few_orders` where it is None, else None
    """
    m, s, k, quiet, late = (np.asarray(v, float) for v in (mean_gap, sd_gap, gaps, silence, limit))
    known = k >= LEAST_GAPS
    number = np.where(known, np.minimum(k, MOST_GAPS), LEAST_GAPS).astype(np.int64)
    low, high = chance_limits()
    variation = np.divide(s, m, out=np.full(len(m), np.nan), where=m > 0)
    found = np.select(
        [~known, quiet > late, variation < low[number], variation > high[number]],
        ["", "lapsing", "regular", "clumpy"],
        default="irregular",
    ).astype(object)
    found[~known] = None
    codes = np.full(len(m), None, object)
    codes[~known] = TOO_FEW_ORDERS
    return found, codes


# Column of the result -> feature that it shows, and the code where the log has no such column.
SHOWN = {
    "discount_share": ("discount_share", NO_DISCOUNTS),
    "discounted_lines_share": ("discounted_lines_share", NO_DISCOUNTS),
    "distinct_products": ("distinct_products", NO_BASKETS),
    "distinct_categories": ("distinct_categories", NO_BASKETS),
    "lines_per_order": ("lines_per_order", NO_BASKETS),
    "distinct_channels": ("distinct_channels", NO_CHANNELS),
    "top_channel_share": ("top_channel_share", NO_CHANNELS),
}
NOT_GIVEN = "not_given"
# From this share of lines at a discount on, a customer buys mostly so.
MOSTLY = 0.5
USUAL_CHANNEL = 0.9


def behaviour(features: pd.DataFrame, late: ArrayLike) -> tuple[pd.DataFrame, dict[str, Object]]:
    """Behaviour of the customers of a snapshot.

    Parameters
    ----------
    features : DataFrame of features, indexed by `customer_id`
    late : array of shape (n,), see `rhythm`

    Returns
    -------
    DataFrame indexed alike
        rhythm : see `rhythm`
        discount_buyer : `mostly`, `sometimes`, `never`, by the share of lines with a discount
        channel_mix : `one_channel` (nine of ten lines or more), `several_channels`
        breadth : `narrow`, `medium`, `broad`: thirds of the customers with as many orders, by
            distinct categories, else products
        and the numbers of `SHOWN`; None or NaN where not known
    codes : column -> why it is null, shape (n,)
    """
    n = len(features)
    kind, rhythm_codes = rhythm(
        features["mean_gap"], features["sd_gap"], features["frequency"].fillna(0),
        features["days_since_last"], late,
    )  # fmt: skip
    found = pd.DataFrame({"rhythm": pd.Series(kind, index=features.index, dtype=object)})
    codes = {"rhythm": rhythm_codes}
    for name, (feature, lacking) in SHOWN.items():
        absent = feature not in features
        value = np.full(n, np.nan) if absent else features[feature].to_numpy(float)
        found[name] = value
        codes[name] = _coded(np.isnan(value), lacking if absent else NOT_GIVEN)
    discounted, top = (
        found[name].to_numpy(float) for name in ("discounted_lines_share", "top_channel_share")
    )
    wide = found["distinct_categories"].to_numpy(float)
    wide = wide if not np.isnan(wide).all() else found["distinct_products"].to_numpy(float)
    several = _label(top, [top >= USUAL_CHANNEL], ["one_channel"], "several_channels")
    labels = {
        "discount_buyer": _label(
            discounted, [discounted >= MOSTLY, discounted > 0], ["mostly", "sometimes"], "never"
        ),
        "channel_mix": several,
        "breadth": breadth(wide, features["n_orders"]),
    }
    for name, values in labels.items():
        found[name] = pd.Series(values, index=features.index, dtype=object)
    codes["discount_buyer"] = codes["discounted_lines_share"]
    codes["channel_mix"] = codes["top_channel_share"]
    codes["breadth"] = _coded(np.isnan(wide), NO_BASKETS)
    return found, codes


def breadth(distinct: ArrayLike, n_orders: ArrayLike) -> Object:
    """`narrow`, `medium` or `broad` against customers with as many orders, shape (n,).

    Who ordered more often has met more products; so thirds are taken among equals (1, 2, 3-4, 5-9,
    10 and more orders). Equal numbers are in one third.
    """
    wide = pd.Series(np.asarray(distinct, float))
    group = order_group(np.nan_to_num(np.asarray(n_orders, float)))
    below = wide.groupby(group).rank(method="min", pct=True)
    above = wide.groupby(group).rank(method="max", pct=True)
    middle = ((below + above) / 2).to_numpy()
    return _label(middle, [middle <= 1 / 3, middle <= 2 / 3], ["narrow", "medium"], "broad")


def _label(value: Float, tests: list[NDArray[np.bool_]], names: list[str], rest: str) -> Object:
    found = np.select(tests, names, default=rest).astype(object)
    found[np.isnan(value)] = None
    return found


def _coded(null: NDArray[np.bool_], code: str) -> Object:
    found = np.full(len(null), None, object)
    found[null] = code
    return found
