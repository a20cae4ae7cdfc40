"""The peer in SQL: one query a cutoff over a table in DuckDB, with the names of our features.

The needed columns of the sorted Parquet are loaded into a table once, for that is no slower than
scanning the file at each cutoff. The plain loop then makes everything of what was known before its
cutoff. The prepared one makes the tables of orders and of purchase days once and only filters them:
faster, and right only where no line becomes known later than it was ordered, as in the made log.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb

COLUMNS = ("customer_id", "ordered_at", "amount", "order_id", "quantity")
WINDOWS = (7, 14, 30, 60, 90, 180, 365)
REFUND_WINDOWS = (90, 365)
CHANGES = (30, 90, 180)

LOAD = """
CREATE TABLE lines AS
SELECT customer_id, order_id, ordered_at, ordered_at::DATE AS day, amount, quantity
FROM read_parquet('{parquet}')"""

# Lines shrink to a third when first summed by order and day, of which all else is made: the
# purchases of an order share their stamp, and its refunds come on other days.
ORDER_DAYS = """
    SELECT customer_id, order_id, day,
           min(ordered_at) FILTER (amount >= 0) AS bought_at,
           sum(amount) AS net,
           sum(amount) FILTER (amount >= 0) AS gross,
           coalesce(sum(-amount) FILTER (amount < 0), 0) AS refunded,
           count(*) FILTER (amount < 0) AS refunds,
           coalesce(sum(quantity) FILTER (amount >= 0), 0) AS items
    FROM lines WHERE {known} GROUP BY customer_id, order_id, day"""
VISITS = """
    SELECT *, day - lag(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap
    FROM (SELECT customer_id, day, sum(gross) AS gross
          FROM {order_days} WHERE bought_at IS NOT NULL GROUP BY customer_id, day)"""

SNAPSHOT = """
COPY (
WITH order_days AS ({order_days}
), visits AS ({visits}
), of_days AS (
    SELECT customer_id,
           {cutoff} - max(day) AS days_since_last,
           {cutoff} - min(day) AS "T",
           max(day) - min(day) AS recency,
           count(gap) AS frequency,
           avg(gross) FILTER (gap IS NOT NULL) AS monetary_value,
           avg(gap) AS mean_gap,
           stddev_pop(gap) AS sd_gap,
           arg_max(gap, day) AS last_gap
    FROM visits GROUP BY customer_id
), of_lines AS (
    SELECT customer_id,
           count(bought_at) AS n_orders,
           arg_min(order_id, bought_at) AS first_order,
           arg_max(order_id, bought_at) AS last_order,
           sum(net) AS spend_total,
           sum(refunded) AS refunded_total,
           sum(items) AS items_total,
           {windows}
    FROM order_days GROUP BY customer_id
), order_values AS (
    SELECT customer_id,
           sum(net) FILTER (order_id = first_order) AS first_order_value,
           sum(net) FILTER (order_id = last_order) AS last_order_value
    FROM order_days JOIN of_lines USING (customer_id) GROUP BY customer_id
)
SELECT customer_id, days_since_last, "T", recency, frequency, n_orders,
       30 * n_orders / greatest("T", 30) AS orders_per_month,
       monetary_value, spend_total / n_orders AS average_order_value, spend_total, refunded_total,
       first_order_value, last_order_value, items_total / n_orders AS items_per_order,
       mean_gap, sd_gap, last_gap, sd_gap / mean_gap AS gap_variation,
       days_since_last / mean_gap AS silence_in_gaps, days_since_last / "T" AS silence_share,
       {named}
FROM of_lines LEFT JOIN of_days USING (customer_id) JOIN order_values USING (customer_id)
) TO '{out}' (FORMAT parquet)"""


def panel_to_parquet(
    parquet: Path, cutoffs: Sequence[dt.date], out: Path, *, prepared: bool = False
) -> None:
    """Write one Parquet file of features a cutoff to the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = false")
        con.execute(LOAD.format(parquet=parquet))
        if prepared:
            con.execute(f"CREATE TABLE all_order_days AS {ORDER_DAYS.format(known='true')}")
            con.execute(f"CREATE TABLE all_visits AS {VISITS.format(order_days='all_order_days')}")
        for cutoff in cutoffs:
            con.execute(_query(cutoff, out / f"{cutoff}.parquet", prepared=prepared))


def _query(cutoff: dt.date, out: Path, *, prepared: bool) -> str:
    day = f"DATE '{cutoff}'"
    windows = _windows(day)
    named = [n for n in windows if "before" not in n]
    named += [
        f"{what}_{d}d - {what}_before_{d}d AS {what}_change_{d}d"
        for what in ("orders", "spend")
        for d in CHANGES
    ]
    known = f"day < {day}"
    parts = (ORDER_DAYS.format(known=known), VISITS.format(order_days="order_days"))
    if prepared:
        parts = (f"FROM all_order_days WHERE {known}", f"FROM all_visits WHERE {known}")
    return SNAPSHOT.format(
        order_days=parts[0],
        visits=parts[1],
        cutoff=day,
        windows=",\n           ".join(f"{sql} AS {name}" for name, sql in windows.items()),
        named=", ".join(named),
        out=out,
    )


def _windows(day: str) -> dict[str, str]:
    """Expression of each window of the last days, and of the equal span before it, by name."""
    found = {}
    for d in WINDOWS:
        recent = f"FILTER (day >= {day} - {d})"
        found[f"orders_{d}d"] = f"count(bought_at) {recent}"
        found[f"spend_{d}d"] = f"coalesce(sum(net) {recent}, 0)"
        found[f"items_{d}d"] = f"coalesce(sum(items) {recent}, 0)"
        if d in REFUND_WINDOWS:
            found[f"refunds_{d}d"] = f"coalesce(sum(refunds) {recent}, 0)"
    for d in CHANGES:
        earlier = f"FILTER (day >= {day} - {2 * d} AND day < {day} - {d})"
        found[f"orders_before_{d}d"] = f"count(bought_at) {earlier}"
        found[f"spend_before_{d}d"] = f"coalesce(sum(net) {earlier}, 0)"
    return found
