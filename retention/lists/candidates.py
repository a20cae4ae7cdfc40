"""From score rows to the candidates of a list, with what a contact of each costs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype

from retention.lists.audience import Audience
from retention.lists.contact_value import spend_if_stays

Float = NDArray[np.float64]
COLUMNS = ("customer_id", "return_probability", "expected_spend")


@dataclass(frozen=True)
class Pool:
    """The candidates of a list as arrays, one place a customer.

    Attributes
    ----------
    p : shape (n,), probability of a return without contact
    spend : shape (n,), currency, expected net spend given a return
    read_ids : gives their ids, shape (n,), text; what is only counted never asks for them
    ascending : whether the ids are known to ascend, each there once
    cost : shape (n,), currency of each contact; None where all cost the same
    response : as in `retention.lists.contact_value.with_response`; None where it is not told
    """

    p: Float
    spend: Float
    read_ids: Callable[[], NDArray[np.object_]]
    ascending: bool = False
    cost: Float | None = None
    response: Float | None = None

    def __len__(self) -> int:
        return len(self.p)

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """Ids of the candidates."""
        return self.read_ids()


def pool_of(candidates: pd.DataFrame) -> Pool:
    """The same candidates as arrays.

    Parameters
    ----------
    candidates : as `retention.lists.build.build_list` takes them

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = sorted(set(COLUMNS) - set(candidates.columns))
    if missing:
        raise ValueError(f"candidates lack columns {missing}; they need {list(COLUMNS)}")
    ids = texts_of(candidates["customer_id"])
    p, spend = (candidates[name].to_numpy(float) for name in COLUMNS[1:])
    cost, response = (
        candidates[name].to_numpy(float) if name in candidates else None
        for name in ("contact_cost", "response")
    )
    return Pool(p, spend, lambda: ids, cost=cost, response=response)


def texts_of(ids: pd.Series) -> NDArray[np.object_]:
    """Ids as texts, shape (n,)."""
    found = ids.to_numpy(object)
    is_text = infer_dtype(found, skipna=False) in ("string", "empty")
    return found if is_text else np.array([str(each) for each in found], object)


def candidates_of(
    scores: pd.DataFrame, audience: Audience, cost: pd.Series | None = None
) -> pd.DataFrame:
    """The audience as `retention.lists.build.build_list` takes it.

    Parameters
    ----------
    scores : the rows that the audience was made from
    cost : currency by `customer_id`, where contacts cost more for some (post, telephone); those
        without one may not be contacted and are left out

    Returns
    -------
    DataFrame with `customer_id`, `return_probability` (1 - churn probability), `expected_spend`
        (net, given a return within the churn horizon) and, if `cost` is given, `contact_cost`
    """
    rows = scores.iloc[audience.positions]
    churn = pd.to_numeric(rows["churn_probability"]).to_numpy(float)
    risk = pd.to_numeric(rows["value_at_risk"]).to_numpy(float)
    made = pd.DataFrame(
        {
            "customer_id": pd.Series(texts_of(rows["customer_id"]), dtype=object),
            "return_probability": 1 - churn,
            "expected_spend": spend_if_stays(risk, churn),
        }
    )
    if cost is None:
        return made
    made["contact_cost"] = made["customer_id"].map(cost).to_numpy(float)
    priced: pd.DataFrame = made[np.isfinite(made["contact_cost"])].reset_index(drop=True)
    return priced
