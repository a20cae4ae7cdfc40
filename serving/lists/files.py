"""CSV files of lists: members to be contacted, contacts and outcomes to be imported."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from serving.exports.guard import FORMULA_STARTS, guarded
from serving.lists.counted import counted
from serving.lists.csv_numbers import POINT, Ambiguous, decimal_sign, number_of
from serving.lists.errors import ListRefused
from serving.lists.faults import sentence_of
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
SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs"}
SEPARATORS = tuple(SIGNS)
LONGEST_SHOWN = 40

Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    """Rows of a file, and the line of each."""

    rows: list[Row]
    lines: list[int]


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


def contacts_of_csv(content: bytes, list_id: str | None = None) -> Sheet[ContactIn]:
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
    sheet = _rows(content, ContactIn, ("customer_id", "contacted_at"))
    if list_id is None:
        return sheet
    named = [r if r.list_id else r.model_copy(update={"list_id": list_id}) for r in sheet.rows]
    return Sheet(named, sheet.lines)


def outcomes_of_csv(content: bytes) -> Sheet[OutcomeIn]:
    """Outcomes of a CSV with `customer_id`, `revenue` and any of `orders`, `incentive_paid`.

    Raises
    ------
    ListRefused
        If it is no such CSV; the message names the line.
    """
    return _rows(content, OutcomeIn, ("customer_id", "revenue"))


def _rows(content: bytes, kind: type[Row], needed: Sequence[str]) -> Sheet[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ListRefused("the file is not UTF-8 text; save it as CSV UTF-8", "file") from None
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
        names = [str(name).strip().lower() for name in reader.fieldnames or []]
        _check_names(names, needed)
        reader.fieldnames = names
        told = list(_filled(reader, len(names)))
    except csv.Error as error:
        raise ListRefused(f"the file is no CSV: {error}", "file") from None
    _check_separator(told, separator)
    numbers = (text for _, row in told for name in NUMBERS if (text := row.get(name, "")))
    # Without anything to go by, a file in commas is one of a program, which writes a point.
    decimal = decimal_sign(numbers, default=POINT if separator == "," else None)
    rows = [_row(kind, values, line, decimal) for line, values in told]
    return Sheet(rows, [line for line, _ in told])


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


def _filled(reader: "csv.DictReader[str]", columns: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines that hold anything: their number, and their texts by column."""
    for number, told in enumerate(reader):
        if number >= MOST_ROWS:
            raise ListRefused(f"the file has more than {MOST_ROWS:,} lines; split it", "file")
        # What stands beyond the last column is under None.
        beyond = told.pop(None, None)
        if beyond and any(text.strip() for text in beyond):
            raise ListRefused(
                f"line {reader.line_num} has {columns + len(beyond)} cells, the first line names "
                f"{counted(columns, 'column')}; an amount with a decimal comma needs quotes, or "
                "semicolons between the columns",
                "file",
            )
        found = {name: text.strip() for name, text in told.items() if text is not None}
        if any(found.values()):
            yield reader.line_num, found


def _check_separator(told: Sequence[tuple[int, Mapping[str, str]]], separator: str) -> None:
    """Refuse rows that are parted by another sign than the names of the columns."""
    for other in SEPARATORS:
        if other != separator and told and all(other in row["customer_id"] for _, row in told):
            raise ListRefused(
                f"the first line parts the columns by {SIGNS[separator]}, the others by "
                f"{SIGNS[other]}; use one of them",
                "file",
            )


def _row(kind: type[Row], told: Mapping[str, str], line: int, decimal: str | None) -> Row:
    values: dict[str, Any] = {}
    for name in kind.model_fields:
        if text := told.get(name):
            is_number = name in NUMBERS
            values[name] = _number(name, text, line, decimal) if is_number else _unguarded(text)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0])
        given = {**fault, "input": told.get(name)}
        said = sentence_of(name, given, kind, shown=name != "customer_id")
        raise ListRefused(f"line {line}: {said}", "file") from None


def _number(name: str, text: str, line: int, decimal: str | None) -> float:
    shown = text[:LONGEST_SHOWN]
    try:
        return number_of(text, decimal)
    except Ambiguous:
        raise ListRefused(
            f"line {line}: {name} {shown!r} can be a whole number with its thousands parted, or "
            "one with three decimals; write it without a sign between thousands",
            "file",
        ) from None
    except ValueError:
        raise ListRefused(
            f"line {line}: {name} {shown!r} is no number; write it as 1234.50 or 1234,50", "file"
        ) from None


def _unguarded(text: str) -> str:
    """What stood there before `guarded`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}"
    return "" if value is None else guarded(value)
