"""All that is served for one horizon: return, value and orders from the same inputs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from models.heads import OrdersHead, ReturnHead, ValueHead, ValuePrediction
from models.inputs import Inputs, Preparation
from models.next_order import NextOrderHead

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """What is predicted within one horizon, each of shape (n,)."""

    churn: Float
    value: ValuePrediction
    orders: Float


@dataclass(frozen=True)
class HorizonModel:
    """The heads of one horizon that are served together.

    Attributes
    ----------
    preparation : from features to the inputs of the heads
    returns, value, orders : heads
    next_order : days to the next order, given one; None where it is not asked for, or where too few
        customers returned to tell
    value_returns : P(no purchase) that the value head was levelled with, where it is not the one
        that is served
    """

    preparation: Preparation
    returns: ReturnHead
    value: ValueHead
    orders: OrdersHead
    next_order: NextOrderHead | None = None
    value_returns: ReturnHead | None = None

    @property
    def horizon_days(self) -> int:
        """Days ahead."""
        return self.returns.carry.horizon_days

    def inputs(self, features: pd.DataFrame | FeatureTable) -> Inputs:
        """Inputs of rows of features, for several questions about the same rows."""
        return self.preparation.of(features)

    def churn_probability(self, features: pd.DataFrame | FeatureTable) -> Float:
        """P(no purchase within the horizon), shape (n,)."""
        return self.returns.churn_probability(self.inputs(features))

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """What each feature adds to the log odds of churn, one column a feature."""
        return self.returns.contributions(self.inputs(features)).frame(features.index)

    def predict(self, features: pd.DataFrame | FeatureTable) -> Outlook:
        """Everything predicted of rows of features."""
        return self.outlook(self.inputs(features))

    def outlook(self, inputs: Inputs) -> Outlook:
        """Everything predicted of rows whose inputs are made already."""
        observed = self.returns.observed_churn(inputs)
        of_value = observed
        if self.value_returns is not None:
            of_value = self.value_returns.observed_churn(inputs)
        return Outlook(
            self.returns.carry.churn_probability(observed),
            self.value.predicted(inputs, self.returns.carry, of_value),
            self.orders.predicted(inputs, self.returns.carry, observed),
        )
