"""Measures of predicted value when each customer counts with a weight, as in a resample.

With whole weights each measure is that of `models.metrics` on the rows repeated so often. Sorting
is done once; a draw is a few passes over the customers, and a search for those with a value that
few others have (most have none at all, and they are counted without one).
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.weighted_churn import run_ends

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

VALUE_MEASURES = ("concordance", "norm_gini", "bias", "decile_mape", "rmse", "spearman")
TENTHS = 10


@dataclass(frozen=True)
class SortedTruth:
    """What came, highest first; shared by the members of a fold.

    Attributes
    ----------
    order : row of each place
    ends : True at the last place of equal values
    values : future value by row
    rank : by row, number of different values below it
    usual : rank of the most frequent value
    """

    order: Ints
    ends: Flags
    values: Floats
    rank: Ints
    usual: int


@dataclass(frozen=True)
class SortedValue:
    """One member's predictions, highest first.

    Attributes
    ----------
    order : row of each place, equal predictions by row
    paired : the same, equal predictions by what came
    ends, pair_ends : True at the last place of equal predictions, and in `paired` of those that
        came to the same value as well
    predicted : by row
    """

    order: Ints
    paired: Ints
    ends: Flags
    pair_ends: Flags
    predicted: Floats


def sorted_truth(future_value: Floats) -> SortedTruth:
    """Sort what came, an array of shape (n_customers,)."""
    order = np.argsort(-future_value, kind="stable")
    _, rank, counts = np.unique(future_value, return_inverse=True, return_counts=True)
    usual = int(counts.argmax()) if len(counts) else 0
    return SortedTruth(
        order, run_ends(future_value[order]), future_value, rank.astype(np.int64), usual
    )


def sorted_value(truth: SortedTruth, predicted: Floats) -> SortedValue:
    """Sort the predictions of one member, an array of shape (n_customers,)."""
    order = np.argsort(-predicted, kind="stable")
    paired = np.lexsort((truth.rank, -predicted))
    ends = run_ends(predicted[order])
    return SortedValue(
        order, paired, ends, ends | run_ends(truth.values[paired]), predicted.astype(np.float64)
    )


@dataclass(frozen=True)
class WeightedTruth:
    """What the measures of all members need of one draw."""

    weights: Floats
    rank: Floats
    total: float
    gini: float
    differing: float


def weighted_truth(truth: SortedTruth, weights: Floats) -> WeightedTruth:
    """Ranks, Gini and pairs of different truth under the weights, by row, not below zero."""
    rank, total, gini, differing = _truth(truth.order, truth.ends, truth.values, weights)
    return WeightedTruth(weights, rank, total, gini, differing)


def weighted_value(truth: SortedTruth, drawn: WeightedTruth, member: SortedValue) -> Floats:
    """Measures in the order of `VALUE_MEASURES`, NaN where not defined."""
    w, v, t = drawn.weights, member.predicted, truth.values
    found = np.full(len(VALUE_MEASURES), np.nan)
    if not w.any():
        return found
    if drawn.differing > 0:
        found[0] = (
            _concordance(member.paired, member.ends, member.pair_ends, truth.rank, truth.usual, w)
            / drawn.differing
        )
    gini, bias, mape, rmse, spearman = _others(member.order, member.ends, t, v, w, drawn.rank)
    if drawn.gini > 0:
        found[1] = gini / drawn.gini
    found[2:] = bias, mape, rmse, spearman
    return found


@njit(cache=True, nogil=True)
def _truth(
    order: Ints, ends: Flags, values: Floats, weights: Floats
) -> tuple[Floats, float, float, float]:
    n = len(order)
    rank = np.zeros(n)
    total = weights.sum()
    above = same = 0.0
    equal_pairs = 0.0
    cumulated = shares = 0.0
    first = 0
    for i in range(n):
        row = order[i]
        w = weights[row]
        same += w
        if not ends[i]:
            continue
        middle = above + (same + 1) / 2
        for k in range(first, i + 1):
            rank[order[k]] = middle
        # Values below zero are taken as zero here: they add nothing, as those at zero.
        spent = max(values[row], 0.0) * same
        shares += same * cumulated + spent * (same + 1) / 2
        cumulated += spent
        equal_pairs += same * same
        above += same
        same = 0.0
        first = i + 1
    gini = np.nan
    if cumulated > 0:
        gini = shares / cumulated / total - (total + 1) / (2 * total)
    return rank, cumulated, gini, (total * total - equal_pairs) / 2


@njit(cache=True, nogil=True)
def _concordance(
    order: Ints, ends: Flags, pair_ends: Flags, rank: Ints, usual: int, weights: Floats
) -> float:
    """Weight of the pairs in the right order, those with equal predictions counted half."""
    n = len(order)
    tree = np.zeros(rank.max() + 2)
    size = len(tree) - 1
    usual_weight = rarer_above = 0.0
    right = group = same_pair = equal_truth = 0.0
    first = 0
    for i in range(n):
        row = order[i]
        w = weights[row]
        group += w
        same_pair += w
        if w > 0:
            # Among those predicted higher: how many came to more?
            if rank[row] == usual:
                more = rarer_above
            else:
                more = usual_weight if usual > rank[row] else 0.0
                # The tree runs from the highest value down.
                k = size - 1 - rank[row]
                while k > 0:
                    more += tree[k]
                    k -= k & -k
            right += w * more
        if pair_ends[i]:
            equal_truth += same_pair * same_pair
            same_pair = 0.0
        if not ends[i]:
            continue
        right += (group * group - equal_truth) / 4
        for j in range(first, i + 1):
            row = order[j]
            w = weights[row]
            if w == 0:
                continue
            if rank[row] == usual:
                usual_weight += w
                continue
            if rank[row] > usual:
                rarer_above += w
            k = size - rank[row]
            while k <= size:
                tree[k] += w
                k += k & -k
        group = equal_truth = 0.0
        first = i + 1
    return right


@njit(cache=True, nogil=True)
def _others(
    order: Ints, ends: Flags, values: Floats, predicted: Floats, weights: Floats, rank: Floats
) -> tuple[float, float, float, float, float]:
    n = len(order)
    total = weights.sum()
    middle_rank = (total + 1) / 2
    true_sum = predicted_sum = square = 0.0
    cumulated = shares = spent = same = above = 0.0
    rank_sum = true_square = rank_square = product = 0.0
    in_tenth = np.zeros((TENTHS, 2))
    tenth = 0
    room = np.floor(total / TENTHS) + (1.0 if total % TENTHS >= 1 else 0.0)
    for i in range(n):
        row = order[i]
        w = weights[row]
        t, v = values[row], predicted[row]
        true_sum += w * t
        predicted_sum += w * v
        square += w * (t - v) ** 2
        spent += w * max(t, 0.0)
        same += w
        offset = rank[row] - middle_rank
        rank_sum += w * offset
        true_square += w * offset * offset
        left = w
        while left > 0:
            taken = min(left, room)
            in_tenth[tenth, 0] += taken * t
            in_tenth[tenth, 1] += taken * v
            left -= taken
            room -= taken
            if room > 0:
                continue
            if tenth == TENTHS - 1:
                break
            tenth += 1
            room = np.floor(total / TENTHS) + (1.0 if total % TENTHS > tenth else 0.0)
            if room == 0:
                break
        if ends[i]:
            shares += same * cumulated + spent * (same + 1) / 2
            cumulated += spent
            place = above + (same + 1) / 2 - middle_rank
            rank_square += same * place * place
            product += rank_sum * place
            above += same
            rank_sum = spent = same = 0.0
    gini = bias = mape = spearman = np.nan
    if cumulated > 0:
        gini = shares / cumulated / total - (total + 1) / (2 * total)
    if true_sum > 0:
        bias = predicted_sum / true_sum - 1
    errors = counted = 0.0
    for k in range(TENTHS):
        if in_tenth[k, 0] > 0:
            errors += abs(in_tenth[k, 1] - in_tenth[k, 0]) / in_tenth[k, 0]
            counted += 1
    if counted > 0:
        mape = errors / counted
    if true_square > 1e-9 and rank_square > 1e-9:
        spearman = product / np.sqrt(true_square * rank_square)
    return gini, bias, mape, np.sqrt(square / total), spearman
