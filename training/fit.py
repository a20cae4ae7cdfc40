"""Fit the heads of one horizon: model, rules, buy-till-you-die models, calibrated out of fold."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.customer_fold import customer_folds
from features.feature_table import FeatureTable
from features.log.shop_log import ShopLog
from features.panel import Panel, panel, snapshot
from features.shop_clock import date_of
from models.btyd_columns import BtydColumns, FittedBtyd, columns_of
from models.carry import Carry, fit_carry
from models.heads import MODEL
from models.inputs import Inputs, Preparation
from models.linear_design import fit_design
from models.trees import TreeParameters
from training.calibrate import PLAIN_RETURN, Heads, HeldOut, calibrated_heads
from training.campaigns import Campaigns, Counted, taken
from training.carried import carry_by_btyd
from training.cross_fit import cross_fit, enough
from training.fit_next_order import NextOrderFit, fit_next_order
from training.fit_rows import FitRows, spend_unit
from training.judged import judged_by_customer
from training.results import FoldOutcome
from training.windows import WindowPlan

# Folds by number of customers: with many, a half of them is enough to learn from.
FOLDS = ((20_000, 2), (5_000, 3), (0, 5))
# Customers that the buy-till-you-die models of a past cutoff are fitted to, at most.
BTYD_CUSTOMERS = 4_000
# More of them say the same to scores, and the slowest would cost more than all else.
READ_BY_SCORES = ("bg_nbd", "mbg_cnbd_k")
BTYD_READS = ("frequency", "recency", "T", "monetary_value")

BtydAt = Callable[[int, pd.DataFrame], FittedBtyd]
BtydOf = Callable[..., FittedBtyd]


@dataclass(frozen=True)
class HorizonFit:
    """Fitted heads of one horizon, by member.

    Attributes
    ----------
    plan : WindowPlan
    preparation : from features to the inputs of the heads, as of the plan's end
    heads : by member; "model" is missing where there is too little to learn from
    held_out : predictions for customers neither fitted nor calibrated on, at the newest cutoff;
        None where there is no model, or where they were not asked for
    features, labels, customers : rows of the newest cutoff, each as often as it counts, and the
        customers' numbers
    everybody : features of all customers of the newest cutoff
    next_order : head of the next order's date, where it was asked for
    counted : how often rows of all cutoffs count after contact lists; None where all count once
    """

    plan: WindowPlan
    preparation: Preparation
    heads: Heads
    held_out: FoldOutcome | None
    features: pd.DataFrame
    labels: pd.DataFrame
    customers: NDArray[np.int64]
    everybody: pd.DataFrame
    next_order: NextOrderFit | None = None
    counted: Counted | None = None

    @property
    def has_model(self) -> bool:
        """Whether there was enough to fit a model."""
        return MODEL in self.heads.returns


@dataclass(frozen=True)
class PanelRows:
    """The panel of one horizon with the buy-till-you-die columns of each cutoff.

    Attributes
    ----------
    inputs : rows of all cutoffs
    labels : over the observed window
    preparation : as of the plan's end, to serve with
    fold, n_folds : fold of each row's customer, and how many there are
    newest : True in the rows of the newest cutoff
    at_end, features_at_end : buy-till-you-die models of the customers at the plan's end, and what
        they were fitted to
    """

    panel: Panel
    inputs: Inputs
    labels: pd.DataFrame
    preparation: Preparation
    fold: NDArray[np.int64]
    n_folds: int
    newest: NDArray[np.bool_]
    at_end: FittedBtyd
    features_at_end: pd.DataFrame

    def fit_rows(self, plan: WindowPlan) -> FitRows:
        """Rows as scores are fitted on them."""
        window = np.searchsorted(np.sort(plan.cutoffs), self.panel.cutoffs)
        season = np.isin(np.sort(plan.cutoffs), plan.season)
        return FitRows(
            self.inputs.dense,
            self.inputs.linear,
            self.labels,
            window,
            season,
            self.panel.customers,
            self.fold,
            spend_unit(self.labels),
        )

    def held_out(self) -> HeldOut:
        """The same rows to calibrate on."""
        return HeldOut(self.inputs.joined, self.labels, self.panel.customers, self.newest)

    def some_return_in_each_fold(self) -> bool:
        """Whether each fold has a returning customer in the newest window."""
        back = self.newest & (self.labels["churned"].to_numpy() == 0)
        return bool(np.bincount(self.fold[back], minlength=self.n_folds).all())


def fit_horizon(
    log: ShopLog,
    plan: WindowPlan,
    *,
    btyd_at: BtydAt,
    trees: Callable[[FitRows], TreeParameters],
    seed: int,
    dates: bool = False,
    judged: bool = True,
    campaigns: Campaigns | None = None,
) -> HorizonFit:
    """Fit return, value and order heads for one horizon.

    Parameters
    ----------
    log : as known before `plan.end`
    plan : WindowPlan
    btyd_at : fits buy-till-you-die models to the snapshot at a cutoff
    trees : chooses how trees are grown
    seed : int
    dates : whether to fit the head of the next order's date too
    judged : whether to predict for customers held out too, which only a gate by customer asks for
    campaigns : contact lists, with the numbers of the log's customers; None where there was none
    """
    half = max(1, plan.observed_days // 2)
    stacked = panel(log, plan.cutoffs, (plan.observed_days, half))
    everybody = stacked.features[stacked.cutoffs == plan.newest]
    times = None
    if campaigns is not None:
        times = campaigns.counted(stacked.customers, stacked.cutoffs, plan.observed_days)
        times = times and times.enough_at(stacked.cutoffs == plan.newest)
    rows = _panel_rows(log, plan, stacked, _untouched(btyd_at, campaigns), times)
    carry = carry_by_btyd(
        _carry(rows, rows.panel.labels[half], plan), rows.at_end, rows.features_at_end
    )
    held, scores, held_out = rows.held_out(), None, None
    if enough(rows.labels["churned"].to_numpy()[rows.newest]) and rows.some_return_in_each_fold():
        fit_rows = rows.fit_rows(plan)
        scores = cross_fit(fit_rows, trees(fit_rows), n_folds=rows.n_folds, seed=seed)
        if judged:
            held_out = judged_by_customer(
                held, rows.inputs, scores, rows.fold, cutoff=plan.newest, days=plan.observed_days
            )
    heads = calibrated_heads(held, carry, scores)
    newest = rows.newest
    return HorizonFit(
        plan,
        rows.preparation,
        heads,
        held_out,
        everybody if times is None else rows.panel.features[newest],
        rows.labels[newest],
        rows.panel.customers[newest],
        everybody,
        _next_order(rows, plan, seed) if dates else None,
        times,
    )


def _next_order(rows: PanelRows, plan: WindowPlan, seed: int) -> NextOrderFit:
    return fit_next_order(
        rows.panel.features,
        rows.labels["next_order_days"].to_numpy(),
        fold=rows.fold,
        newest=rows.newest,
        observed_days=plan.observed_days,
        horizon_days=plan.horizon_days,
        seed=seed,
    )


def _untouched(btyd_at: BtydAt, campaigns: Campaigns | None) -> BtydOf:
    """Fits models of purchase days to customers as they would have bought without lists."""

    def fitted(
        cutoff: int, features: pd.DataFrame, customers: NDArray[np.int64], *, few: bool
    ) -> FittedBtyd:
        times = None if campaigns is None else campaigns.histories(customers, cutoff)
        kept = features if times is None else features.iloc[times.positions]
        return btyd_at(cutoff, _some(kept) if few else kept)

    return fitted


def _panel_rows(
    log: ShopLog, plan: WindowPlan, stacked: Panel, btyd_of: BtydOf, times: Counted | None
) -> PanelRows:
    fitted = {}
    for c in plan.cutoffs:
        at = stacked.cutoffs == c
        fitted[c] = btyd_of(c, stacked.features[at], stacked.customers[at], few=True)
    n_folds = _folds(stacked)
    if times is not None:  # what is fitted from here on is learned from labels, or by them
        stacked = taken(stacked, times.positions)
    shot = snapshot(log, plan.end, BTYD_READS)
    at_end = btyd_of(plan.end, shot.features, shot.customers, few=False)
    common, spend = list(at_end.histories), at_end.spend is not None

    def columns(found: FittedBtyd) -> BtydColumns:
        there = tuple(n for n in common if n in found.histories)
        return found.columns(plan.observed_days, there, spend=spend)

    btyd = _stacked_columns(
        stacked, {c: columns(f) for c, f in fitted.items()}, columns(at_end).names
    )
    read = columns_of([n for n in common if n in READ_BY_SCORES], spend=spend)
    served = Preparation(tuple(stacked.features.columns), columns(at_end), read)
    features = FeatureTable.of(stacked.features)
    bare = Inputs(served, features, btyd)
    preparation = replace(served, design=fit_design(pd.Index(bare.columns), bare.dense))
    ids = customer_folds(log.customer_ids, n_folds)
    return PanelRows(
        stacked,
        Inputs(preparation, features, btyd),
        stacked.labels[plan.observed_days],
        preparation,
        ids[stacked.customers],
        n_folds,
        stacked.cutoffs == plan.newest,
        at_end,
        shot.features,
    )


def _folds(stacked: Panel) -> int:
    customers = len(np.unique(stacked.customers))
    return next(folds for least, folds in FOLDS if customers >= least)


def _some(features: pd.DataFrame) -> pd.DataFrame:
    """Every n-th customer, as many as four parameters need."""
    return features.iloc[:: max(1, len(features) // BTYD_CUSTOMERS)]


def _stacked_columns(
    stacked: Panel, columns: dict[int, BtydColumns], names: tuple[str, ...]
) -> FeatureTable:
    """Columns of every row, by the models of its own cutoff; undefined where none converged."""
    found = np.full((len(names), len(stacked)), np.nan)
    for cutoff, those in columns.items():
        mask = stacked.cutoffs == cutoff
        found[:, mask] = (
            those.of(FeatureTable.of(stacked.features[mask])).with_all(names).rows(names)
        )
    return FeatureTable(names, found)


def _carry(rows: PanelRows, half_labels: pd.DataFrame, plan: WindowPlan) -> Carry:
    half, whole = half_labels[rows.newest], rows.labels[rows.newest]
    return fit_carry(
        plan.observed_days,
        plan.horizon_days,
        returned=(1 - half["churned"].mean(), 1 - whole["churned"].mean()),
        spent=(half["future_value"].sum(), whole["future_value"].sum()),
    )


def outcome(
    heads: Heads, inputs: Inputs, labels: pd.DataFrame, cutoff: int, horizon_days: int
) -> FoldOutcome:
    """What each member predicts for rows of one cutoff, beside what came."""
    returns = heads.returns
    plain = returns[PLAIN_RETURN]
    predictions = {
        name: head.predict(inputs, returns.get(name, plain)) for name, head in heads.values.items()
    }
    quantiles = predictions.get(MODEL) or next(iter(predictions.values()))
    return FoldOutcome(
        cutoff=date_of(cutoff),
        churn_horizon_days=horizon_days,
        value_horizon_days=horizon_days,
        churned=labels["churned"].to_numpy(),
        future_value=labels["future_value"].to_numpy(),
        churn_probability={n: h.churn_probability(inputs) for n, h in returns.items()},
        predicted_clv={n: p.mean for n, p in predictions.items()},
        clv_p10=quantiles.p10,
        clv_p50=quantiles.p50,
        clv_p90=quantiles.p90,
        n_orders=inputs.features["n_orders"],
        tenure_days=inputs.features["T"],
    )
