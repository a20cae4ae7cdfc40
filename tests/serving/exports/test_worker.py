"""Exports made from a store on either database: what is in them, and what becomes of them."""

import csv
import hashlib
import io
import json
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from retention.scores import SCORE_FIELDS
from serving.exports.asked import Asked
from serving.exports.erasing import erase_customer
from serving.exports.worker import Exporter
from serving.store import export_jobs
from serving.store.audit import fault
from serving.store.export_jobs import Job
from serving.store.listing import NOT_LAPSED, Filters
from tests.serving.made import NOW, made_batch, made_orders, made_rows, publish, until

QUOTA = 10_000


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def exporter(store, tmp_path, clock):
    return Exporter(store, folder=tmp_path / "exports", rows_per_day=QUOTA, clock=clock)


def ask(exporter, batch_id="b1", token="crm", **asked):  # noqa: S107 - a name
    with exporter.store.database.write() as connection:
        job = export_jobs.add(
            connection,
            asked=Asked(**{"format": "csv", **asked}).as_text(),
            batch_id=batch_id,
            token_prefix=token,
            now=exporter.clock(),
        )
    return job.export_id


def state_of(exporter, export_id) -> Job:
    job = export_jobs.find(exporter.store.database, export_id)
    assert job is not None
    return job


def claimed(exporter) -> Job:
    job = export_jobs.claim(exporter.store.database, exporter.owner, exporter.clock())
    assert job is not None
    return job


def made(exporter, **asked):
    export_id = ask(exporter, **asked)
    assert exporter.work()
    job = state_of(exporter, export_id)
    assert job.error is None
    return job


def rows_of(exporter, job):
    text = exporter.path_of(job).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_csv_holds_every_customer_once_and_all_fields(exporter):
    publish(exporter.store)
    job = made(exporter)
    rows = rows_of(exporter, job)
    assert tuple(rows[0]) == SCORE_FIELDS
    assert [row["customer_id"] for row in rows] == [f"{i:05d}" for i in range(300)]
    made_one = made_rows().set_index("customer_id").loc["00004"]
    assert float(rows[4]["predicted_clv"]) == pytest.approx(made_one["predicted_clv"], abs=1e-4)
    assert rows[4]["model_version"] == "7"
    assert rows[9]["predicted_clv"] == ""
    assert json.loads(rows[9]["missing"]) == {"churn_probability": "inactive"}


def test_the_state_tells_rows_bytes_and_sha256_of_the_file(exporter):
    publish(exporter.store)
    job = made(exporter)
    path = exporter.path_of(job)
    content = path.read_bytes()
    assert (job.status, job.rows, job.bytes) == ("done", 300, len(content))
    assert job.sha256 == hashlib.sha256(content).hexdigest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_parquet_holds_what_is_stored(exporter):
    batch = made_batch()
    rows = made_rows(batch)
    rows.loc[3, "customer_id"] = "=1+1"
    orders = made_orders()
    exporter.store.publish(batch, rows, orders[orders["customer_id"] != "00003"])
    job = made(exporter, format="parquet")
    table = pq.read_table(exporter.path_of(job)).to_pandas().set_index("customer_id")
    assert "=1+1" in table.index
    assert table.loc["00004", "predicted_clv"] == rows.loc[4, "predicted_clv"]
    assert table["days_since_last"].dtype == "float64"  # whole numbers with nulls, in pandas
    assert job.sha256 == hashlib.sha256(exporter.path_of(job).read_bytes()).hexdigest()


def test_a_filter_and_fields_narrow_the_file(exporter):
    publish(exporter.store)
    filters = Filters(risk_tier=("high",), lifecycle_status=NOT_LAPSED, min_value_at_risk=20.0)
    fields = ("risk_tier", "value_at_risk")
    rows = rows_of(exporter, made(exporter, filters=filters, fields=fields))
    page, _ = exporter.store.page("b1", filters, "customer_id", None, 300)
    assert list(rows[0]) == ["customer_id", *fields]
    assert [row["customer_id"] for row in rows] == [row["customer_id"] for row in page]
    assert {row["risk_tier"] for row in rows} == {"high"}


