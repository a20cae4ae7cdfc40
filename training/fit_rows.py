"""Rows of the panel as scores are fitted on them: inputs, targets, window and fold of each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

from models.link_score import Float, Matrix
from models.trees import matrix_of
from training.links import ORDERS, RETURN, SPEND, TOTAL, Link, log_spend, median_spend

Int = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class FitRows:
    """Rows of customers at several cutoffs, each shape (n_rows,) or (n_rows, columns).

    Attributes
    ----------
    dense, linear : inputs of trees and of linear scores
    labels : see `features.labels`, over the observed window
    window : number of the cutoff in order of time
    season : of each window, True where it began about a year, or two, before the windows to come;
        shape (n_windows,)
    customer, fold : number in the log, and the fifth that the customer is in
    """

    dense: Matrix
    linear: Float
    labels: pd.DataFrame
    window: Int
    season: Mask
    customer: Int
    fold: Int
    spend_unit: float

    def __len__(self) -> int:
        return len(self.window)

    @cached_property
    def matrix(self) -> xgb.DMatrix:
        """The dense inputs in XGBoost's own form, made once for all that is fitted on the rows."""
        return matrix_of(self.dense)

    @property
    def churned(self) -> Float:
        """1 where nothing was bought in the window."""
        return self.labels["churned"].to_numpy()

    @property
    def value(self) -> Float:
        """Net spend in the window, currency."""
        return self.labels["future_value"].to_numpy()

    @property
    def has_season(self) -> bool:
        """Whether any window is of the season to come."""
        return bool(self.season.any())

    def take(self, mask: Mask) -> "FitRows":
        """Some of the rows."""
        return FitRows(
            self.dense[mask],
            self.linear[mask],
            self.labels[mask],
            self.window[mask],
            self.season,
            self.customer[mask],
            self.fold[mask],
            self.spend_unit,
        )

    def for_link(self, link: Link) -> tuple["FitRows", Float]:
        """The rows that a kind of score is fitted on, and its target."""
        if link is RETURN:
            return self, self.churned
        if link is TOTAL:
            return self, np.maximum(self.value, 0.0)
        if link is ORDERS:
            return self, self.labels["future_orders"].to_numpy()
        if link is not SPEND:
            raise ValueError(f"no rows are known for a score of {link.name!r}")
        back = self.take(self.churned == 0)
        return back, log_spend(back.value, self.spend_unit)


def spend_unit(labels: pd.DataFrame) -> float:
    """The spend that small amounts are measured by: the median of those who spent something."""
    return median_spend(labels["future_value"].to_numpy())
