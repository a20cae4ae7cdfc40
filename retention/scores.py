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
from features.feature_table import FeatureTable
from features.log.purchase_log import PurchaseLog
from features.rows import FACTS
from features.shop_clock import day_number
from models.bundle import Bundle
from retention import groups
from retention.dates import BATCH_ONLY, NEXT_ORDER, SILENCE, next_order_dates, silence_fields
from retention.extra_fields import CUTS, Past, Worth, batch_cuts, value_columns
from retention.lifecycle import lifecycle_status
from retention.reasons import reasons
from retention.silence import SilenceDates, silence_dates
from retention.table_fields import TABLE_FIELDS

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
    "predicted_contribution",
    *NEXT_ORDER,
    *SILENCE,
    "historic_clv",
    "total_clv",
    "simple_clv",
    "value_tier",
    "historic_number_of_orders",
    "average_order_value",
    "average_days_between_orders",
    "days_since_last",
    "value_at_risk",
    "rfm_group",
    "lifecycle_status",
    *TABLE_FIELDS,
    "reasons",
    "missing",
)
WHOLE = frozenset(
    {
        *("churn_horizon_days", "value_horizon_days", "churn_percentile", "days_since_last"),
        "historic_number_of_orders",
    }
)
Columns = dict[str, NDArray[Any]]
IDENTITY = ("customer_id", "as_of", "batch_id", "model_version", "score_status")


@dataclass(frozen=True)
class Eligibility:
    """Who is scored: active within some days, known for at least `min_days`, and not unwilling."""

    active_within_days: int | None = None
    min_days: int = 0
    no_profiling: frozenset[str] = frozenset()

    def status(
        self, facts: FeatureTable | pd.DataFrame, ids: NDArray[np.object_] | None = None
    ) -> NDArray[np.object_]:
        """`scored`, `too_new`, `inactive`, `no_purchases` or `no_profiling` of each row.

        Parameters
        ----------
        facts : `features.rows.FACTS`
        ids : of the customers; needed where some do not want to be profiled

        Returns
        -------
        array of shape (n,)
        """
        facts = FeatureTable.of(facts)
        silence = facts["days_since_last_ever"]
        limit = np.inf if self.active_within_days is None else self.active_within_days
        unwilling = np.zeros(len(silence), bool)
        if self.no_profiling and ids is not None:
            unwilling = np.fromiter((i in self.no_profiling for i in ids), bool, len(ids))
        return np.select(
            [unwilling, np.isnan(silence), silence > limit, facts["tenure_ever"] < self.min_days],
            ["no_profiling", "no_purchases", "inactive", "too_new"],
            default="scored",
        ).astype(object)


@dataclass(frozen=True)
class Customers:
    """Some customers as of a snapshot, a row each.

    Attributes
    ----------
    ids : array of str, shape (n,)
    features : what the bundle reads, and more; a column that these customers lack (no item counts,
        say) is undefined for all of them
    facts : what is so over the whole history: `features.rows.FACTS`
    """

    ids: NDArray[np.object_]
    features: FeatureTable
    facts: FeatureTable

    def where(self, mask: NDArray[np.bool_]) -> "Customers":
        """Some of them."""
        if mask.all():
            return self
        return Customers(self.ids[mask], self.features.where(mask), self.facts.where(mask))


def score_columns(
    customers: Customers,
    bundle: Bundle,
    *,
    as_of: str,
    batch_id: str | None = None,
    eligibility: Eligibility | None = None,
    cut_points: Mapping[str, Any] | None = None,
    silence: SilenceDates | None = None,
    worth: Worth | None = None,
) -> tuple[Columns, dict[str, Any]]:
    """Scores of some customers, a column a field.

    Parameters
    ----------
    as_of : day of the snapshot, YYYY-MM-DD
    eligibility : who is scored; None scores everybody
    cut_points : of a published batch, by which percentiles and tiers are given; by default those
        of these rows
    silence : silence dates of the same rows, as `silence_of` finds them; without them the fields
        are null
    worth : what the value fields need of the same rows; without it they are null

    Returns
    -------
    columns : field of `SCORE_FIELDS` -> array of shape (n,): numbers, NaN where null, or objects,
        None where null; `reasons` and `missing` as JSON text. Of a customer who is not scored all
        but the first five are null
    cut_points : those used
    """
    n = len(customers.ids)
    status = (
        np.full(n, "scored", object)
        if eligibility is None
        else eligibility.status(customers.facts, customers.ids)
    )
    told = (customers.ids, as_of, batch_id, bundle.version, status)
    columns: Columns = {
        name: value if isinstance(value, np.ndarray) else np.full(n, value, object)
        for name, value in zip(IDENTITY, told, strict=True)
    }
    scored, cuts = np.equal(status, "scored").astype(bool), dict(cut_points) if cut_points else {}
    if not scored.any():
        return columns | {f: np.full(n, None, object) for f in SCORE_FIELDS[len(IDENTITY) :]}, cuts
    some = None if silence is None else silence.only(scored)
    its = None if worth is None else worth.only(scored)
    values, cuts = _values(customers.where(scored), bundle, cuts, as_of, some, its)
    for name in SCORE_FIELDS[len(IDENTITY) :]:
        columns[name] = values[name] if len(values[name]) == n else spread(values[name], scored)
    return columns, cuts


