"""Ids, names and searches that hold markup are shown as text on every page (S10)."""

from urllib.parse import quote

import pytest

from tests.browser.conftest import fits, sign_in
from tests.browser.payloads import PAYLOADS

# Those without an id in their path that the token of the shop may open.
ALL_PAGES = (
    *("/", "/overview", "/portfolio", "/customers", "/customers?sort=customer_id"),
    *("/lists", "/model", "/data"),
)


def walk(page, payloads):
    for payload in payloads:
        page.goto("/customers?q=" + quote(payload[:200]))
        link = page.locator("tbody .who a").first
        assert link.get_attribute("title") == payload
        assert fits(page)
        link.click()
        page.locator("h1").wait_for()
        assert page.locator("h1").inner_text().endswith(payload[-12:].strip())
        assert page.title() != "taken"
        assert fits(page)


def test_s10_ten_payloads_as_ids_run_nothing(shop, open_page):
    page = open_page(390)
    sign_in(page, shop.token)
    walk(page, PAYLOADS[:10])
    for payload in PAYLOADS[:10:3]:
        keep(page, payload)
        for path in ("/", "/customers", "/overview", "/portfolio"):
            page.goto(path)
            assert page.title() != "taken"


@pytest.mark.long
@pytest.mark.timeout(1800)  # hundreds of pages, on a machine that may be busy
def test_s10_a_hundred_payloads_as_ids_run_nothing(shop, open_page):
    page = open_page()
    sign_in(page, shop.token)
    walk(page, PAYLOADS)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_s10_a_hundred_payloads_as_names_run_nothing_on_any_page(shop, open_page):
    page = open_page()
    sign_in(page, shop.token)
    for payload in PAYLOADS:
        keep(page, payload)
    for path in ALL_PAGES:
        page.goto(path)
        page.locator("h1").wait_for()
        assert page.title() != "taken", path


def keep(page, payload):
    """A payload as the name of a view and of an owner, and as what is searched and asked for."""
    page.goto("/customers?q=7")
    keep_view = page.get_by_text("Save this list as a view")
    if keep_view.is_visible():
        keep_view.click()
        page.get_by_label("Name of the view").fill(payload.replace("\t", " ")[:60])
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Delete this view").click()
        page.get_by_text("Save this list as a view").wait_for()
    page.goto("/")
    row = page.locator("table.week tbody tr").first
    row.locator("summary").click()
    row.get_by_label("Owner").fill(payload.replace("\t", " ")[:60])
    row.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Open tasks").wait_for()
    assert page.title() != "taken"
