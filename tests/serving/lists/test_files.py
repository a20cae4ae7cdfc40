"""CSV files of lists: what is read, what is refused and where."""

import pytest

from serving.lists.errors import ListRefused
from serving.lists.files import contacts_of_csv, members_csv, outcomes_of_csv


def test_contacts_are_read_by_the_names_of_their_columns():
    content = (
        "\ufeffContacted_at;customer_id;cost;note\n"
        "2024-07-01;00001;0,70;hello\n\n2024-07-02;'=x;;\n"
    )
    first, second = contacts_of_csv(content.encode(), "spring")
    assert (first.customer_id, first.cost, first.list_id) == ("00001", 0.7, "spring")
    assert (second.customer_id, second.cost) == ("=x", None)


def test_a_row_that_names_its_list_keeps_it():
    [row] = contacts_of_csv(b"customer_id,contacted_at,list_id\na,2024-07-01,other\n", "spring")
    assert row.list_id == "other"


def test_outcomes_are_read_as_numbers():
    [row] = outcomes_of_csv(b"customer_id,revenue,orders,incentive_paid\na,12.5,2,\n")
    assert (row.revenue, row.orders, row.incentive_paid) == (12.5, 2, None)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "lacks the columns customer_id, revenue"),
        (b"customer_id,amount\na,1\n", "lacks the columns revenue.*customer_id, amount"),
        (b"customer_id,revenue\na,much\n", "line 2: revenue"),
        (b"customer_id,revenue\n,5\n", "line 2: customer_id: field required"),
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
    assert back[0].customer_id == "=1+1"
