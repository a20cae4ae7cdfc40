"""Reads of a running service while a whole batch is published, on both stores (R21).

The batch comes from a process of its own, as every night: here it would take turns with those who
read, and what they wait for each other would count as the service's time.
"""

import multiprocessing
import threading
from datetime import UTC, datetime

import numpy as np
import pytest

from serving.scores import ScoreStore
from tests.serving.made import made_batch, publish
from tests.serving.test_service import running
from tests.serving.web.loading import Load

# Of what a read takes: the noise of a busy machine.
LITTLE = 0.02
CONTEXT = multiprocessing.get_context("spawn")


def publish_big(store_url, customers):
    store = ScoreStore(store_url)
    publish(store, made_batch("big", customers, datetime.now(UTC)))
    store.close()


@pytest.mark.parametrize(
    "customers",
    [
        20_000,
        pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
def test_r21_reads_go_on_while_a_batch_is_published(tmp_path, store_url, customers):
    with running("perennial", tmp_path, store=store_url) as served:
        token = served.client.headers["Authorization"].removeprefix("Bearer ")
        named = set()

        def look(answer):
            named.add((answer["batch_id"], *(row["batch_id"] for row in answer["results"])))

        with Load(served.port, token, clients=2) as idle:
            threading.Event().wait(2.0)
        publisher = CONTEXT.Process(target=publish_big, args=(store_url, customers), daemon=True)
        with Load(served.port, token, clients=2, look=look) as load:
            publisher.start()
            publisher.join()
            threading.Event().wait(1.0)
    assert publisher.exitcode == 0
    before, meanwhile = (float(np.percentile(each.took, 99)) for each in (idle, load))
    print(
        f"{customers} customers: {load.answers} reads, p99 {before:.4f} s, then {meanwhile:.4f} s"
    )
    assert set(load.statuses) == {"200"}, load.statuses
    assert ("big", "big") in named
    assert all(len(set(each)) == 1 for each in named), "no answer mixes two batches"
    assert customers < 1_000_000 or meanwhile <= 2 * before + LITTLE
