"""Where a purchase log stands and how it is written: what a reader needs to know."""

import glob
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.errors import DataError
from features.shop_clock import ShopClock

REQUIRED_COLUMNS = ("customer_id", "ordered_at", "amount")
OPTIONAL_COLUMNS = (
    "order_id",
    "line_id",
    "product_id",
    "category",
    "quantity",
    "discount",
    "cost",
    "channel",
    "currency",
    "known_at",
)
TEXT_ENDINGS = (".txt", ".txt.gz", ".txt.zst")
CSV_ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst")
PARQUET_ENDINGS = (".parquet", ".pq")


@dataclass(frozen=True)
class PurchaseSource:
    """A purchase log on disk: path, format, column names, clock and tolerance for bad rows."""

    source: str
    kind: str | None = None
    separator: str | None = None
    header: bool = True
    date_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    clock: ShopClock = field(default_factory=ShopClock)
    max_bad_rows: float = 0.01

    @classmethod
    def from_mapping(cls, purchases: Mapping[str, Any]) -> "PurchaseSource":
        """Take over the `purchases` part of the settings, as plain values."""
        layout = purchases.get("format") or {}
        return cls(
            source=str(purchases["source"]),
            kind=layout.get("kind"),
            separator=layout.get("separator"),
            header=layout.get("header", True),
            date_format=layout.get("date_format"),
            columns=dict(purchases.get("columns") or {}),
            clock=ShopClock(
                purchases.get("timezone", "UTC"), purchases.get("day_starts_at", "00:00")
            ),
            max_bad_rows=purchases.get("max_bad_rows", 0.01),
        )

    def files(self) -> list[Path]:
        """Files of the source in order of name; a folder means the data files directly in it."""
        path = Path(self.source)
        if path.is_dir():
            endings = TEXT_ENDINGS + CSV_ENDINGS + PARQUET_ENDINGS
            found = [p for p in path.iterdir() if p.is_file() and p.name.endswith(endings)]
        elif path.exists():
            found = [path]
        else:
            found = [Path(p) for p in glob.glob(self.source) if Path(p).is_file()]  # noqa: PTH207
        if not found:
            raise DataError(
                f"no purchase log at {path.absolute()}; set purchases.source to a file, a glob, "
                "or a folder with text, CSV or Parquet files"
            )
        return sorted(found)

    def kind_of(self, path: Path) -> str:
        """Format of one file: as declared, else by its ending."""
        if self.kind:
            return self.kind
        if path.name.endswith(PARQUET_ENDINGS):
            return "parquet"
        if path.name.endswith(CSV_ENDINGS):
            return "csv"
        if path.name.endswith(TEXT_ENDINGS):
            return "csv"
        raise DataError(
            f"the format of {path} is not known from its ending; "
            "set purchases.format.kind to parquet, csv or text"
        )

    def theirs(self, ours: str) -> str:
        """Name of our column `ours` in the source."""
        return self.columns.get(ours, ours)
