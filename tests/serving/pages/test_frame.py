"""The frame around every page: navigation, sign-in and sign-out, what a form must carry."""

import re

import pytest

from serving.pages.frame import NAVIGATION
from serving.store.tokens import SESSION_COOKIE
from tests.serving.made import promote
from tests.serving.pages.browsing import Links, csrf, sign_in
from tests.serving.pages.test_model_and_data import CARD

FORMS = (
    *("/sign-out", "/views/save", "/views/rename", "/views/remove"),
    *("/tasks/assign", "/tasks/done"),
)


@pytest.mark.parametrize(("key", "href", "name"), NAVIGATION)
def test_every_page_of_the_navigation_opens_and_is_marked(runtime, visitor, key, href, name):
    runtime.settings.models_dir.mkdir(parents=True, exist_ok=True)
    promote(runtime.settings.models_dir, card=CARD)
    runtime.holder.look()
    answer = visitor.get(href)
    assert answer.status_code == 200
    assert f'<a href="{href}" aria-current="page">{name}</a>' in answer.text
    assert answer.text.count('aria-current="page"') == 1
    assert "<h1" in answer.text


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("given", [None, "", "0" * 64, "é", "<script>"])
def test_a_form_without_the_sessions_mark_changes_nothing(visitor, path, given):
    data = {"name": "x"} if given is None else {"name": "x", "csrf": given}
    answer = visitor.post(path, data=data)
    assert answer.status_code == 403
    assert "This form was not accepted" in answer.text
    assert "script" not in Links(answer.text).tags
    assert visitor.get("/customers").status_code == 200


def test_the_mark_of_another_session_is_not_taken(runtime, visitor):
    others = csrf(visitor)
    sign_in(visitor, runtime)
    assert csrf(visitor) != others
    assert visitor.post("/sign-out", data={"csrf": others}).status_code == 403


def test_a_token_in_the_header_sends_no_forms(runtime, bare, token_of):
    headers = token_of("read:scores", "list:scores")
    answer = bare.post("/views/save", data={"name": "x", "csrf": ""}, headers=headers)
    assert answer.status_code == 403


def test_sign_out_ends_the_session(visitor):
    answer = visitor.post("/sign-out", data={"csrf": csrf(visitor)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert visitor.get("/customers").status_code == 303


@pytest.mark.parametrize(("scheme", "is_secure"), [("http", False), ("https", True)])
def test_the_session_cookie_is_kept_from_scripts_and_other_sites(runtime, bare, scheme, is_secure):
    text, _ = runtime.tokens.create(["read:scores"])
    answer = bare.post(f"{scheme}://testserver/sign-in", data={"token": text})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(SESSION_COOKIE)
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
    assert ("secure" in cookie) is is_secure


def test_every_form_that_changes_something_carries_the_mark(visitor):
    for path in ("/", "/customers", "/overview", "/portfolio", "/lists"):
        forms = [f for f in Links(visitor.get(path).text).forms if f["method"] == "post"]
        assert forms
        assert all(re.fullmatch("[0-9a-f]{64}", form["fields"]["csrf"]) for form in forms)


def test_the_script_is_kept_for_long_and_asks_for_a_session(visitor, bare):
    [script] = re.findall(r'<script src="([^"]+)" defer></script>', visitor.get("/lists").text)
    answer = visitor.get(script)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert visitor.get("/static/perennial.css").headers["cache-control"] == "no-cache"
    missing = visitor.get("/static/htmx-0.0.0.min.js")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers["cache-control"]
    bare.cookies.clear()
    assert bare.get(script).status_code == 401
