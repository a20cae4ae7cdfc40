"""The table of surveys: what customers answered, and when."""

import datetime as dt

import pandas as pd

from features.tables.contacts import Events, read_events
from features.tables.source import Shape, TableSource

SURVEYS = Shape(
    "surveys",
    ("customer_id", "answered_at", "score"),
    {"customer_id": "id", "answered_at": "stamp", "score": "number"},
)


def read_surveys(source: TableSource, *, latest: dt.datetime | None = None) -> Events:
    """Read and check the table of surveys; one without a row is a shop that asked nobody.

    Parameters
    ----------
    source : TableSource of shape `SURVEYS`
    latest : naive local moment; an answer after it is a fault

    Returns
    -------
    Events, whose rows have
        answered_at : datetime64, naive local time of the shop
        score : float, on the survey's own scale

    Raises
    ------
    DataError
        If a file cannot be read, a column is missing, or too many rows are bad.
    """
    return read_events(source, "answered_at", latest=latest)


def surveys_at(surveys: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """What each customer had answered before a moment.

    Parameters
    ----------
    surveys : rows of `read_surveys`
    cutoff : Timestamp, naive local time of the shop, exclusive; see `moment_of`

    Returns
    -------
    DataFrame indexed by sorted `customer_id`, each once: `last_score`, `mean_score` (float),
    `n_answers` (int), `last_answered_at` (datetime64)
    """
    seen = surveys[surveys["answered_at"] < cutoff].groupby(level=0)
    return pd.DataFrame(
        {
            "last_score": seen["score"].last(),
            "mean_score": seen["score"].mean(),
            "n_answers": seen.size().astype("int64"),
            "last_answered_at": seen["answered_at"].last(),
        }
    ).rename_axis("customer_id")
