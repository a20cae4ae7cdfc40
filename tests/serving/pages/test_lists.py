"""The page of all lists: what was made, and the audience filter."""

from serving.lists import service
from serving.lists.words import STATUS_WORDS
from tests.serving.made import NOW
from tests.serving.pages.browsing import sign_in
from tests.serving.pages.listing import list_maker, make_list


def test_an_audience_is_counted_without_a_script(visitor):
    text = visitor.get("/lists?risk_tier=high").text
    counted = visitor.get("/counts?risk_tier=high").text.strip()
    assert counted in text
    assert counted.startswith("<strong>")


def test_a_value_that_no_audience_has_is_named(visitor):
    answer = visitor.get("/lists?value_tier=best")
    assert answer.status_code == 422
    assert "There is no value tier “best”" in answer.text


def test_without_the_scope_the_page_says_which_one_is_needed(runtime, visitor):
    sign_in(visitor, runtime)
    text = visitor.get("/lists").text
    assert "sign in with a token that has the scope <code>lists</code>" in text
    assert "/lists/new" not in text
    assert visitor.get("/lists/new").status_code == 403


def test_older_lists_stand_on_a_further_page(runtime, bare):
    client = list_maker(runtime, bare)
    for name in ("first", "second"):
        assert make_list(client, list_id=name).status_code == 303
    page = service.page_of_lists(runtime.store, runtime.settings, NOW, limit=1)
    text = client.get("/lists", params={"older": page["next_cursor"]}).text
    assert 'href="/lists/first"' in text
    assert 'href="/lists/second"' not in text
    assert "Newest lists" in text
    assert 'href="/lists/second"' in client.get("/lists?older=nonsense").text


def test_lists_stand_newest_first_with_what_they_promise(runtime, bare):
    client = list_maker(runtime, bare)
    for name in ("first", "second"):
        assert make_list(client, list_id=name).status_code == 303
    text = client.get("/lists").text
    assert text.index('href="/lists/second"') < text.index('href="/lists/first"')
    assert text.count('">open</span>') == 2
    assert text.count(f'title="{STATUS_WORDS["open"]}"') == 2
    assert f"<strong>final</strong>: {STATUS_WORDS['final']}" in text
