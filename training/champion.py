"""A routine refit against the champion: it takes over unless it is shown to be worse."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

from configs.console import say
from models.bundle import Bundle, load_bundle
from models.errors import BundleError
from models.intervals import paired_bootstrap
from models.metrics import log_loss_rows, tweedie_deviance_rows
from training.champion_slices import (
    LEAST_CUSTOMERS,
    Predictions,
    SliceFigures,
    Truth,
    slice_figures,
    slices_of,
    worse_calibrated,
    worse_in,
)
from training.gate import by_customer
from training.promotion_log import Place, in_use, read_log, ways_back

Float = NDArray[np.float64]

WORSE_LOSS = 0.005
# The total of one window is off by 10 to 30 % by chance; half again and more is another unit.
WORSE_LEVEL = float(np.log(1.5))


@dataclass(frozen=True)
class ChampionDecision:
    """Whether the challenger takes over, why or why not (a sentence each), and the slices."""

    promote: bool
    reasons: list[str]
    slices: list[SliceFigures]


def compare(
    challenger: Predictions, champion: Predictions, truth: Truth, *, seed: int
) -> ChampionDecision:
    """Promote the challenger unless it is worse than the champion on the same customers.

    It is worse where log loss or Tweedie deviance is higher by `WORSE_LOSS` and the interval of
    the difference excludes 0 (the deviance with each one's total brought to what came, for the
    level of one window is mostly chance); where that total is off by half as much again; where
    PR-AUC is lower by more than 0.03 or the expected calibration error higher by more than 0.02,
    overall or in a slice of at least 1,000 customers; or where it predicts what is out of range.
    The calibration error of a whole shop below that size must moreover be higher beyond chance:
    it is mostly noise there.

    Raises
    ------
    ValueError
        If lengths differ, or there are fewer than two customers.
    """
    _check_lengths(challenger, champion, truth)
    if faults := nonsense(challenger):
        return ChampionDecision(False, [f"the challenger's {fault}" for fault in faults], [])
    if faults := nonsense(champion):
        why = f"nothing to compare with: the champion's {faults[0]}"
        return ChampionDecision(True, [why], [])
    slices = [
        slice_figures(name, rows, challenger, champion, truth)
        for name, rows in slices_of(truth).items()
    ]
    worse, alike = _losses(challenger, champion, truth, seed)
    worse += _worse_level(challenger, champion, truth)
    for figures in slices:
        worse += worse_in(figures)
    if len(truth.churned) < LEAST_CUSTOMERS:
        worse += worse_calibrated(slices[0], challenger, champion, truth, seed)
    if worse:
        return ChampionDecision(False, worse, slices)
    return ChampionDecision(True, [f"not worse than the champion: {', '.join(alike)}"], slices)


def nonsense(predictions: Predictions) -> list[str]:
    """What is not a finite number in its range, a clause each; empty where all is well."""
    found = []
    for name, values, top in (
        ("churn_probability", predictions.churn_probability, 1.0),
        ("predicted_clv", predictions.predicted_clv, np.inf),
    ):
        bad = ~(np.isfinite(values) & (values >= 0) & (values <= top))
        if bad.any():
            found.append(
                f"{name} is not finite or out of range for {bad.sum()} of {len(bad)} customers"
            )
    return found


def champion_predictions(
    models_dir: Path,
    features: pd.DataFrame,
    *,
    horizons: tuple[int, int] | None = None,
    before: str | None = None,
    tell: Callable[[str], None] = say,
) -> Predictions | None:
    """What the bundle in use says of the customers; None makes it a first promotion.

    A bundle that was trained into the window it would be judged by has seen what came, so the
    latest one is taken that was in use and had not.

    Parameters
    ----------
    horizons : days of churn and of value that the challenger predicts; others are other questions
    before : YYYY-MM-DD, day on which the window begins; None takes the bundle in use as it is
    tell : is given the reason for None, one sentence
    """
    now = in_use(models_dir)
    if now is None:
        tell("first promotion: no model is in use yet")
        return None
    if before is not None:
        now = _trained_before(models_dir, now, before)
    if now is None:
        tell(
            f"not compared with the model in use: it was trained into the window from {before} "
            "that it would be judged by, and no earlier one is kept"
        )
        return None
    try:
        predictions = _predicted(load_bundle(models_dir / now.path), features, horizons)
    except (BundleError, ValueError, KeyError, xgb.core.XGBoostError) as error:
        tell(f"first promotion: the model in use, {now.path}, cannot be compared: {error}")
        return None
    if faults := nonsense(predictions):
        tell(f"first promotion: of the model in use, {now.path}, {faults[0]}")
        return None
    return predictions


def _trained_before(models_dir: Path, now: Place, day: str) -> Place | None:
    """The latest bundle that was in use and was trained on what came before `day` alone."""
    earlier = reversed(ways_back(read_log(models_dir), now))
    for place in (now, *earlier):
        try:
            bundle = load_bundle(models_dir / place.path)
        except BundleError:
            continue
        if str(bundle.training.get("last_day", "9999")) < day:
            return place
    return None


def _predicted(
    bundle: Bundle, features: pd.DataFrame, horizons: tuple[int, int] | None
) -> Predictions:
    days = (bundle.churn.horizon_days, bundle.value.horizon_days)
    if horizons is not None and days != horizons:
        raise ValueError(
            f"it predicts {days[0]} and {days[1]} days ahead, not {horizons[0]} and {horizons[1]}"
        )
    lacking = [name for name in bundle.features if name not in features]
    if lacking:
        raise ValueError(
            f"it needs {len(lacking)} features that are no longer made, {lacking[0]} first"
        )
    seen = features[list(bundle.features)]
    churn, value = bundle.predict(seen)
    return Predictions(churn.churn, value.value.mean)


def _check_lengths(challenger: Predictions, champion: Predictions, truth: Truth) -> None:
    of_truth = {k: v for k, v in vars(truth).items() if k != "customers" or len(v)}
    arrays = {**of_truth, **{f"challenger's {k}": v for k, v in vars(challenger).items()}}
    arrays |= {f"champion's {k}": v for k, v in vars(champion).items()}
    n = len(truth.churned)
    odd = {name: np.shape(values) for name, values in arrays.items() if np.shape(values) != (n,)}
    if odd or n < 2:
        raise ValueError(
            f"a comparison needs the same two or more customers throughout; churned has {n}, and "
            f"{odd or 'that is too few'}; predict for the customers of the gate's window"
        )


def _losses(
    challenger: Predictions, champion: Predictions, truth: Truth, seed: int
) -> tuple[list[str], list[str]]:
    """Sentences on losses that are worse, and clauses on those that are not."""
    churned, value = truth.churned, np.maximum(truth.future_value, 0.0)
    pairs = {
        "log loss": [log_loss_rows(churned, p.churn_probability) for p in (challenger, champion)],
        "Tweedie deviance of value": [
            tweedie_deviance_rows(value, _levelled(p.predicted_clv, value))
            for p in (challenger, champion)
        ],
    }
    worse, alike = [], []
    for name, found in pairs.items():
        named = dict(zip(("challenger", "champion"), found, strict=True))
        loss, usual = by_customer(named, truth.customers).values()
        gap = paired_bootstrap(loss, usual, seed=seed)
        base = float(usual.mean())
        share = gap.mean / base if base > 0 else float(np.sign(gap.mean))
        told = f"{name} {loss.mean():.4g} against {base:.4g} ({100 * share:+.2f} %"
        if share >= WORSE_LOSS and gap.above_zero:
            interval = f"the difference's 95 % interval {gap.low:.2g} to {gap.high:.2g}"
            worse.append(f"worse than the champion: {told}; {interval})")
        else:
            alike.append(f"{told})")
    return worse, alike


def _levelled(predicted: Float, value: Float) -> Float:
    """Predictions whose total is that of what came; as they are where either total is 0."""
    total, came = float(predicted.sum()), float(value.sum())
    return predicted * (came / total) if total > 0 and came > 0 else predicted


def _worse_level(challenger: Predictions, champion: Predictions, truth: Truth) -> list[str]:
    came = float(np.maximum(truth.future_value, 0.0).sum())
    totals = [float(p.predicted_clv.sum()) for p in (challenger, champion)]
    if came <= 0 or totals[1] <= 0:
        return []
    off, usual = (abs(np.log(t / came)) if t > 0 else np.inf for t in totals)
    if off <= usual + WORSE_LEVEL:
        return []
    told = f"total value {totals[0]:,.4g} against {totals[1]:,.4g}, where {came:,.4g} came"
    return [f"worse than the champion: {told}"]
