"""Made purchases: small frames and files, and hypothesis strategies that draw logs."""

from pathlib import Path

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from features.purchase_log import PurchaseLog, log_from_frame
from features.reading.source import PurchaseSource
from features.running import RunningColumns
from features.shop_clock import ShopClock, day_number
from features.snapshot import Snapshot, snapshot

COLUMNS = ["customer_id", "ordered_at", "amount", "order_id", "quantity", "known_at"]
START = pd.Timestamp("2023-01-01")
CUTOFF_DAYS = 400
CUTOFF = day_number(START.date()) + CUTOFF_DAYS
CLOCK = ShopClock()
QUICK = settings(max_examples=20, deadline=None)


def purchases(*rows):
    """Frame of purchases from (customer_id, ordered_at, amount) tuples."""
    return pd.DataFrame(rows, columns=COLUMNS[:3])


def day(text):
    """Day number of a date."""
    return day_number(pd.Timestamp(text).date())


def log_of(frame: pd.DataFrame, clock: ShopClock = CLOCK) -> PurchaseLog:
    return log_from_frame(frame, clock)


def shot_of(frame: pd.DataFrame, cutoff: int = CUTOFF) -> Snapshot:
    return snapshot(RunningColumns(log_of(frame)), cutoff)


def stamp(hours):
    return (START + pd.Timedelta(hours=hours)).isoformat()


@st.composite
def drawn_lines(draw, customers="ABC", first_day=0, last_day=CUTOFF_DAYS - 1, late=True):
    """One line; days repeat often, so that orders meet, tie and are refunded."""
    hours = 24 * draw(st.integers(first_day // 5, last_day // 5)) * 5 + draw(st.integers(0, 23))
    hours = max(24 * first_day, hours)
    delay = draw(st.sampled_from([0, 0, 0, 1, 24, 500, 5000])) if late else 0
    return (
        draw(st.sampled_from(customers)),
        stamp(hours),
        draw(st.integers(-2000, 9999)) / 100,
        draw(st.sampled_from([None, "o1", "o2", "o3"])),
        draw(st.sampled_from([None, 1.0, 2.0, 2.5])),
        stamp(hours + delay),
    )


def drawn_logs(min_size=1, max_size=25, **kinds):
    """Frames of drawn lines."""
    lists = st.lists(drawn_lines(**kinds), min_size=min_size, max_size=max_size)
    return lists.map(lambda rows: pd.DataFrame(rows, columns=COLUMNS))


def source_of(path: Path, **layout) -> PurchaseSource:
    return PurchaseSource(str(path), **layout)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def csv_rows(n, header="customer_id,ordered_at,amount"):
    """Text of a CSV with n good rows."""
    rows = [f"c{i % 7},2024-{i % 12 + 1:02d}-{i % 28 + 1:02d},{i}.50" for i in range(n)]
    return "\n".join([header, *rows]) + "\n"
