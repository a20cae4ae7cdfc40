import pytest

from features.errors import DataError
from tests.features.reading.parsed import column, parsed

HEADER = "customer_id,ordered_at,amount,code"


def flags(rule, *codes, types=None):
    rows = [("a", "2024-01-01", "1", code) for code in codes]
    return column(
        parsed(HEADER, *rows, types=types, cancelled={"column": "code", **rule}), "cancelled"
    )


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        ({"starts_with": "C"}, ["C1", " C1", "C"], ["1C", "c1", "", None]),
        ({"equals": "it's"}, ["it's", " it's "], ["its", None]),
        ({"in": ["a", "b b"]}, ["a", "b b "], ["b", "ab", None]),
        ({"matches": "^(POST|DOT)$"}, ["POST", " DOT"], ["POSTE", "post", None]),
        ({"matches": "(?i)test"}, ["a TEST order"], ["tset"]),
        ({"matches": r"^\d{3}$"}, ["123"], ["1234"]),
    ],
)
def test_a_rule_looks_at_the_trimmed_text(test, yes, no):
    assert flags(test, *yes, *no) == [True] * len(yes) + [False] * len(no)


def test_a_rule_on_numbers_sees_them_without_decimals():
    assert flags({"equals": "17"}, 17.0, 17.5, None, types={"code": "DOUBLE"}) == [
        True,
        False,
        False,
    ]
    assert flags({"starts_with": "17"}, 170, 71, types={"code": "BIGINT"}) == [True, False]
    assert flags({"equals": "true"}, True, False, types={"code": "BOOLEAN"}) == [True, False]


@pytest.mark.parametrize("setting", ["cancelled", "exclude"])
def test_a_column_that_the_file_lacks_is_named(setting):
    rule = {"column": "status", "equals": "x", "why": "test"}
    with pytest.raises(DataError, match=rf"lacks the column `status` \(for purchases.{setting}\)"):
        parsed(HEADER, "a,2024-01-01,1,x", **{setting: [rule] if setting == "exclude" else rule})


POSTAGE = {"column": "code", "in": ["POST", "M"], "why": "no product"}
TESTS = {"column": "customer_id", "matches": "^test", "why": "test order"}


def test_an_excluded_row_is_neither_anonymous_nor_at_fault():
    rows = ["a,2024-01-01,1,X", "a,2024-01-01,1,POST", ",2024-01-01,1,POST", "a,soon,much,M"]
    rows += ["test7,2024-01-01,1,X", "test7,2024-01-01,1,POST", ",2024-01-01,1,X", "a,soon,1,X"]
    found = parsed(HEADER, *rows, exclude=[POSTAGE, TESTS])
    assert column(found, "reason") == [None, *["excluded"] * 5, "anonymous", "bad_date"]
    whys = [None, "no product", "no product", "no product", "test order", "no product", None, None]
    assert column(found, "why") == whys  # by the first rule that holds


ORDERS = "customer_id,ordered_at,amount,Invoice"
MARK = {"column": "Invoice", "starts_with": "C"}


def test_a_cancelled_invoice_names_the_order_it_takes_back():
    rows = ["a,2024-01-01,1,536", "a,2024-01-02,-1,C536", "a,2024-01-02,-1,C"]
    found = parsed(ORDERS, *rows, columns={"order_id": "Invoice"}, cancelled=MARK)
    assert column(found, "cancelled") == [False, True, True]
    assert column(found, "order_id") == ["536", "C536", "C"]
    assert column(found, "refund_of") == [None, "536", None]


def test_a_column_of_refunded_orders_is_taken_as_it_is():
    header, row = ORDERS + ",back", "a,2024-01-02,-1,C536,77"
    columns = {"order_id": "Invoice", "refund_of": "back"}
    assert column(parsed(header, row, columns=columns, cancelled=MARK), "refund_of") == ["77"]


def test_a_status_names_no_order():
    rule = {"column": "Invoice", "equals": "C"}
    [row] = parsed(ORDERS, "a,2024-01-02,-1,C", columns={"order_id": "Invoice"}, cancelled=rule)
    assert row["cancelled"]
    assert "refund_of" not in row
