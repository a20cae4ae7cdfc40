"""Leaks: what reads beyond the cutoff finds nothing, is found out by the law, or loses at the gate.

A feature of the catalogue is read through `Reading`, which ends at the cutoff. One that goes around
it is as good at judging as at learning, for both lie in the past: there no gate can help, and it is
the law that tells it, by adding a future and looking whether the feature moves. A leak that is in
the rows learnt from and not in those that are judged, as a table joined without its dates is, loses
at the gate, which judges by what was known then.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.customer_fold import customer_folds
from features.log.shop_log import ShopLog
from features.panel import Panel, panel
from features.running.reading import Reading
from models.btyd_columns import BtydColumns
from models.carry import Carry
from models.inputs import Preparation
from models.linear_design import fit_design
from models.metrics import churn_metrics
from models.trees import TreeParameters
from tests.made_shop import made_log, made_purchases, on_days
from training.calibrate import HeldOut, calibrated_heads
from training.cross_fit import cross_fit
from training.fit import outcome
from training.fit_rows import FitRows, spend_unit
from training.gate import BY_CUSTOMER, BY_TIME, gate_return, gate_value
from training.judged import judged_by_customer
from training.results import MODEL, FoldOutcome
from training.windows import plan_windows

N_FOLDS = 3
HORIZON = 60
SHOP = made_purchases(500, 500, seed=2)
Leak = Callable[[pd.DataFrame], Any]


def ahead(column, days, back=None) -> Callable[[Reading], np.ndarray]:
    """A window that begins at the cutoff."""
    return lambda at: at.window(column, days, back=-days if back is None else back)


READINGS: dict[str, Callable[[Reading], np.ndarray]] = {
    "orders of the next 60 days": ahead("orders", 60),
    "orders of the next week": ahead("orders", 7),
    "lines of the next year": ahead("lines", 365),
    "spend of the next 60 days": ahead("net", 60),
    "gross of the next 90 days": ahead("gross", 90),
    "refunds to come": ahead("refunds", 365),
    "refunded to come": ahead("refunded", 365),
    "orders from tomorrow on": ahead("orders", 59, back=-60),
    "days gained from the cutoff on": lambda at: at.gained("days", 0),
    "days gained from a month ahead on": lambda at: at.gained("days", -30),
}


@pytest.mark.parametrize("name", READINGS)
def test_r9_a_reading_beyond_the_cutoff_finds_nothing(name):
    log = made_log(SHOP)
    at = Reading(log.ranges[0].load(), [log.last_day - 200])
    assert at.window("orders", 200).sum() > 100
    assert not READINGS[name](at).any()


def last_state(name):
    """The state at the last line of the customer, known or not."""
    return lambda at: at.columns.state(name)[at.columns.log.starts[at.customer + 1] - 1]


def sum_after(name, days):
    """The sum over lines of the days after the cutoff."""

    def read(at: Reading) -> np.ndarray:
        log = at.columns.log
        lines = (log.known_day[None, :] - at.cutoff[:, None] >= 0) & (
            log.known_day[None, :] - at.cutoff[:, None] < days
        )
        mine = log.customer_of_line[None, :] == at.customer[:, None]
        return np.where(lines & mine, np.diff(at.columns.sums(name))[None, :], 0).sum(axis=1)

    return read


AROUND: dict[str, Callable[[Reading], np.ndarray]] = {
    "purchase days ever": last_state("days"),
    "last day ever": last_state("last_day"),
    "last order ever": last_state("last_order_net"),
    "longest gap ever": last_state("longest_gap"),
    "largest order ever": last_state("largest_order"),
    "orders ahead": sum_after("orders", 60),
    "spend ahead": sum_after("net", 60),
    "refunds ahead": sum_after("refunds", 365),
    "the line after": lambda at: at.columns.log.amount[
        np.minimum(at.end, at.columns.log.n_lines - 1)
    ],
    "number of lines": lambda at: np.diff(at.columns.log.starts)[at.customer],
}


def moves(feature: Callable[[Reading], np.ndarray]) -> bool:
    """Whether a future that is added to a log moves the feature."""
    future = on_days([(f"c{i:04d}", 350 + i % 50, 500.0 + i) for i in range(500)] * 2)
    future = pd.concat([future, future.assign(amount=-1.0)])
    past = SHOP[SHOP["ordered_at"] < "2023-12-01"]
    values = []
    for lines in (past, pd.concat([past, future])):
        log = made_log(lines).ranges[0].load()
        at = Reading(log, [19_692])  # 2023-12-01
        ids = log.customer_ids[at.customer]
        values.append(pd.Series(np.asarray(feature(at), float), ids))
    assert values[0].index.equals(values[1].index)
    return not values[0].equals(values[1])


@pytest.mark.parametrize("name", AROUND)
def test_r9_a_feature_that_goes_around_the_reading_breaks_the_law(name):
    assert moves(AROUND[name])


def test_an_honest_feature_keeps_the_law():
    assert not moves(lambda at: at.window("net", 90))
    assert not moves(lambda at: at.state("days"))


def as_rows(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    log: ShopLog,
    stacked: Panel,
) -> tuple[Preparation, FitRows]:
    """Rows of a panel as scores are fitted on them, and how their inputs are made."""
    bare = Preparation(tuple(features.columns), BtydColumns(HORIZON, {}, None))
    design = fit_design(features.columns, bare.of(features).dense)
    preparation = replace(bare, design=design)
    inputs = preparation.of(features)
    cutoffs = np.unique(stacked.cutoffs)
    rows = FitRows(
        inputs.dense,
        inputs.linear,
        labels,
        np.searchsorted(cutoffs, stacked.cutoffs),
        np.zeros(len(cutoffs), bool),
        stacked.customers,
        customer_folds(log.customer_ids, N_FOLDS)[stacked.customers],
        spend_unit(labels),
    )
    return preparation, rows


def judged(log: ShopLog, leak: Leak | None):
    """The gate's decision on a model that learnt with a leak, which nobody knows at the cutoff."""
    plan = plan_windows(log.first_day, log.last_day + 1, HORIZON)
    assert plan is not None
    earlier = plan_windows(log.first_day, plan.newest, HORIZON)
    assert earlier is not None
    stacked = panel(log, (plan.newest, *earlier.cutoffs), (HORIZON,))
    early = stacked.cutoffs != plan.newest
    labels, features = stacked.labels[HORIZON], stacked.features
    if leak is not None:
        # At the cutoff that is judged the same table knows of no order yet.
        unknown = labels.assign(
            churned=1.0,
            future_orders=0.0,
            future_gross=0.0,
            future_value=0.0,
            next_order_days=np.nan,
        )
        table = labels.where(pd.Series(early, labels.index), unknown)
        features = features.assign(leak=np.asarray(leak(table), float))
    learnt = stacked.where(early)
    preparation, rows = as_rows(features[early], labels[early], log, learnt)
    scores = cross_fit(rows, TreeParameters(), n_folds=N_FOLDS, seed=0)
    inputs = preparation.of(features[early])
    held = HeldOut(inputs.joined, labels[early], learnt.customers, learnt.cutoffs == earlier.newest)
    heads = calibrated_heads(held, Carry(HORIZON, HORIZON), scores)
    found = outcome(heads, preparation.of(features[~early]), labels[~early], plan.newest, HORIZON)
    return gate_return(found, method=BY_TIME, seed=0)


