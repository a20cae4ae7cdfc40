"""The search for a model's parameters: on their logarithms, with the exact gradient.

BFGS on a few thousand customers finds the neighbourhood and the curvature there; from both, it
needs a handful of passes over all.

Inside exp(-5)..exp(5), time being measured in median tenures, nothing but the likelihood counts.
Beyond, a wall of 1e-4 (|log| - 5)^2 per customer keeps a parameter finite where the data would send
it off: no dropout at all, or customers who are all alike, are limits that the model reaches for any
large value. A parameter that is still pushed to exp(+-12) is refused.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.btyd.counts import Counts
from models.btyd.errors import NotConverged

Float = NDArray[np.float64]
Likelihood = Callable[[Float], tuple[float, Float]]
"""log parameters → log-likelihood summed over customers, and its gradient."""

FREE, EDGE, WALL = 5.0, 12.0, 1e-4
PASSES, LONGEST, ARRIVED = 300, 1.5, 1e-8
FEWEST_REPEATERS = 10
START_CUSTOMERS = 10_000
FLAT = 1e-4  # largest slope of the mean log-likelihood, per log parameter, that counts as arrived


def time_unit(counts: Counts) -> float:
    """Return the median tenure among those who have any, the unit a search works in."""
    some = counts.T > 0
    if not some.any():
        return 1.0
    order = np.argsort(counts.T[some], kind="stable")
    tenure, weight = counts.T[some][order], np.cumsum(counts.weight[some][order])
    return float(tenure[np.searchsorted(weight, weight[-1] / 2)])


def check_repeaters(counts: Counts, model: str) -> None:
    """Refuse a log in which too few came back to tell a rate of purchase from a dropout.

    Raises
    ------
    NotConverged
        If fewer than 10 customers have a repeat purchase day.
    """
    if counts.repeaters < FEWEST_REPEATERS:
        raise NotConverged(
            f"{model} needs {FEWEST_REPEATERS} customers with a repeat purchase day, there are "
            f"{counts.repeaters:.0f} of {counts.customers:.0f}; use a rule, or a longer log"
        )


def search(
    likelihood: Callable[[Counts], Likelihood],
    counts: Counts,
    starts: Sequence[Float],
    *,
    model: str,
    names: Sequence[str],
) -> Float:
    """Return the log parameters of the greatest likelihood.

    Every start is tried on a few thousand customers; the best one goes on with all of them.

    Parameters
    ----------
    likelihood : makes the log-likelihood of such counts
    counts : histories, time in a unit near the median tenure
    starts : log parameters to begin with
    model, names : what the messages call the model and its parameters

    Raises
    ------
    NotConverged
        If no start leads to a finite maximum inside the bounds.
    """
    few = counts.thinned(START_CUSTOMERS)
    on_few = _objective(likelihood(few), few.customers)
    tried = [_descend(on_few, start, None) for start in starts]
    on_all = on_few if few is counts else _objective(likelihood(counts), counts.customers)
    for theta, value in sorted(tried, key=lambda t: t[1]):
        if few is not counts and np.isfinite(value):
            theta, value = _descend(on_all, theta, _inverse(_curvature(on_few, theta)))
        if np.isfinite(value) and _slope(on_all, theta) < FLAT:
            _check_inside(theta, model, names)
            return theta
    raise NotConverged(
        f"{model} found no maximum of its likelihood from {len(starts)} starts on "
        f"{counts.customers:.0f} customers, {counts.repeaters:.0f} of them with a repeat; "
        "use another model or a rule"
    )


def _objective(likelihood: Likelihood, customers: float) -> Likelihood:
    def objective(theta: Float) -> tuple[float, Float]:
        value, slope = likelihood(theta)
        over = np.sign(theta) * np.maximum(np.abs(theta) - FREE, 0.0)
        cost = WALL * float(over @ over) - value / customers
        return cost, 2 * WALL * over - slope / customers

    return objective


def _descend(objective: Likelihood, start: Float, inverse: Float | None) -> tuple[Float, float]:
    """Return where BFGS with backtracking ends, and the value there.

    Written out: for four parameters, a library's threads cost more than the objective.
    """
    theta, (value, slope) = start, objective(start)
    for _ in range(PASSES):
        if not np.isfinite(value) or np.abs(slope).max() < ARRIVED:
            break
        step = -slope if inverse is None else -inverse @ slope
        step *= min(1.0, LONGEST / np.abs(step).max())
        there = _backtrack(objective, theta, value, slope, step)
        if there is None and inverse is None:
            break
        if there is None:
            inverse = None
            continue
        (new, value, new_slope), moved = there, there[0] - theta
        inverse = _updated(inverse, moved, new_slope - slope)
        theta, slope = new, new_slope
    return theta, value


def _backtrack(
    objective: Likelihood, theta: Float, value: float, slope: Float, step: Float
) -> tuple[Float, float, Float] | None:
    """Return the first point on the way back along `step` that is low enough, value and slope."""
    for halvings in range(30):
        new = np.clip(theta + step / 2**halvings, -EDGE, EDGE)
        gain = float(slope @ (new - theta))
        if gain >= 0.0:
            return None
        new_value, new_slope = objective(new)
        if new_value <= value + 1e-4 * gain:
            return new, new_value, new_slope
    return None


def _updated(inverse: Float | None, moved: Float, change: Float) -> Float | None:
    """Return the inverse curvature after a step; unchanged where the step tells of none."""
    bend = float(moved @ change)
    if bend <= 1e-12 * float(np.abs(moved).max() * np.abs(change).max()):
        return inverse
    if inverse is None:
        inverse = np.eye(len(moved)) * (bend / float(change @ change))
    keep = np.eye(len(moved)) - np.outer(moved, change) / bend
    return np.asarray(keep @ inverse @ keep.T + np.outer(moved, moved) / bend, dtype=np.float64)


def _inverse(curvature: Float) -> Float:
    size, axes = np.linalg.eigh(curvature)
    inverse = (axes / np.maximum(size, 1e-3 * size.max())) @ axes.T
    return np.asarray(inverse, dtype=np.float64)


def _curvature(objective: Likelihood, theta: Float) -> Float:
    """Second derivatives by central differences of the gradient, made symmetric."""
    steps = np.eye(len(theta)) * 1e-4
    rows = [objective(theta + h)[1] - objective(theta - h)[1] for h in steps]
    found = np.array(rows) / 2e-4
    return (found + found.T) / 2


def _slope(objective: Likelihood, theta: Float) -> float:
    """Largest slope that leads downhill inside the bounds."""
    downhill = np.clip(theta - objective(theta)[1], -EDGE, EDGE) - theta
    return float(np.abs(downhill).max())


def _check_inside(theta: Float, model: str, names: Sequence[str]) -> None:
    ran = [n for n, t in zip(names, theta, strict=True) if abs(t) > EDGE - 1e-3]
    if ran:
        raise NotConverged(
            f"{model} sends {', '.join(ran)} to infinity or zero on these customers: they do not "
            "tell its parameters apart; use another model or a rule"
        )
