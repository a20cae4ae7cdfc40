"""The settings of the purchase log: where it is, how it is written, what its rows are."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, model_validator

from configs.checks import (
    currency_code,
    dates_pattern,
    days_or_auto,
    formula,
    is_database,
    pattern,
    time_zone,
)
from configs.part import Part, Share, Text

Column = Literal[
    "customer_id",
    "ordered_at",
    "amount",
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
]
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Format(Part):
    """How a text file is laid out; what is absent is guessed from the file."""

    kind: Literal["text", "csv", "parquet"] | None = None
    separator: Text | None = None
    header: bool = True
    date_format: Annotated[str, AfterValidator(dates_pattern)] | None = None
    widths: Annotated[list[PositiveInt], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _widths_are_of_text(self) -> "Format":
        if self.widths and (self.kind != "text" or self.separator):
            raise ValueError(
                "has widths, which are for text without a separator; set kind: text and leave "
                "separator out, or leave widths out"
            )
        return self


class Rule(Part):
    """One test on the text of a source column."""

    column: Text
    starts_with: Text | None = None
    equals: Text | None = None
    in_: Annotated[list[Text], Field(min_length=1)] | None = Field(default=None, alias="in")
    matches: Annotated[str, AfterValidator(pattern)] | None = None

    @model_validator(mode="after")
    def _one_test(self) -> "Rule":
        tests = (self.starts_with, self.equals, self.in_, self.matches)
        given = sum(test is not None for test in tests)
        if given != 1:
            raise ValueError(
                f"has {given or 'no'} tests on its column {self.column!r}; give exactly one of "
                "starts_with, equals, in and matches"
            )
        return self


class Exclusion(Rule):
    """Rows that are left out by a test, and why."""

    why: Text


class Currency(Part):
    """The source column of currency codes, the currency to count in, and the table of rates."""

    column: Text
    to: Annotated[str, AfterValidator(currency_code)]
    rates: Text


def reads_database(source: str, table: str | None, query: str | None) -> bool:
    """Tell whether a source is known to be a database; the environment's is checked when told.

    Raises
    ------
    ValueError
        If a file has a table or a query, or a database has not exactly one of them.
    """
    asked = [name for name, text in (("table", table), ("query", query)) if text is not None]
    if VARIABLE.search(source):
        return False
    if not is_database(source):
        if asked:
            raise ValueError(
                f"has `{asked[0]}` with a source that is no database; make `source` a URL, "
                "e.g. `sqlite:////folder/file.db`, or leave it out"
            )
        return False
    if len(asked) != 1:
        raise ValueError(
            f"has a database as source and {'both of' if asked else 'none of'} `table` and "
            "`query`; give exactly one"
        )
    return True


class Purchases(Part):
    """The purchase log: where it is, what its columns are called, when its days begin."""

    source: Text
    table: Text | None = None
    query: Text | None = None
    format: Format = Format()
    columns: dict[Column, Text] = Field(default_factory=dict)
    amount: Annotated[str, AfterValidator(formula)] | None = None
    timezone: Annotated[str, AfterValidator(time_zone)] = "UTC"
    day_starts_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "00:00"
    cancelled: Rule | None = None
    exclude: list[Exclusion] = Field(default_factory=list)
    currency: Currency | None = None
    max_bad_rows: Share = 0.01
    refund_lag_days: Annotated[Literal["auto"] | int, BeforeValidator(days_or_auto)] = "auto"
    check_deliveries: bool = True

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> "Purchases":
        theirs = list(self.columns.values())
        twice = sorted({name for name in theirs if theirs.count(name) > 1})
        if twice:
            raise ValueError(f"names the source column {twice[0]!r} twice; name each once")
        if self.amount is not None and "amount" in self.columns:
            raise ValueError("has `amount` and `columns.amount`; give the formula or the column")
        return self

    @model_validator(mode="after")
    def _source_is_one_thing(self) -> "Purchases":
        if not reads_database(self.source, self.table, self.query):
            return self
        if self.format != Format(date_format=self.format.date_format):
            raise ValueError(
                "has a database as source and says how a file is laid out; leave all of `format` "
                "but date_format out"
            )
        return self
