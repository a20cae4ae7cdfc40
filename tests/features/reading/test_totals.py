from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.reading.formula import FormulaError
from tests.features.reading.parsed import column, parsed

HEADER = "customer_id,ordered_at,Quantity,Price"


def totals(formula, *pairs, types=None):
    rows = [("a", "2024-01-01", *pair) for pair in pairs]
    return column(parsed(HEADER, *rows, types=types, amount=formula), "amount")


def test_worked_example():
    # 3 * 1.10 is 3.3000000000000003 in binary fractions.
    assert totals("Quantity * Price", ("3", "1.10"), ("-2", "0.55"), ("0", "9")) == [
        33000,
        -11000,
        0,
    ]


@pytest.mark.parametrize(
    ("formula", "pair", "total"),
    [
        ("Quantity x Price", ("2", "1.5"), 30000),
        ("Quantity * Price * 1.19", ("3", "9.99"), 356643),
        ("Price - Quantity", ("1", "2.5"), 15000),
        ("-Price", ("1", "2.5"), -25000),
        ("(Price + 0.5) * Quantity", ("2", "2"), 50000),
        ("Price * Quantity * Quantity", ("3", "0.1"), 9000),
        ("Quantity * Price", ("1", "0.00005"), 1),  # halves go away from zero
        ("Quantity * Price", ("-1", "0.00005"), -1),
        ("Quantity * Price", ("1000", "0.123456"), 1234560),
        ("Quantity * Price", ("2", "1.234,50"), 24690000),
        ("Quantity * Price", ("2,5", "39,50"), 987500),
        ("Quantity * Price", ("1", " 7 "), 70000),
        ("Quantity * Price", ("", "7"), None),
        ("Quantity * Price", ("one", "7"), None),
        ("Quantity * Price", ("inf", "7"), None),
        ("Quantity * Price", ("9" * 20, "9" * 20), None),
    ],
)
def test_a_formula_is_exact(formula, pair, total):
    assert totals(formula, pair) == [total]


@pytest.mark.parametrize(
    ("types", "pair"),
    [
        ({"Quantity": "BIGINT", "Price": "DOUBLE"}, (3, 1.1)),
        ({"Quantity": "DOUBLE", "Price": "FLOAT"}, (3.0, 1.1)),
        ({"Quantity": "INTEGER", "Price": "DECIMAL(9, 2)"}, (3, Decimal("1.10"))),
    ],
)
def test_typed_columns_give_the_same_total_as_text(types, pair):
    assert totals("Quantity * Price", pair, types=types) == [33000]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.decimals(-9999, 9999, places=3, allow_nan=False),
            st.decimals(-9999, 9999, places=6, allow_nan=False),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_formula_is_what_decimals_give(pairs):
    expected = [
        int((q * p * 10_000).quantize(Decimal(1), rounding=ROUND_HALF_UP)) for q, p in pairs
    ]
    assert totals("Quantity * Price", *((f"{q:f}", f"{p:f}") for q, p in pairs)) == expected


def test_what_cannot_be_reckoned_is_a_bad_amount():
    rows = [("a", "2024-01-01", "one", "2"), ("a", "2024-01-01", "9" * 12, "9")]
    assert column(parsed(HEADER, *rows, amount="Quantity * Price"), "reason") == ["bad_amount"] * 2


def test_a_column_that_the_file_lacks_is_named():
    with pytest.raises(
        DataError, match=r"lacks the column `Cost` \(for purchases.amount\); it has"
    ):
        totals("Quantity * Cost", ("1", "2"))


def test_a_formula_that_cannot_stay_exact_is_refused():
    with pytest.raises(FormulaError, match="multiplies 7 columns .*too many to stay exact"):
        totals(" * ".join(["Price"] * 7), ("1", "2"))
