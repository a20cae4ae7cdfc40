"""What only PostgreSQL can do to a store: stop, and come back."""

import time

import pytest
from sqlalchemy.engine import make_url

from serving.errors import StoreDown
from serving.scores import ScoreStore
from serving.store.postgres import CONNECT_SECONDS, options
from tests.postgres_server import running
from tests.serving.made import made_batch, publish


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