def changed_batch(store, change):
    batch = made_batch("b2", published_at=NOW)
    rows = made_rows(batch)
    change(rows)
    store.publish(batch, rows, made_orders())


@pytest.mark.parametrize(
    ("field", "to", "is_exported"),
    [
        ("risk_tier", "unheard", True),
        ("value_tier", "unheard", True),
        ("lifecycle_status", "won_back", True),
        ("churn_probability", 0.01, True),
        ("churn_probability", 0.009, False),
        ("predicted_clv", 0.01, True),
        ("value_at_risk", -0.01, True),
        ("value_at_risk", 0.004, False),
        ("value_at_risk", None, True),
        ("days_since_last", 1, False),
    ],
)
def test_changed_since_holds_who_changed(exporter, field, to, is_exported):
    publish(exporter.store)

    def change(rows):
        new = rows.loc[4, field] + to if isinstance(to, int | float) else to
        rows.loc[4, field] = new

    changed_batch(exporter.store, change)
    rows = rows_of(exporter, made(exporter, batch_id="b2", changed_since="b1"))
    assert [row["customer_id"] for row in rows] == ["00004"] * is_exported


def test_changed_since_holds_who_is_new_and_joins_with_filters(exporter):
    publish(exporter.store, made_batch(customers=298))
    publish(exporter.store, made_batch("b2", published_at=NOW))
    of_all = rows_of(exporter, made(exporter, batch_id="b2", changed_since="b1"))
    assert {"00298", "00299"} <= {row["customer_id"] for row in of_all}
    filters = Filters(q="0029")
    some = rows_of(exporter, made(exporter, batch_id="b2", changed_since="b1", filters=filters))
    assert {"00298", "00299"} <= {row["customer_id"] for row in some}
    assert all("0029" in row["customer_id"] for row in some)


def test_many_chunks_make_one_file(exporter):
    publish(exporter.store, made_batch(customers=6001))
    rows = rows_of(exporter, made(exporter, fields=("risk_tier",)))
    assert [row["customer_id"] for row in rows] == [f"{i:05d}" for i in range(6001)]


def test_an_export_is_made_by_one_of_many_workers(exporter, clock):
    publish(exporter.store)
    ids = {ask(exporter) for _ in range(5)}
    others = [
        Exporter(exporter.store, folder=exporter.folder, rows_per_day=QUOTA, clock=clock)
        for _ in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda each: sum(iter(each.work, False)), others))
    assert sum(done) == 5
    jobs = export_jobs.with_files(exporter.store.database)
    assert {job.export_id for job in jobs} == ids
    assert {path.name for path in exporter.folder.iterdir()} == {
        others[0].path_of(job).name for job in jobs
    }


def test_an_export_that_a_dead_worker_had_is_taken_up_again(exporter, clock):
    publish(exporter.store)
    export_id = ask(exporter)
    dead = Exporter(exporter.store, folder=exporter.folder, rows_per_day=QUOTA, clock=clock)
    job = claimed(dead)
    exporter.folder.mkdir()
    dead.path_of(job).write_text("half a fi")
    assert not exporter.work(), "it may be at it still"
    clock.now += timedelta(minutes=1)
    assert exporter.work()
    job = state_of(exporter, export_id)
    assert (job.status, job.owner, job.rows) == ("done", exporter.owner, 300)
    exporter.sweep()
    assert [path.name for path in exporter.folder.iterdir()] == [exporter.path_of(job).name]
    assert not export_jobs.say_alive(exporter.store.database, job, clock())


def test_the_thread_makes_what_is_queued_and_ends(exporter):
    publish(exporter.store)
    before = set(threading.enumerate())
    exporter.start()
    try:
        export_id = ask(exporter)
        exporter.wake()
        until(lambda: state_of(exporter, export_id).status == "done")
    finally:
        exporter.stop()
    left = set(threading.enumerate()) - before
    assert not [t for t in left if t.name == "exports" and t.is_alive()]


