"""A panel as Parquet files, written range by range while others are made."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.log.purchase_log import PurchaseLog
from features.log.shop_log import ShopLog
from features.rows import Request, features_with, rows_of

# Pages of a column are written at once.
_PAGE_BYTES = 16 * 2**20


def write_panel(log: ShopLog, cutoffs: Sequence[int], horizons: Iterable[int], folder: Path) -> int:
    """Write the panel of a log at `cutoffs` with labels over `horizons` to files in `folder`.

    The files are in order of customer by name; each row has `customer_id`, `cutoff` (a date),
    features in single precision, and labels as `churned_90d`. Memory holds some ranges only.

    Returns
    -------
    number of rows
    """
    names = features_with(log.columns)
    request = Request(tuple(cutoffs), names, tuple(horizons), log.until, single=True)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("part-*.parquet"):
        old.unlink()
    return sum(log.map(partial(_write_part, request=request, folder=folder)))


def _write_part(log: PurchaseLog, request: Request, folder: Path) -> int:
    batch = rows_of(log, request).to_batch(request.features, facts=False)
    if batch.num_rows:
        pq.write_table(
            pa.Table.from_batches([batch]),
            folder / f"part-{log.first_customer:010d}.parquet",
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            data_page_size=_PAGE_BYTES,
        )
    rows: int = batch.num_rows
    return rows
