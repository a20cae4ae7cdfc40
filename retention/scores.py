"""Score rows: what a bundle says of each customer, named as in the store, API and exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from features.families.feature import ratio
from features.log.purchase_log import PurchaseLog
from features.rows import FACTS
from features.shop_clock import day_number
from models.bundle import Bundle
from retention import groups
from retention.dates import NEXT_ORDER, SILENCE, next_order_dates, silence_fields
from retention.lifecycle import lifecycle_status
from retention.reasons import reasons
from retention.silence import SilenceDates, silence_dates

SCORE_FIELDS = (
    "customer_id",
    "as_of",
    "batch_id",
    "model_version",
    "score_status",
    "churn_horizon_days",
    "churn_probability",
    "usual_churn_probability",
    "churn_percentile",
    "risk_tier",
    "risk_change",
    "tier_since",
    "value_horizon_days",
    "predicted_clv",
    "clv_p10",
    "clv_p50",
    "clv_p90",
    "predicted_number_of_orders",
    *NEXT_ORDER,
    *SILENCE,
    "historic_clv",
    "total_clv",
    "value_tier",
    "historic_number_of_orders",
    "average_order_value",
    "average_days_between_orders",
    "days_since_last",
    "value_at_risk",
    "lifecycle_status",
    "reasons",
    "missing",
)
IDENTITY = ("customer_id", "as_of", "batch_id", "model_version", "score_status")


@dataclass(frozen=True)
class Eligibility:
    """Who is scored: active within some days, and known for at least `min_days`."""

    active_within_days: int | None = None
    min_days: int = 0

    def status(self, facts: pd.DataFrame) -> NDArray[np.object_]:
        """`scored`, `too_new`, `inactive` or `no_purchases` of each row, shape (n,)."""
        silence = facts["days_since_last_ever"].to_numpy(float)
        limit = np.inf if self.active_within_days is None else self.active_within_days
        return np.select(
            [
                np.isnan(silence),
                silence > limit,
                facts["tenure_ever"].to_numpy(float) < self.min_days,
            ],
            ["no_purchases", "inactive", "too_new"],
            default="scored",
        ).astype(object)


def score_rows(
    features: pd.DataFrame,
    bundle: Bundle,
    *,
    facts: pd.DataFrame,
    as_of: str,
    batch_id: str | None = None,
    eligibility: Eligibility | None = None,
    cut_points: Mapping[str, Any] | None = None,
    silence: SilenceDates | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows of scores for the customers of a snapshot.

    Parameters
    ----------
    features : DataFrame of shape (n, n_features), indexed by `customer_id`; a column that the
        bundle reads and these customers lack (no item counts, say) is undefined for all of them
    bundle : Bundle
    facts : DataFrame of the same rows, what is so over the whole history: `features.rows.FACTS`
    as_of : day of the snapshot, YYYY-MM-DD
    eligibility : who is scored; None scores everybody
    cut_points : of a published batch, by which percentiles and tiers are given; by default those
        of these rows
    silence : silence dates of the same rows, as `silence_of` finds them; without them the fields
        are null

    Returns
    -------
    rows : DataFrame of shape (n, len(SCORE_FIELDS)), `reasons` and `missing` as JSON text; fields
        of a customer that is not scored are null
    cut_points : those used
    """
    lacking = [f for f in bundle.features if f not in features]
    features = features.assign(**dict.fromkeys(lacking, np.nan)) if lacking else features
    status = (
        np.full(len(features), "scored", object)
        if eligibility is None
        else eligibility.status(facts)
    )
    scored = features[status == "scored"]
    cuts = dict(cut_points) if cut_points else {}
    rows = pd.DataFrame({"customer_id": features.index.astype(str)})
    rows["as_of"], rows["batch_id"], rows["model_version"] = as_of, batch_id, bundle.version
    rows["score_status"] = status
    if len(scored):
        some = None if silence is None else silence.only(status == "scored")
        values, cuts = _values(scored, facts[status == "scored"], bundle, cuts, as_of, some)
        values.index = pd.Index(np.flatnonzero(status == "scored"))
        rows = rows.join(values)
    return rows.reindex(columns=list(SCORE_FIELDS)), cuts


