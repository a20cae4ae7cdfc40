"""Score rows of a whole shop, a range of customers at a time, here or inside Spark."""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.feature_table import FeatureTable
from features.line import AMOUNT_SCALE
from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.panel import refuse_too_early
from features.rows import FACTS, Request, features_with, rows_of
from features.shop_clock import date_of
from models.bundle import Bundle, load_bundle
from retention import groups
from retention.clv.ladder import Economics
from retention.extra_fields import CUTS, Past, Worth, batch_cuts, value_columns, with_codes
from retention.history import first_orders
from retention.scores import (
    SCORE_FIELDS,
    WHOLE,
    Customers,
    Eligibility,
    score_columns,
    silence_of,
    spread,
)
from retention.silence import ahead_texts

Float = NDArray[np.float64]
REAL = {
    *("churn_probability", "usual_churn_probability", "predicted_clv", "clv_p10", "clv_p50"),
    *("clv_p90", "historic_clv", "total_clv", "average_order_value", "value_at_risk"),
    *("average_days_between_orders", "predicted_number_of_orders"),
    *("predicted_contribution", "simple_clv"),
}


def _type_of(field: str) -> pa.DataType:
    if field in WHOLE:
        return pa.int64()
    return pa.float64() if field in REAL else pa.string()


# The risk foreseen month by month, which the dashboard draws; no field of the answers.
AHEAD = "risk_ahead"
SCORE_SCHEMA = pa.schema([(name, _type_of(name)) for name in (*SCORE_FIELDS, AHEAD)])
# What value fields are made from once all customers are there.
PAST = ("tenure_ever", "purchase_days_ever", "first_order")
RANGE_SCHEMA = pa.schema([*SCORE_SCHEMA, *((name, pa.float64()) for name in PAST)])


@dataclass(frozen=True)
class BatchRequest:
    """What a batch is made from; it travels to other processes, so the bundle goes by its folder.

    Attributes
    ----------
    bundle_dir : folder of a sealed bundle
    cutoff : shop day of the snapshot
    features : names of the features that the log has by then
    silence : whether silence dates are searched for
    """

    bundle_dir: Path
    cutoff: int
    features: tuple[str, ...]
    batch_id: str
    eligibility: Eligibility
    silence: bool = True