LEAKS: dict[str, Leak] = {
    "churned": lambda y: y["churned"],
    "returned": lambda y: 1 - y["churned"],
    "future orders": lambda y: y["future_orders"],
    "future gross": lambda y: y["future_gross"],
    "future value": lambda y: y["future_value"],
    "log of future value": lambda y: np.log1p(y["future_value"].clip(lower=0)),
    "days to the next order": lambda y: y["next_order_days"],
    "whether the next order is near": lambda y: (y["next_order_days"] < 50).astype(float),
    "churned, blurred": lambda y: y["churned"] + 0.3 * np.sin(np.arange(len(y))),
    "value of an order ahead": lambda y: y["future_value"] / y["future_orders"].clip(lower=1),
}


@pytest.fixture(scope="module")
def log():
    return made_log(made_purchases(1500, 500, seed=2))


@pytest.fixture(scope="module")
def small_log():
    """Large enough for the model to be served."""
    return made_log(made_purchases(800, 500, seed=2))


def test_without_a_leak_the_model_is_served(small_log):
    assert judged(small_log, None).served == MODEL


@pytest.mark.parametrize("name", LEAKS)
def test_r9_a_model_that_learnt_from_a_leak_is_stopped_by_the_gate(small_log, name):
    decision = judged(small_log, LEAKS[name])
    assert decision.served != MODEL
    assert any(gain.mean < 0 for gain in decision.versus.values())


def shuffled(log: ShopLog, seed: int) -> FoldOutcome:
    """Predictions for customers held out where each has the labels of another."""
    plan = plan_windows(log.first_day, log.last_day + 1, HORIZON)
    assert plan is not None
    stacked = panel(log, plan.cutoffs, (HORIZON,))
    draw = np.random.default_rng(seed)
    other = draw.permutation(log.n_customers)
    labels = stacked.labels[HORIZON]
    rows = pd.MultiIndex.from_arrays([stacked.customers, stacked.cutoffs])
    swapped = labels.set_axis(rows).reindex(
        pd.MultiIndex.from_arrays([other[stacked.customers], stacked.cutoffs])
    )
    there = swapped["churned"].notna().to_numpy()
    stacked = stacked.where(there)
    labels = swapped[there].reset_index(drop=True)
    preparation, given = as_rows(stacked.features, labels, log, stacked)
    scores = cross_fit(given, TreeParameters(), n_folds=N_FOLDS, seed=seed)
    inputs = preparation.of(stacked.features)
    held = HeldOut(inputs.joined, labels, stacked.customers, stacked.cutoffs == plan.newest)
    return judged_by_customer(
        held, inputs, scores, given.fold, cutoff=plan.newest, days=plan.observed_days
    )


def null_auc(found: FoldOutcome) -> tuple[float, float]:
    """AUC of the model and its null deviation."""
    churned = found.churned
    n1, n0 = float(churned.sum()), float((1 - churned).sum())
    auc = churn_metrics(churned, found.churn_probability[MODEL])["auc"]
    return auc, float(np.sqrt((n1 + n0 + 1) / (12 * n1 * n0)))


def test_r9_from_shuffled_labels_nothing_is_learnt_and_the_gate_refuses(log):
    found = shuffled(log, 0)
    auc, deviation = null_auc(found)
    assert abs(auc - 0.5) <= 3 * deviation
    assert gate_return(found, method=BY_CUSTOMER, seed=0).served != MODEL
    assert gate_value(found, method=BY_CUSTOMER, seed=0).served != MODEL


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_r9_from_shuffled_labels_of_a_larger_shop_nothing_is_learnt():
    larger = made_log(made_purchases(4000, 500, seed=4))
    for seed in range(5):
        auc, deviation = null_auc(shuffled(larger, seed))
        assert deviation < 0.015
        assert abs(auc - 0.5) <= 3 * deviation
