import datetime as dt
from decimal import Decimal

import pytest

from features.errors import DataError
from features.reading.currency import read_rates
from features.reading.read import read_purchases
from features.reading.source import PurchaseSource
from tests.features.reading.parsed import column, parsed

HEADER = "customer_id,ordered_at,amount,money"
RATES = "currency,date,rate\nUSD,2024-01-01,0.90\nUSD,2024-01-10,0.95\nGBP,2024-01-05,1.2\n"


@pytest.fixture
def rates(tmp_path):
    """Return a function that writes a file of rates and gives the setting."""

    def write(text=RATES, to="EUR", column="money"):
        path = tmp_path / "rates.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return {"column": column, "to": to, "rates": str(path)}

    return write


def test_the_latest_rate_on_or_before_the_day_counts(rates):
    rows = ["a,2024-01-01,10,USD", "a,2024-01-09 23:59,10,USD", "a,2024-01-10,10,usd "]
    rows += ["a,2030-01-01,10,USD", "a,2024-01-01,10,EUR", "a,2024-01-05,10,GBP"]
    found = parsed(HEADER, *rows, currency=rates())
    assert column(found, "amount") == [90000, 90000, 95000, 95000, 100000, 120000]
    assert set(column(found, "reason")) == {None}


def test_the_day_is_the_shops(rates):
    rows = ["a,2024-01-10 03:59,10,USD", "a,2024-01-10 04:00,10,USD"]
    assert column(parsed(HEADER, *rows, currency=rates(), day_starts_at="04:00"), "amount") == [
        90000,
        95000,
    ]


def test_a_currency_without_a_rate_that_day_is_a_fault(rates):
    rows = ["a,2023-12-31,10,USD", "a,2024-01-04,10,GBP", "a,2024-01-04,10,CHF", "a,2024-01-04,10,"]
    found = parsed(HEADER, *rows, currency=rates())
    assert column(found, "reason") == ["bad_currency"] * 4
    assert column(parsed(HEADER, ",2024-01-04,1,CHF", currency=rates()), "reason") == ["anonymous"]


def test_discount_and_cost_are_converted_too_and_halves_go_away_from_zero(rates):
    told = rates("currency,date,rate\nUSD,2024-01-01,0.5\n")
    row = "a,2024-01-01,0.0001,USD,-0.0003,0.0005"
    [found] = parsed(HEADER + ",discount,cost", row, currency=told)
    assert (found["amount"], found["discount"], found["cost"]) == (1, -2, 3)


def test_small_and_large_rates_stay_exact(rates):
    told = rates("currency,date,rate\nVND,2024-01-01,0.0000372\nKWD,2024-01-01,3.0012345678\n")
    rows = ["a,2024-01-01,1000000000,VND", "a,2024-01-01,900000000,KWD"]
    found = parsed(HEADER, *rows, currency=told)
    assert column(found, "amount") == [372_000_000, 27_011_111_110_200]


def test_an_amount_beyond_measure_is_a_fault(rates):
    told = rates("currency,date,rate\nKWD,2024-01-01,1000000\n")
    found = parsed(HEADER, "a,2024-01-01,900000000000,KWD", currency=told)
    assert column(found, "reason") == ["bad_currency"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "have the columns none; they need currency, date, rate"),
        ("code,day,rate\n", "have the columns code, day, rate; they need"),
        ("currency,date,rate\n", "hold no rate"),
        (RATES + "USD,soon,1\n", "line 5 of the rates .* cannot be read: Invalid isoformat"),
        (RATES + "USD,2024-02-01,much\n", "line 5 .*: it is no number; write it like"),
        (RATES + "USD,2024-02-01,0\n", "line 5 .*: a rate lies above 0"),
        (RATES + "USD,2024-02-01,nan\n", "line 5 .*: a rate lies above 0"),
        (RATES + "USD,2024-02-01\n", "line 5 "),
        (RATES + ",2024-02-01,1\n", "line 5 .*: the currency is empty"),
        (RATES + "EUR,2024-02-01,2\n", "line 5 .*: one EUR is one EUR"),
        (RATES + "USD,2024-01-01,0.91\n", "two rates of USD on 2024-01-01; keep one"),
        (b"\xff\xfe\x00", "are no CSV in UTF-8"),
    ],
)
def test_a_file_of_rates_that_cannot_be_used_is_refused(rates, text, sentence):
    with pytest.raises(DataError, match=sentence):
        parsed(HEADER, "a,2024-01-01,1,USD", currency=rates(text))


def test_a_missing_file_of_rates_is_named(tmp_path):
    missing = {"column": "money", "to": "EUR", "rates": str(tmp_path / "none.csv")}
    with pytest.raises(DataError, match=r"none\.csv cannot be read: No such file.*currency\.rates"):
        parsed(HEADER, "a,2024-01-01,1,USD", currency=missing)


def test_rates_come_in_any_order_of_lines_and_columns(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("\ufeffDate,Rate,Currency\n2024-01-02, 1.5 ,usd\n\n", encoding="utf-8")
    assert read_rates(path, "EUR") == [("USD", dt.date(2024, 1, 2), Decimal("1.5"))]


def test_the_file_of_rates_is_known_to_the_source(rates):
    told = rates()
    source = PurchaseSource.from_mapping({"source": "a.csv", "currency": told})
    assert [str(path) for path in source.side_files] == [told["rates"]]
    assert PurchaseSource("a.csv").side_files == []


OWN = "customer_id,ordered_at,amount,currency"


def test_several_currencies_without_rates_are_refused():
    with pytest.raises(DataError, match=r"2 currencies \(EUR, USD\) .*set purchases.currency to"):
        parsed(OWN, "a,2024-01-01,1,EUR", "b,2024-01-01,1,usd")


def test_the_one_currency_is_among_the_facts(tmp_path):
    (tmp_path / "a.csv").write_text(f"{OWN}\na,2024-01-01,1,eur\na,2024-01-02,1,EUR\n", "utf-8")
    assert read_purchases(PurchaseSource(str(tmp_path))).facts["currencies"] == ["EUR"]


def test_the_quarantine_names_the_column_of_a_currency_without_a_rate(tmp_path, rates):
    (tmp_path / "a.csv").write_text(f"{HEADER}\na,2024-01-01,1,EUR\na,2024-01-02,1,CHF\n", "utf-8")
    told = {"source": str(tmp_path / "a.csv"), "currency": rates()}
    with read_purchases(PurchaseSource.from_mapping({**told, "max_bad_rows": 1.0})) as read:
        assert read.quarantine["column"].tolist() == ["currency"]
    with pytest.raises(DataError, match="row 3, column `money`: the currency has no rate"):
        read_purchases(PurchaseSource.from_mapping(told))


def test_one_currency_needs_no_rates():
    rows = ["a,2024-01-01,1,EUR", "b,2024-01-01,1, eur", "b,2024-01-01,1,", "c,x,x,currency"]
    assert column(parsed(OWN, *rows), "amount") == [10000, 10000, 10000, None]


def test_the_column_of_currencies_is_named_where_the_file_lacks_it(rates):
    with pytest.raises(DataError, match=r"lacks the column `money` \(for purchases.currency\)"):
        parsed("customer_id,ordered_at,amount", "a,2024-01-01,1", currency=rates())


def test_two_files_of_two_currencies_are_refused_like_one(tmp_path):
    for code in ("EUR", "USD"):
        text = f"{OWN}\na,2024-01-01,1,{code}\n"
        (tmp_path / f"{code}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"with .*USD\.csv there are amounts in 2 currencies"):
        read_purchases(PurchaseSource(str(tmp_path)))
