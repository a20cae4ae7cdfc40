"""What only PostgreSQL can do to a store: stop, and come back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.engine import make_url

from serving.errors import StoreDown
from serving.scores import ScoreStore
from serving.store.postgres import CONNECT_SECONDS, options, patient
from tests.postgres_server import running
from tests.serving.made import made_batch, made_settings, publish, until

ONE = "/v1/customers/00004"


def current_id(store):
    batch = store.current()
    assert batch is not None
    return batch.batch_id


def test_r24_a_server_that_stops_is_told_at_once_and_used_again_when_it_is_back():
    with running() as server:
        store = ScoreStore(server.schema_url(), busy_seconds=1)
        publish(store, made_batch(customers=20))
        server.stop()
        for call in (store.current, lambda: publish(store, made_batch("b2", customers=20))):
            began = time.monotonic()
            with pytest.raises(StoreDown, match="does not answer"):
                call()
            assert time.monotonic() - began < CONNECT_SECONDS + 1
        server.start()
        assert current_id(store) == "b1"
        publish(store, made_batch("b2", customers=20))
        assert current_id(store) == "b2"
        store.close()


def test_the_password_stands_in_no_sentence():
    url = "postgresql+psycopg://ann:hunter2@127.0.0.1:9/shop"
    with pytest.raises(StoreDown, match="does not answer") as caught:
        ScoreStore(url)
    assert "hunter2" not in str(caught.value)


def test_what_the_url_says_goes_before_our_limits():
    url = make_url("postgresql://db/shop?connect_timeout=9&options=-csearch_path%3Da")
    told = options(url, busy_seconds=1)
    assert "connect_timeout" not in told
    assert told["options"] == "-csearch_path=a -c lock_timeout=1000"
    own = url.update_query_dict({"options": "-c statement_timeout=9s"})
    told = options(own, busy_seconds=1, statement_seconds=4)
    assert told["options"] == "-c statement_timeout=9s -c lock_timeout=1000"
    other = url.update_query_dict({"options": "-c deadlock_timeout=2s"})
    told = options(other, busy_seconds=1, statement_seconds=4)
    wanted = "-c deadlock_timeout=2s -c lock_timeout=1000 -c statement_timeout=4000"
    assert told["options"] == wanted


def test_a_time_limit_of_the_url_holds_for_writes_too(postgres):
    url = make_url(postgres.schema_url())
    given = url.query.get("options", "")
    own = url.update_query_dict({"options": f"{given} -c statement_timeout=77s".strip()})
    store = ScoreStore(own.render_as_string(hide_password=False), statement_seconds=4)
    with store.database.write() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "77s"
    store.close()


@pytest.fixture
def hasty(postgres):
    store = ScoreStore(postgres.schema_url(), statement_seconds=0.3)
    yield store
    store.close()


def wait(seconds, connection):
    connection.exec_driver_sql(f"SELECT pg_sleep({seconds})")


def test_a_statement_that_hangs_is_given_up_and_its_connection_serves_on(hasty):
    publish(hasty, made_batch(customers=20))
    began = time.monotonic()
    with pytest.raises(StoreDown, match="statement timeout"), hasty.database.read() as connection:
        wait(30, connection)
    assert time.monotonic() - began < 2
    assert current_id(hasty) == "b1"


def test_work_that_nobody_waits_for_and_writes_may_take_longer(hasty):
    database = hasty.database
    with patient(), database.read() as connection:
        wait(0.6, connection)
    with database.write() as connection:
        wait(0.6, connection)
    # The limit is that of the transaction, and holds for the next one of the same connection.
    with pytest.raises(StoreDown, match="statement timeout"), database.read() as connection:
        wait(30, connection)


def test_a_store_that_is_not_the_services_has_no_limit(postgres):
    store = ScoreStore(postgres.schema_url())
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "5s"
    store.close()


class TestOfTheService:
    @pytest.fixture
    def settings(self, tmp_path, postgres):
        settings = made_settings(tmp_path)
        return settings.model_copy(update={"store": postgres.schema_url()})

    def test_r24_reads_that_hang_are_503_and_leave_their_threads(self, runtime, client):
        assert client.get(ONE).status_code == 200
        with runtime.store.database.write() as connection:
            # From here on each read takes a minute.
            connection.exec_driver_sql('ALTER TABLE "current" RENAME TO kept')
            connection.exec_driver_sql(
                'CREATE VIEW "current" AS SELECT kept.* FROM kept, pg_sleep(60)'
            )
        began = time.monotonic()
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(client.get, [ONE] * 6))
        # Four of a token are in work at a time; those in line for a turn are told to come again.
        assert sorted(answer.status_code for answer in answers) == [429, 429, *[503] * 4]
        assert all("retry-after" in answer.headers for answer in answers)
        assert time.monotonic() - began < 6
        assert client.get("/livez").status_code == 200
        # None holds its thread much longer than the deadline.
        until(lambda: runtime.readers.taken == 0, 2)
        with runtime.store.database.write() as connection:
            connection.exec_driver_sql('DROP VIEW "current"')
            connection.exec_driver_sql('ALTER TABLE kept RENAME TO "current"')
        assert client.get(ONE).status_code == 200
