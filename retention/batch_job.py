"""Score rows of a whole shop, a range of customers at a time, here or inside Spark."""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.panel import refuse_too_early
from features.rows import FACTS, Request, features_with, rows_of
from features.shop_clock import date_of
from models.bundle import Bundle, load_bundle
from retention import groups
from retention.scores import SCORE_FIELDS, Eligibility, score_rows, silence_of
from retention.silence import ahead_texts

WHOLE = {
    *("churn_horizon_days", "value_horizon_days", "churn_percentile", "days_since_last"),
    "historic_number_of_orders",
}
REAL = {
    *("churn_probability", "usual_churn_probability", "predicted_clv", "clv_p10", "clv_p50"),
    *("clv_p90", "historic_clv", "total_clv", "average_order_value", "value_at_risk"),
    *("average_days_between_orders", "predicted_number_of_orders"),
}


def _type_of(field: str) -> pa.DataType:
    if field in WHOLE:
        return pa.int64()
    return pa.float64() if field in REAL else pa.string()


# The risk foreseen month by month, which the dashboard draws; no field of the answers.
AHEAD = "risk_ahead"
SCORE_SCHEMA = pa.schema([(name, _type_of(name)) for name in (*SCORE_FIELDS, AHEAD)])


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
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows of scores of all customers known before a cutoff, and the cut points of the batch.

    The customers are gone through once; what depends on all of them, percentiles and value tiers,
    is filled in at the end.

    Parameters
    ----------
    silence : whether to search for silence dates, which take longer than all other fields together

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
    made = log.batches(partial(_rows, request=request), SCORE_SCHEMA)
    table, cuts = _placed(pa.Table.from_batches(made, SCORE_SCHEMA))
    rows = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return rows, cuts


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


def _snapshot(log: PurchaseLog, request: BatchRequest) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = rows_of(log, Request((request.cutoff,), request.features))
    ids = pd.Index(rows.customer_ids, name="customer_id")
    return (
        pd.DataFrame(rows.features.T, index=ids, columns=list(request.features)),
        pd.DataFrame(rows.facts.T, index=ids, columns=list(FACTS)),
    )


def _rows(log: PurchaseLog, request: BatchRequest) -> pa.RecordBatch:
    """Rows of a range of customers, percentiles and value tiers by these alone."""
    features, facts = _snapshot(log, request)
    if not len(features):
        return pa.RecordBatch.from_pylist([], schema=SCORE_SCHEMA)
    bundle = _bundle(request.bundle_dir)
    asked = request.eligibility.status(facts) == "scored"
    silence = silence_of(log, request.cutoff, bundle, asked=asked) if request.silence else None
    rows, _ = score_rows(
        features,
        bundle,
        facts=facts,
        as_of=str(date_of(request.cutoff)),
        batch_id=request.batch_id,
        eligibility=request.eligibility,
        silence=silence,
    )
    rows[AHEAD] = None if silence is None else ahead_texts(silence.ahead).to_pylist()
    return pa.RecordBatch.from_pandas(rows, schema=SCORE_SCHEMA, preserve_index=False)
