"""Why a score is what it is: up to five facts, in sentences fit for the customer's eyes."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.catalogue import BY_NAME
from features.feature_table import FeatureTable

MOST_REASONS = 5
# A topic that moves the score less than this share is not worth a sentence.
LEAST_IMPORTANCE = 0.02
# Nearer than this to half a ten-thousandth a share's own digits say how it is rounded.
HALFWAY = 1e-6
_SHARE_TEXTS = [f"{k / 10_000:.4f}" for k in range(10_001)]
_SHARES = pa.array(_SHARE_TEXTS, pa.large_string())
# Up to this many rows are written one by one: putting columns of texts together costs more.
FEW = 32
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


def reasons(
    features: FeatureTable | pd.DataFrame, contributions: FeatureTable | pd.DataFrame
) -> list[str]:
    """Reasons of each row as JSON text, most important first.

    Parameters
    ----------
    features : n rows
    contributions : n rows, a column a feature used: what each feature adds to the log odds of churn

    Returns
    -------
    list of n JSON arrays of {code, value, direction, importance, text}
    """
    features, contributions = FeatureTable.of(features), FeatureTable.of(contributions)
    plan = _plan(features.names, contributions.names)
    if not plan.topics:
        return ["[]"] * len(features)
    values = features.rows(plan.names).astype(np.float64)
    effects = contributions.rows(plan.explained).astype(np.float64)
    weight = np.zeros(values.shape)
    np.abs(effects, out=weight[: len(effects)])
    weight[plan.faces] = np.inf
    weight[np.isnan(values)] = -1.0
    sums = np.empty((len(features), len(plan.topics)))
    speaker = np.empty(sums.shape, dtype=np.int64)
    for t, topic in enumerate(plan.topics):
        # One after the other: a sum of many rows at once may add in another order than one row's.
        sums[:, t] = np.add.accumulate(effects[topic.explained], axis=0)[-1]
        speaker[:, t] = topic.columns[weight[topic.columns].argmax(axis=0)]
    return _as_json(list(plan.names), sums, speaker, values.T + 0.0)  # -0.0 reads as 0.0


@dataclass(frozen=True)
class _Topic:
    """Columns that speak of one topic: `explained` first, then a face that explains nothing."""

    columns: NDArray[np.int64]
    explained: NDArray[np.int64]


@dataclass(frozen=True)
class _Plan:
    names: tuple[str, ...]
    explained: tuple[str, ...]
    topics: tuple[_Topic, ...]
    faces: NDArray[np.int64]


@lru_cache(maxsize=32)
def _plan(features: tuple[str, ...], contributions: tuple[str, ...]) -> _Plan:
    """Which columns speak of which topic; the same for all rows of a bundle."""
    explained = tuple(n for n in contributions if n in BY_NAME)
    names = explained + tuple(f for f in FACES.values() if f in features and f not in explained)
    topics = []
    for name in dict.fromkeys(BY_NAME[n].topic for n in explained):
        columns = [i for i, n in enumerate(names) if BY_NAME[n].topic == name]
        own = [i for i in columns if i < len(explained)]
        topics.append(_Topic(np.array(columns), np.array(own)))
    faces = [i for i, n in enumerate(names) if n == FACES.get(BY_NAME[n].topic)]
    return _Plan(names, explained, tuple(topics), np.array(faces, np.int64))


def _as_json(
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
    column, told = speaker[each, order], share[each, order]
    # The largest come first, so those worth a sentence are the first ones of a row.
    worth = told >= LEAST_IMPORTANCE
    raises = sums[each, order] > 0
    if len(sums) <= FEW:
        spoken = values[each, column]
        return [
            _row_as_json([names[c] for c in column[i, w]], spoken[i, w], raises[i, w], told[i, w])
            for i, w in enumerate(worth)
        ]
    heads, tails, text = _texts(names, column[worth], values[each, column][worth], raises[worth])
    kind = np.zeros(worth.shape, np.int64)
    kind[worth] = text
    pieces: list[pa.Array | pa.Scalar] = [_text("[")]
    for slot in range(order.shape[1]):
        nothing = ~worth[:, slot]
        here = pa.array(kind[:, slot], mask=nothing)
        pieces += [
            (_joined(_text(","), heads) if slot else heads).take(here),
            _SHARES.take(pa.array(_ten_thousandths(told[:, slot]), mask=nothing)),
            tails.take(here),
        ]
    return cast(list[str], _joined(*pieces, _text("]")).to_pylist())


def _row_as_json(
    names: list[str],
    values: NDArray[np.float64],
    raises: NDArray[np.bool_],
    told: NDArray[np.float64],
) -> str:
    each = []
    for name, value, up, share in zip(
        names, values.tolist(), raises.tolist(), _ten_thousandths(told).tolist(), strict=True
    ):
        head, tail = _around(name, None if math.isnan(value) else value, up)
        each.append(f"{head}{_SHARE_TEXTS[share]}{tail}")
    return f"[{','.join(each)}]"


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _joined(*pieces: pa.Array | pa.Scalar) -> pa.Array:
    """Texts one after the other, an absent one as nothing."""
    return pc.binary_join_element_wise(
        *pieces, _text(""), null_handling="replace", null_replacement=""
    )


def _ten_thousandths(share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Shares in whole ten-thousandths, rounded as they are when written with four digits."""
    scaled = share * 10_000
    found = np.rint(scaled).astype(np.int64)
    for i in np.flatnonzero(np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < HALFWAY):
        found[i] = int(f"{share[i]:.4f}".replace(".", ""))
    return found


def _texts(
    names: list[str],
    column: NDArray[np.int64],
    value: NDArray[np.float64],
    raises: NDArray[np.bool_],
) -> tuple[pa.Array, pa.Array, NDArray[np.int64]]:
    """What stands before and after the importance, once for each that differs, and the place of
    each reason's among them, shape (n_reasons,)."""
    heads: list[str] = []
    tails: list[str] = []
    place = np.empty(len(column), np.int64)
    kind = 2 * column + raises
    for key in np.flatnonzero(np.bincount(kind)).tolist():
        cells = np.flatnonzero(kind == key)
        known, which = np.unique(value[cells], return_inverse=True)
        place[cells] = len(heads) + which
        name, up = names[key // 2], bool(key % 2)
        for one in known.tolist():
            head, tail = _around(name, None if math.isnan(one) else one, up)
            heads.append(head)
            tails.append(tail)
    return pa.array(heads, pa.large_string()), pa.array(tails, pa.large_string()), place


@lru_cache(maxsize=65_536)
def _around(name: str, value: float | None, raises: bool) -> tuple[str, str]:
    """JSON of a reason before and after its importance, which alone differs between most rows."""
    code, direction = BY_NAME[name].topic, "raises_risk" if raises else "lowers_risk"
    head = orjson.dumps({"code": code, "value": value, "direction": direction}).decode()[:-1]
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
    return _counted(feature.phrase.format(value=text))


def _counted(text: str) -> str:
    """Mend `1 days`, `There were 1 order`, `There were 0 orders` and `on 0 of the last`."""
    text = re.sub(r"(?<![\d.,])1 (day|order|item)s\b", r"1 \1", text)
    text = text.replace("There were 1 ", "There was 1 ").replace("here were 0 ", "here were no ")
    text = text.replace("There were orders on 0 ", "There were orders on none ")
    return re.sub(r"^0 items were", "No items were", text)