def score_shop(
    log: ShopLog,
    bundle_dir: Path,
    cutoff: int,
    *,
    batch_id: str,
    eligibility: Eligibility,
    silence: bool = True,
    economics: Economics | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows of scores of all customers known before a cutoff, and the cut points of the batch.

    The customers are gone through once; what depends on all of them, percentiles and value tiers,
    is filled in at the end.

    Parameters
    ----------
    silence : whether to search for silence dates, which take longer than all other fields together
    economics : what the shop says of its costs; by default it says nothing

    Returns
    -------
    rows, cut points : as of `retention.scores.score_rows`

    Raises
    ------
    CutoffError
        If no line was known before the cutoff.
    BundleError
        If the bundle is not intact.
    """
    refuse_too_early(log, cutoff)
    names = features_with(log.columns_before(cutoff))
    request = BatchRequest(bundle_dir.resolve(), cutoff, names, batch_id, eligibility, silence)
    made = log.batches(partial(_rows, request=request), RANGE_SCHEMA)
    table, cuts = _placed(pa.Table.from_batches(made, RANGE_SCHEMA))
    rows = table.drop_columns(PAST).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    if cuts:
        past = [table[name].to_numpy() for name in PAST]
        rows, cuts = _valued(rows, past, cuts, _bundle(request.bundle_dir), economics)
    return rows, cuts


def _valued(
    rows: pd.DataFrame,
    columns: list[Float],
    cuts: dict[str, Any],
    bundle: Bundle,
    economics: Economics | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows with their value fields, and these fields' cut points among the others."""
    there = rows["churn_probability"].notna().to_numpy()

    def told(name: str) -> Float:
        return rows[name].to_numpy(float, na_value=np.nan)[there]

    tenure, days, first = (column[there] for column in columns)
    worth = Worth(first, economics or Economics())
    past = Past(
        net=told("historic_clv"),
        orders=told("historic_number_of_orders"),
        purchase_days=days,
        silence=told("days_since_last"),
        tenure=tenure,
        mean_gap=told("average_days_between_orders"),
    )
    cuts = cuts | {CUTS: batch_cuts(past, worth, bundle.groups["rhythm"])}
    horizon = bundle.value.horizon_days
    value, orders = told("predicted_clv"), told("predicted_number_of_orders")
    fields, codes = value_columns(past, worth, cuts[CUTS], value, orders, horizon)
    filled = {name: spread(values, there) for name, values in fields.items()}
    by_row = {name: spread(values, there) for name, values in codes.items()}
    missing = with_codes(rows["missing"].to_numpy(object), by_row)
    return rows.assign(**filled, missing=pd.Series(missing, rows.index, object)), cuts


def _placed(table: pa.Table) -> tuple[pa.Table, dict[str, Any]]:
    """The rows with each customer's place among all, and the cut points by which it is told."""
    scored = pc.is_valid(table["churn_probability"])
    churn, value = (
        table[name].filter(scored).to_numpy() for name in ("churn_probability", "predicted_clv")
    )
    if not len(churn):
        return table, {}
    cuts = groups.cut_points(churn, value)
    places = {
        "churn_percentile": groups.churn_percentile(churn, cuts),
        "value_tier": groups.value_tier(value, cuts),
    }
    # The place of each row among the scored ones; null where it is none.
    number = np.cumsum(scored.to_numpy()) - 1
    among = pa.array(number, mask=~scored.to_numpy())
    for name, told in places.items():
        column = SCORE_SCHEMA.get_field_index(name)
        filled = pa.array(told, SCORE_SCHEMA.field(name).type).take(among)
        table = table.set_column(column, SCORE_SCHEMA.field(name), filled)
    return table, cuts


@lru_cache(maxsize=2)
def _bundle(folder: Path) -> Bundle:
    return load_bundle(folder)


def customers_of(log: PurchaseLog, cutoff: int, names: tuple[str, ...]) -> Customers:
    """Customers of a log with a line known before shop day `cutoff`, as they are scored."""
    rows = rows_of(log, Request((cutoff,), names))
    return Customers(
        rows.customer_ids.astype(object),
        FeatureTable(names, rows.features),
        FeatureTable(FACTS, rows.facts),
    )


def _rows(log: PurchaseLog, request: BatchRequest) -> pa.RecordBatch:
    """Rows of a range of customers, percentiles and value tiers by these alone."""
    customers = customers_of(log, request.cutoff, request.features)
    if not len(customers.ids):
        return pa.RecordBatch.from_pylist([], schema=RANGE_SCHEMA)
    bundle = _bundle(request.bundle_dir)
    asked = request.eligibility.status(customers.facts, customers.ids) == "scored"
    silence = silence_of(log, request.cutoff, bundle, asked=asked) if request.silence else None
    columns, _ = score_columns(
        customers,
        bundle,
        as_of=str(date_of(request.cutoff)),
        batch_id=request.batch_id,
        eligibility=request.eligibility,
        silence=silence,
    )
    arrays = [
        pa.array(columns[field.name], field.type, from_pandas=True)
        for field in SCORE_SCHEMA
        if field.name != AHEAD
    ]
    nothing = pa.nulls(len(customers.ids), pa.string())
    ahead = nothing if silence is None else ahead_texts(silence.ahead).cast(pa.string())
    first = first_order_of(log, request.cutoff, customers.ids)
    past = (customers.facts["tenure_ever"], customers.facts["purchase_days_ever"], first)
    arrays += [ahead, *(pa.array(column, pa.float64()) for column in past)]
    return pa.RecordBatch.from_arrays(arrays, schema=RANGE_SCHEMA)


def first_order_of(log: PurchaseLog, cutoff: int, ids: NDArray[np.object_]) -> Float:
    """What each customer's first order came to, net of its refunds; currency, shape (n,)."""
    known, amounts = first_orders(log, cutoff)
    if len(known) != len(ids) or not np.equal(known, ids).all():
        amounts = pd.Series(amounts, index=known).reindex(ids).to_numpy()
    return np.asarray(amounts / AMOUNT_SCALE, np.float64)
