"""What a feature is: a name, a unit, a sentence, and how it is read at a cutoff."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.running.reading import Reading

Float = NDArray[np.float64]
_LOGS = np.log(np.maximum(np.arange(8192), 1))


@dataclass(frozen=True)
class Feature:
    """One column of a snapshot.

    Attributes
    ----------
    name, unit, family : as in the catalogue
    sentence : what it is, for the retention team
    topic : what it tells about a customer; reasons name one feature a topic
    phrase : sentence to the customer, with `{value}`; never about risk or worth
    read : values at a cutoff, shape (n_customers,), NaN where undefined
    needs : optional column of the log without which the feature is absent, as `PurchaseLog` has it
    """

    name: str
    unit: str
    family: str
    sentence: str
    topic: str
    phrase: str
    read: Callable[[Reading], Float]
    needs: str | None = None


def ratio(over: Float, under: Float) -> Float:
    """`over / under`, NaN where `under` is not above 0."""
    quotient = np.empty(len(over))
    quotient.fill(np.nan)
    np.divide(over, under, out=quotient, where=under > 0)
    return quotient


def log_of_count(counts: Float) -> Float:
    """Natural logarithm of whole numbers from 1, most of them from a table; 0 for those below."""
    whole = np.fmax(counts, 1).astype(np.int64)  # 1 where undefined
    if whole.max(initial=1) >= len(_LOGS):
        return np.log(whole)
    return _LOGS.take(whole)


def windowed(column: str, days: int) -> Callable[[Reading], Float]:
    """Reads the sum of `column` over the last `days` days."""
    return lambda at: at.window(column, days)
