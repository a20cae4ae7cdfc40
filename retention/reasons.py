"""Why a score is what it is: up to five facts, in sentences fit for the customer's eyes."""

import math
import re
from functools import lru_cache

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from features.catalogue import BY_NAME

MOST_REASONS = 5
# A topic that moves the score less than this share is not worth a sentence.
LEAST_IMPORTANCE = 0.02
# The feature that speaks for its topic, being the easiest to understand; where it is absent or
# undefined, the one that moved the score most does.
FACES = {
    "silence": "days_since_last",
    "rhythm": "mean_gap",
    "tenure": "T",
    "orders": "n_orders",
    "recent_orders": "orders_90d",
    "spend": "spend_total",
    "recent_spend": "spend_90d",
    "order_value": "average_order_value",
    "basket": "items_per_order",
    "returns": "refunds_365d",
    "trend": "orders_change_90d",
}
UNDEFINED = {
    "rhythm": "There is no second order yet, so no rhythm is known.",
    "silence": "There is no order to count the days from.",
    "order_value": "There is no repeat order yet.",
}


def reasons(features: pd.DataFrame, contributions: pd.DataFrame) -> list[str]:
    """Reasons of each row as JSON text, most important first.

    Parameters
    ----------
    features : DataFrame of shape (n, n_features)
    contributions : DataFrame of shape (n, n_used), what each feature adds to the log odds of churn

    Returns
    -------
    list of n JSON arrays of {code, value, direction, importance, text}
    """
    names = [n for n in contributions.columns if n in BY_NAME]
    if not names:
        return ["[]"] * len(features)
    topics = list(dict.fromkeys(BY_NAME[n].topic for n in names))
    names += [f for f in FACES.values() if f in features and f not in names]
    effects = contributions.reindex(columns=names, fill_value=0.0).to_numpy(float)
    values = features[names].to_numpy(float)
    sums = np.empty((len(features), len(topics)))
    speaker = np.empty((len(features), len(topics)), dtype=np.int64)
    for t, topic in enumerate(topics):
        columns = np.array([i for i, n in enumerate(names) if BY_NAME[n].topic == topic])
        sums[:, t] = effects[:, columns].sum(axis=1)
        weight = np.abs(effects[:, columns])
        weight[:, [names[i] == FACES.get(topic) for i in columns]] = np.inf
        weight[np.isnan(values[:, columns])] = -1.0
        speaker[:, t] = columns[np.argmax(weight, axis=1)]
    return _as_json(topics, names, sums, speaker, values)


def _as_json(
    topics: list[str],
    names: list[str],
    sums: NDArray[np.float64],
    speaker: NDArray[np.int64],
    values: NDArray[np.float64],
) -> list[str]:
    size = np.abs(sums)
    total = size.sum(axis=1)
    share = size / np.where(total > 0, total, 1.0)[:, None]
    order = np.argsort(-size, axis=1, kind="stable")[:, :MOST_REASONS]
    each = np.arange(len(sums))[:, None]
    column = speaker[each, order]
    told = share[each, order]
    worth = told >= LEAST_IMPORTANCE
    raises = (sums[each, order] > 0).tolist()
    found = [[None if math.isnan(v) else v for v in row] for row in values[each, column].tolist()]
    order, column, told, worth = (a.tolist() for a in (order, column, told, worth))
    rows = []
    for i in range(len(sums)):
        parts = [
            f"{head}{share:.4f}{tail}"
            for t, c, v, up, share, good in zip(
                order[i], column[i], found[i], raises[i], told[i], worth[i], strict=True
            )
            if good
            for head, tail in (_around(topics[t], names[c], v, up),)
        ]
        rows.append(f"[{','.join(parts)}]")
    return rows


@lru_cache(maxsize=65_536)
def _around(topic: str, name: str, value: float | None, raises: bool) -> tuple[str, str]:
    """JSON of a reason before and after its importance, which alone differs between most rows."""
    direction = "raises_risk" if raises else "lowers_risk"
    head = orjson.dumps({"code": topic, "value": value, "direction": direction}).decode()[:-1]
    tail = orjson.dumps({"text": sentence(name, math.nan if value is None else value)}).decode()[1:]
    return f'{head},"importance":', f",{tail}"


# Most values are small whole numbers, so most sentences are made once.
@lru_cache(maxsize=65_536)
def sentence(name: str, value: float) -> str:
    """What a feature says of a customer."""
    feature = BY_NAME[name]
    if math.isnan(value):
        return UNDEFINED.get(feature.topic, "Too little is known yet.")
    if feature.topic == "trend":
        text = f"{value:+,.0f}" if feature.unit != "currency" else f"{value:+,.2f}"
    elif feature.unit == "currency":
        text = f"{value:,.2f}"
    else:
        text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return _singular(feature.phrase.format(value=text))


def _singular(text: str) -> str:
    """Mend `1 days` and `There were 1 order`."""
    text = re.sub(r"(?<![\d.,])1 (day|order|item)s\b", r"1 \1", text)
    return text.replace("There were 1 ", "There was 1 ")
