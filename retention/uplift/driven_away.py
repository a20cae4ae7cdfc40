"""Groups whom contact seems to drive away, named by ranges of their features.

Groups are found on one half of the customers and measured on the other (Athey & Imbens 2016, PNAS
113(27), 7353-7360), so that the search for the worst does not make them look worse than they are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.tree import DecisionTreeRegressor

from models.intervals import Interval
from retention.uplift.cross_fit import cross_fit
from retention.uplift.rows import UpliftRows

Float = NDArray[np.float64]
DEPTH = 2
LEAST_SHARE, LEAST_CUSTOMERS = 0.05, 200
LEVEL = 0.95


@dataclass(frozen=True)
class Group:
    """Customers within ranges of features, and the effect of contact on them.

    Attributes
    ----------
    name : such as "discount_share at most 0.2 and opens above 3"
    bounds : feature -> (above, at most); infinite where open
    customers : rows of the half that it was measured on
    effect : contacted less held out, with an interval that holds for all groups at once
    """

    name: str
    bounds: dict[str, tuple[float, float]]
    customers: int
    effect: Interval

    @property
    def driven_away(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.effect.below_zero


def groups_of(
    rows: UpliftRows, names: list[str], *, seed: int = 0, learner: str = "x"
) -> list[Group]:
    """Split customers into at most four groups by the effect learned, and measure each.

    Parameters
    ----------
    rows : of randomised lists
    names : of the features, shape (k,)
    seed : of the halves and the learner

    Returns
    -------
    list of Group, the worst effect first; those with `driven_away` are the ones to leave alone
    """
    if len(names) != rows.features.shape[1]:
        raise ValueError(f"{rows.features.shape[1]} features need as many names, got {len(names)}")
    people, position = np.unique(rows.customer, return_inverse=True)
    half = np.random.default_rng(seed).permutation(len(people))[position] % 2 == 0
    found, measured = rows.at(half), rows.at(~half)
    learned = cross_fit(found, learner, seed=seed)
    least = max(LEAST_CUSTOMERS, int(LEAST_SHARE * len(found)))
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=least, random_state=seed)
    tree.fit(found.features, learned.out_of_fold, sample_weight=found.weight)
    bounds = _bounds(tree, names)
    leaf = tree.apply(measured.features)
    z = float(norm.ppf(1 - (1 - LEVEL) / 2 / max(len(bounds), 1)))
    groups = [
        Group(_named(limits), limits, int((leaf == node).sum()), _effect(measured, leaf == node, z))
        for node, limits in bounds.items()
    ]
    return sorted(groups, key=lambda g: (g.effect.mean, g.name))


def _bounds(
    tree: DecisionTreeRegressor, names: list[str]
) -> dict[int, dict[str, tuple[float, float]]]:
    """Ranges of the features in each leaf."""
    t = tree.tree_
    leaves: dict[int, dict[str, tuple[float, float]]] = {}
    paths: list[tuple[int, dict[str, tuple[float, float]]]] = [(0, {})]
    while paths:
        node, limits = paths.pop()
        left, right = int(t.children_left[node]), int(t.children_right[node])
        if left < 0:
            leaves[node] = limits
            continue
        name, cut = names[int(t.feature[node])], float(t.threshold[node])
        above, most = limits.get(name, (-np.inf, np.inf))
        paths.append((left, {**limits, name: (above, min(most, cut))}))
        paths.append((right, {**limits, name: (max(above, cut), most)}))
    return leaves


def _named(limits: dict[str, tuple[float, float]]) -> str:
    if not limits:
        return "everybody"
    parts = []
    for name, (above, most) in sorted(limits.items()):
        low = f"above {above:.4g}" if np.isfinite(above) else ""
        high = f"at most {most:.4g}" if np.isfinite(most) else ""
        parts.append(f"{name} " + " and ".join(p for p in (low, high) if p))
    return ", ".join(parts)


def _effect(rows: UpliftRows, inside: NDArray[np.bool_], z: float) -> Interval:
    """Difference of the arms' weighted means within a group, with its interval."""
    nan = float("nan")
    means, variance = [], 0.0
    for arm in (rows.treated, ~rows.treated):
        here = inside & arm
        weight = (rows.weight * np.abs(rows.inverse))[here]
        if int(here.sum()) < 2:
            return Interval(nan, nan, nan)
        y = rows.outcome[here]
        mean = float(np.average(y, weights=weight))
        means.append(mean)
        variance += float((weight**2 * (y - mean) ** 2).sum() / weight.sum() ** 2)
    effect, reach = means[0] - means[1], z * float(np.sqrt(variance))
    return Interval(effect, effect - reach, effect + reach)
