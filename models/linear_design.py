"""Columns for linear scores: signed logarithms, standardised, with a flag for what is undefined."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float = NDArray[np.float64]
Matrix = NDArray[np.float32]
TAIL = 0.001
LEAST_SPREAD = 1e-9
LEAST_SHARE = 0.005
# Quantiles of so many rows are as good as of all.
ROWS_LOOKED_AT = 20_000


@dataclass(frozen=True)
class LinearDesign:
    """How features become columns of a linear score.

    Counts, days and money have long tails, so each becomes sign(x) log(1 + |x|), is held within
    the range seen, and is standardised. An undefined value takes the median; where that is common
    a column of 0 and 1 says so.

    Attributes
    ----------
    features : names of the columns of the matrix that is given, in order
    kept : positions of the features that vary, shape (k,)
    middle, low, high, mean, spread : of the logarithms, shape (k,) each
    flagged : positions of the features with a column of their own for being undefined, shape (f,)
    """

    features: tuple[str, ...]
    kept: NDArray[np.int64]
    middle: Float
    low: Float
    high: Float
    mean: Float
    spread: Float
    flagged: NDArray[np.int64]

    @property
    def names(self) -> tuple[str, ...]:
        """The feature behind each column of the design."""
        return tuple(self.features[i] for i in (*self.kept, *self.flagged))

    def matrix(self, dense: Matrix) -> Float:
        """Design of rows of features, shape (n, k + f)."""
        # Column after column, whatever the matrix given: sums keep their order.
        x = np.asfortranarray(dense[:, self.kept].astype(np.float64))
        z = signed_log(x)
        z = np.where(np.isnan(z), self.middle, z)
        z = (np.clip(z, self.low, self.high) - self.mean) / self.spread
        undefined = np.isnan(dense[:, self.flagged]).astype(np.float64, order="F")
        return np.hstack([z, undefined])


def signed_log(x: Float) -> Float:
    """sign(x) log(1 + |x|)."""
    return np.asarray(np.copysign(np.log1p(np.abs(x)), x), dtype=np.float64)


def fit_design(features: pd.Index, dense: Matrix) -> LinearDesign:
    """Learn medians, ranges and spreads from rows of features.

    Parameters
    ----------
    features : names of the columns
    dense : shape (n, n_features), NaN where undefined
    """
    dense = np.asfortranarray(dense[:: max(1, len(dense) // ROWS_LOOKED_AT)])
    undefined = np.isnan(dense)
    share = undefined.mean(axis=0)
    known = np.flatnonzero(share < 1.0)
    z = signed_log(dense[:, known].astype(np.float64))
    middle = np.nanmedian(z, axis=0)
    z = np.where(np.isnan(z), middle, z)
    low, high = np.quantile(z, [TAIL, 1 - TAIL], axis=0)
    z = np.clip(z, low, high)
    mean, spread = z.mean(axis=0), z.std(axis=0)
    varies = spread > LEAST_SPREAD
    return LinearDesign(
        features=tuple(str(f) for f in features),
        kept=known[varies],
        middle=middle[varies],
        low=low[varies],
        high=high[varies],
        mean=mean[varies],
        spread=spread[varies],
        flagged=_distinct(undefined, np.flatnonzero((share > LEAST_SHARE) & (share < 1.0))),
    )


def _distinct(undefined: NDArray[np.bool_], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first of those columns that are undefined for the same rows."""
    if not len(columns):
        return columns
    packed = np.packbits(undefined[:, columns], axis=0)
    first = {packed[:, i].tobytes(): i for i in reversed(range(len(columns)))}
    return np.asarray(columns[np.sort(list(first.values()))], dtype=np.int64)
