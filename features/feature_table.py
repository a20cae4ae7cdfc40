"""Features of some customers, column by column, without the cost of a data frame.

A frame is made and read a column at a time in tens of microseconds, which a request for one
customer has not got.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float = NDArray[np.float64]


class FeatureTable:
    """Named columns of equal length.

    Parameters
    ----------
    names : names of the columns
    values : float, shape (n_columns, n): a row a column
    """

    __slots__ = ("_place", "names", "values")

    def __init__(self, names: Sequence[str], values: NDArray[Any]) -> None:
        if len(names) != len(values):
            raise ValueError(f"{len(names)} names for {len(values)} columns")
        self.names, self.values = tuple(names), values
        self._place = {name: i for i, name in enumerate(self.names)}

    @classmethod
    def of(cls, features: "pd.DataFrame | FeatureTable") -> "FeatureTable":
        """The columns of a frame of numbers; a table as it is."""
        if isinstance(features, FeatureTable):
            return features
        return cls([str(name) for name in features.columns], features.to_numpy().T)

    def __len__(self) -> int:
        return int(self.values.shape[1])

    def __contains__(self, name: object) -> bool:
        return name in self._place

    def __getitem__(self, name: str) -> Float:
        """A column, shape (n,)."""
        return np.asarray(self.values[self._place[name]], np.float64)

    def where(self, mask: NDArray[np.bool_]) -> "FeatureTable":
        """Some of the rows."""
        return self if mask.all() else FeatureTable(self.names, self.values[:, mask])

    def beside(self, other: "FeatureTable") -> "FeatureTable":
        """The same with the columns of another table of the same rows."""
        values = np.concatenate([self.values, other.values])
        return FeatureTable((*self.names, *other.names), values)

    def instead(self, columns: dict[str, Float]) -> "FeatureTable":
        """The same with other values of some columns, which are added if they are not there."""
        new = [name for name in columns if name not in self]
        names = (*self.names, *new)
        values = np.empty((len(names), len(self)))
        values[: len(self.names)] = self.values
        places = self._place | {name: len(self.names) + i for i, name in enumerate(new)}
        for name, column in columns.items():
            values[places[name]] = column
        return FeatureTable(names, values)

    def with_all(self, names: Sequence[str]) -> "FeatureTable":
        """The same with these columns, undefined where they are not there."""
        lacking = [name for name in names if name not in self]
        return self.instead(dict.fromkeys(lacking, np.full(len(self), np.nan))) if lacking else self

    def rows(self, names: Sequence[str]) -> NDArray[Any]:
        """Values of some columns, shape (len(names), n); one that is not there is undefined."""
        if tuple(names) == self.names:
            return self.values
        there = [i for i, name in enumerate(names) if name in self._place]
        places = [self._place[names[i]] for i in there]
        if len(there) == len(names):
            return self.values[places]
        found = np.full((len(names), len(self)), np.nan, self.values.dtype)
        found[there] = self.values[places]
        return found

    def frame(self, index: pd.Index | None = None) -> pd.DataFrame:
        """As a frame, shape (n, n_columns)."""
        return pd.DataFrame(self.values.T, index=index, columns=list(self.names))
