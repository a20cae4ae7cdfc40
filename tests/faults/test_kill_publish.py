"""`kill -9` during publishing: readers see one whole batch, the old one or the new one."""

import random
import threading
import time

import pytest

from serving.scores import ScoreStore
from tests.faults.victims import kill_when, publish_made, start
from tests.serving.made import made_batch, publish

NEXT_START_SECONDS = 5.0


def whole_batch(url, customers):
    """The current batch's id, after a check that rows, orders and totals are all of it."""
    began = time.monotonic()
    store = ScoreStore(url)
    try:
        current = store.current()
        assert time.monotonic() - began < NEXT_START_SECONDS
        assert current is not None
        rows = store.rows_frame(current.batch_id, ["customer_id", "risk_tier"])
        assert len(rows) == current.customers == customers
        assert sum(current.portfolio["statuses"].values()) == customers
        assert len(store.orders("00007")) == 2
        return current.batch_id
    finally:
        store.close()


@pytest.mark.parametrize(
    ("customers", "kills"),
    [
        (2000, 20),
        pytest.param(100_000, 20, marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
def test_r18_whenever_publishing_is_killed_one_whole_batch_is_there(
    tmp_path, store_url, customers, kills
):
    draw = random.Random(18)  # noqa: S311 - moments of a test
    store = ScoreStore(store_url)
    publish(store, made_batch("warm", customers))
    started = time.monotonic()
    publish(store, made_batch("b0", customers))
    seconds = time.monotonic() - started
    store.close()
    assert whole_batch(store_url, customers) == "b0"
    last, torn_off = "b0", 0
    for number in range(1, kills + 1):
        begun = tmp_path / f"begun{number}"
        process = start(publish_made, store_url, f"b{number}", customers, number, begun)
        wait = draw.uniform(0.02, 0.95) * seconds

        def moment(begun=begun, wait=wait):
            return begun.exists() and not threading.Event().wait(wait)

        killed = kill_when(process, moment)
        torn_off += killed
        seen = whole_batch(store_url, customers)
        assert seen in (last, f"b{number}")
        # What was told to be published stays.
        assert killed or seen == f"b{number}"
        last = seen
    # On a busy disk the work takes longer or shorter from one time to the next.
    assert torn_off >= kills / 5, "some of them were killed at work"
    store = ScoreStore(store_url)
    publish(store, made_batch("after", customers))
    store.close()
    assert whole_batch(store_url, customers) == "after"
