"""`kill -9` during publishing: readers see one whole batch, the old one or the new one."""

import threading
import time

from serving.scores import ScoreStore
from tests.faults.victims import kill_when, publish_made, start
from tests.serving.made import made_batch, publish

CUSTOMERS = 6000
SHARES_OF_THE_WORK = (0.1, 0.3, 0.5, 0.7)


def whole_batch(url):
    """The current batch's id, after a check that rows, orders and totals are all of it."""
    store = ScoreStore(url)
    try:
        current = store.current()
        assert current is not None
        rows = store.rows_frame(current.batch_id, ["customer_id", "risk_tier"])
        assert len(rows) == current.customers == CUSTOMERS
        assert sum(current.portfolio["statuses"].values()) == CUSTOMERS
        assert len(store.orders("00007")) == 2
        return current.batch_id
    finally:
        store.close()


def test_whenever_publishing_is_killed_one_whole_batch_is_there(tmp_path):
    url = f"sqlite:///{tmp_path / 'scores.db'}"
    store = ScoreStore(url)
    started = time.monotonic()
    publish(store, made_batch("b0", CUSTOMERS))
    seconds = time.monotonic() - started
    store.close()
    assert whole_batch(url) == "b0"
    last, torn_off = "b0", 0
    for number, share in enumerate(SHARES_OF_THE_WORK, start=1):
        begun = tmp_path / f"begun{number}"
        process = start(publish_made, url, f"b{number}", CUSTOMERS, number, begun)

        def moment(begun=begun, wait=share * seconds):
            return begun.exists() and not threading.Event().wait(wait)

        torn_off += kill_when(process, moment)
        seen = whole_batch(url)
        assert seen in (last, f"b{number}")
        last = seen
    assert torn_off, "at least one of them was killed at work"
    store = ScoreStore(url)
    publish(store, made_batch("after", CUSTOMERS))
    store.close()
    assert whole_batch(url) == "after"
