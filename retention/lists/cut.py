"""How far down the ranking a list goes, and who of it is held out: cut by what is really drawn."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retention.lists.holdout import draw_holdout, holdout_numbers, strata_of
from retention.lists.plan import ListPlan
from retention.lists.ranking import Ranked, reach

# Sums of amounts may differ by their last bits.
TOLERANCE = 1 + 1e-12
# One part in so many more are sorted than are asked for, so that a longer list seldom sorts anew.
SPARE = 20

Cut = tuple[Ranked, NDArray[np.bool_], NDArray[np.int64]]


def cut_and_draw(ranked: Ranked, plan: ListPlan, share: float) -> Cut:
    """Members, who of them is held out, and their deciles.

    With a budget the list ends where one more customer would bring the contacted above it: who is
    held out costs nothing, and that is known only once it is drawn.

    Parameters
    ----------
    ranked : all who are worth contacting, best first
    share : held out, 0-0.5
    """
    draws = _Draws(ranked, plan, share)
    size = reach(ranked, plan, share)
    if plan.budget is not None:
        size = _fill(draws, size, _longest(ranked, plan, share), plan.budget * TOLERANCE)
    held, stratum = draws.of(size)
    return ranked.at(np.arange(size)), held, stratum


@dataclass
class _Draws:
    """Draws of lists that differ in length alone."""

    ranked: Ranked
    plan: ListPlan
    share: float

    def __post_init__(self) -> None:
        self._numbers = np.empty(0, np.uint64)
        self._order = np.empty(0, np.int64)

    def of(self, size: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Who of the first customers is held out, and the deciles."""
        order, ids = self._by_profit(size), self.ranked.ids
        numbers = self._known(size)[order]
        held, stratum = np.zeros(size, bool), np.zeros(size, np.int64)
        held[order] = draw_holdout(self.plan.list_id, list(ids[order]), self.share, numbers)
        stratum[order] = strata_of(size, self.share)
        return held, stratum

    def cost_of(self, size: int) -> float:
        """Expected outlay of those contacted."""
        held, _ = self.of(size)
        return float(self.ranked.outlay[:size][~held].sum())

    def _by_profit(self, size: int) -> NDArray[np.int64]:
        if size > len(self._order):
            some = min(len(self.ranked), size + size // SPARE + 1)
            self._order = self.ranked.at(np.arange(some)).by_profit()
        return self._order[self._order < size]

    def _known(self, size: int) -> NDArray[np.uint64]:
        told = len(self._numbers)
        if size > told:
            more = holdout_numbers(self.plan.list_id, list(self.ranked.ids[told:size]))
            self._numbers = np.concatenate([self._numbers, more])
        return self._numbers[:size]


def _longest(ranked: Ranked, plan: ListPlan, share: float) -> int:
    """How long the list may be whatever the budget."""
    return reach(ranked, replace(plan, budget=None), share)


def _fill(draws: _Draws, size: int, longest: int, budget: float) -> int:
    """The length from which one more customer would cost more than the budget."""
    if draws.cost_of(size) > budget:
        low, high = _down(draws, size, budget)
    else:
        low, high = _up(draws, size, longest, budget)
    while high - low > 1:
        middle = (low + high) // 2
        if draws.cost_of(middle) <= budget:
            low = middle
        else:
            high = middle
    return low


def _down(draws: _Draws, size: int, budget: float) -> tuple[int, int]:
    """A length that the budget allows, and a greater one that it does not."""
    step, high = 1, size
    while True:
        low = max(0, high - step)
        if low == 0 or draws.cost_of(low) <= budget:
            return low, high
        high, step = low, 2 * step


def _up(draws: _Draws, size: int, longest: int, budget: float) -> tuple[int, int]:
    """The same from below; the greater one lies beyond the end where all fit."""
    step, low = 1, size
    while low < longest:
        high = min(longest, low + step)
        if draws.cost_of(high) > budget:
            return low, high
        low, step = high, 2 * step
    return longest, longest + 1
