import re

import pytest

from serving.web.rates import MINUTE, WRONG_TOKENS, Windows, WrongTokens, source_of
from tests.serving.made import LIST, READ, made_settings
from tests.serving.pages.browsing import sign_in

ONE = "/v1/customers/00004"


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_window_lasts_a_minute_from_its_first_event():
    clock = Clock()
    windows = Windows(clock)
    assert windows.get("a") == (0, 0.0)
    assert windows.add("a") == (1, MINUTE)
    clock.now = 20
    assert windows.add("a") == (2, MINUTE - 20)
    assert windows.add("b") == (1, MINUTE)
    clock.now = MINUTE
    assert windows.add("a") == (1, MINUTE)


def test_an_answer_tells_how_much_of_the_limit_is_left(client):
    first, second = client.get(ONE).headers, client.get("/v1/customers/nobody").headers
    assert first["ratelimit-limit"] == "600000"
    assert int(first["ratelimit-remaining"]) == int(second["ratelimit-remaining"]) + 1
    assert 1 <= int(second["ratelimit-reset"]) <= 60


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/customers/nobody", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/exports/none", 403),
        ("POST", "/v1/erasures", 403),
        ("DELETE", "/v1/customers", 405),
    ],
)
def test_a_refusal_counts_and_tells_how_much_of_the_limit_is_left(client, method, path, status):
    first, second = client.request(method, path), client.request(method, path)
    assert (first.status_code, second.status_code) == (status, status)
    left = [int(each.headers["ratelimit-remaining"]) for each in (first, second)]
    assert left[0] == left[1] + 1
    assert second.headers["ratelimit-limit"] == "600000"
    assert 1 <= int(second.headers["ratelimit-reset"]) <= 60


def test_without_a_token_nothing_is_told_of_a_limit(anonymous):
    assert "ratelimit-limit" not in anonymous.get("/v1/customers").headers


class TestFewRequests:
    @pytest.fixture
    def settings(self, tmp_path):
        return made_settings(tmp_path, requests_per_minute=20)

    def test_s8_one_token_beyond_its_limit_is_429_and_another_is_served(self, anonymous, token_of):
        greedy, other = token_of(READ), token_of(READ)
        statuses = [anonymous.get(ONE, headers=greedy).status_code for _ in range(200)]
        assert statuses == [200] * 20 + [429] * 180
        refused = anonymous.get(ONE, headers=greedy)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit-remaining"] == "0"
        assert refused.headers["content-type"] == "application/problem+json"
        assert anonymous.get(ONE, headers=other).status_code == 200
        assert anonymous.get("/livez").status_code == 200

    def test_s8_a_browser_beyond_its_limit_gets_a_page_that_says_so(self, anonymous, runtime):
        sign_in(anonymous, runtime)
        for _ in range(20):
            assert anonymous.get("/customers/00004").status_code == 200
        refused = anonymous.get("/customers?risk_tier=high&q=%22")
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in refused.headers["content-security-policy"]
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert "<h1>Too much for now</h1>" in refused.text
        assert "More than 20 requests of this token in a minute; ask less often." in refused.text
        assert re.search(r"Try again in \d+ seconds?\.|Try again in 1 minute\.", refused.text)
        assert 'href="/customers?risk_tier=high&amp;q=%22"' in refused.text

    def test_s8_a_program_beyond_its_limit_gets_the_object_on_a_page_too(self, anonymous, token_of):
        greedy = token_of(READ, LIST)
        answers = [anonymous.get("/model", headers=greedy) for _ in range(21)]
        assert answers[-1].status_code == 429
        assert answers[-1].headers["content-type"] == "application/problem+json"


def test_s8_ten_wrong_tokens_a_minute_and_valid_ones_still_pass(anonymous, token_of):
    wrong = {"Authorization": "Bearer pk_aaaaaaaa_wrong"}
    for _ in range(30):
        assert anonymous.get(ONE).status_code == 401
    statuses = [anonymous.get(ONE, headers=wrong).status_code for _ in range(30)]
    assert statuses == [401] * WRONG_TOKENS + [429] * (30 - WRONG_TOKENS)
    assert anonymous.get(ONE, headers=token_of(READ)).status_code == 200
    assert anonymous.get(ONE).status_code == 401
    # The form guesses no faster than the header.
    form = anonymous.post("/sign-in", data={"token": "pk_aaaaaaaa_wrong"})
    assert form.status_code == 429


def test_addresses_of_one_network_count_as_one():
    def scope(host):
        return {"client": (host, 1)}

    assert source_of(scope("2001:db8::1")) == source_of(scope("2001:db8::ffff:1"))
    assert source_of(scope("2001:db8:0:1::1")) != source_of(scope("2001:db8::1"))
    assert source_of(scope("10.0.0.1")) != source_of(scope("10.0.0.2"))
    assert source_of({}) == ""


def test_old_names_make_room():
    wrong = WrongTokens()
    for number in range(20_000):
        wrong.windows.add(str(number))
    assert len(wrong.windows._windows) <= 10_000


class TestSmallQuota:
    @pytest.fixture
    def settings(self, tmp_path):
        return made_settings(tmp_path, rows_per_day=100)

    def test_s21_a_token_lists_its_rows_a_day_and_no_more(self, anonymous, token_of, runtime):
        greedy, other = token_of(LIST, READ), token_of(LIST)
        rows, statuses = 0, []
        for _ in range(10):
            answer = anonymous.get("/v1/customers?limit=30", headers=greedy)
            statuses.append(answer.status_code)
            rows += len(answer.json().get("items", []))
        assert statuses == [200] * 4 + [429] * 6
        assert rows <= 100 + 30
        # The clock stands at 06:00, so midnight is 18 hours away.
        assert int(answer.headers["retry-after"]) == 18 * 3600 + 1
        assert anonymous.get("/v1/customers?limit=30", headers=other).status_code == 200
        assert anonymous.get(ONE, headers=greedy).status_code == 200
        runtime.usage.flush()

    def test_s21_a_browser_beyond_its_quota_gets_a_page_that_says_so(self, anonymous, runtime):
        sign_in(anonymous, runtime)
        statuses = [anonymous.get("/customers").status_code for _ in range(10)]
        assert statuses[0] == 200
        refused = anonymous.get("/customers")
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "text/html; charset=utf-8"
        assert "This token has listed the 100 customers that it may in a day" in refused.text
        assert "Try again in 19 hours." in refused.text
        assert anonymous.get("/customers/00004").status_code == 200
