"""Texts that would be SQL, were they put into a statement: on every way in, on both stores."""

import hashlib

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from serving.runtime import Runtime
from serving.store.tasks import LONGEST_OWNER, Tasks
from serving.store.views import Views
from serving.store.write_tables import every_table
from serving.web.app import build, with_layers
from tests.serving.made import LIST, NOW, READ, made_settings, publish

TAILS = (
    "' OR '1'='1",
    '" OR "1"="1',
    "' OR 1=1 --",
    "' OR 1=1 #",
    "'; DROP TABLE scores; --",
    "'; DELETE FROM orders; SELECT '",
    "'); DROP TABLE tokens; --",
    "' UNION SELECT digest FROM tokens --",
    "' UNION ALL SELECT NULL, NULL, NULL --",
    "%",
    "_____",
    "%' --",
    "\\' OR 1=1 --",
    "' AND pg_sleep(5) --",
    "' || (SELECT secret FROM store_info) || '",
    "1; UPDATE scores SET churn_probability = 0",
    "$$; DROP TABLE views; $$",
    "%(id_0)s",
    ":id_0",
    "?",
    "{0}",
    "' COLLATE NOCASE --",
    "E'\\x27 OR TRUE'",
    "0x27204f5220313d31",
    "CHAR(39)",
)
HEADS = ("", "00004", "high", "-value_at_risk", "2024-07-01")
WAYS = (
    str,
    str.swapcase,
    lambda text: text.replace(" ", "/**/"),
    lambda text: text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"),
)
PAYLOADS = [way(f"{head}{tail}") for way in WAYS for head in HEADS for tail in TAILS]
WRITES = [text for text in PAYLOADS[::9] if len(text) <= LONGEST_OWNER]


@pytest.fixture
def runtime(tmp_path, store_url):
    settings = made_settings(tmp_path, requests_per_minute=10**9)
    runtime = Runtime(clock=lambda: NOW)
    runtime.open(settings.model_copy(update={"store": store_url}))
    yield runtime
    runtime.close()


def content_of(database, *names):
    """A digest of all rows of some tables."""
    digest = hashlib.sha256()
    with database.read() as connection:
        for name in names:
            table = every_table.tables[name]
            rows = connection.execute(select(table).order_by(*table.primary_key)).all()
            digest.update(repr(rows).encode())
    return digest.hexdigest()


TABLES = ("scores", "orders", "current", "batches", "tokens", "store_info")


def test_s9_five_hundred_texts_are_data_and_nothing_else(runtime, token_of):
    assert len(PAYLOADS) == 500
    publish(runtime.store)
    app = with_layers(build(runtime), runtime)
    with TestClient(app, headers=token_of(READ, LIST), raise_server_exceptions=False) as client:
        before = content_of(runtime.store.database, *TABLES)
        for text in PAYLOADS:
            asked = client.get("/v1/customers", params={"q": text, "limit": 5})
            assert (asked.status_code, asked.json()["items"]) == (200, []), text
            for name in ("risk_tier", "sort", "cursor", "min_value_at_risk", text):
                assert client.get("/v1/customers", params={name: text}).status_code == 422, text
        for start in range(0, len(PAYLOADS), 50):
            ids = PAYLOADS[start : start + 50]
            answer = client.post("/v1/scores", json={"customer_ids": [*ids, "00004"]}).json()
            statuses = [row["score_status"] for row in answer["results"]]
            assert statuses == ["unknown"] * len(ids) + ["scored"]
        # Of one customer alone, by the statements of these ways.
        for text in WRITES:
            lookup = runtime.lookup
            for found in (lookup.customer(text), lookup.orders(text), lookup.history(text)):
                assert not found.is_known, text
        assert content_of(runtime.store.database, *TABLES) == before


def test_s9_what_people_write_is_kept_as_they_wrote_it(runtime):
    publish(runtime.store)
    database = runtime.store.database
    # An erasure is written into the audit trail, whose end stands in `store_info`.
    kept = [name for name in TABLES if name != "store_info"]
    before = content_of(database, *kept)
    tasks, views = Tasks(database, lambda: NOW), Views(database, lambda: NOW)
    for text in WRITES:
        tasks.assign(text, text, "2024-07-05", "abcd")
        assert tasks.of([text])[text].owner == " ".join(text.split())
        views.save(text, f"q={text}", "abcd")
        assert [view.query for view in views.all()] == [f"q={text}"]
        views.remove(views.all()[0].name)
    assert {task.customer_id for task in tasks.open()} <= set(WRITES)
    for text in WRITES:
        with database.write() as connection:
            runtime.store.erase(connection, text, who="abc", now=NOW)
    assert tasks.open() == []
    assert content_of(database, *kept) == before
