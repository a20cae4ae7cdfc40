"""A score on a link scale: the mean of a linear and a boosted one.

Purchase logs of ten thousand customers are fitted best by linear scores of logarithms, larger and
stranger ones by trees; their mean was as good as the better of the two wherever it was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from models.few_rows import QuickTrees

Float = NDArray[np.float64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class LinkScore:
    """Score of rows on the scale of a link: log odds, or log of currency or of orders.

    Attributes
    ----------
    intercept, coefficients : of the linear score, over the columns of a `LinearDesign`
    base : what the trees start from
    booster : trees over the columns of the dense matrix
    share : weight of the trees in the mean, 0 to 1
    effect : what is added for the season of the windows to come
    """

    intercept: float
    coefficients: Float
    base: float
    booster: xgb.Booster
    share: float = 0.5
    effect: float = field(default=0.0)

    def parts(self, dense: Matrix, linear: Float) -> tuple[Float, Float]:
        """The linear and the boosted score, without the season's effect, shape (n,) each."""
        # Not a matrix product: that would add up one row in another order than many.
        sums = np.einsum("ij,j->i", linear, self.coefficients)
        leaves = self._trees.margins(dense)[:, 0].astype(np.float64)
        return sums + self.intercept, self.base + leaves

    @cached_property
    def _trees(self) -> QuickTrees:
        return QuickTrees(self.booster)

    def raw(self, dense: Matrix, linear: Float) -> Float:
        """Score of each row, shape (n,)."""
        one, two = self.parts(dense, linear)
        return self.effect + (1 - self.share) * one + self.share * two

    def contributions(
        self, dense: Matrix, linear: Float, owners: Sequence[NDArray[np.int64]]
    ) -> Float:
        """What each feature adds to the score, shape (n, n_features).

        The trees' part is exact (SHAP), the linear part is counted from the mean customer, of whom
        every feature is known.

        Parameters
        ----------
        owners : feature that each column of the design belongs to, k in all; in parts within which
            none comes twice
        """
        rows = xgb.DMatrix(dense, nthread=1)
        trees = self.booster.predict(rows, pred_contribs=True, validate_features=False)[:, :-1]
        # Column after column, as they are added to.
        found = self.share * trees.astype(np.float64, order="F")
        ours = (1 - self.share) * linear * self.coefficients
        done = 0
        for some in owners:
            found[:, some] += ours[:, done : done + len(some)]
            done += len(some)
        return np.asarray(found, dtype=np.float64)

    def spec(self, file: str) -> dict[str, Any]:
        """Its numbers for JSON; `file` is where its trees are saved."""
        return {
            "intercept": self.intercept,
            "coefficients": self.coefficients.tolist(),
            "base": self.base,
            "share": self.share,
            "effect": self.effect,
            "booster": file,
        }


def margins(booster: xgb.Booster, dense: Matrix) -> Float:
    """Sum of the leaves of each row, shape (n,); the boosters start from a margin of 0."""
    raw = booster.inplace_predict(dense, predict_type="margin", validate_features=False)
    return np.asarray(raw, dtype=np.float64)


def score_from_spec(spec: dict[str, Any], booster: xgb.Booster) -> LinkScore:
    """The score that `LinkScore.spec` wrote down."""
    return LinkScore(
        intercept=float(spec["intercept"]),
        coefficients=np.array(spec["coefficients"], dtype=np.float64),
        base=float(spec["base"]),
        booster=booster,
        share=float(spec["share"]),
        effect=float(spec["effect"]),
    )
