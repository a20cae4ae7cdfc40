"""Predictions for customers that neither a fit nor a calibration has seen, fold by fold.

Where a log has no three disjoint windows, customers are divided instead: the scores of a fold come
from a fit without it, and are calibrated by the rows of the other folds.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.shop_clock import date_of
from models.carry import Carry
from models.heads import MODEL, ValuePrediction
from models.inputs import Inputs
from training.calibrate import PLAIN_RETURN, HeldOut, calibrated_heads, plain_churn, plain_value
from training.cross_fit import Scores
from training.results import FoldOutcome

Mask = NDArray[np.bool_]


def judged_by_customer(
    held: HeldOut,
    inputs: Inputs,
    scores: Scores,
    fold: NDArray[np.int64],
    *,
    cutoff: int,
    days: int,
) -> FoldOutcome:
    """Every member's predictions at the newest cutoff, each fold's by the others.

    Parameters
    ----------
    held, inputs : rows of all cutoffs
    scores : with the raw scores of every row by fits that did not see its customer
    fold : of each row, shape (n_rows,)
    cutoff, days : newest cutoff, and days of its window
    """
    at_home = Carry(days, days)
    parts = [
        _one_fold(held, inputs, scores, judged=held.newest & (fold == k), seen=fold != k,
                  at_home=at_home, cutoff=cutoff)
        for k in np.unique(fold[held.newest])
    ]  # fmt: skip
    return _joined(parts)


def _one_fold(
    held: HeldOut,
    inputs: Inputs,
    scores: Scores,
    *,
    judged: Mask,
    seen: Mask,
    at_home: Carry,
    cutoff: int,
) -> FoldOutcome:
    others = HeldOut(
        held.features.where(seen), held.labels[seen], held.customer[seen], held.newest[seen]
    )
    mine = scores.take(judged)
    season = (float(mine.effect["return"].mean()), float(mine.effect["total"].mean()))
    heads = calibrated_heads(
        others,
        at_home,
        scores.take(seen),
        spread_of_rules=False,
        season=season,
    )
    rows = Inputs(inputs.preparation, inputs.features.where(judged), inputs.btyd.where(judged))
    raw = mine.unseen
    head = heads.returns[MODEL]
    odds = head.mixed(raw["return"], plain_churn(held.features.where(judged), mine))
    churn = head.calibrator.probability(odds)
    plain = plain_value(held.features.where(judged), mine, at_home.observed_days)
    value = heads.values[MODEL].from_raw(churn, raw["spend"], raw["total"], plain)
    returns = {n: h.churn_probability(rows) for n, h in heads.returns.items() if n != MODEL}
    values = {
        n: h.predict(rows, heads.returns.get(n, heads.returns[PLAIN_RETURN])).mean
        for n, h in heads.values.items()
        if n != MODEL
    }
    return _outcome(held, judged, inputs, cutoff, at_home, (churn, value), (returns, values))


def _outcome(
    held: HeldOut,
    judged: Mask,
    inputs: Inputs,
    cutoff: int,
    at_home: Carry,
    model: tuple[NDArray[np.float64], ValuePrediction],
    rules: tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]],
) -> FoldOutcome:
    churn, value = model
    return FoldOutcome(
        cutoff=date_of(cutoff),
        churn_horizon_days=at_home.horizon_days,
        value_horizon_days=at_home.horizon_days,
        churned=held.churned[judged],
        future_value=held.value[judged],
        churn_probability={MODEL: churn, **rules[0]},
        predicted_clv={MODEL: value.mean, **rules[1]},
        clv_p10=value.p10,
        clv_p50=value.p50,
        clv_p90=value.p90,
        customers=held.customer[judged],
        n_orders=inputs.features["n_orders"][judged],
        tenure_days=inputs.features["T"][judged],
    )


def _joined(parts: list[FoldOutcome]) -> FoldOutcome:
    def stack(name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(p, name) for p in parts])

    def merge(name: str) -> dict[str, NDArray[np.float64]]:
        members = getattr(parts[0], name)
        return {m: np.concatenate([getattr(p, name)[m] for p in parts]) for m in members}

    return replace(
        parts[0],
        churned=stack("churned"),
        future_value=stack("future_value"),
        churn_probability=merge("churn_probability"),
        predicted_clv=merge("predicted_clv"),
        clv_p10=stack("clv_p10"),
        clv_p50=stack("clv_p50"),
        clv_p90=stack("clv_p90"),
        customers=np.concatenate([p.customers for p in parts]),
        n_orders=stack("n_orders"),
        tenure_days=stack("tenure_days"),
    )
