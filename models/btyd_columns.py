"""What buy-till-you-die models say of each customer, as columns beside the features.

The models see purchase days alone (x, t_x, T). Each adds the log odds of no purchase within the
window and the log of the purchase days expected; Gamma-Gamma adds the log of a day's spend.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from models.btyd.errors import NotConverged
from models.btyd.family import fit_all, from_spec, to_spec
from models.btyd.gamma_gamma import GammaGamma, fit_gamma_gamma
from models.btyd.history import HistoryModel

Float = NDArray[np.float64]
PREFIX = "btyd_"
SPEND = f"{PREFIX}spend"
LEAST_ORDERS = 1e-6
# Beyond these log odds a column says no more, and a linear score would follow it anywhere.
FARTHEST = 12.0


@dataclass(frozen=True)
class BtydColumns:
    """Fitted models and the window that their columns are about.

    Attributes
    ----------
    days : days of the window after the cutoff
    histories : name -> model of purchase days; those that converged
    spend : model of a purchase day's spend; None where it did not converge
    """

    days: int
    histories: dict[str, HistoryModel]
    spend: GammaGamma | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return columns_of(self.histories, spend=self.spend is not None)

    def of(self, features: FeatureTable) -> FeatureTable:
        """Columns of the rows of `features`; those who never bought are undefined."""
        x, t_x, T = (features[n] for n in ("frequency", "recency", "T"))
        bought = np.isfinite(T) & np.isfinite(x)
        history = np.array([np.where(bought, v, 0.0) for v in (x, t_x, T)])
        # Many customers share a history, one-time buyers above all.
        (x, t_x, T), place = _distinct(history)
        columns: dict[str, Float] = {}
        for name, model in self.histories.items():
            log_p = model.log_p_zero(x, t_x, T, self.days)
            odds = log_p - np.log(-np.expm1(log_p))
            columns[churn_column(name)] = np.clip(odds, -FARTHEST, FARTHEST)[place]
            expected = model.expected_purchases(x, t_x, T, self.days)
            columns[orders_column(name)] = np.log(np.maximum(expected, LEAST_ORDERS))[place]
        if self.spend is not None:
            expected = self.spend.expected_value(history[0], features["monetary_value"])
            columns[SPEND] = np.log(np.maximum(expected, LEAST_ORDERS))
        values = np.full((len(columns), len(features)), np.nan)
        for row, column in zip(values, columns.values(), strict=True):
            row[bought] = column[bought]
        return FeatureTable(tuple(columns), values)

    def only(self, histories: Collection[str]) -> "BtydColumns":
        """With some of the models of purchase days, in the same order."""
        kept = {name: model for name, model in self.histories.items() if name in histories}
        return replace(self, histories=kept)

    def spec(self) -> dict[str, Any]:
        """Its numbers for JSON."""
        return {
            "days": self.days,
            "histories": {name: to_spec(model) for name, model in self.histories.items()},
            "spend": None if self.spend is None else to_spec(self.spend),
        }


def _distinct(history: Float) -> tuple[Float, NDArray[np.int64]]:
    """The histories that differ, shape (3, m), and the place of each customer's, shape (n,)."""
    order = np.lexsort(history)
    ordered = history[:, order]
    new = np.ones(len(order), bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    return ordered[:, new], place


def columns_of(histories: Collection[str], *, spend: bool) -> tuple[str, ...]:
    """Names of the columns of these models, in order."""
    each = [n for model in histories for n in (churn_column(model), orders_column(model))]
    return (*each, SPEND) if spend else tuple(each)


def churn_column(model: str) -> str:
    """Column of the log odds of no purchase within the window."""
    return f"{PREFIX}{model}_churn"


def orders_column(model: str) -> str:
    """Column of the log of purchase days expected within the window."""
    return f"{PREFIX}{model}_orders"


@dataclass(frozen=True)
class FittedBtyd:
    """Models fitted to the customers known at one cutoff, whatever the window."""

    histories: dict[str, HistoryModel]
    spend: GammaGamma | None
    refused: tuple[str, ...]

    def columns(self, days: int, names: tuple[str, ...], *, spend: bool) -> BtydColumns:
        """Columns over a window of `days`, of the models named."""
        kept = {name: self.histories[name] for name in names}
        return BtydColumns(days, kept, self.spend if spend else None)


def fit_btyd(features: pd.DataFrame) -> FittedBtyd:
    """Fit every model to a snapshot; those that do not converge are left out and named."""
    x, t_x, T = (features[n].to_numpy(float) for n in ("frequency", "recency", "T"))
    bought = np.isfinite(T) & np.isfinite(x) & (T > 0)
    refused: list[str] = []
    histories = fit_all(
        x[bought], t_x[bought], T[bought], on_refusal=lambda name, why: refused.append(name)
    )
    try:
        spend = fit_gamma_gamma(x[bought], features["monetary_value"].to_numpy(float)[bought])
    except NotConverged:
        spend = None
        refused.append("gamma_gamma")
    return FittedBtyd(histories, spend, tuple(refused))


def columns_from_spec(spec: dict[str, Any]) -> BtydColumns:
    """The columns that `BtydColumns.spec` wrote down."""
    histories = {name: from_spec(told) for name, told in spec["histories"].items()}
    spend = None if spec["spend"] is None else from_spec(spec["spend"])
    if not all(isinstance(model, HistoryModel) for model in histories.values()):
        raise ValueError("a model of purchase days is of another kind")
    if spend is not None and not isinstance(spend, GammaGamma):
        raise ValueError("the model of spend is of another kind")
    kept = {n: m for n, m in histories.items() if isinstance(m, HistoryModel)}
    return BtydColumns(int(spec["days"]), kept, spend)
