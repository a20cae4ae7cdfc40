"""Made rows to fit scores on: four columns, a law of what customers do, windows that differ."""

import numpy as np
import pandas as pd

from models.link_score import Float
from training.fit_rows import FitRows, spend_unit

COLUMNS = ["keen", "rich", "noise", "mark"]
FOLDS = 5


def made_rows(
    customers: int = 400,
    *,
    effects: tuple[float, ...] = (0.0, 0.0, 0.0),
    season: tuple[bool, ...] = (False, False, False),
    law: float = 1.5,
    seed: int = 0,
) -> FitRows:
    """Every customer in every window, customer by customer.

    Parameters
    ----------
    effects : what each window adds to the log odds of churn, and takes from the log of spend and
        of orders
    season : whether each window is of the season to come
    law : how much the first column tells of churn and orders; 0 for nothing

    Returns
    -------
    FitRows; `mark` is a number of the customer's own, the same in each window, which tells nothing
    """
    draw = np.random.default_rng(seed)
    n, windows = customers, len(effects)
    customer = np.repeat(np.arange(n), windows)
    window = np.tile(np.arange(windows), n)
    x = draw.normal(size=(n * windows, 4))
    x[:, 3] = draw.random(n)[customer]
    shift = np.array(effects)[window]
    churned = (draw.random(len(x)) < 1 / (1 + np.exp(-law * x[:, 0] - shift))).astype(float)
    back = churned == 0
    orders = back * (1.0 + draw.poisson(np.exp(-0.3 * law * x[:, 0] - shift)))
    spend = np.exp(3.0 + 0.8 * x[:, 1] - shift + 0.4 * draw.normal(size=len(x)))
    labels = pd.DataFrame(
        {"churned": churned, "future_orders": orders, "future_value": np.where(back, spend, 0.0)}
    )
    return FitRows(
        dense=x.astype(np.float32),
        linear=standardised(x),
        labels=labels,
        window=window,
        season=np.array(season),
        customer=customer,
        fold=draw.permutation(n)[customer] % FOLDS,
        spend_unit=spend_unit(labels),
    )


def standardised(x: Float) -> Float:
    """Columns of mean 0 and spread 1."""
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0), dtype=np.float64)
