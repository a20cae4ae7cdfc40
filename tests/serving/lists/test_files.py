"""CSV files of lists: what is read, what is refused and where."""

import pytest

from serving.lists.errors import ListRefused
from serving.lists.files import contacts_of_csv, members_csv, outcomes_of_csv


def test_contacts_are_read_by_the_names_of_their_columns():
    content = (
        "\ufeffContacted_at;customer_id;cost;note\n"
        "2024-07-01;00001;0,70;hello\n\n2024-07-02;'=x;;\n"
    )
    sheet = contacts_of_csv(content.encode(), "spring")
    first, second = sheet.rows
    assert sheet.lines == [2, 4]
    assert (first.customer_id, first.cost, first.list_id) == ("00001", 0.7, "spring")
    assert (second.customer_id, second.cost) == ("=x", None)


def test_a_row_that_names_its_list_keeps_it():
    [row] = contacts_of_csv(
        b"customer_id,contacted_at,list_id\na,2024-07-01,other\n", "spring"
    ).rows
    assert row.list_id == "other"


def test_outcomes_are_read_as_numbers():
    [row] = outcomes_of_csv(b"customer_id,revenue,orders,incentive_paid\na,12.5,2,\n").rows
    assert (row.revenue, row.orders, row.incentive_paid) == (12.5, 2, None)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "lacks the columns customer_id, revenue"),
        (b"customer_id,amount\na,1\n", "lacks the columns revenue.*customer_id, amount"),
        (b"customer_id,revenue\na,much\n", "line 2: revenue 'much' is no number"),
        (b"customer_id,revenue\n,5\n", "line 2: customer_id must be given"),
        (b"customer_id,revenue,orders\na,1,2.5\n", "orders must be a whole number from 0 to 1,0"),
        (b"customer_id,revenue\na,2e9\n", "from -1,000,000,000 to 1,000,000,000, got '2e9'"),
        (b"customer_id,revenue\nb,5\na,12,50\n", "line 3 has 3 cells, .* names 2 columns"),
        (b"customer_id;revenue\na;1,234\n", "line 2: revenue '1,234' can be a whole number with"),
        (b"customer_id;revenue\na;1.234\n", "line 2: revenue '1.234' can be a whole number with"),
        (
            b'customer_id,revenue\na,"12,50"\nb,3.99\nc,"1,234"\n',
            "line 4: revenue '1,234' can be a whole number with",
        ),
        (b"customer_id,revenue\na;12,50\n", "first line parts the columns by commas, the others"),
        (b"customer_id,revenue\n\xff\n", "not UTF-8"),
        (b"customer_id,revenue,revenue\na,1,1\n", "the column 'revenue' twice"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_line(content, sentence):
    with pytest.raises(ListRefused, match=sentence):
        outcomes_of_csv(content)


def test_members_are_written_guarded_and_read_back():
    rows = [{"customer_id": "=1+1", "rank": 1, "arm": "contacted", "expected_profit": 1.23456}]
    text = "".join(members_csv(rows, ("customer_id", "rank", "arm", "expected_profit")))
    assert text == "customer_id,rank,arm,expected_profit\n'=1+1,1,contacted,1.2346\n"
    back = contacts_of_csv(
        text.replace("rank", "contacted_at").replace(",1,", ",2024-07-01,").encode()
    )
    assert back.rows[0].customer_id == "=1+1"


@pytest.mark.parametrize(
    ("lines", "revenues"),
    [
        ("customer_id;revenue|a;12,50|b;1.234,5", [12.5, 1234.5]),
        ("customer_id;revenue|a;12,50|b;1.234", [12.5, 1234.0]),
        ("customer_id;revenue|a;12.50|b;1,234", [12.5, 1234.0]),
        ('customer_id,revenue|a,"12,50"|b,"1.234,50"', [12.5, 1234.5]),
        ('customer_id,revenue|a,"1,234.50"|b,7', [1234.5, 7.0]),
        ("customer_id,revenue|a,12.345|b,7", [12.345, 7.0]),
        ("customer_id\trevenue|a\t12,50|b\t7", [12.5, 7.0]),
    ],
)
def test_amounts_are_read_with_either_decimal_sign(lines, revenues):
    sheet = outcomes_of_csv(lines.replace("|", "\n").encode())
    assert [row.revenue for row in sheet.rows] == revenues