def _values(
    features: pd.DataFrame,
    history: pd.DataFrame,
    bundle: Bundle,
    cuts: dict[str, Any],
    as_of: str,
    dates: SilenceDates | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    inputs = bundle.churn.inputs(features)
    near = bundle.churn.outlook(inputs)
    far = near if bundle.value is bundle.churn else bundle.value.predict(features)
    churn, value = near.churn, far.value
    cuts = cuts or groups.cut_points(churn, value.mean)
    orders, net, silence, tenure, gap, last_gap, days = (
        history[name].to_numpy(float) for name in FACTS
    )
    facts = bundle.groups
    # By the count that it was learnt from.
    counted = features["n_orders"].to_numpy(float)
    usual = np.array(facts["usual_churn"])[groups.order_group(counted)]
    # Features see some years of it; a customer is told of, and placed by, the whole.
    whole_life = features.assign(
        days_since_last=silence, T=tenure, n_orders=orders, spend_total=net, mean_gap=gap,
        last_gap=last_gap, frequency=days - 1,
    )  # fmt: skip
    day = day_number(date.fromisoformat(as_of))
    sooner = None
    if bundle.churn.horizon_days < bundle.value.horizon_days:
        sooner = (bundle.churn.horizon_days, near.churn)
    when = next_order_dates(bundle.value.next_order, features, far.churn, day, sooner=sooner)
    silent = silence_fields(dates, len(features))
    frame = pd.DataFrame(
        {
            "churn_horizon_days": bundle.churn.horizon_days,
            "churn_probability": churn,
            "usual_churn_probability": usual,
            "churn_percentile": groups.churn_percentile(churn, cuts),
            "risk_tier": groups.risk_tier(churn, facts["risk_limits"]),
            "risk_change": None,
            "tier_since": None,
            "value_horizon_days": bundle.value.horizon_days,
            "predicted_clv": value.mean,
            "clv_p10": value.p10,
            "clv_p50": value.p50,
            "clv_p90": value.p90,
            "predicted_number_of_orders": far.orders,
            **when.fields,
            **silent.fields,
            "historic_clv": net,
            "total_clv": net + value.mean,
            "value_tier": groups.value_tier(value.mean, cuts),
            "historic_number_of_orders": orders,
            "average_order_value": ratio(net, orders),
            "average_days_between_orders": gap,
            "days_since_last": silence,
            "value_at_risk": churn * near.value.spend_if_return,
            "lifecycle_status": lifecycle_status(whole_life, facts["rhythm"]),
            "reasons": reasons(whole_life, bundle.churn.returns.contributions(inputs)),
            "missing": _missing(gap, orders, {**when.codes, **silent.codes}),
        }
    )
    whole = ["historic_number_of_orders", "days_since_last", "churn_percentile"]
    whole += ["churn_horizon_days", "value_horizon_days"]
    return frame.astype(dict.fromkeys(whole, "Int64")), cuts


def silence_of(
    log: PurchaseLog,
    as_of: int,
    bundle: Bundle,
    *,
    asked: NDArray[np.bool_] | None = None,
) -> SilenceDates:
    """Silence dates of the customers of a log, by the bundle's own risk limits.

    Parameters
    ----------
    asked : customers to search for, one of each row of the snapshot; by default all
    """
    medium, high = bundle.groups["risk_limits"]
    return silence_dates(
        log, as_of, bundle.features, bundle.churn.churn_probability, (medium, high), asked=asked
    )


def _missing(
    mean_gap: NDArray[np.float64],
    n_orders: NDArray[np.float64],
    codes: Mapping[str, NDArray[np.object_]],
) -> list[str]:
    """Why a field is null: there is no purchase at all, purchases on one day only, or its code."""
    nothing = ("average_order_value", "average_days_between_orders", "days_since_last")
    never = dict.fromkeys(nothing, "no_purchases")
    once = {"average_days_between_orders": "one_purchase_day"}
    kinds = np.select([n_orders == 0, np.isnan(mean_gap)], [2, 1], default=0)
    # Few combinations are found, so each is written once.
    written: dict[tuple[Any, ...], str] = {}
    found = []
    for key in zip(kinds.tolist(), *(c.tolist() for c in codes.values()), strict=True):
        if key not in written:
            told = dict(({}, once, never)[key[0]])
            told |= {n: c for n, c in zip(codes, key[1:], strict=True) if c is not None}
            written[key] = orjson.dumps(told).decode()
        found.append(written[key])
    return found
