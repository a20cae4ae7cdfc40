import pandas as pd
import pytest

from features.errors import DataError
from features.shop_clock import ShopClock
from features.tables.contacts import CONTACTS, contacts_at, read_contacts
from features.tables.source import TableSource
from features.tables.surveys import SURVEYS, read_surveys, surveys_at

NOON = pd.Timestamp("2024-06-01 12:00")


def source_of(tmp_path, shape, text, **told):
    path = tmp_path / f"{shape.name}.csv"
    path.write_text(text, encoding="utf-8")
    return TableSource.of(shape, {"source": str(path), "max_bad_rows": 1.0, **told}, ShopClock())


CONTACTED = (
    "customer_id,contacted_at,list_id,arm,channel,cost\n"
    "b,2024-05-01,l1,Treatment,email,0.10\n"
    "a,2024-05-02,l1,contacted,email,0.20\n"
    "a,2024-04-02,l0,,sms,0.30\n"
    "a,2024-06-01 12:00,l2,treated,email,\n"
    "c,2024-05-01,l1,hold-out,,\n"
    "b,2024-05-01,l1,Treatment,email,0.10\n"
    "d,2024-05-01,l1,maybe,email,0.10\n"
    "e,,l1,treated,email,0.10\n"
)


def test_contacts_are_read_with_their_arm(tmp_path):
    found = read_contacts(source_of(tmp_path, CONTACTS, CONTACTED))
    assert found.rows.index.tolist() == ["a", "a", "a", "b", "c"]
    assert found.rows["list_id"].tolist() == ["l0", "l1", "l2", "l1", "l1"]
    assert found.rows["arm"].tolist() == ["contacted"] * 4 + ["held_out"]
    account = found.account
    assert (account.rows, account.accepted, account.duplicate, account.quarantined) == (8, 5, 1, 2)
    assert account.reasons == {"bad_arm": 1, "bad_contacted_at": 1}


def test_a_contact_at_or_after_the_cutoff_does_not_enter(tmp_path):
    rows = read_contacts(source_of(tmp_path, CONTACTS, CONTACTED)).rows
    found = contacts_at(rows, NOON)
    assert found.index.tolist() == ["a", "b", "c"]
    assert found["n_contacts"].tolist() == [2, 1, 0]
    assert found.loc["a", "last_contacted_at"] == pd.Timestamp("2024-05-02")
    assert found.loc["a", "contact_cost"] == pytest.approx(0.5)
    assert found["last_contacted_at"].isna().tolist() == [False, False, True]
    assert found["last_held_out_at"].isna().tolist() == [True, True, False]
    later = contacts_at(rows, NOON + pd.Timedelta(seconds=1))
    assert later.loc["a", "n_contacts"] == 3
    assert later["contact_cost"].isna()["a"]


@pytest.mark.parametrize("text", ["customer_id,contacted_at\n", ""])
def test_a_shop_that_contacted_nobody_has_no_contacts(tmp_path, text):
    found = read_contacts(source_of(tmp_path, CONTACTS, text))
    assert found.account.rows == 0
    assert found.notes[0].endswith("holds no rows")
    assert len(contacts_at(found.rows, NOON)) == 0


def test_surveys_tell_the_last_answer_before_the_cutoff(tmp_path):
    text = (
        "customer_id,answered_at,score\na,2024-01-01,3\na,2024-03-01,9\na,2024-07-01,1\n"
        "b,2024-01-01,ten\nb,2024-01-01,\nc,2024-02-01,7.5\n"
    )
    found = read_surveys(source_of(tmp_path, SURVEYS, text))
    assert found.account.reasons == {"bad_score": 2}
    told = surveys_at(found.rows, NOON)
    assert told.index.tolist() == ["a", "c"]
    assert told["last_score"].tolist() == [9, 7.5]
    assert told["mean_score"].tolist() == [6, 7.5]
    assert told["n_answers"].tolist() == [2, 1]


def test_a_table_lacking_its_date_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"lacks the column `contacted_at`.*contacts\.columns"):
        read_contacts(source_of(tmp_path, CONTACTS, "customer_id,when\na,2024-01-01\n"))
