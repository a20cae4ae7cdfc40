"""A raw log of a retailer, as such logs are published, read by settings alone."""

import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.settings import load_settings
from features.reading.read import read_purchases
from features.reading.source import PurchaseSource

HEADER = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price"]
HEADER += ["Customer ID", "Country"]
OTHER_HEADER = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"]
OTHER_HEADER += ["CustomerID", "Country"]
ROWS = """
489434;85048;15CM CHRISTMAS LIGHTS, "SMALL";12;01/12/2009 07:45;6.95;13085.0;United Kingdom
489434;79323P;PINK CHERRY LIGHTS;12;01/12/2009 07:45;6.75;13085.0;United Kingdom
489434;22041;RECORD FRAME £2 OFF;48;01/12/2009 07:45;2.1;13085.0;United Kingdom
489435;22350;CAFÉ BOWL;3;13/12/2009 23:59;1.1;13078.0;EIRE
489435;POST;POSTAGE;1;13/12/2009 23:59;18.0;13078.0;EIRE
489436;21755;CHÂTEAU BLOCK;8;02/12/2009 09:06;5.45;;United Kingdom
489437;DOT;DOTCOM POSTAGE;1;02/12/2009 09:08;40.46;;United Kingdom
C489449;22350;CAFÉ BOWL;-1;15/12/2009 10:33;1.1;13078.0;EIRE
C489450;M;Manual;-1;15/12/2009 10:40;50.0;13078.0;EIRE
489451;BANK CHARGES;Bank Charges;1;15/12/2009 10:45;15.0;;United Kingdom
489452;22064;£0 BARGAIN;5;16/12/2009 12:00;0;13078.0;EIRE
489453;22065;lost;-240;16/12/2009 12:01;0;;United Kingdom
489454;22066;BAD PRICE;1;16/12/2009 12:02;free;13078.0;EIRE
489455;22067;BAD DATE;1;31/11/2009 12:02;1;13078.0;EIRE
489456;22068;HALF PENNIES;3;16/12/2009 12:03;0.335;13085.0;United Kingdom
""".strip()
SETTINGS = """
purchases:
  source: {source}
  format: {{date_format: "%d/%m/%Y %H:%M"}}
  columns: {{customer_id: {customer}, ordered_at: InvoiceDate, order_id: {invoice},
            product_id: StockCode, quantity: Quantity}}
  amount: Quantity * {price}
  timezone: Europe/London
  cancelled: {{column: {invoice}, starts_with: "C"}}
  exclude:
    - {{column: StockCode, in: [POST, DOT], why: postage}}
    - {{column: StockCode, matches: "^(M|BANK CHARGES)$", why: manual or fee}}
  max_bad_rows: 0.2
"""
VARIANTS = {
    "2009": (HEADER, "Customer ID", "Invoice", "Price"),
    "2010": (OTHER_HEADER, "CustomerID", "InvoiceNo", "UnitPrice"),
}


def as_csv(header, encoding, line_end):
    def cell(text):
        return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text

    lines = [header, *(row.split(";") for row in ROWS.split("\n"))]
    return line_end.join(",".join(map(cell, line)) for line in lines).encode(encoding)


@pytest.fixture(params=[("2009", "utf-8", "\n"), ("2010", "iso-8859-1", "\r\n")], ids="-".join)
def read(request, tmp_path):
    """The log as read, by a settings file."""
    variant, encoding, line_end = request.param
    header, customer, invoice, price = VARIANTS[variant]
    log, told = tmp_path / "retail.csv", tmp_path / "retail.yaml"
    log.write_bytes(as_csv(header, encoding, line_end))
    text = SETTINGS.format(source=log, customer=customer, invoice=invoice, price=price)
    told.write_text(text, encoding="utf-8")
    source = PurchaseSource.from_mapping(load_settings(told).purchases.model_dump())
    with read_purchases(source) as found:
        yield found


