"""A batch of a shop with a margin, a table of customers and one of contacts."""

import datetime as dt

import pytest
from sqlalchemy import insert, select

from features.errors import DataError
from retention.segments.rfm import GROUPS
from serving.publish import publish
from serving.scores import ScoreStore
from serving.store.list_tables import contacts
from serving.store.tables import scores
from tests.made_shop import day, trained_shop

NOW = dt.datetime(2026, 7, 1, 6, tzinfo=dt.UTC)
AS_OF = dt.date.fromisoformat(day(300))


@pytest.fixture(scope="module")
def plain(mlflow_template):
    return trained_shop(mlflow_template)


@pytest.fixture
def ids(plain):
    known = plain.purchases[lambda f: (f["ordered_at"] < day(299)) & (f["amount"] > 0)]
    return sorted(known["customer_id"].unique())


@pytest.fixture
def shop(plain, tmp_path, ids):
    """The shop with both tables; the second customer is not to be contacted, the third not scored.

    The first was contacted before and after the batch's day.
    """
    first, second, third, fourth = ids[:4]
    (tmp_path / "customers.csv").write_text(
        "customer_id,reachable_by,no_contact,no_profiling\n"
        f"{first},sms;email,,\n{second},email,yes,\n{third},email,,yes\n{fourth},none,,\n"
    )
    (tmp_path / "contacts.csv").write_text(
        f"customer_id,contacted_at\n{first},{day(250)} 10:00\n{first},{day(301)} 10:00\n"
    )
    return plain.copy_to(
        tmp_path,
        customers={"source": str(tmp_path / "customers.csv")},
        contacts={"source": str(tmp_path / "contacts.csv")},
        money={"margin": 0.4},
        costs={"serving_per_order": 0.5},
    )


def published(settings, *, now=NOW):
    """The batch, its rows by id, and who is marked as not to be contacted."""
    batch = publish(settings, as_of=AS_OF, now=now).batch
    store = ScoreStore(settings.store_url)
    try:
        names = store.rows_frame(batch.batch_id, ["customer_id"])["customer_id"]
        rows = store.scores(names, batch.batch_id)
        with store.database.read() as connection:
            query = select(scores.c.customer_id, scores.c.no_contact)
            barred = dict(
                connection.execute(query.where(scores.c.batch_id == batch.batch_id)).all()
            )
        return batch, rows, barred
    finally:
        store.close()


def test_rows_have_what_the_tables_and_the_costs_give(shop, ids):
    batch, rows, barred = published(shop.settings)
    first, second, third, fourth = (rows[customer] for customer in ids[:4])
    assert (first["reachable_by"], first["last_contacted_on"]) == ("email,sms", day(250))
    assert second["score_status"] == "scored"
    assert second["missing"]["last_contacted_on"] == "never_contacted"
    assert barred[ids[1]] is True
    assert sum(barred.values()) == 1
    assert (third["score_status"], third["churn_probability"]) == ("no_profiling", None)
    assert fourth["reachable_by"] == ""
    assert rows[ids[5]]["missing"]["reachable_by"] == "not_given"
    for row in rows.values():
        if row["score_status"] == "scored":
            assert row["predicted_contribution"] < 0.4 * row["predicted_clv"]
            assert row["simple_clv"] > 0
            assert row["rfm_group"] in GROUPS
    assert set(batch.cut_points["value_fields"]) == {"rfm", "first_order", "years", "refund_share"}


def test_a_shop_that_says_nothing_has_codes_instead(plain, tmp_path, ids):
    _, rows, barred = published(plain.copy_to(tmp_path).settings)
    missing = rows[ids[0]]["missing"]
    assert missing["predicted_contribution"] == "no_margin"
    assert missing["reachable_by"] == "no_customers_table"
    assert missing["last_contacted_on"] == "no_contacts_table"
    assert set(barred.values()) == {None}


def test_contacts_sent_to_the_service_count_and_make_another_batch(shop, ids):
    batch, _, _ = published(shop.settings)
    store = ScoreStore(shop.settings.store_url)
    record = {"list_id": "", "channel": "", "recorded_at": "", "recorded_by": "t"}
    with store.database.write() as connection:
        for customer, when in ((ids[0], day(260)), (ids[1], day(200)), (ids[1], day(310))):
            values = {**record, "customer_id": customer, "contacted_at": f"{when}T09:00:00"}
            connection.execute(insert(contacts).values(**values))
    store.close()
    again, rows, _ = published(shop.settings, now=NOW + dt.timedelta(hours=1))
    assert again.batch_id != batch.batch_id
    assert rows[ids[0]]["last_contacted_on"] == day(260)
    assert rows[ids[1]]["last_contacted_on"] == day(200)


def test_a_table_that_cannot_be_read_publishes_nothing_and_says_which(shop, tmp_path):
    batch, _, _ = published(shop.settings)
    (tmp_path / "customers.csv").write_text("name\nAnn\n")
    with pytest.raises(DataError, match="customer_id"):
        publish(shop.settings, as_of=AS_OF, now=NOW + dt.timedelta(hours=2))
    store = ScoreStore(shop.settings.store_url)
    current = store.current()
    store.close()
    assert current is not None
    assert current.batch_id == batch.batch_id
