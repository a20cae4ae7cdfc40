"""Score rows of a whole shop, a range of customers at a time, here or inside Spark."""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.panel import refuse_too_early
from features.rows import FACTS, Request, features_with, rows_of
from features.shop_clock import date_of
from models.bundle import Bundle, load_bundle
from retention import groups
from retention.scores import SCORE_FIELDS, Eligibility, score_rows, silence_of

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


SCORE_SCHEMA = pa.schema([(name, _type_of(name)) for name in SCORE_FIELDS])
RAW_SCHEMA = pa.schema([("churn_probability", pa.float64()), ("predicted_clv", pa.float64())])


@dataclass(frozen=True)
class BatchRequest:
    """What a batch is made from; it travels to other processes, so the bundle goes by its folder.

    Attributes
    ----------
    bundle_dir : folder of a sealed bundle
    cutoff : shop day of the snapshot
    features : names of the features that the log has by then
    """

    bundle_dir: Path
    cutoff: int
    features: tuple[str, ...]
    batch_id: str
    eligibility: Eligibility


def score_shop(
    log: ShopLog, bundle_dir: Path, cutoff: int, *, batch_id: str, eligibility: Eligibility
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows of scores of all customers known before a cutoff, and the cut points of the batch.

    The customers are gone through twice: for the cut points that percentiles and tiers go by, and
    for the rows.

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
    request = BatchRequest(bundle_dir.resolve(), cutoff, names, batch_id, eligibility)
    raw = pa.Table.from_batches(log.batches(partial(_raw, request=request), RAW_SCHEMA), RAW_SCHEMA)
    churn, value = (raw[name].to_numpy() for name in RAW_SCHEMA.names)
    cuts = groups.cut_points(churn, value) if len(churn) else {}
    made = log.batches(partial(_rows, request=request, cuts=cuts), SCORE_SCHEMA)
    table = pa.Table.from_batches(made, SCORE_SCHEMA)
    rows = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return rows, cuts


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


def _raw(log: PurchaseLog, request: BatchRequest) -> pa.RecordBatch:
    """Churn probability and value of those customers who are scored."""
    features, facts = _snapshot(log, request)
    features = features[request.eligibility.status(facts) == "scored"]
    bundle = _bundle(request.bundle_dir)
    features = features.reindex(columns=list(bundle.features))
    churn = value = np.array([], float)
    if len(features):
        near, far = bundle.predict(features)
        churn, value = near.churn, far.value.mean
    arrays = [pa.array(np.asarray(v, float)) for v in (churn, value)]
    return pa.RecordBatch.from_arrays(arrays, schema=RAW_SCHEMA)


def _rows(log: PurchaseLog, request: BatchRequest, cuts: dict[str, Any]) -> pa.RecordBatch:
    features, facts = _snapshot(log, request)
    if not len(features):
        return pa.RecordBatch.from_pylist([], schema=SCORE_SCHEMA)
    bundle = _bundle(request.bundle_dir)
    asked = request.eligibility.status(facts) == "scored"
    silence = silence_of(log, request.cutoff, bundle, asked=asked)
    rows, _ = score_rows(
        features,
        bundle,
        facts=facts,
        as_of=str(date_of(request.cutoff)),
        batch_id=request.batch_id,
        eligibility=request.eligibility,
        cut_points=cuts,
        silence=silence,
    )
    return pa.RecordBatch.from_pandas(rows, schema=SCORE_SCHEMA, preserve_index=False)
