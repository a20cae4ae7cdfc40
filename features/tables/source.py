"""Where an optional table stands, which columns it has, and what kind of value each holds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.errors import DataError, EmptyFileError
from features.reading.source import PurchaseSource
from features.shop_clock import ShopClock

OF_THE_LOG = re.compile(r"\bpurchases\.(?=source|format|table|query|columns)")


@dataclass(frozen=True)
class Shape:
    """Columns of a table.

    Attributes
    ----------
    name : what the settings call the table
    required : names of ours that a source must have
    kinds : name of ours -> `id`, `text`, `stamp`, `money`, `number`, `flag` or `arm`
    open : whether columns of any other name are attributes
    """

    name: str
    required: tuple[str, ...]
    kinds: Mapping[str, str]
    open: bool = False


@dataclass(frozen=True)
class TableSource(PurchaseSource):
    """An optional table, read from the same kinds of sources as the log.

    Of what a log has besides (formula, rules, currency) a table has nothing.
    """

    shape: Shape = Shape("table", (), {})

    @classmethod
    def of(cls, shape: Shape, told: Mapping[str, Any], clock: ShopClock) -> "TableSource":
        """Take over a part of the settings, as plain values.

        Parameters
        ----------
        shape : Shape of the table
        told : `source`, `table`, `query`, `format`, `columns`, `max_bad_rows`
        clock : ShopClock of the log
        """
        layout = told.get("format") or {}
        widths = layout.get("widths")
        return cls(
            source=str(told["source"]),
            kind=layout.get("kind"),
            separator=layout.get("separator"),
            header=layout.get("header", True),
            date_format=layout.get("date_format"),
            columns=dict(told.get("columns") or {}),
            clock=clock,
            max_bad_rows=told.get("max_bad_rows", 0.01),
            widths=tuple(widths) if widths else None,
            table=told.get("table"),
            query=told.get("query"),
            shape=shape,
        )

    def files(self) -> list[Path]:
        """Files of the source in order of name; a database has none."""
        try:
            return super().files()
        except DataError:
            raise DataError(
                f"no table of {self.shape.name} at {Path(self.source).absolute()}; set "
                f"{self.shape.name}.source to a file, a glob, or a folder with text, CSV or "
                "Parquet files"
            ) from None

    def needed(self) -> dict[str, str]:
        """Source columns that a file must have, and what each is needed for."""
        return {self.theirs(ours): ours for ours in (*self.shape.required, *self.columns)}

    def used(self) -> set[str]:
        """Source columns with a name of ours that are read where a file has them."""
        return {self.theirs(ours) for ours in self.shape.kinds}

    def refuse_missing(self, there: Iterable[str], path: Path | str) -> None:
        """Raise DataError if a file with the columns `there` lacks one that is needed."""
        try:
            super().refuse_missing(there, path)
        except DataError as error:
            raise self.in_own_words(error) from None

    def in_own_words(self, error: DataError) -> DataError:
        """The same error, naming the settings of this table and not those of the log."""
        if isinstance(error, EmptyFileError):
            return EmptyFileError(
                f"{self.label} holds no rows; deliver a table of {self.shape.name} with at least "
                f"one, or leave `{self.shape.name}` out of the settings"
            )
        return DataError(OF_THE_LOG.sub(f"{self.shape.name}.", str(error)))
