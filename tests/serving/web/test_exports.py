"""The routes of exports: asked for, followed, fetched; by whom, and what is refused."""

import csv
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving.exports.asked import Asked
from serving.exports.presets import FIELDS, PRESETS
from serving.store.export_rows import CHANGED, MOVED
from serving.store.listing import Filters
from serving.store.scopes import SCOPES
from serving.web.exports import ExportIn, FilterIn
from serving.web.write_operations import STATUSES
from tests.serving.made import LIST, READ, made_batch, publish, until

EXPORT, EMAILS, ERASE = "export", "export:emails", "erase"


@pytest.fixture
def client(anonymous, token_of):
    anonymous.headers.update(token_of(READ, LIST, EXPORT, ERASE))
    return anonymous


def done(client, **body):
    answer = client.post("/v1/exports", json=body)
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    assert place == f"/v1/exports/{answer.json()['export_id']}"
    until(lambda: client.get(place).json()["status"] not in ("queued", "running"))
    state = client.get(place).json()
    assert state["status"] == "done", state
    return place, state


def test_an_export_is_asked_for_followed_and_fetched(client):
    place, state = done(client, filter={"risk_tier": ["high"]}, fields=["risk_tier"])
    assert (state["batch_id"], state["stale"], state["format"]) == ("b1", False, "csv")
    assert state["expires_at"] == "2024-07-08T06:00:00Z"
    file = client.get(f"{place}/file")
    assert file.status_code == 200
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"perennial-b1-{state['export_id']}.csv" in file.headers["content-disposition"]
    assert (len(file.content), hashlib.sha256(file.content).hexdigest()) == (
        state["bytes"],
        state["sha256"],
    )
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    assert len(rows) == state["rows"]
    assert {row["risk_tier"] for row in rows} == {"high"}


def test_a_file_can_be_fetched_in_parts(client):
    place, state = done(client)
    whole = client.get(f"{place}/file").content
    part = client.get(f"{place}/file", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["etag"] == f'"{state["sha256"]}"'


def test_parquet_and_presets(client):
    place, _ = done(client, format="parquet", preset="salesforce")
    file = client.get(f"{place}/file")
    assert file.headers["content-type"] == "application/vnd.apache.parquet"
    assert file.content[:4] == b"PAR1"
    assert b"Churn_Probability__c" in file.content


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"format": "xlsx"}, 422),
        ({"fields": ["password"]}, 422),
        ({"preset": "mailchimp"}, 422),
        ({"filter": {"risk_tier": ["huge"]}}, 422),
        ({"filter": {"min_churn_probability": 2}}, 422),
        ({"filter": {"colour": "red"}}, 422),
        ({"filter": {"q": "a\x00b"}}, 422),
        ({"format": "../../etc/passwd"}, 422),
        ({"colour": 1}, 422),
        ({"changed_since": "nowhere"}, 404),
        ({"hashed_email": True}, 403),
    ],
)
def test_what_no_export_can_be_is_refused(client, body, status):
    answer = client.post("/v1/exports", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "odd", ["nowhere", "..%2F..%2Fetc%2Fpasswd", "%00", "a" * 500, "'; DROP TABLE exports; --"]
)
def test_s12_an_id_that_no_export_has_is_404(client, odd):
    for tail in ("", "/file"):
        assert client.get(f"/v1/exports/{odd}{tail}").status_code == 404


def test_s7_exports_need_their_scopes(anonymous, token_of):
    for scopes in [(READ,), (LIST,), (EMAILS,), (ERASE,)]:
        header = token_of(*scopes)
        assert anonymous.post("/v1/exports", json={}, headers=header).status_code == 403
        assert anonymous.get("/v1/exports/x", headers=header).status_code == 403
        assert anonymous.get("/v1/exports/x/file", headers=header).status_code == 403
    assert anonymous.post("/v1/exports", json={}).status_code == 401


def test_hashed_e_mails_need_a_scope_a_setting_and_the_scope_again(client, runtime, token_of):
    both = token_of(EXPORT, EMAILS)
    body = {"hashed_email": True}
    assert client.post("/v1/exports", json=body, headers=both).status_code == 409
    runtime.exporter.emails = runtime.settings.var / "emails.csv"
    runtime.exporter.emails.write_text("customer_id,email\n00004,a@b.example\n")
    answer = client.post("/v1/exports", json=body, headers=both)
    assert answer.status_code == 202
    place = answer.headers["location"]
    until(lambda: client.get(place).json()["status"] == "done")
    assert client.get(f"{place}/file").status_code == 403
    assert client.get(f"{place}/file", headers=both).status_code == 200


def test_r36_a_retried_export_is_made_once(client, runtime):
    header = {"Idempotency-Key": "nightly-2024-07-01"}
    # As many at once as a token has turns: more would wait, and on a slow machine be refused.
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: client.post("/v1/exports", json={}, headers=header), range(40))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    with runtime.store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM exports").scalar() == 1
    same = client.post("/v1/exports", json={"format": "csv", "fields": []}, headers=header)
    assert same.text == answers[0].text, "what is left out is what its default says"
    other = client.post("/v1/exports", json={"format": "parquet"}, headers=header)
    assert other.status_code == 409


@pytest.mark.parametrize("key", ["", "ü", "a b", "x" * 201])
def test_a_key_that_is_none_is_422(client, key):
    header = {"Idempotency-Key": key.encode()}
    assert client.post("/v1/exports", json={}, headers=header).status_code == 422


def test_s21_the_quota_of_a_token_is_429_with_the_time_to_wait(client, runtime):
    runtime.exporter.rows_per_day = 300
    done(client)
    answer = client.post("/v1/exports", json={})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_an_export_that_is_not_done_has_no_file_yet(client, runtime):
    runtime.exporter.stop()
    answer = client.post("/v1/exports", json={}).json()
    file = client.get(f"/v1/exports/{answer['export_id']}/file")
    assert file.status_code == 409
    assert "queued" in file.json()["detail"]


def test_before_the_first_batch_an_export_is_503(bare, token_of):
    answer = bare.post("/v1/exports", json={}, headers=token_of(EXPORT))
    assert answer.status_code == 503


def test_an_export_is_of_the_batch_that_was_current(client, runtime):
    place, _ = done(client)
    publish(runtime.store, made_batch("b2"))
    assert client.get(place).json()["batch_id"] == "b1"


def test_the_filters_are_those_of_the_list():
    assert set(FilterIn.model_fields) == set(Filters().as_dict())
    assert ExportIn().asked() == Asked("csv")
    body = ExportIn(filter=FilterIn(risk_tier=["high"], min_value_at_risk=1.5))
    assert body.asked().filters == Filters(risk_tier=("high",), min_value_at_risk=1.5)
    assert Asked.of_text(body.asked().as_text()) == body.asked()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_gives_every_field_a_name_of_its_own(name):
    names = [PRESETS[name].name_of(field) for field in ("customer_id", "email_sha256", *FIELDS)]
    assert len(set(names)) == len(names)
    assert list(Asked("csv", preset=name).columns) == [names[0], *names[2:]]
    assert all(len(each) <= 43 for each in names), "Salesforce takes 40 characters and __c"


def test_the_pages_on_exports_name_every_field_preset_and_status():
    docs = Path(__file__).parents[3] / "docs"
    api, presets = ((docs / f"{name}.md").read_text("utf-8") for name in ("api", "presets"))
    for name in (*ExportIn.model_fields, *SCOPES, *STATUSES, *CHANGED, *MOVED):
        assert f"`{name}`" in api, name
    for name in (*PRESETS, *FIELDS):
        assert f"`{name}`" in presets, name