def score_rows(
    features: pd.DataFrame, bundle: Bundle, *, facts: pd.DataFrame, **how: Any
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The same of frames, as a frame.

    Parameters
    ----------
    features : DataFrame of shape (n, n_features), indexed by `customer_id`
    facts : DataFrame of the same rows: `features.rows.FACTS`
    how : as of `score_columns`

    Returns
    -------
    rows : DataFrame of shape (n, len(SCORE_FIELDS)), whole numbers as Int64
    cut_points : those used
    """
    ids = features.index.astype(str).to_numpy(object)
    some = Customers(ids, FeatureTable.of(features), FeatureTable.of(facts))
    columns, cuts = score_columns(some, bundle, **how)
    return pd.DataFrame({f: _as_series(f, columns[f]) for f in SCORE_FIELDS}), cuts


def _as_series(name: str, column: NDArray[Any]) -> pd.Series:
    series = pd.Series(column)
    return series.astype("Int64") if name in WHOLE else series


def spread(values: NDArray[Any], where: NDArray[np.bool_]) -> NDArray[Any]:
    """Values in the rows that are theirs, shape (len(where),); null in the others."""
    is_text = values.dtype == object
    found = np.full(len(where), None if is_text else np.nan, object if is_text else float)
    found[where] = values
    return found


def _values(
    customers: Customers,
    bundle: Bundle,
    cuts: dict[str, Any],
    as_of: str,
    dates: SilenceDates | None,
    worth: Worth | None,
) -> tuple[Columns, dict[str, Any]]:
    n, features = len(customers.ids), customers.features.with_all(bundle.features)
    inputs = bundle.churn.inputs(features)
    near = bundle.churn.outlook(inputs)
    far = near if bundle.value is bundle.churn else bundle.value.predict(features)
    churn, value = near.churn, far.value
    orders, net, silence, tenure, gap, last_gap, days = (customers.facts[name] for name in FACTS)
    facts = bundle.groups
    past = Past(net, orders, days, silence, tenure, gap)
    if not cuts:
        cuts = dict(groups.cut_points(churn, value.mean))
        cuts |= {} if worth is None else {CUTS: batch_cuts(past, worth, facts["rhythm"])}
    # By the count that it was learnt from.
    usual = np.array(facts["usual_churn"])[groups.order_group(features["n_orders"])]
    # Features see some years of it; a customer is told of, and placed by, the whole.
    whole_life = {
        "days_since_last": silence, "T": tenure, "n_orders": orders, "spend_total": net,
        "mean_gap": gap, "last_gap": last_gap, "frequency": days - 1,
    }  # fmt: skip
    day = day_number(date.fromisoformat(as_of))
    sooner = None
    if bundle.churn.horizon_days < bundle.value.horizon_days:
        sooner = (bundle.churn.horizon_days, near.churn)
    when = next_order_dates(bundle.value.next_order, features, far.churn, day, sooner=sooner)
    silent = silence_fields(dates, n)
    days_ahead = bundle.value.horizon_days
    left = value_columns(past, worth, cuts.get(CUTS), value.mean, far.orders, days_ahead)
    # What the shop's tables say is joined to a whole batch.
    tables = dict.fromkeys(TABLE_FIELDS, np.full(n, BATCH_ONLY, object))
    explained = bundle.churn.returns.contributions(inputs)
    codes = {**when.codes, **silent.codes, **left.codes, **tables}
    columns: Columns = {
        "churn_horizon_days": np.full(n, bundle.churn.horizon_days),
        "churn_probability": churn,
        "usual_churn_probability": usual,
        "churn_percentile": groups.churn_percentile(churn, cuts),
        "risk_tier": groups.risk_tier(churn, facts["risk_limits"]),
        "risk_change": np.full(n, None, object),
        "tier_since": np.full(n, None, object),
        "value_horizon_days": np.full(n, bundle.value.horizon_days),
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
        **left.fields,
        **dict.fromkeys(TABLE_FIELDS, np.full(n, None, object)),
        "reasons": np.array(reasons(features.instead(whole_life), explained), object),
        "missing": np.array(_missing(gap, orders, codes), object),
    }
    return columns, cuts


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
