"""Guess how a file of purchases is written: which column is which, and how its dates read."""

import re
from pathlib import Path
from typing import Any

import duckdb

from features.errors import DataError
from features.reading.formula import as_operand
from features.reading.source import PurchaseSource
from features.reading.staging import stage
from features.reading.values import literal, quoted

NAMES: dict[str, tuple[str, ...]] = {
    "customer_id": (
        *("customer_id", "customerid", "customer", "client_id", "clientid", "client", "user_id"),
        *("userid", "user", "buyer_id", "buyer", "shopper_id", "member_id", "household_id"),
        *("household", "cust_id", "id_customer", "customer_number", "customer_no", "email"),
        *("subscriber", "kunde", "kundennr", "kunden_nr", "kundennummer", "kunden_nummer"),
        *("kunden_id", "cliente", "id_client", "id_cliente", "numero_client", "customer_email"),
    ),
    "ordered_at": (
        *("ordered_at", "order_date", "orderdate", "date", "invoice_date", "invoicedate"),
        *("purchase_date", "purchased_at", "purchasedate", "transaction_date", "transactiondate"),
        *("timestamp", "datetime", "created_at", "order_time", "time", "day"),
        *("purchased_on", "ordered", "ordered_on", "paid_at", "datum", "bestelldatum", "fecha"),
        *("kaufdatum", "date_achat", "date_commande", "fecha_pedido"),
    ),
    "amount": (
        *("amount", "total", "order_total", "total_price", "order_value", "value", "revenue"),
        *("sales", "sales_value", "price", "spend", "net_amount", "line_total", "total_amount"),
        *("grand_total", "dollar_value", "amount_spent", "sum_gross_amount"),
        *("paid", "subtotal", "umsatz", "betrag", "summe", "montant", "importe", "total_ttc"),
    ),
    "order_id": (
        *("order_id", "orderid", "invoice", "invoice_no", "invoiceno", "invoice_id", "basket_id"),
        *("transaction_id", "transactionid", "receipt_id", "order_number", "order_no"),
        *("beleg", "belegnr", "beleg_nr", "belegnummer", "bestellnummer", "bestellnr"),
        *("bestell_nr", "rechnungsnummer", "rechnungsnr", "rechnung", "commande", "pedido"),
    ),
    "quantity": ("quantity", "qty", "units", "items", "number_of_items", "menge", "anzahl"),
    "product_id": ("product_id", "productid", "sku", "stock_code", "stockcode", "item_id"),
}
# A unit in brackets: `Umsatz (EUR)`, `Total [€]`.
UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]$")
UNIT_PRICES = ("price", "unit_price", "unitprice", "item_price", "price_per_unit")
REQUIRED = ("customer_id", "ordered_at", "amount")
# Tried in this order; the first two readings of 03/04/2024 differ, so both must not fit.
DATE_FORMATS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d %b %Y",
    "%b %d, %Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
)
# Earlier dates come of two digits read as a year; no shop's log reaches back so far.
EARLIEST = "1900-01-01"
TIME_ENDINGS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
# Rows that tell which ways of writing dates are worth trying on all rows.
FIRST_ROWS = 10_000
MOST_UNREAD, HALF = 0.01, 0.5
NUMBER, RETURNED = "TRY_CAST({} AS DOUBLE) IS NOT NULL", "TRY_CAST({} AS DOUBLE) < 0"


def guess_purchases(path: Path) -> dict[str, Any]:
    """The `purchases` part of the settings for a file.

    Parameters
    ----------
    path : CSV, TSV or Parquet file with a header line

    Returns
    -------
    dict with `source` and `format`, and where they are needed `columns`, and `amount` as a formula
        where the file has a quantity and the price of one and no total

    Raises
    ------
    DataError
        If a required column cannot be told, or dates can be read in two ways.
    """
    if not path.is_file():
        raise DataError(f"no file at {path}; name a CSV of purchases")
    found: dict[str, Any] = {"source": str(path.resolve())}
    layout: dict[str, Any] = {"kind": "parquet" if path.suffix in (".parquet", ".pq") else "csv"}
    with duckdb.connect() as con:
        con.execute("SET autoinstall_known_extensions = false")
        bare = PurchaseSource(str(path), kind=layout["kind"], columns={})
        staged = stage(con, bare, path, "head", check_columns=False)
        columns, price = _columns(con, list(staged.types), path)
        _refuse_data_as_names(con, list(columns.values()), path)
        if price:
            found["amount"] = f"{as_operand(columns['quantity'])} * {as_operand(price)}"
        else:
            _refuse_lost_returns(con, columns, path)
        if staged.types[columns["ordered_at"]] == "VARCHAR":
            date_format = _date_format(con, columns["ordered_at"], path)
            if date_format:
                layout["date_format"] = date_format
    found["format"] = layout
    renamed = {ours: theirs for ours, theirs in columns.items() if ours != theirs}
    if renamed:
        found["columns"] = renamed
    return found


def _refuse_data_as_names(con: duckdb.DuckDBPyConnection, names: list[str], path: Path) -> None:
    """A first line with a number or a date in it is a purchase; reading on would lose it."""
    casts = "SELECT TRY_CAST($1 AS DOUBLE), TRY_CAST($1 AS TIMESTAMP)"
    for name in names:
        if con.execute(casts, [name]).fetchall() != [(None, None)]:
            raise DataError(
                f"{path} has no line of column names: its first line holds {name!r}; put "
                f"{', '.join(REQUIRED)} on top, or write a settings file with "
                "purchases.format.header: false"
            )


