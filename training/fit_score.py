"""Fit one score on a link scale: a penalised linear one, trees, and an effect for each window."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge, TweedieRegressor

from models.link_score import Float, LinkScore
from models.trees import TreeParameters, TreeRows, grow_trees
from training.fit_rows import FitRows
from training.links import Link

# Penalty a row on the squares of standardised coefficients. Customers held out at the same cutoffs
# would choose a tenth of it or less; later windows, whose customers have aged, want it strong.
PENALTY = 0.05
# A window's column is so large that its effect is hardly penalised.
WINDOW_SCALE = 3.0
MAX_STEPS = 100
SURE = 2.0


@dataclass(frozen=True)
class FittedScore:
    """A score, and what each window added to it, shape (n_windows,); 0 on average over recent."""

    score: LinkScore
    effects: Float

    def raw(self, rows: FitRows) -> Float:
        """Score of rows, each with the effect of its own window."""
        return self.score.raw(rows.dense, rows.linear) + self.effects[rows.window]

    def parts(self, rows: FitRows) -> tuple[Float, Float]:
        """Linear and boosted score of rows, each with the effect of its own window."""
        one, two = self.score.parts(rows.dense, rows.linear)
        effect = self.effects[rows.window]
        return one + effect, two + effect


@dataclass(frozen=True)
class ScorePlan:
    """How a score is fitted: shape and number of the trees, penalty of the linear one."""

    trees: TreeParameters
    rounds: int | None = None
    penalty: float = PENALTY


def fit_score(
    link: Link, rows: FitRows, target: Float, plan: ScorePlan, *, seed: int, check: FitRows | None
) -> FittedScore:
    """Fit on `rows`; trees grow `plan.rounds` rounds, or until the loss on `check` stops falling.

    Where windows of the season to come are among the rows, each window has an effect of its own,
    so that what the season does is not taken for what customers are.
    """
    intercept, coefficients, effects = _fit_linear(link, rows, target, plan.penalty)
    base = link.start(target)
    grown = TreeRows(rows.dense, target, base + effects[rows.window], rows.matrix)
    tried = None
    if check is not None:
        checked, its_target = check.for_link(link)
        start = base + effects[checked.window]
        tried = TreeRows(checked.dense, its_target, start, checked.matrix)
    booster = grow_trees(
        grown, link.objective, parameters=plan.trees, seed=seed, rounds=plan.rounds, check=tried
    )
    return FittedScore(LinkScore(intercept, coefficients, base, booster), effects)


def _fit_linear(
    link: Link, rows: FitRows, target: Float, penalty: float
) -> tuple[float, Float, Float]:
    """Intercept, coefficients, and effects of windows (all 0 where no window is of the season)."""
    n_windows, k = len(rows.season), rows.linear.shape[1]
    design = rows.linear
    if rows.has_season:
        columns = WINDOW_SCALE * (rows.window[:, None] == np.arange(n_windows)[None, :])
        design = np.hstack([design, columns])
    intercept, found = _penalised(link, design, target, penalty)
    effects = np.zeros(n_windows)
    if rows.has_season:
        effects = WINDOW_SCALE * found[k:]
        there = ~rows.season & np.isin(np.arange(n_windows), rows.window)
        middle = float(effects[there].mean()) if there.any() else 0.0
        effects, intercept = effects - middle, intercept + middle
    return intercept, found[:k], effects


def _penalised(link: Link, x: Float, y: Float, penalty: float) -> tuple[float, Float]:
    if not x.shape[1] or np.ptp(y) == 0:  # customers, or what they did, are all alike
        return link.start(y), np.zeros(x.shape[1])
    if link.power is None:
        logistic = LogisticRegression(
            C=1 / (penalty * len(y)), solver="newton-cholesky", max_iter=MAX_STEPS
        ).fit(x, y)
        return float(logistic.intercept_[0]), logistic.coef_[0].astype(np.float64)
    if link.power == 0:
        ridge = Ridge(alpha=penalty * len(y)).fit(x, y)
        return float(ridge.intercept_), np.asarray(ridge.coef_, dtype=np.float64)
    unit = float(y.mean()) or 1.0
    model = TweedieRegressor(
        power=link.power, alpha=penalty, link="log", solver="newton-cholesky", max_iter=MAX_STEPS
    ).fit(x, y / unit)
    return float(model.intercept_) + float(np.log(unit)), np.asarray(model.coef_, dtype=np.float64)


def with_season(fitted: FittedScore, link: Link, rows: FitRows, target: Float) -> LinkScore:
    """The score for the windows to come: with the effect that their season had a year before.

    The effect is held back by its error: where it is less than two standard errors from the recent
    windows' it is taken as none, so that a shop without seasons gets none.
    """
    if not rows.has_season:
        return fitted.score
    seen = rows.season & np.isin(np.arange(len(rows.season)), rows.window)
    if not seen.any():
        return fitted.score
    effect = float(fitted.effects[seen].mean())
    error = np.hypot(_window_error(fitted, link, rows, target, rows.season),
                     _window_error(fitted, link, rows, target, ~rows.season))  # fmt: skip
    return replace(fitted.score, effect=shrunk(effect, float(error)))


def shrunk(effect: float, error: float) -> float:
    """An effect drawn towards 0 by its standard error (a positive-part James-Stein rule)."""
    if abs(effect) <= SURE * error:
        return 0.0
    return effect * (1 - (SURE * error / effect) ** 2)


def _window_error(
    fitted: FittedScore, link: Link, rows: FitRows, target: Float, of: NDArray[np.bool_]
) -> float:
    """Error of the level over these windows, which overlap: that of their mean number of rows."""
    mask = of[rows.window]
    some = rows.take(mask)
    n_windows = max(1, len(np.unique(some.window)))
    return link.level_error(target[mask], fitted.raw(some)) * float(np.sqrt(n_windows))
