import asyncio

import orjson
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from serving.web.problem import ProblemMiddleware
from tests.serving.made import LIST

JSON = {"content-type": "application/json"}


def answering(answer):
    async def handler(_request):
        if isinstance(answer, Exception):
            raise answer
        return answer

    app = ProblemMiddleware(Starlette(routes=[Route("/", handler)]))
    return TestClient(app, raise_server_exceptions=False).get("/")


def test_what_was_not_foreseen_is_500_and_tells_nothing():
    answer = answering(RuntimeError("customer 4711 at /srv/secret.db"))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "4711" not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (JSONResponse({"error": "1 validation error", "detail": [{"loc": ["a"]}]}, 400), 422),
        (JSONResponse([{"error": "bad JSON"}], 400), 422),
        (JSONResponse({"error": "timeout"}, 504), 503),
        (JSONResponse([], 409), 409),
        (PlainTextResponse("Not Found", 404), 404),
        (PlainTextResponse("{", 405, headers={"allow": "POST"}), 405),
        (PlainTextResponse("boom", 500), 500),
        (Response(status_code=404), 404),
        (PlainTextResponse(status_code=416, headers={"content-range": "bytes */9"}), 416),
    ],
)
def test_foreign_errors_become_problem_objects(answer, status):
    got = answering(answer)
    assert got.status_code == status
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["status"] == status
    assert got.json()["detail"]
    for name in ("allow", "content-range"):
        assert got.headers.get(name) == answer.headers.get(name)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=9-1", "bytes=", "lines=1-2"])
def test_a_range_that_a_file_does_not_have_is_a_problem_object(client, asked):
    got = client.get("/static/favicon.svg", headers={"range": asked})
    assert got.status_code == 416
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["status"] == 416
    assert "without the header Range" in got.json()["detail"]
    whole = client.get("/static/favicon.svg")
    if asked == "bytes=99999999-":
        assert got.headers["content-range"] == f"bytes */{len(whole.content)}"
    part = client.get("/static/favicon.svg", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, whole.content[:4])


def test_pages_and_good_answers_pass_unchanged():
    page = Response("<p>no such customer", 404, media_type="text/html")
    assert answering(page).text == "<p>no such customer"
    assert answering(JSONResponse([1])).json() == [1]


def test_a_request_that_takes_too_long_is_503():
    async def handler(_request):
        await asyncio.Event().wait()

    app = ProblemMiddleware(Starlette(routes=[Route("/", handler)]), deadline=0.05)
    answer = TestClient(app).get("/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_the_faults_of_a_body_are_named_without_what_was_sent(client):
    answer = client.post("/v1/scores", content=b'{"customer_ids": [4711]}', headers=JSON)
    assert answer.json()["errors"][0]["where"] == "customer_ids.0"
    assert "4711" not in answer.text


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.bentoml+pickle",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/jsonp",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/v1/scores", "/predict"])
def test_another_content_type_is_415(client, path, kind):
    answer = client.post(path, content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415


def test_a_compressed_body_is_415(client):
    headers = {**JSON, "content-encoding": "gzip"}
    assert client.post("/v1/scores", content=b"{}", headers=headers).status_code == 415


def test_a_charset_does_not_matter(client):
    headers = {"content-type": "application/json; charset=utf-8"}
    body = orjson.dumps({"customer_ids": []})
    assert client.post("/v1/scores", content=body, headers=headers).status_code == 200


def test_a_long_body_is_413_by_its_announced_length(client):
    answer = client.post("/v1/scores", content=b" " * (1024 * 1024 + 1), headers=JSON)
    assert answer.status_code == 413
    assert "1048576 bytes" in answer.json()["detail"]


def test_a_long_body_is_413_while_it_streams(client):
    def parts():
        for _ in range(20):
            yield b" " * 100_000

    assert client.post("/v1/scores", content=parts(), headers=JSON).status_code == 413


def test_an_error_of_the_scope_comes_before_one_of_the_body(anonymous, token_of):
    answer = anonymous.post("/v1/scores", content=b"x", headers=token_of(LIST))
    assert answer.status_code == 403
