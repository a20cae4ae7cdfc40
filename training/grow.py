"""Grow the trees of one horizon: log odds of churn, and log spend of those who return."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

from models.trees import Rows, fit_trees, fit_trees_until, predict_margin

Float = NDArray[np.float64]
RETURN_OBJECTIVE = "binary:logistic"
SPEND_OBJECTIVE = "reg:squarederror"
FEWEST_CUSTOMERS = 50
FEWEST_OF_A_KIND = 10


@dataclass(frozen=True)
class RawScores:
    """What trees say of rows: log odds of churn and log spend given a return, shape (n,) each."""

    margin: Float
    log_spend: Float

    @staticmethod
    def together(parts: list["RawScores"]) -> "RawScores":
        """Scores of several sets of rows, one after the other."""
        return RawScores(
            np.concatenate([p.margin for p in parts]), np.concatenate([p.log_spend for p in parts])
        )


@dataclass(frozen=True)
class Trees:
    """Boosters of one horizon."""

    returns: xgb.Booster
    spend: xgb.Booster

    def raw(self, features: pd.DataFrame) -> RawScores:
        """Raw scores of `features`."""
        return RawScores(
            predict_margin(self.returns, features), predict_margin(self.spend, features)
        )

    @property
    def rounds(self) -> tuple[int, int]:
        """Trees in each booster."""
        return self.returns.num_boosted_rounds(), self.spend.num_boosted_rounds()


def enough(labels: pd.DataFrame) -> bool:
    """Whether there are customers enough, returning and not, to learn from."""
    churned = labels["churned"].sum()
    kinds = min(churned, len(labels) - churned)
    return len(labels) >= FEWEST_CUSTOMERS and kinds >= FEWEST_OF_A_KIND


def grow(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    check_features: pd.DataFrame,
    check_labels: pd.DataFrame,
    *,
    seed: int,
) -> Trees:
    """Grow until the loss on the check rows stops falling."""
    check = _return_rows(check_features, check_labels)
    returns = fit_trees_until(_return_rows(features, labels), check, RETURN_OBJECTIVE, seed=seed)
    spend = fit_trees_until(
        _spend_rows(features, labels),
        _spend_rows(check_features, check_labels),
        SPEND_OBJECTIVE,
        seed=seed,
    )
    return Trees(returns, spend)


def grow_to(
    features: pd.DataFrame, labels: pd.DataFrame, rounds: tuple[int, int], *, seed: int
) -> Trees:
    """Grow a given number of trees on all rows."""
    one = fit_trees(_return_rows(features, labels), RETURN_OBJECTIVE, rounds=rounds[0], seed=seed)
    two = fit_trees(_spend_rows(features, labels), SPEND_OBJECTIVE, rounds=rounds[1], seed=seed)
    return Trees(one, two)


def _return_rows(features: pd.DataFrame, labels: pd.DataFrame) -> Rows:
    return Rows(features, labels["churned"].to_numpy())


def _spend_rows(features: pd.DataFrame, labels: pd.DataFrame) -> Rows:
    """Returning customers with the log of what they spent; refunds and gifts count a little."""
    back = labels["churned"].to_numpy() == 0
    spend = labels["future_value"].to_numpy()[back]
    positive = spend[spend > 0]
    floor = 0.05 * float(np.median(positive)) if len(positive) else 1.0
    return Rows(features[back], np.log(np.maximum(spend, floor)))
