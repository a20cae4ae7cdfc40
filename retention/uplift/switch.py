"""When uplift may re-rank: only after it has earned more, on a list that it was not fitted on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from retention.uplift.rows import UpliftRows

Float = NDArray[np.float64]
LEVEL = 0.999
# Fewer customers than this in an arm tell nothing of a tail of one in a thousand.
LEAST = 50


@dataclass(frozen=True)
class Switch:
    """Whether uplift re-ranks, and why.

    Attributes
    ----------
    on : whether the lower bound is above 0
    gain : incremental profit of contacting by uplift rather than by the ranking in use, currency,
        all customers of the test list together
    low : one-sided 99.9 % lower bound of it
    share : of the customers that either ranking contacts
    moved : customers whom one ranking contacts and the other does not
    sentence : for the list's page
    """

    on: bool
    gain: float
    low: float
    share: float
    moved: int
    sentence: str


@dataclass(frozen=True)
class Trial:
    """A randomised list that was used for fitting neither of two rankings.

    Attributes
    ----------
    rows : the list; `outcome` is profit after contact and incentive, currency. Where spend is much
        noise, the return times its expected spend tells more with fewer customers, but presumes
        that contact moves returns and not their spend
    in_use, uplift : shape (n,), scores, higher = contacted earlier
    baseline : shape (n,), profit predicted beforehand, which takes noise away; None: none
    worthwhile : shape (n,), whether uplift would contact the customer at all; None: all
    """

    rows: UpliftRows
    in_use: Float
    uplift: Float
    baseline: Float | None = None
    worthwhile: NDArray[np.bool_] | None = None

    def parts(self, share: float) -> tuple[Float, NDArray[np.bool_]]:
        """What each row adds to the gain, and whether the rankings differ in it, shape (n,)."""
        first = _first(self.in_use, self.rows, share)
        other = _first(self.uplift, self.rows, share)
        if self.worthwhile is not None:
            other &= np.asarray(self.worthwhile, bool)
        differ = other.astype(float) - first.astype(float)
        left = _left_over(self.rows, self.baseline)
        return self.rows.weight * differ * left * self.rows.inverse, differ != 0


def switch_test(
    rows: UpliftRows,
    in_use: Float,
    uplift: Float,
    *,
    share: float = 0.5,
    baseline: Float | None = None,
    worthwhile: NDArray[np.bool_] | None = None,
) -> Switch:
    """Compare two rankings on a randomised list that was used for fitting neither.

    Parameters
    ----------
    rows, in_use, uplift, baseline, worthwhile : as of `Trial`
    share : 0-1, of the list that either would contact

    Raises
    ------
    ValueError
        If shapes differ or the share is out of range.
    """
    return switch_over([Trial(rows, in_use, uplift, baseline, worthwhile)], share=share)


def switch_over(trials: Sequence[Trial], *, share: float = 0.5) -> Switch:
    """Compare two rankings on lists of which none was used for fitting what it tests.

    Both contact the same share, so they differ in customers that one contacts and the other does
    not; only these can tell them apart (inverse chances: Horvitz & Thompson 1952). Where each list
    tests what was learned on the lists before it, the gains add up, and errors are by customer.

    Parameters
    ----------
    trials : at least one; customers have the same numbers in all
    share : 0-1, of a list that either ranking would contact

    Raises
    ------
    ValueError
        If there is no list, shapes differ or the share is out of range.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    if not trials:
        raise ValueError("no list to compare the rankings on; finish a randomised one first")
    found = [trial.parts(share) for trial in trials]
    part, moved = (np.concatenate(each) for each in zip(*found, strict=True))
    treated, customer = (
        np.concatenate([getattr(trial.rows, name) for trial in trials])
        for name in ("treated", "customer")
    )
    arms = treated[moved]
    if min(int(arms.sum()), int((~arms).sum())) < LEAST:
        told = f"off: the rankings differ in {int(moved.sum())} customers, too few to compare them"
        return Switch(False, math.nan, math.nan, share, int(moved.sum()), told)
    gain, error, free = _total(part, customer, moved)
    low = gain - float(student.ppf(LEVEL, free)) * error
    on = bool(low > 0)
    lists = "list" if len(trials) == 1 else "lists"
    told = f"{'on' if on else 'off'}: by uplift the test {lists} would have earned {gain:,.0f} more"
    told += f", at least {low:,.0f} with 99.9 % confidence"
    return Switch(on, gain, low, share, int(moved.sum()), told)


def _first(score: Float, rows: UpliftRows, share: float) -> NDArray[np.bool_]:
    """Whether each row is among the first `share` by score; ties by row."""
    score = np.asarray(score, float)
    if score.shape != (len(rows),) or not np.isfinite(score).all():
        raise ValueError(f"scores must be finite, of shape ({len(rows)},), got {score.shape}")
    order = np.argsort(-score, kind="stable")
    weight = np.cumsum(rows.weight[order])
    first = np.zeros(len(rows), bool)
    first[order] = weight <= share * weight[-1] * (1 + 1e-12)
    return first


def _left_over(rows: UpliftRows, baseline: Float | None) -> Float:
    """Profit less what was predicted beforehand, fitted as a line for both arms alike."""
    if baseline is None:
        return rows.centred
    known = np.asarray(baseline, float)
    if known.shape != (len(rows),) or not np.isfinite(known).all():
        raise ValueError(f"baseline must be finite, of shape ({len(rows)},), got {known.shape}")
    design = np.column_stack([np.ones(len(rows)), known])
    root = np.sqrt(rows.weight)
    line, *_ = np.linalg.lstsq(design * root[:, None], rows.outcome * root, rcond=None)
    left: Float = rows.outcome - design @ line
    return left


def _total(
    part: Float, customer: NDArray[np.int64], moved: NDArray[np.bool_]
) -> tuple[float, float, int]:
    """Sum over customers, its standard error, and customers that tell anything less one."""
    _, position = np.unique(customer, return_inverse=True)
    sums = np.bincount(position, part)
    n, told = len(sums), len(np.unique(customer[moved]))
    total = float(sums.sum())
    error = math.sqrt(n / (n - 1) * float(((sums - total / n) ** 2).sum()))
    return total, error, max(1, told - 1)
