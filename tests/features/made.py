"""Made purchases: small frames and files, and hypothesis strategies that draw logs."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from features.line import AMOUNT_SCALE, SORT_KEYS
from features.log.purchase_log import PurchaseLog, log_from_lines
from features.log.shop_log import Held, ShopLog
from features.log.writing import whole_customers
from features.panel import snapshot
from features.reading.source import PurchaseSource
from features.shop_clock import ShopClock, day_number

OPTIONAL = {
    "order_id": pa.string(),
    "refund_of": pa.string(),
    "product_id": pa.string(),
    "category": pa.string(),
    "channel": pa.string(),
    "quantity": pa.float64(),
    "discount": pa.int64(),
    "cost": pa.int64(),
    "cancelled": pa.bool_(),
    "line_id": pa.string(),
}
MONEY = ("amount", "discount", "cost")
COLUMNS = ["customer_id", "ordered_at", "amount", "known_at", *OPTIONAL]
START = pd.Timestamp("2023-01-01")
CUTOFF_DAYS = 400
CUTOFF = day_number(START.date()) + CUTOFF_DAYS
# Days from START at either side of the look-back of the cutoff, and beyond it.
LONG_AGO = (-1500, -800, -697, -696, -695, -694, -690)
CLOCK = ShopClock()
QUICK = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
LONG = settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def purchases(*rows):
    """Frame of purchases from (customer_id, ordered_at, amount) tuples."""
    return pd.DataFrame(rows, columns=COLUMNS[:3])


def day(text):
    """Day number of a date."""
    return day_number(pd.Timestamp(text).date())


def lines_of(frame: pd.DataFrame) -> pa.Table:
    """Checked lines as a reader gives them: sorted, money in whole numbers, no column all null."""
    table = pd.DataFrame({"customer_id": frame["customer_id"].astype(str)})
    table["ordered_at"] = pd.to_datetime(frame["ordered_at"], format="ISO8601")
    known = frame["known_at"] if "known_at" in frame else frame["ordered_at"]
    known = pd.to_datetime(known.fillna(frame["ordered_at"]), format="ISO8601")
    table["known_at"] = known.where(known > table["ordered_at"], table["ordered_at"])
    fields = [("customer_id", pa.string()), ("ordered_at", pa.timestamp("us"))]
    fields += [("known_at", pa.timestamp("us")), ("amount", pa.int64())]
    for name in ("amount", *OPTIONAL):
        if name in frame and frame[name].notna().any():
            values = frame[name].tolist()
            if name in MONEY:
                values = [None if pd.isna(v) else round(v * AMOUNT_SCALE) for v in values]
            else:
                values = [None if pd.isna(v) else v for v in values]
            table[name] = pd.Series(values, dtype=object, index=frame.index)
            fields += [(name, OPTIONAL[name])] if name in OPTIONAL else []
    made = pa.Table.from_pandas(table, pa.schema(fields), preserve_index=False)
    keys = ["customer_id", *(k for k in SORT_KEYS if k in made.column_names)]
    return made.sort_by([(k, "ascending") for k in keys])


def log_of(frame: pd.DataFrame, clock: ShopClock = CLOCK) -> PurchaseLog:
    return log_from_lines(lines_of(frame), clock)


def shop_of(frame: pd.DataFrame, lines_a_range: int | None = None) -> ShopLog:
    """A shop's log in one range, or in ranges of about so many lines."""
    lines = lines_of(frame)
    if lines_a_range is None:
        return ShopLog.of(log_from_lines(lines, CLOCK))
    tables = whole_customers(lines.to_batches(max_chunksize=3), lines_a_range)
    return ShopLog([Held(log_from_lines(table, CLOCK)) for table in tables])


def shot_of(frame, cutoff=CUTOFF):
    return snapshot(shop_of(frame), cutoff)


def stamp(hours):
    return (START + pd.Timedelta(hours=hours)).isoformat()


def drawn_days(first_day, last_day, early):
    days = st.integers(first_day // 5, last_day // 5).map(lambda d: max(first_day, 5 * d))
    return st.one_of(days, days, days, days, st.sampled_from(LONG_AGO)) if early else days


@st.composite
def drawn_lines(
    draw, customers="ABC", first_day=0, last_day=CUTOFF_DAYS - 1, late=True, early=True
):
    """One line; days and amounts repeat often, so that orders meet, tie and are refunded."""
    hours = 24 * draw(drawn_days(first_day, last_day, early)) + draw(st.sampled_from([0, 9, 9, 23]))
    delay = draw(st.sampled_from([0, 0, 0, 1, 24, 500, 5000])) if late else 0
    amounts = st.one_of(
        st.sampled_from([10.0, 10.0, 25.5, 0.0, -10.0, -10.0, -25.5, -4.0]),
        st.integers(-2000, 9999).map(lambda cents: cents / 100),
    )
    return (
        draw(st.sampled_from(customers)),
        stamp(hours),
        draw(amounts),
        stamp(hours + delay),
        draw(st.sampled_from([None, "o1", "o2", "o3"])),
        draw(st.sampled_from([None, None, None, "o1", "o2", "nowhere"])),
        draw(st.sampled_from([None, "p1", "p2", "p3"])),
        draw(st.sampled_from([None, "food", "toys"])),
        draw(st.sampled_from([None, "web", "shop"])),
        draw(st.sampled_from([None, 1.0, 2.0, 2.5, -1.0])),
        draw(st.sampled_from([None, 0.0, 1.25, -2.0])),
        draw(st.sampled_from([None, 0.0, 3.1, 7.25])),
        draw(st.sampled_from([None, False, False, True])),
        None,
    )


def drawn_logs(min_size=1, max_size=25, columns=None, **kinds):
    """Frames of drawn lines; all optional columns, or some."""
    lists = st.lists(drawn_lines(**kinds), min_size=min_size, max_size=max_size)
    frames = lists.map(lambda rows: pd.DataFrame(rows, columns=COLUMNS))
    if columns is not None:
        return frames.map(lambda frame: frame[[*COLUMNS[:4], *columns]])
    some = st.sets(st.sampled_from(sorted(OPTIONAL)))
    lacking = st.one_of(st.just(set[str]()), some)
    return st.tuples(frames, lacking).map(lambda both: both[0].drop(columns=sorted(both[1])))


def source_of(path: Path | str, **layout) -> PurchaseSource:
    return PurchaseSource(str(path), **layout)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def csv_rows(n, header="customer_id,ordered_at,amount"):
    """Text of a CSV with n good rows."""
    rows = [f"c{i % 7},2024-{i % 12 + 1:02d}-{i % 28 + 1:02d},{i}.50" for i in range(n)]
    return "\n".join([header, *rows]) + "\n"