def test_every_row_is_accounted_for(read):
    account = read.account
    assert account.rows == 15
    assert (account.accepted, account.duplicate) == (7, 0)
    # Postage without a customer is left out by rule, not counted as anonymous.
    assert (account.anonymous, account.excluded, account.quarantined) == (2, 4, 2)
    assert account.excluded_by == {"postage": 2, "manual or fee": 2}
    assert account.reasons == {"bad_amount": 1, "bad_date": 1}
    assert read.quarantine[["row", "reason"]].to_numpy().tolist() == [
        [14, "bad_amount"],
        [15, "bad_date"],
    ]


def test_the_lines_are_these_to_the_penny(read):
    lines = read.lines.to_pylist()
    columns = ("customer_id", "order_id", "product_id", "amount", "quantity", "cancelled")
    assert sorted(tuple(line[c] for c in columns) for line in lines) == [
        ("13078", "489435", "22350", 33_000, 3.0, False),
        ("13078", "489452", "22064", 0, 5.0, False),
        ("13078", "C489449", "22350", -11_000, -1.0, True),
        ("13085", "489434", "22041", 1_008_000, 48.0, False),
        ("13085", "489434", "79323P", 810_000, 12.0, False),
        ("13085", "489434", "85048", 834_000, 12.0, False),
        ("13085", "489456", "22068", 10_050, 3.0, False),
    ]
    assert {line["order_id"]: line["refund_of"] for line in lines if line["refund_of"]} == {
        "C489449": "489449"
    }


def test_dates_are_read_day_first_with_their_time(read):
    stamps = {line["order_id"]: str(line["ordered_at"]) for line in read.lines.to_pylist()}
    assert stamps["489434"] == "2009-12-01 07:45:00"
    assert stamps["489435"] == "2009-12-13 23:59:00"


INVOICES = st.builds("{}{}".format, st.sampled_from(["", "", "C"]), st.integers(1, 9))
CODES = st.sampled_from(["85048", "22041A", "POST", "DOT", "M", "BANK CHARGES", "POSTER"])
PRICES = st.decimals(0, 999, places=3, allow_nan=False).map("{:f}".format)
CUSTOMERS = st.sampled_from(["13085.0", "13078.0", ""])
LINES = st.tuples(INVOICES, CODES, st.integers(-99, 99).map(str), PRICES, CUSTOMERS)


def expected_of(lines):
    """The account and the accepted lines, reckoned one by one."""
    kinds: Counter[str] = Counter()
    accepted = []
    for invoice, code, quantity, price, customer in lines:
        if code in ("POST", "DOT", "M", "BANK CHARGES"):
            kinds["excluded"] += 1
        elif not customer:
            kinds["anonymous"] += 1
        else:
            amount = int(Decimal(quantity) * Decimal(price) * 10_000)
            accepted.append((customer[:-2], invoice, code, amount, invoice.startswith("C")))
    return kinds, sorted(accepted)


@settings(max_examples=12, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=25).map(lambda x: [*x, ("7", "1", "1", "1", "1.0")]))
def test_any_such_log_is_read_as_reckoned_line_by_line(lines):
    rows = [(i, c, "x", q, "01/12/2009 07:45", p, who, "EIRE") for i, c, q, p, who in lines]
    with tempfile.TemporaryDirectory() as folder:
        log, told = Path(folder, "log.csv"), Path(folder, "log.yaml")
        log.write_text("\n".join(map(",".join, [HEADER, *rows])), encoding="utf-8")
        text = SETTINGS.format(source=log, customer="Customer ID", invoice="Invoice", price="Price")
        told.write_text(text, encoding="utf-8")
        source = PurchaseSource.from_mapping(load_settings(told).purchases.model_dump())
        with read_purchases(source) as found:
            account, table = found.account, found.lines.to_pylist()
    kinds, accepted = expected_of(lines)
    assert (account.rows, account.quarantined, account.duplicate) == (len(lines), 0, 0)
    assert (account.excluded, account.anonymous) == (kinds["excluded"], kinds["anonymous"])
    columns = ("customer_id", "order_id", "product_id", "amount", "cancelled")
    assert sorted(tuple(line[c] for c in columns) for line in table) == accepted
