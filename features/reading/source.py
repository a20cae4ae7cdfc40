"""Where a purchase log stands and how it is written: what a reader needs to know."""

import glob
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.errors import DataError
from features.reading.formula import columns_of, read_formula
from features.shop_clock import ShopClock

REQUIRED_COLUMNS = ("customer_id", "ordered_at", "amount")
OPTIONAL_COLUMNS = (
    "order_id",
    "line_id",
    "refund_of",
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
class Rule:
    """A test on the trimmed text of a source column: starts_with, equals, in or matches.

    `values` holds one text, for `in` one or more; `matches` searches for a regular expression.
    """

    column: str
    test: str
    values: tuple[str, ...]

    @classmethod
    def from_mapping(cls, rule: Mapping[str, Any]) -> "Rule":
        """Take over a rule of the settings, which has exactly one test."""
        for test in ("starts_with", "equals", "in", "matches"):
            value = rule.get(test)
            if value is not None:
                values = tuple(value) if test == "in" else (str(value),)
                return cls(str(rule["column"]), test, values)
        raise ValueError(f"the rule on {rule.get('column')!r} has no test; give it `equals: TEXT`")


@dataclass(frozen=True)
class Exclusion:
    """Rows that are no purchases of anything, and why: postage, fees, tests."""

    rule: Rule
    why: str


@dataclass(frozen=True)
class Currency:
    """The source column of currency codes, the currency to count in, and the file of rates."""

    column: str
    to: str
    rates: str


@dataclass(frozen=True)
class PurchaseSource:
    """A purchase log: where it is, format, column names, rules, clock, tolerance for bad rows.

    `source` is a path, a glob, a folder, or the URL of a database with `table` or `query`.
    `amount` is a formula over source columns; then no column is `amount`. `widths` are those of
    the fields of fixed-width text. `refund_lag_days` None means that it is told from the log.
    """

    source: str
    kind: str | None = None
    separator: str | None = None
    header: bool = True
    date_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    clock: ShopClock = field(default_factory=ShopClock)
    max_bad_rows: float = 0.01
    widths: tuple[int, ...] | None = None
    table: str | None = None
    query: str | None = None
    amount: str | None = None
    cancelled: Rule | None = None
    exclude: tuple[Exclusion, ...] = ()
    currency: Currency | None = None
    refund_lag_days: int | None = None
    check_deliveries: bool = True

    def __post_init__(self) -> None:
        if self.amount is not None:
            read_formula(self.amount)
            if "amount" in self.columns:
                raise ValueError("amount is a formula and a column; give one of the two")

    @classmethod
    def from_mapping(cls, purchases: Mapping[str, Any]) -> "PurchaseSource":
        """Take over the `purchases` part of the settings, as plain values.

        Raises
        ------
        FormulaError
            If `amount` is no formula.
        """
        layout = purchases.get("format") or {}
        widths, cancelled = layout.get("widths"), purchases.get("cancelled")
        currency, lag = purchases.get("currency"), purchases.get("refund_lag_days", "auto")
        excluded = purchases.get("exclude") or ()
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
            widths=tuple(widths) if widths else None,
            table=purchases.get("table"),
            query=purchases.get("query"),
            amount=purchases.get("amount"),
            cancelled=Rule.from_mapping(cancelled) if cancelled else None,
            exclude=tuple(Exclusion(Rule.from_mapping(e), str(e["why"])) for e in excluded),
            currency=Currency(**currency) if currency else None,
            refund_lag_days=None if lag == "auto" else lag,
            check_deliveries=purchases.get("check_deliveries", True),
        )

    @property
    def is_database(self) -> bool:
        """Whether `source` is the URL of a database."""
        return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", self.source) is not None

    @property
    def label(self) -> str:
        """What messages and the quarantine call the source: never with a password."""
        if not self.is_database:
            return self.source
        shown = without_password(self.source)
        return f"{shown} {self.table}" if self.table else shown

    @property
    def side_files(self) -> list[Path]:
        """Files besides the log that decide how it is read."""
        return [Path(self.currency.rates)] if self.currency else []

    def files(self) -> list[Path]:
        """Files of the source in order of name; a folder means the data files directly in it.

        A database has none.
        """
        if self.is_database:
            return []
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
            return "text" if self.widths else "csv"
        raise DataError(
            f"the format of {path} is not known from its ending; "
            "set purchases.format.kind to parquet, csv or text"
        )

    def theirs(self, ours: str) -> str:
        """Name of our column `ours` in the source."""
        return self.columns.get(ours, ours)

    def needed(self) -> dict[str, str]:
        """Source columns that a file must have, and what each is needed for."""
        wanted = [c for c in REQUIRED_COLUMNS if c != "amount" or self.amount is None]
        found = {self.theirs(ours): ours for ours in (*wanted, *self.columns)}
        for name in columns_of(read_formula(self.amount)) if self.amount else ():
            found.setdefault(name, "purchases.amount")
        if self.cancelled:
            found.setdefault(self.cancelled.column, "purchases.cancelled")
        for excluded in self.exclude:
            found.setdefault(excluded.rule.column, "purchases.exclude")
        if self.currency:
            found.setdefault(self.currency.column, "purchases.currency")
        return found

    def refuse_missing(self, there: Iterable[str], path: Path | str) -> None:
        """Raise DataError if a file with the columns `there` lacks one that is needed."""
        columns = list(there)
        missing = {n: use for n, use in self.needed().items() if n not in columns}
        if missing:
            named = ", ".join(
                f"`{name}`" + (f" (for {use})" if use != name else "")
                for name, use in missing.items()
            )
            raise DataError(
                f"{path} lacks the column{'s' if len(missing) > 1 else ''} {named}; "
                f"it has {', '.join(f'`{n}`' for n in columns)}; "
                "say in purchases.columns which column of the file is which of ours"
            )

    def used(self) -> set[str]:
        """Source columns that are read where a file has them."""
        ours = [
            c for c in (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS) if c != "amount" or not self.amount
        ]
        return {self.theirs(c) for c in ours} | set(self.needed())


def without_password(url: str) -> str:
    """The URL with *** for the password, also where its last @ is not the first."""
    return re.sub(r"(://[^/:@?]*):[^/?]*@", r"\1:***@", url)
