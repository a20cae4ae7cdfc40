from typing import cast

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from serving.service import asgi
from serving.store.scopes import SCOPES
from serving.store.tokens import SESSION_COOKIE
from serving.web.auth import REMEMBER_SECONDS
from serving.web.rules import RULES, find
from tests.serving.made import LIST, READ

OPEN = {"/livez", "/readyz", "/sign-in", "/static/perennial.css"}
PATHS = sorted(rule.path for rule in RULES)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
UNKNOWN = [
    "/nowhere",
    "/healthz",
    "/schema.json",
    "/v1",
    "/v1/",
    "/v1/scores/",
    "/predict/",
    "/static_content/main.js",
    "/assets/x",
    "/livez/",
    "/LIVEZ",
]


def a_path(template):
    return template.replace("{customer_id:path}", "00004").replace("{path:path}", "other.css")


@pytest.mark.parametrize("path", [a_path(path) for path in PATHS if path not in OPEN] + UNKNOWN)
def test_no_route_answers_without_a_token(anonymous, path):
    for method in METHODS:
        answer = anonymous.request(method, path)
        rule = find(method, path).rule
        if rule is not None and rule.is_page:
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), method
            continue
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


def test_every_route_of_the_service_has_a_rule():
    def templates(routes, prefix=""):
        for route in routes:
            inner = getattr(route, "routes", None)
            if isinstance(route, Mount) and inner:
                yield from templates(inner, prefix + route.path)
            elif not isinstance(route, Mount):
                yield prefix + route.path

    # BentoML's own pages have none on purpose: nobody is let through to them.
    unreachable = {"/healthz", "/schema.json"}
    served = set(templates(cast(Starlette, asgi()).routes)) - unreachable
    assert "/predict" in served
    assert "/v1/customers" in served
    assert served <= set(PATHS)


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_route_is_404_with_a_token(client, path):
    assert client.get(path).status_code in (404, 405)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        "Bearer ",
        "Bearer",
        "",
        "Basic cGs6",
        "pk_aaaaaaaa_bbbb",
        "Bearer pk_aaaaaaaa_bbbb",
        "Bearer pk__",
        "Bearer \xff",
    ],
)
def test_a_garbled_token_is_401(anonymous, header):
    answer = anonymous.get(
        "/v1/customers/00004", headers={"Authorization": header.encode("latin-1")}
    )
    assert answer.status_code == 401
    assert "unknown, expired or revoked" in answer.json()["detail"]


def test_the_right_token_under_another_scheme_is_401(anonymous, token_of):
    text = token_of(READ)["Authorization"].removeprefix("Bearer ")
    for header in (f"Basic {text}", text, f"Token {text}"):
        answer = anonymous.get("/v1/customers/00004", headers={"Authorization": header})
        assert answer.status_code == 401


def call(client, rule, headers):
    method = rule.methods[0]
    return client.request(
        method, a_path(rule.path), headers=headers, json={} if method == "POST" else None
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_opens_its_routes_and_no_others(anonymous, token_of, scope):
    headers = token_of(scope)
    for rule in RULES:
        if rule.is_open or rule.form:
            continue
        answer = call(anonymous, rule, headers)
        refused = rule.scope is not None and rule.scope != scope
        assert (answer.status_code == 403) is refused, rule.path
        if refused and not rule.is_page:
            assert rule.scope in answer.json()["detail"]
        assert answer.status_code not in (401, 500)


def test_another_method_is_405_and_names_the_right_one(client):
    answer = client.post("/v1/portfolio", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_a_revoked_token_ends_within_the_time_it_is_remembered(anonymous, runtime, token_of):
    headers = token_of(READ)
    assert anonymous.get("/v1/customers/00004", headers=headers).status_code == 200
    runtime.tokens.revoke(headers["Authorization"].split("_")[1])
    assert REMEMBER_SECONDS <= 5
    anonymous.app.shared.tokens._kept.clear()  # as after those seconds
    assert anonymous.get("/v1/customers/00004", headers=headers).status_code == 401


@pytest.fixture
def cookie(runtime):
    def make(*scopes):
        text, _ = runtime.tokens.create(scopes)
        secret, _ = runtime.tokens.create_session(text)
        return {"Cookie": f"{SESSION_COOKIE}={secret}"}

    return make


def test_a_session_opens_pages_and_reads_of_its_scopes(anonymous, cookie):
    both, read = cookie(READ, LIST), cookie(READ)
    for path in ("/", "/customers/00004", "/v1/customers", "/v1/portfolio", "/docs"):
        assert anonymous.get(path, headers=both).status_code == 200, path
    assert anonymous.get("/customers/00004", headers=read).status_code == 200
    assert anonymous.get("/v1/customers", headers=read).status_code == 403
    page = anonymous.get("/", headers=read)
    assert page.status_code == 403
    assert "list:scores" in page.text


def test_a_session_writes_nothing(anonymous, cookie):
    headers = cookie(READ, LIST)
    answer = anonymous.post("/v1/scores", json={"customer_ids": []}, headers=headers)
    assert answer.status_code == 401
    assert anonymous.post("/predict", json={}, headers=headers).status_code == 401


@pytest.mark.parametrize("content", ["x", "", "\x00", "a" * 5000])
def test_a_false_session_leads_to_the_sign_in_page(anonymous, content):
    answer = anonymous.get("/", headers={"Cookie": f"{SESSION_COOKIE}={content}".encode()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_form_of_another_site_is_refused(anonymous):
    for site in ("cross-site", "same-site"):
        answer = anonymous.post("/sign-in", data={"token": "x"}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403


def test_what_is_open_is_open(anonymous):
    for path in sorted(OPEN):
        assert anonymous.get(path).status_code == 200, path
    assert anonymous.get("/static/other.css").status_code == 401
