"""What the scores of one horizon are computed from, made once for all of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from models.btyd_columns import BtydColumns, columns_from_spec
from models.linear_design import LinearDesign

Float = NDArray[np.float64]
ROWS = 256
DESIGN_ARRAYS = ("middle", "low", "high", "mean", "spread")


@dataclass(frozen=True)
class Preparation:
    """From features to the inputs of scores.

    Attributes
    ----------
    features : names of the features read, in order
    btyd : columns of the buy-till-you-die models
    read : those of them that scores read; the others are for rules alone
    design : columns of the linear scores
    """

    features: tuple[str, ...]
    btyd: BtydColumns
    read: tuple[str, ...] = ()
    design: LinearDesign | None = None

    def of(self, features: pd.DataFrame | FeatureTable) -> "Inputs":
        """Inputs of the rows of `features`; a column that it lacks is undefined for all."""
        table = FeatureTable.of(features)
        return Inputs(self, table, self.btyd.of(table))

    def spec(self) -> dict[str, Any]:
        """Its numbers for JSON."""
        design = self.design
        told = None
        if design is not None:
            told = {name: getattr(design, name).tolist() for name in DESIGN_ARRAYS}
            told |= {"kept": design.kept.tolist(), "flagged": design.flagged.tolist()}
        return {
            "features": list(self.features),
            "btyd": self.btyd.spec(),
            "read": list(self.read),
            "design": told,
        }


@dataclass(frozen=True)
class Inputs:
    """Rows as the scores of one horizon read them; features, and what is derived from them."""

    preparation: Preparation
    features: FeatureTable
    btyd: FeatureTable

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def joined(self) -> FeatureTable:
        """Features with the columns of the buy-till-you-die models beside them, for rules."""
        return self.features.beside(self.btyd)

    @cached_property
    def without_silence(self) -> FeatureTable:
        """Columns of the buy-till-you-die models as if the latest purchase were of this moment.

        Who bought on one day alone then became a customer at this moment.
        """
        x, tenure = self.features["frequency"], self.features["T"]
        now = np.where(x > 0, tenure, np.minimum(tenure, 0.0))
        return self.preparation.btyd.of(self.features.instead({"recency": now, "T": now}))

    @cached_property
    def dense(self) -> NDArray[np.float32]:
        """Features and buy-till-you-die columns in single precision, shape (n, n_columns)."""
        there = self.features.rows(self.preparation.features)
        beside = self.btyd.rows(self.preparation.read)
        found = np.empty((len(self), len(there) + len(beside)), np.float32)
        # Row after row, as trees read it; some rows at a time, to stay in the cache.
        for start in range(0, len(found), ROWS):
            rows = slice(start, start + ROWS)
            found[rows, : len(there)] = there[:, rows].T
            found[rows, len(there) :] = beside[:, rows].T
        return found

    @cached_property
    def linear(self) -> Float:
        """Columns of the linear scores, shape (n, k)."""
        if self.preparation.design is None:
            raise ValueError("nothing linear was fitted here; only rules can be asked")
        return self.preparation.design.matrix(self.dense)

    @cached_property
    def owners(self) -> tuple[NDArray[np.int64], ...]:
        """Column of `dense` that each one of `linear` was made from, in parts without repeats."""
        design = self.preparation.design
        return () if design is None else (design.kept, design.flagged)

    @property
    def columns(self) -> list[str]:
        """Names of the columns of `dense`."""
        return [*self.preparation.features, *self.preparation.read]


def preparation_from_spec(spec: dict[str, Any]) -> Preparation:
    """The preparation that `Preparation.spec` wrote down."""
    features, read = tuple(spec["features"]), tuple(spec["read"])
    design, told = None, spec["design"]
    if told is not None:
        design = LinearDesign(
            features=(*features, *read),
            kept=np.array(told["kept"], dtype=np.int64),
            flagged=np.array(told["flagged"], dtype=np.int64),
            **{name: np.array(told[name], dtype=np.float64) for name in DESIGN_ARRAYS},
        )
        n_columns = len(features) + len(read)
        for name in ("kept", "flagged"):
            places = getattr(design, name)
            if places.ndim != 1 or ((places < 0) | (places >= n_columns)).any():
                raise ValueError(f"{name} names columns that are not there")
    return Preparation(features, columns_from_spec(spec["btyd"]), read, design)
