import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.reading.parsed import column, parsed

HEADER = "customer_id,ordered_at,amount,quantity"


@pytest.mark.parametrize(
    ("amount", "quantity", "count", "oddity"),
    [
        ("25.00", "10852", None, "not_a_count"),  # fuel, in thousandths of a gallon
        ("-25.00", "-10852", None, "not_a_count"),
        ("0.99", "100", None, "not_a_count"),
        ("1.00", "100", 100, None),  # a hundred sweets at a cent
        ("0.10", "99", 99, None),
        ("168469.60", "80995", 80995, None),  # a wholesaler's order
        ("0", "12540", 12540, "many_for_nothing"),
        ("0", "12", 12, None),
        ("5", "0", 0, "zero_quantity"),
        ("0", "0", 0, None),
        ("5", "-1", -1, "negative_quantity"),
        ("-5", "-1", -1, None),
        ("5", "", None, None),
    ],
)
def test_a_quantity_that_is_no_count_is_left_out_and_said(amount, quantity, count, oddity):
    [row] = parsed(HEADER, f"a,2024-01-01,{amount},{quantity}")
    assert (row["quantity"], row["oddity"], row["reason"]) == (count, oddity, None)


PAIRS = st.tuples(st.integers(-10, 10**6), st.sampled_from([0, 1, 2, 24, 100, 5000, 90_000]))


@settings(max_examples=8, deadline=None)
@given(st.lists(PAIRS, min_size=2, max_size=10))
def test_other_lines_change_no_quantity(pairs):
    rows = [f"a,2024-01-01,{cents / 100},{n}" for cents, n in pairs]
    together = column(parsed(HEADER, *rows), "quantity")
    assert together == [parsed(HEADER, row)[0]["quantity"] for row in rows]


def test_the_price_of_one_is_that_before_conversion(tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("currency,date,rate\nJPY,2024-01-01,0.006\n", encoding="utf-8")
    told = {"column": "money", "to": "EUR", "rates": str(rates)}
    [row] = parsed(HEADER + ",money", "a,2024-01-01,100,100,JPY", currency=told)
    assert (row["amount"], row["quantity"]) == (6000, 100)
