"""Cross-fitting: every row gets scores from a fit that did not see its customer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.link_score import Float, LinkScore
from models.trees import TreeParameters
from training.clustered import gain_error
from training.fit_rows import FitRows
from training.fit_score import FittedScore, ScorePlan, fit_score, with_season
from training.links import LINKS, ORDERS, RETURN, SPEND, TOTAL, Link
from training.side_by_side import side_by_side

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
USUAL_SHARE = 0.5
MOST_ROWS = 40_000
ROWS_TO_STOP_BY = 8_000
FEWEST_CUSTOMERS = 50
FEWEST_OF_A_KIND = 10


@dataclass(frozen=True)
class Scores:
    """Served scores of one horizon, and what scores said of rows whose customer they did not see.

    Attributes
    ----------
    served : link's name -> score fitted on all rows
    unseen : link's name -> raw score of every row, shape (n_rows,), with the effect of its window
    effect : link's name -> that effect alone, shape (n_rows,)
    """

    served: dict[str, LinkScore]
    unseen: dict[str, Float]
    effect: dict[str, Float]

    def take(self, mask: NDArray[np.bool_]) -> "Scores":
        """The same for some of the rows."""
        unseen = {name: raw[mask] for name, raw in self.unseen.items()}
        effect = {name: added[mask] for name, added in self.effect.items()}
        return replace(self, unseen=unseen, effect=effect)


def enough(churned: Float) -> bool:
    """Whether there are customers enough, returning and not, to learn from."""
    kinds = min(churned.sum(), len(churned) - churned.sum())
    return len(churned) >= FEWEST_CUSTOMERS and bool(kinds >= FEWEST_OF_A_KIND)


def cross_fit(rows: FitRows, trees: TreeParameters, *, n_folds: int, seed: int) -> Scores:
    """Fit every kind of score, `n_folds` times without a fold and once on all rows.

    Parameters
    ----------
    rows : with folds 0 to `n_folds` - 1, some customers who return in each
    """
    grounds = _grounds(rows, seed)
    folds = side_by_side([partial(_without, k, rows, grounds, trees, seed) for k in range(n_folds)])
    rounds = {
        link: max(1, round(float(np.mean([fold.rounds[link] for fold in folds])))) for link in LINKS
    }
    parts = {link: _parts_of_all(rows, link, folds) for link in LINKS}
    pieces = [
        partial(_served, kinds, rows, grounds, parts, ScorePlan(trees), rounds, seed)
        for kinds in ((RETURN, TOTAL, ORDERS), (SPEND,))
    ]
    named = {name: found for piece in side_by_side(pieces) for name, found in piece.items()}
    return Scores(
        {link.name: named[link.name][0] for link in LINKS},
        {link.name: named[link.name][1] for link in LINKS},
        {link.name: named[link.name][2] for link in LINKS},
    )


@dataclass(frozen=True)
class _Ground:
    """What a kind of score is fitted on; kinds fitted on the same rows share them."""

    rows: FitRows
    target: Float

    def without(self, fold: int, seen: dict[int, FitRows]) -> "_Ground":
        """The rows of all other folds; `seen` keeps them for the kinds that share them."""
        mask, own = self.rows.fold != fold, id(self.rows)
        if own not in seen:
            seen[own] = self.rows.take(mask)
        return _Ground(seen[own], self.target[mask])


@dataclass(frozen=True)
class _Fold:
    """Fits without one fold: trees that each kind grew, and both its scores of the fold's rows."""

    out: NDArray[np.bool_]
    rounds: dict[Link, int]
    parts: dict[Link, tuple[Float, Float]]


def _grounds(rows: FitRows, seed: int) -> dict[Link, _Ground]:
    everyone, found = _fewer(rows, rows.churned, seed)[0], {}
    for link in LINKS:
        own, target = rows.for_link(link)
        if own is rows:
            found[link] = _Ground(everyone, everyone.for_link(link)[1])
        else:
            found[link] = _Ground(*_fewer(own, target, seed))
    return found


def _without(
    fold: int, rows: FitRows, grounds: dict[Link, _Ground], trees: TreeParameters, seed: int
) -> _Fold:
    """Fit every kind of score without the customers of a fold, and ask it of them."""
    out = rows.fold == fold
    check, there = rows.take(_every(out, ROWS_TO_STOP_BY)), rows.take(out)
    kept: dict[int, FitRows] = {}
    rounds, parts = {}, {}
    for link, ground in grounds.items():
        seen = ground.without(fold, kept)
        fitted = fit_score(link, seen.rows, seen.target, ScorePlan(trees), seed=seed, check=check)
        parts[link] = fitted.parts(there)
        rounds[link] = fitted.score.booster.num_boosted_rounds()
    return _Fold(out, rounds, parts)


def _parts_of_all(rows: FitRows, link: Link, folds: list[_Fold]) -> tuple[Float, Float]:
    one, two = np.empty(len(rows)), np.empty(len(rows))
    for fold in folds:
        one[fold.out], two[fold.out] = fold.parts[link]
    return one, two


def _served(
    kinds: Sequence[Link],
    rows: FitRows,
    grounds: dict[Link, _Ground],
    parts: dict[Link, tuple[Float, Float]],
    plan: ScorePlan,
    rounds: dict[Link, int],
    seed: int,
) -> dict[str, tuple[LinkScore, Float, Float]]:
    """By kind: the score fitted on all rows, what was said of them unseen, and their effects."""
    found = {}
    for link in kinds:
        own, target = grounds[link].rows, grounds[link].target
        final = replace(plan, rounds=rounds[link])
        whole = fit_score(link, own, target, final, seed=seed, check=None)
        one, two = parts[link]
        share = choose_share(link, rows, one, two)
        whole = FittedScore(replace(whole.score, share=share), whole.effects)
        served = with_season(whole, link, own, target)
        found[link.name] = served, (1 - share) * one + share * two, whole.effects[rows.window]
    return found


def _fewer(rows: FitRows, target: Float, seed: int) -> tuple[FitRows, Float]:
    """At most `MOST_ROWS` of the rows; windows overlap, so that more say little that is new."""
    if len(rows) <= MOST_ROWS:
        return rows, target
    mask = np.random.default_rng(seed).random(len(rows)) < MOST_ROWS / len(rows)
    return rows.take(mask), target[mask]


def _every(mask: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Every n-th of the rows of a mask, about `most` of them."""
    found = np.zeros(len(mask), bool)
    places = np.flatnonzero(mask)
    found[places[:: max(1, len(places) // most)]] = True
    return found


def choose_share(link: Link, rows: FitRows, one: Float, two: Float) -> float:
    """Weight of the trees: a half, unless another is better by more than a standard error."""
    own, target = rows.for_link(link)
    mask = _of_link(link, rows)
    one, two, customer = one[mask], two[mask], own.customer
    usual = link.losses(target, (1 - USUAL_SHARE) * one + USUAL_SHARE * two)
    best, most = USUAL_SHARE, 0.0
    for share in SHARES:
        gain = usual - link.losses(target, (1 - share) * one + share * two)
        mean = float(gain.mean())
        if mean > gain_error(gain, customer) and mean > most:
            best, most = share, mean
    return best


def _of_link(link: Link, rows: FitRows) -> NDArray[np.bool_]:
    return rows.churned == 0 if link is SPEND else np.ones(len(rows), bool)