def test_a_file_is_kept_seven_days(exporter, clock):
    publish(exporter.store)
    job = made(exporter)
    clock.now += timedelta(days=7)
    exporter.sweep()
    assert exporter.path_of(job).exists()
    clock.now += timedelta(seconds=1)
    exporter.sweep()
    assert not exporter.path_of(job).exists()
    assert state_of(exporter, job.export_id).status == "expired"


def erase(exporter, customer_id):
    store = exporter.store
    with store.database.write() as connection:
        return erase_customer(store, connection, customer_id, who="abc", now=exporter.clock())


def test_s16_erasing_a_customer_removes_the_files_that_hold_the_customer(exporter):
    publish(exporter.store)
    whole = made(exporter)
    with_her = made(exporter, filters=Filters(q="00004"), format="parquet")
    without = made(exporter, filters=Filters(q="00005"))
    erase(exporter, "00004")
    exporter.sweep()
    found = {j: state_of(exporter, j.export_id) for j in (whole, with_her)}
    assert {job.status for job in found.values()} == {"erased"}
    assert exporter.path_of(without).exists()
    assert [path.name for path in exporter.folder.iterdir()] == [exporter.path_of(without).name]
    assert len(rows_of(exporter, made(exporter))) == 299


def test_s16_an_export_made_across_an_erasure_is_made_anew(exporter):
    publish(exporter.store)
    database = exporter.store.database
    export_id = ask(exporter)
    job = claimed(exporter)
    before = export_jobs.erasures_so_far(database)
    erase(exporter, "00004")
    told = {"rows": 300, "size": 1, "sha256": "0" * 64, "now": exporter.clock()}
    assert not export_jobs.finish(database, database.secret, job, erasures_before=before, **told)
    assert state_of(exporter, export_id).status == "running"


def test_s21_a_token_may_export_so_many_rows_a_day(exporter, clock):
    publish(exporter.store)
    exporter.rows_per_day = 500
    made(exporter)
    export_id = ask(exporter)
    exporter.work()
    job = state_of(exporter, export_id)
    assert job.status == "failed"
    assert "may export 500 rows in 24 hours" in (job.error or "")
    assert made(exporter, token="other").rows == 300
    clock.now += timedelta(hours=25)
    assert made(exporter).rows == 300


def test_s18_every_export_is_in_the_audit_trail(exporter):
    publish(exporter.store)
    job = made(exporter, token="crm")
    with exporter.store.database.read() as connection:
        assert fault(connection, exporter.store.database.secret) == ""
        row = connection.exec_driver_sql('SELECT who, what, "count" FROM audit').one()
    assert tuple(row) == ("crm", "export", job.rows)


def test_hashed_e_mails_stand_beside_the_ids_that_have_one(exporter, tmp_path):
    publish(exporter.store)
    exporter.emails = tmp_path / "emails.csv"
    exporter.emails.write_text("customer_id,email\n00004, Ann@Mail.Example \n00005,\n")
    rows = rows_of(exporter, made(exporter, hashed_email=True, preset="klaviyo"))
    known = hashlib.sha256(b"ann@mail.example").hexdigest()
    assert [row["email_sha256"] for row in rows[4:6]] == [known, ""]
    assert list(rows[0])[:2] == ["external_id", "email_sha256"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("id,mail\n1,2\n", "lacks the column customer_id"), (None, "cannot be read")],
)
def test_a_file_of_e_mails_that_cannot_be_used_fails_the_export(
    exporter, tmp_path, content, sentence
):
    publish(exporter.store)
    exporter.emails = tmp_path / "emails.csv"
    if content is not None:
        exporter.emails.write_text(content)
    export_id = ask(exporter, hashed_email=True)
    exporter.work()
    job = state_of(exporter, export_id)
    assert job.status == "failed"
    assert sentence in (job.error or "")
    assert str(tmp_path) not in (job.error or "")


def test_a_batch_that_is_gone_fails_the_export(exporter):
    publish(exporter.store)
    export_id = ask(exporter, batch_id="nowhere")
    exporter.work()
    job = state_of(exporter, export_id)
    assert (job.status, "no longer kept" in (job.error or "")) == ("failed", True)
