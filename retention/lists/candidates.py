"""From score rows to the candidates of a list, with what a contact of each costs."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype

from retention.lists.audience import Audience
from retention.lists.contact_value import spend_if_stays


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
