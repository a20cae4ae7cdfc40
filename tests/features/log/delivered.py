"""A shop whose purchases arrive as files in a folder, and what is kept of them."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.log.manifest import MANIFEST
from features.log.ranges import read_lines
from features.log.store import LoadedLog, load_log
from features.log.writing import LINES_A_RANGE
from features.panel import panel
from tests.features.made import CLOCK, source_of
from tests.made_shop import bytes_below

FIRST = dt.date(2024, 1, 1)
HEADER = ("customer_id", "ordered_at", "amount", "order_id", "product_id", "category")


def day_of(number: int) -> str:
    return str(FIRST + dt.timedelta(days=number))


def rows_on(days, lines=20, seed=0, customers=40, prefix="c"):
    """Rows of a few orders on each day; a tenth of the lines takes something back."""
    draw = np.random.default_rng([seed, *(int(d) for d in list(days)[:1])])
    rows = []
    for number in days:
        for i in range(lines):
            amount = -5.0 if i % 10 == 9 else round(float(draw.uniform(1, 99)), 2)
            customer = f"{prefix}{draw.integers(customers):03d}"
            order = f"{customer}-{number}-{i // 7}"
            product = f"p{draw.integers(5)}"
            rows.append((customer, day_of(number), amount, order, product, f"k{product[1:]}"))
    return rows


class Shop:
    """A folder of deliveries, and the log made of them under `var`."""

    def __init__(self, folder: Path, header=HEADER):
        self.folder, self.header = folder, header
        self.source, self.var = folder / "deliveries", folder / "var"
        self.source.mkdir(parents=True, exist_ok=True)
        self.log = self.var / "log"
        self.lines_a_range = LINES_A_RANGE

    def deliver(self, name, rows):
        with (self.source / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([self.header, *rows])

    def load(self, *, latest=None, refuse_odd=False, var=None, **layout) -> LoadedLog:
        var = var or self.var
        source = source_of(self.source, **layout)
        return load_log(
            source,
            var / "log",
            var / "quarantine",
            latest=latest,
            refuse_odd=refuse_odd,
            lines_a_range=self.lines_a_range,
        )

    def anew(self, **layout) -> LoadedLog:
        """All files read together, into another folder."""
        var = self.folder / f"anew{len(list(self.folder.glob('anew*')))}"
        return self.load(var=var, **layout)

    @property
    def lines(self) -> pa.Table:
        """The kept lines."""
        tables = [read_lines(p) for p in self.ranges()]
        whole = pa.concat_tables(tables, promote_options="default")
        return whole.sort_by([(n, "ascending") for n in sorted(whole.column_names)])

    def ranges(self) -> list[Path]:
        return sorted(self.log.glob("*.parquet"))

    def times(self) -> dict[str, int]:
        return {p.name: p.stat().st_mtime_ns for p in self.ranges()}

    @property
    def manifest(self) -> Path:
        return self.log / MANIFEST

    def bytes(self) -> dict[str, bytes]:
        return bytes_below(self.var)


def assert_same_log(one: LoadedLog, two: LoadedLog, *, figures: bool = True) -> None:
    """Two loads hold the same lines, say the same of them and give the same features.

    Figures of a report count lines that a later delivery repeats where they came.
    """
    assert one.account == two.account
    assert one.log.facts == two.log.facts
    assert one.days == two.days
    assert not figures or one.figures == two.figures
    assert one.log.customer_ids.tolist() == two.log.customer_ids.tolist()
    cutoffs = (one.log.last_day - 10, one.log.last_day + 1)
    mine, other = (panel(x.log, cutoffs, (7,)) for x in (one, two))
    assert mine.features.equals(other.features)
    assert mine.labels[7].equals(other.labels[7])


def assert_kept_lines_are(shop: Shop, rows) -> None:
    wanted = sorted((r[0], r[1], round(r[2] * 10_000), *r[3:]) for r in rows)
    names = ["customer_id", "ordered_at", "amount", *shop.header[3:]]
    found = [
        (row["customer_id"], str(row["ordered_at"].date()), *(row[n] for n in names[2:]))
        for row in shop.lines.to_pylist()
    ]
    assert sorted(found) == wanted
    assert CLOCK.day_starts_at == "00:00"
