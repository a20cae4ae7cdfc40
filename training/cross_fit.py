"""Cross-fitting: every row gets scores from a fit that did not see its customer."""

from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.link_score import Float, LinkScore
from models.trees import TreeParameters
from training.clustered import gain_error
from training.fit_rows import FitRows
from training.fit_score import FittedScore, ScorePlan, fit_score, with_season
from training.links import LINKS, SPEND, Link

JOBS = 2
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
    # Many threads for small products cost more than they bring, and change the last digits.
    with threadpool_limits(limits=1):
        fits = Parallel(n_jobs=JOBS, prefer="threads")(
            delayed(_cross_fit_one)(link, rows, trees, n_folds=n_folds, seed=seed) for link in LINKS
        )
    named = {link.name: fit for link, fit in zip(LINKS, fits, strict=True)}
    return Scores(
        {name: served for name, (served, _, _) in named.items()},
        {name: unseen for name, (_, unseen, _) in named.items()},
        {name: effect for name, (_, _, effect) in named.items()},
    )


def _cross_fit_one(
    link: Link, rows: FitRows, trees: TreeParameters, *, n_folds: int, seed: int
) -> tuple[LinkScore, Float, Float]:
    own, target = _fewer(*rows.for_link(link), seed)
    plan = ScorePlan(trees)
    one, two = np.empty(len(rows)), np.empty(len(rows))
    rounds = []
    for fold in range(n_folds):
        out = rows.fold == fold
        seen = own.fold != fold
        check = rows.take(_every(out, ROWS_TO_STOP_BY))
        fitted = fit_score(link, own.take(seen), target[seen], plan, seed=seed, check=check)
        one[out], two[out] = fitted.parts(rows.take(out))
        rounds.append(fitted.score.booster.num_boosted_rounds())
    final = replace(plan, rounds=max(1, round(float(np.mean(rounds)))))
    whole = fit_score(link, own, target, final, seed=seed, check=None)
    share = choose_share(link, rows, one, two)
    whole = FittedScore(replace(whole.score, share=share), whole.effects)
    served = with_season(whole, link, own, target)
    return served, (1 - share) * one + share * two, whole.effects[rows.window]


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
