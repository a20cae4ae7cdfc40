"""Rows of randomised lists, from which the effect of contact is learned."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class UpliftRows:
    """Customers with what they were assigned to, and what came of it.

    Attributes
    ----------
    features : shape (n, k), known before the assignment; NaN where unknown
    treated : shape (n,), assigned to contact; the others were held out
    outcome : shape (n,), finite
    propensity : shape (n,), chance of having been assigned to contact, between 0 and 1
    weight : shape (n,), above 0, customers that each row stands for
    customer : int, shape (n,), number of the customer; one may stand on several lists
    start : shape (n,), effect expected beforehand, up to a factor, such as 1 - p; learners begin
        from it, so that what the ranking in use knows need not be learned anew

    Raises
    ------
    ValueError
        If shapes differ or a number is out of range.
    """

    features: Float
    treated: Mask
    outcome: Float
    propensity: Float
    weight: Float
    customer: NDArray[np.int64]
    start: Float

    def __post_init__(self) -> None:
        n = len(self.features)
        columns = ("treated", "outcome", "propensity", "weight", "customer", "start")
        shapes = {name: np.shape(getattr(self, name)) for name in columns}
        if self.features.ndim != 2 or any(shape != (n,) for shape in shapes.values()):
            raise ValueError(
                f"uplift rows are of the same customers, got features of shape "
                f"{self.features.shape} and {shapes}"
            )
        if not ((self.propensity > 0) & (self.propensity < 1)).all():
            raise ValueError(
                "the chance of contact must lie between 0 and 1 for every row; leave out lists and "
                "strata in which everybody or nobody was contacted"
            )
        finite = np.isfinite(self.outcome).all() and np.isfinite(self.start).all()
        if not (finite and (self.weight > 0).all()):
            raise ValueError("outcomes and starts must be finite, and weights above 0")

    def __len__(self) -> int:
        return len(self.features)

    def require_both_arms(self) -> None:
        """Raise ValueError if nobody was contacted, or nobody held out."""
        contacted = int(self.treated.sum())
        if contacted in (0, len(self)):
            raise ValueError(
                f"an effect needs customers of both arms, got {contacted} contacted and "
                f"{len(self) - contacted} held out; use lists with a hold-out"
            )

    @classmethod
    def of(
        cls,
        features: ArrayLike,
        treated: ArrayLike,
        outcome: ArrayLike,
        propensity: ArrayLike,
        **more: Any,
    ) -> "UpliftRows":
        """Rows of equal weight, one a customer, where `more` does not say otherwise."""
        known = np.asarray(features, float)
        n = len(known)
        return cls(
            known,
            np.asarray(treated, bool),
            np.asarray(outcome, float),
            np.broadcast_to(np.asarray(propensity, float), (n,)),
            np.asarray(more.get("weight", np.ones(n)), float),
            np.asarray(more.get("customer", np.arange(n)), np.int64),
            np.asarray(more.get("start", np.ones(n)), float),
        )

    def at(self, which: NDArray[Any]) -> "UpliftRows":
        """Some of the rows, by mask or by position."""
        return UpliftRows(
            self.features[which], self.treated[which], self.outcome[which],
            self.propensity[which], self.weight[which], self.customer[which],
            self.start[which],
        )  # fmt: skip

    @property
    def inverse(self) -> Float:
        """Signed inverse chances, +1/e contacted and -1/(1 - e) held out, shape (n,): their
        product with the outcome has the effect as its mean (Horvitz & Thompson 1952)."""
        return np.where(self.treated, 1 / self.propensity, -1 / (1 - self.propensity))

    @property
    def centred(self) -> Float:
        """Outcomes less their level, the same for both arms, shape (n,): less noise in sums with
        `inverse`, and the same mean."""
        share = np.where(self.treated, 1 - self.propensity, self.propensity)
        counted = self.weight * share / np.where(self.treated, self.propensity, 1 - self.propensity)
        level = float((counted * self.outcome).sum() / counted.sum())
        return self.outcome - level


def joined(parts: Sequence[UpliftRows]) -> UpliftRows:
    """Rows of several lists together; customers have the same numbers in all."""
    columns = [field.name for field in fields(UpliftRows)]
    return UpliftRows(*(np.concatenate([getattr(p, name) for p in parts]) for name in columns))
