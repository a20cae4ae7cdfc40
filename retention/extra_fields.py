"""Value fields of score rows: what is left of predicted spend, the known formula, the RFM group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from retention.clv.formula import NO_PURCHASES, simple_clv
from retention.clv.ladder import NO_MARGIN, NO_PREDICTION, Economics, predicted_contribution
from retention.segments.rfm import rfm_groups
from retention.value_fields import cuts_of, years_of_first_orders

Float = NDArray[np.float64]
Objects = NDArray[np.object_]
VALUE_FIELDS = ("predicted_contribution", "simple_clv", "rfm_group")
# Where these fields' cut points stand among those of a batch.
CUTS = "value_fields"
NO_CUT_POINTS = "no_cut_points"


@dataclass(frozen=True)
class Worth:
    """What the value fields need beside scores and facts.

    Attributes
    ----------
    first_order : float, shape (n,), currency: each customer's first order, net of its refunds
    economics : what the shop says of its costs
    """

    first_order: Float
    economics: Economics

    def only(self, mask: NDArray[np.bool_]) -> "Worth":
        """The same of some of the customers."""
        return Worth(self.first_order[mask], self.economics)


@dataclass(frozen=True)
class Past:
    """What the value fields need of the past, each float of shape (n,); NaN without a purchase.

    Attributes
    ----------
    net : net spend to date, currency
    orders, purchase_days : counts
    silence, tenure : days since the last and since the first purchase
    mean_gap : days between purchase days; NaN with one
    """

    net: Float
    orders: Float
    purchase_days: Float
    silence: Float
    tenure: Float
    mean_gap: Float


class ValueFields(NamedTuple):
    """Fields by name, and why they are null (None where they are not); each of shape (n,)."""

    fields: dict[str, Any]
    codes: dict[str, Objects]


def batch_cuts(past: Past, worth: Worth, rhythm: Mapping[str, Any]) -> dict[str, Any]:
    """Cut points of a batch, from all customers that are scored; see `value_fields.cuts_of`."""
    return cuts_of(
        net=past.net,
        orders=past.orders,
        silence=past.silence,
        tenure=past.tenure,
        gaps=past.purchase_days - 1,
        mean_gap=past.mean_gap,
        first_order=worth.first_order,
        rhythm=rhythm,
    )


def value_columns(
    past: Past,
    worth: Worth | None,
    cuts: Mapping[str, Any] | None,
    predicted_clv: Float,
    predicted_orders: Float,
    horizon_days: int,
) -> ValueFields:
    """The value fields of some customers.

    Parameters
    ----------
    worth : None where nothing is known of it: all fields are null
    cuts : of `batch_cuts`; None for a batch of an earlier version, which has none
    predicted_clv, predicted_orders : within `horizon_days`
    """
    if worth is None:
        nothing = np.full(len(past.net), None, object)
        return ValueFields(dict.fromkeys(VALUE_FIELDS, nothing), {})
    left = predicted_contribution(
        predicted_clv, predicted_orders, worth.economics, horizon_days=horizon_days
    )
    why = NO_MARGIN if worth.economics.margin is None else NO_PREDICTION
    codes = {"predicted_contribution": _coded(np.isnan(left), why)}
    if cuts is None:
        none, unknown = np.full(len(left), None, object), np.ones(len(left), bool)
        codes |= dict.fromkeys(("simple_clv", "rfm_group"), _coded(unknown, NO_CUT_POINTS))
        return ValueFields(dict(zip(VALUE_FIELDS, (left, none, none), strict=True)), codes)
    years = years_of_first_orders(worth.first_order, cuts)
    formula = simple_clv(past.net, past.orders, past.tenure, years, cap=cuts["years"]["cap"])
    group = rfm_groups(past.silence, past.orders, cuts["rfm"])
    never = _coded(np.asarray(pd.isna(group), bool), NO_PURCHASES)
    codes |= {"simple_clv": formula.codes, "rfm_group": never}
    found = (left, formula.simple_clv, group)
    return ValueFields(dict(zip(VALUE_FIELDS, found, strict=True)), codes)


def with_codes(missing: Objects, codes: Mapping[str, Objects]) -> Objects:
    """JSON texts of `missing` with the codes of some fields put in, or taken out where None.

    Parameters
    ----------
    missing : JSON texts, shape (n,); null stands for `{}` and stays where there is no code
    codes : field -> code or None, shape (n,)
    """
    place, _ = pd.factorize(missing)
    seen = [pd.factorize(values) for values in codes.values()]
    for numbers, values in seen:
        place = place * (len(values) + 1) + numbers + 1
    # Few combinations are found, so each is written once.
    _, first, where = np.unique(place, return_index=True, return_inverse=True)
    written = np.empty(len(first), object)
    for i, row in enumerate(first):
        told = {name: values[row] for name, values in codes.items()}
        written[i] = _written(missing[row], told)
    return np.asarray(written[where], object)


def _written(text: Any, told: Mapping[str, Any]) -> Any:
    known = orjson.loads(text) if isinstance(text, str) else {}
    kept = {name: code for name, code in known.items() if told.get(name, code) is not None}
    kept |= {name: code for name, code in told.items() if code is not None}
    return orjson.dumps(kept).decode() if kept or isinstance(text, str) else text


def _coded(null: NDArray[np.bool_], code: str) -> Objects:
    found = np.full(len(null), None, object)
    found[null] = code
    return found
