"""Reads: tags and 304, ids by an alphabet, one batch per answer."""

import socket
import sys

import pytest

from serving.web.bodies import MAX_ID
from tests.serving.made import made_batch, publish

READS = [
    "/v1/customers/00004",
    "/v1/customers/00004/orders",
    "/v1/customers/00004/history",
    "/v1/customers?risk_tier=high&limit=5",
    "/v1/portfolio",
    "/openapi.json",
]


@pytest.mark.parametrize("path", READS)
def test_a_read_that_the_client_has_is_304_without_a_body(client, path):
    first = client.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for sent in (tag, f'"other", W/{tag}', "*"):
        again = client.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_tag_changes_with_the_batch_and_with_the_query(client, runtime):
    path = "/v1/customers/00004"
    tag = client.get(path).headers["etag"]
    other = client.get("/v1/customers/00005").headers["etag"]
    assert other != tag
    publish(runtime.store, made_batch("b2"))
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_a_write_has_no_tag(client):
    answer = client.post("/v1/scores", json={"customer_ids": ["00004"]})
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_a_head_request_has_the_headers_and_no_body(client):
    answer = client.head("/v1/customers/00004")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == client.get("/v1/customers/00004").headers["etag"]


CONTROL = ["%00", "a%00b", "%0a", "%1f", "a%7f", "%0d%0aSet-Cookie:x"]


@pytest.mark.parametrize("asked", [*CONTROL, "x" * (MAX_ID + 1), "%2e" * 200])
@pytest.mark.parametrize("tail", ["", "/orders", "/history"])
def test_s12_an_id_beyond_the_alphabet_is_refused(client, asked, tail):
    answer = client.get(f"/v1/customers/{asked}{tail}")
    # A line end is in no path at all.
    assert answer.status_code == (404 if "%0a" in asked else 422)
    if answer.status_code == 422:
        assert "at most 128 characters and no control" in answer.json()["detail"]


def crooked():
    """300 ways to name another file."""
    ups = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "..;/", "%252e%252e%252f"]
    ends = ["etc/passwd", "var/scores.db", "models/current.json", "shop.yaml", "x", "%2froot"]
    for depth in range(1, 7):
        for up in ups:
            for end in ends:
                yield up * depth + end
    for end in ends:
        yield from (f"/{end}", f"%2f{end}", f"file:///{end}", f"C:%5c{end}", f"~/{end}")


def test_s12_no_path_leads_out_of_the_customers(client):
    payloads = list(crooked())
    assert len(payloads) >= 300
    for payload in payloads:
        answer = client.get(f"/v1/customers/{payload}")
        assert answer.status_code in (404, 422), payload
        assert b"root:" not in answer.content


def test_s12_no_static_file_outside_of_the_folder(client):
    for payload in crooked():
        assert client.get(f"/static/{payload}").status_code in (401, 404, 405), payload


def test_r28_ids_and_bodies_beyond_the_limits(client):
    long = client.post("/v1/scores", json={"customer_ids": ["x" * 129]})
    assert long.status_code == 422
    control = client.post("/v1/scores", json={"customer_ids": ["a\x00b"]})
    assert control.status_code == 422
    deep = client.post(
        "/v1/scores",
        content=b'{"customer_ids":' + b"[" * 100_000,
        headers={"content-type": "application/json"},
    )
    assert deep.status_code == 422
    big = client.post(
        "/v1/scores", content=b" " * (1024 * 1024 + 1), headers={"content-type": "application/json"}
    )
    assert big.status_code == 413


def test_s4_an_address_in_a_field_is_never_fetched(client):
    connects: list[object] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
            connects.append(arguments)

    sys.addaudithook(watch)
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.05)
        port = trap.getsockname()[1]
        hosts = ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433"]
        schemes = ["http", "https", "ftp", "file", "gopher"]
        urls = [f"{scheme}://{host}:{port}/x" for scheme in schemes for host in hosts]
        for url in urls:
            client.post("/v1/scores", json={"customer_ids": [url]})
            client.get("/v1/customers", params={"q": url})
            client.get(f"/v1/customers/{url}")
        before = len(connects)
        with pytest.raises(TimeoutError):
            trap.accept()
    assert before == 0, connects[:3]


@pytest.mark.parametrize("path", ["/v1/scores", "/predict", "/v1/erasures", "/v1/exports"])
def test_s4_multipart_is_415(client, token_of, path):
    files = {"body": ("x.json", b"{}", "application/json"), "url": (None, b"http://127.0.0.1/")}
    headers = token_of("read:scores", "erase", "export")
    assert client.post(path, files=files, headers=headers).status_code == 415