def _refuse_lost_returns(
    con: duckdb.DuckDBPyConnection, columns: dict[str, str], path: Path
) -> None:
    """Returns must be negative amounts; a negative quantity alone makes none."""
    amount, quantity = columns["amount"], columns.get("quantity")
    if quantity is None:
        return
    of_quantity, of_amount = _shares(con, [(quantity, RETURNED), (amount, RETURNED)])
    if of_quantity > 0 and of_amount == 0:
        raise DataError(
            f"{path} has negative numbers in `{quantity}` and none in `{amount}`, so returns would "
            "count as purchases; make a column of line totals, quantity times price and negative "
            "for a return, name it `amount`, and run this again"
        )


def _plain(name: str) -> str:
    """A name in small letters with single underscores, without a unit in brackets at its end."""
    bare = UNIT.sub("", name.strip().lower()) or name.strip().lower()
    return "_".join(re.findall(r"[^\W_]+", bare))


def _columns(
    con: duckdb.DuckDBPyConnection, there: list[str], path: Path
) -> tuple[dict[str, str], str | None]:
    """Ours: theirs; and the price of one, where that and the quantity make the amount."""
    plain = {_plain(name): name for name in reversed(there)}
    found: dict[str, str] = {}
    for ours, synonyms in NAMES.items():
        match = next((plain[s] for s in synonyms if s in plain), None)
        if match and match not in found.values():
            found[ours] = match
    price = _price_of_one(found, plain)
    missing = [c for c in REQUIRED if c not in found and not (price and c == "amount")]
    if missing and len(there) == len(REQUIRED):
        found = _by_content(con, there) or found
        missing = [ours for ours in REQUIRED if ours not in found]
    if missing:
        raise DataError(
            f"{path} has the columns {', '.join(f'`{n}`' for n in there)}, and which of them is "
            f"{' and '.join(missing)} cannot be told; rename them to {', '.join(REQUIRED)}, or "
            "write a settings file with purchases.columns"
        )
    return found, price


def _price_of_one(found: dict[str, str], plain: dict[str, str]) -> str | None:
    """A price beside a quantity, and no total: it is no amount, which leaves `found`."""
    amount = found.get("amount")
    if "quantity" not in found or (amount and _plain(amount) not in UNIT_PRICES):
        return None
    found.pop("amount", None)
    return next((plain[name] for name in UNIT_PRICES if name in plain), None)


def _by_content(con: duckdb.DuckDBPyConnection, there: list[str]) -> dict[str, str] | None:
    """Of three columns, the one that reads as dates, and the one of numbers that vary most."""
    readings = _readings(con, there)
    dates = [n for n in there if readings[n]]
    if len(dates) != 1:
        return None
    rest = [n for n in there if n != dates[0]]
    shares = _shares(con, [(n, test) for n in rest for test in (NUMBER, "contains({}, '.')")])
    numbers = [n for n, share in zip(rest, shares[::2], strict=True) if share == 1]
    pointed = [n for n, share in zip(rest, shares[1::2], strict=True) if share > 0]
    amounts = [n for n in numbers if n in pointed] or numbers
    if len(amounts) != 1:
        return None
    customer = next(n for n in rest if n != amounts[0])
    return {"customer_id": customer, "ordered_at": dates[0], "amount": amounts[0]}


def _shares(
    con: duckdb.DuckDBPyConnection, asked: list[tuple[str, str]], first: int | None = None
) -> list[float]:
    """Shares of the filled rows that pass a test, for pairs of column and test; in one pass."""
    if not asked:
        return []
    rows = con.table("head") if first is None else con.table("head").limit(first)
    told = []
    for number, (name, test) in enumerate(asked):
        text = f"nullif(trim({quoted(name)}::VARCHAR), '')"
        passed = f"coalesce({test.format(text)}, false)::INT"
        told.append(f"coalesce(avg({passed}) FILTER ({text} IS NOT NULL), 0) AS s{number}")
    [shares] = rows.aggregate(", ".join(told)).fetchall()
    return [float(share) for share in shares]


def _reading(date_format: str | None) -> str:
    """The test whether a text reads as a date; None is the ISO way."""
    if date_format is None:
        # A bare number casts to no timestamp, so ids are not taken for dates.
        return f"TRY_CAST({{}} AS TIMESTAMP) >= '{EARLIEST}'"
    return f"try_strptime({{}}, {literal(date_format)}) >= '{EARLIEST}'"


def _readings(con: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, list[str | None]]:
    """Ways in which the dates of each column read; the ISO way alone where it fits."""
    tried = [None, *(d + t for d in DATE_FORMATS for t in TIME_ENDINGS)]
    pairs = [(name, way) for name in names for way in tried]
    for rows, least in ((FIRST_ROWS, HALF), (None, 1 - MOST_UNREAD)):
        shares = _shares(con, [(name, _reading(way)) for name, way in pairs], rows)
        pairs = [pair for pair, share in zip(pairs, shares, strict=True) if share > least]
    ways = {name: [way for n, way in pairs if n == name] for name in names}
    return {name: [None] if None in found else found for name, found in ways.items()}


def _date_format(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> str | None:
    fitting = _readings(con, [name])[name]
    if not fitting:
        raise DataError(
            f"the dates in `{name}` of {path} cannot be read; write them like 2024-07-31, or write "
            "a settings file that says purchases.format.date_format"
        )
    if len(fitting) > 1:
        raise DataError(
            f"the dates in `{name}` of {path} read both as {fitting[0]} and as {fitting[1]}; write "
            "a settings file that says which in purchases.format.date_format"
        )
    return fitting[0]
