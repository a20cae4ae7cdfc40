"""Every kind of calibrator by name, and the choice between them by what came later."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.beta_calibration import BetaCalibrator, fit_beta
from models.calibration import Calibrator, PlattCalibrator, fit_platt, row_weights
from models.isotonic import IsotonicCalibrator, fit_isotonic
from models.venn_abers import VennAbersCalibrator, fit_venn_abers

Float = NDArray[np.float64]
Fit = Callable[[Float, Float, Float | None], Calibrator]
Losses = dict[str, dict[str, float]]

PLATT = "platt"
FITS: dict[str, Fit] = {
    PLATT: fit_platt,
    "beta": fit_beta,
    "venn_abers": fit_venn_abers,
    "isotonic": fit_isotonic,
}
# With fewer rows of a kind on either side a comparison is chance.
FEWEST_OF_A_KIND = 10


def calibrator_from_spec(spec: dict[str, Any]) -> Calibrator:
    """The calibrator whose `to_spec` gave `spec`.

    Raises
    ------
    ValueError
        If the kind is unknown, a number is missing or not finite, or a table is not in order.
    """
    kind = spec.get("kind")
    if kind == PLATT:
        return PlattCalibrator(*_numbers(spec, "slope", "intercept"))
    if kind == "beta":
        return BetaCalibrator(*_numbers(spec, "a", "b", "c"))
    if kind == "isotonic":
        score, probability = _table(spec, "scores", "probabilities")
        return IsotonicCalibrator(score, probability, *_numbers(spec, "slope"))
    if kind == "venn_abers":
        score, p0, p1 = _table(spec, "scores", "p0", "p1")
        return VennAbersCalibrator(score, p0, p1, *_numbers(spec, "slope"))
    raise ValueError(f"calibrator of kind {kind!r} is none of {list(FITS)}; fit the bundle again")


def choose_calibrator(
    score: Float, outcome: Float, later: NDArray[np.bool_], weight: Float | None = None
) -> tuple[Calibrator, Losses]:
    """Fit every kind on the earlier rows, choose by log loss on the later, fit that on all.

    In the order of `FITS`, from the smoothest on, a kind takes the place of the one before only
    where it is better by more than one standard error of the paired difference.

    Parameters
    ----------
    score : log odds, shape (n,), finite
    outcome : shape (n,), 0 or 1
    later : shape (n,), True for the rows to measure on
    weight : shape (n,), >= 0; all rows alike where None

    Returns
    -------
    calibrator : of the chosen kind, fitted on all rows
    losses : kind -> {`log_loss` on the later rows, `gain` over Platt, `gain_error` (standard
        error)}; empty where either side has fewer than ten hits or misses
    """
    w = row_weights(weight, len(score))
    if not (_both_kinds(outcome[later & (w > 0)]) and _both_kinds(outcome[~later & (w > 0)])):
        return fit_platt(score, outcome, weight), {}
    loss = {
        kind: _log_loss(fit(score[~later], outcome[~later], w[~later]), score, outcome, later)
        for kind, fit in FITS.items()
    }
    losses = {kind: _compared(loss[kind], loss[PLATT], w[later]) for kind in FITS}
    chosen = PLATT
    for kind in FITS:
        row = _compared(loss[kind], loss[chosen], w[later])
        chosen = kind if row["gain"] > row["gain_error"] else chosen
    return FITS[chosen](score, outcome, weight), losses


def _both_kinds(outcome: Float) -> bool:
    hits = int((outcome > 0).sum())
    return min(hits, len(outcome) - hits) >= FEWEST_OF_A_KIND


def _log_loss(
    calibrator: Calibrator, score: Float, outcome: Float, rows: NDArray[np.bool_]
) -> Float:
    p = calibrator.probability(score[rows])
    return -np.where(outcome[rows] > 0, np.log(p), np.log1p(-p))


def _compared(loss: Float, platt: Float, weight: Float) -> dict[str, float]:
    """Weighted mean loss, its fall against Platt's, and the standard error of that fall."""
    share = weight / weight.sum()
    gain = float(share @ (platt - loss))
    error = float(np.sqrt(np.sum((share * (platt - loss - gain)) ** 2)))
    return {"log_loss": float(share @ loss), "gain": gain, "gain_error": error}


def _numbers(spec: dict[str, Any], *names: str) -> list[float]:
    values = [float(spec[name]) if name in spec else np.nan for name in names]
    if not np.isfinite(values).all():
        raise ValueError(f"calibrator lacks finite numbers {names}; fit the bundle again")
    return values


def _table(spec: dict[str, Any], *names: str) -> list[Float]:
    columns = [np.asarray(spec.get(name, []), float) for name in names]
    rising = all(
        c.shape == columns[0].shape and c.ndim == 1 and len(c) and np.isfinite(c).all()
        for c in columns
    ) and all((np.diff(c) >= 0).all() for c in columns)
    if not rising:
        raise ValueError(
            f"calibrator's table {names} must be finite columns of one length that never fall; "
            "fit the bundle again"
        )
    return columns
