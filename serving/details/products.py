"""What some customers bought last, as the log names it."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.log.manifest import read_manifest
from features.shop_clock import day_number

NAMES = ("product_id", "category")
NEEDED = ("customer_id", "ordered_day", "known_day", "amount", "is_purchase", *NAMES)
LONGEST = 120


def last_products(log_dir: Path, ids: Sequence[str], as_of: dt.date) -> dict[str, str]:
    """Product or category of each customer's last purchase day, the dearest line's.

    Parameters
    ----------
    log_dir : folder of the checked, sorted log
    ids : of the customers asked for
    as_of : what became known on or after this day is left out

    Returns
    -------
    dict of customer id to `product (category)`, or to the one of them that the log has; customers
    whose last purchase names neither are left out
    """
    kept = read_manifest(log_dir)
    if kept is None or not len(ids):
        return {}
    wanted = sorted(ids)
    found: dict[str, str] = {}
    begins = [part.first for part in kept.ranges] + [None]
    for place, stored in enumerate(kept.stored(log_dir)):
        after = begins[place + 1]
        some = [i for i in wanted if i >= str(begins[place]) and (after is None or i < after)]
        if some:
            found.update(_of_range(stored.path, some, day_number(as_of)))
    return found


def _of_range(path: Path, ids: list[str], until: int) -> dict[str, str]:
    columns = [name for name in NEEDED if name in pq.read_schema(path).names]
    if not set(columns) & set(NAMES):
        return {}
    table = pq.read_table(path, columns=columns, filters=[("customer_id", "in", ids)])
    return _last(table, until)


def _last(table: pa.Table, until: int) -> dict[str, str]:
    lines = table.to_pandas()
    known = lines["known_day"] if "known_day" in lines else lines["ordered_day"]
    lines = lines[lines["is_purchase"] & (known < until)]
    lines = lines.sort_values(["customer_id", "ordered_day", "amount"], kind="stable")
    last = lines.groupby("customer_id", sort=False).tail(1)
    return {
        str(row["customer_id"]): name
        for row in last.to_dict("records")
        if (name := _name(row.get("product_id"), row.get("category")))
    }


def _name(product: object, category: object) -> str:
    texts = [str(text).strip() for text in (product, category) if not pd.isna(text)]  # type: ignore[call-overload]
    texts = [text for text in texts if text]
    name = f"{texts[0]} ({texts[1]})" if len(texts) == 2 else "".join(texts)
    return name[:LONGEST]
