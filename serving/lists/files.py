"""CSV files of lists: members to be contacted, contacts and outcomes to be imported."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from serving.exports.guard import FORMULA_STARTS, guarded
from serving.lists.errors import ListRefused
from serving.lists.request import ContactIn, OutcomeIn

MEMBER_FIELDS = (
    "customer_id",
    "rank",
    "arm",
    "sample",
    "stratum",
    "return_probability",
    "expected_spend",
    "contact_cost",
    "expected_outlay",
    "expected_profit",
    "break_even_save_rate",
)
DECIMALS = 4
MOST_ROWS = 1_000_000
NUMBERS = ("cost", "revenue", "orders", "incentive_paid")

Row = TypeVar("Row", bound=BaseModel)


def members_csv(
    rows: Iterable[Mapping[str, Any]], fields: Sequence[str] = MEMBER_FIELDS
) -> Iterator[str]:
    """Give the lines of a CSV, its header first; text is guarded against formulas."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(fields)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in fields])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def contacts_of_csv(content: bytes, list_id: str | None = None) -> list[ContactIn]:
    """Contacts of a CSV with `customer_id`, `contacted_at` and any of `list_id`, `channel`,
    `cost`, `arm`; other columns are ignored.

    Parameters
    ----------
    list_id : the list of rows that name none

    Raises
    ------
    ListRefused
        If it is no such CSV; the message names the line.
    """
    rows = _rows(content, ContactIn, ("customer_id", "contacted_at"))
    if list_id is None:
        return rows
    return [r if r.list_id else r.model_copy(update={"list_id": list_id}) for r in rows]


def outcomes_of_csv(content: bytes) -> list[OutcomeIn]:
    """Outcomes of a CSV with `customer_id`, `revenue` and any of `orders`, `incentive_paid`.

    Raises
    ------
    ListRefused
        If it is no such CSV; the message names the line.
    """
    return _rows(content, OutcomeIn, ("customer_id", "revenue"))


def _rows(content: bytes, kind: type[Row], needed: Sequence[str]) -> list[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ListRefused("the file is not UTF-8 text; save it as CSV UTF-8", "file") from None
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
        names = [str(name).strip().lower() for name in reader.fieldnames or []]
        _check_names(names, needed)
        reader.fieldnames = names
        return [_row(kind, told, reader.line_num, separator) for told in _filled(reader)]
    except csv.Error as error:
        raise ListRefused(f"the file is no CSV: {error}", "file") from None


def _check_names(names: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in names]
    if missing:
        raise ListRefused(
            f"the file lacks the columns {', '.join(missing)}; its first line must name "
            f"{' and '.join(needed)}, it names {', '.join(names)[:200] or 'nothing'}",
            "file",
        )
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise ListRefused(f"the file has the column {twice[0]!r} twice; keep one", "file")


def _filled(reader: "csv.DictReader[str]") -> Iterator[dict[str, Any]]:
    """Lines that hold anything."""
    for number, told in enumerate(reader):
        if number >= MOST_ROWS:
            raise ListRefused(f"the file has more than {MOST_ROWS} lines; split it", "file")
        if any(isinstance(value, str) and value.strip() for value in told.values()):
            yield dict(told)


def _row(kind: type[Row], told: Mapping[str, Any], line: int, separator: str) -> Row:
    values = {
        name: _number(text, separator) if name in NUMBERS else _unguarded(text)
        for name in kind.model_fields
        if isinstance(text := told.get(name), str) and (text := text.strip())
    }
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        name = ".".join(map(str, fault["loc"]))
        raise ListRefused(f"line {line}: {name}: {fault['msg'].lower()}", "file") from None


def _number(text: str, separator: str) -> str:
    # Where a semicolon parts the columns, a comma is the decimal sign.
    return text.replace(",", ".") if separator == ";" and text.count(",") == 1 else text


def _unguarded(text: str) -> str:
    """What stood there before `guarded`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}"
    return "" if value is None else guarded(value)
