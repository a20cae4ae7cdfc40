"""The dashboard in a real Chromium: the main way through it, with and without mouse and script."""

import csv
import re

import pytest

from tests.browser.conftest import fits, sign_in


def test_from_the_overview_to_a_customer_a_view_and_a_csv_file(signed_in):
    page = signed_in
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("heading", name="Overview", exact=True).wait_for()
    assert fits(page)
    page.get_by_role("link", name="high risk, high value").click()
    page.wait_for_url("**/customers?risk_tier=high&value_tier=high")
    assert page.get_by_role("checkbox", name="high").first.is_checked()
    rows = page.locator("tbody tr")
    tiers = rows.locator(".tier").all_inner_texts()
    assert {text.strip() for text in tiers} == {"high"}
    first = rows.first.get_by_role("link")
    name = first.inner_text()
    first.click()
    assert name[:3] in page.locator("h1").inner_text()
    assert fits(page)
    page.get_by_role("link", name="← Customers").click()
    page.wait_for_url("**/customers?risk_tier=high&value_tier=high")
    width = page.viewport_size["width"]
    page.get_by_text("Save this list as a view").click()
    page.get_by_label("Name of the view").fill(f"Call first {width}")
    page.get_by_role("button", name="Save", exact=True).click()
    view = page.get_by_role("link", name=f"Call first {width}")
    assert view.get_attribute("aria-current") == "true"
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    with download.value.path().open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert found
    assert {(row["risk_tier"], row["value_tier"]) for row in found} == {("high", "high")}
    page.get_by_text("Change this view").wait_for()
    page.get_by_role("button", name="Delete this view").click()
    page.get_by_text("Save this list as a view").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Access token").wait_for()
    page.goto("/overview")
    assert page.url.endswith("/sign-in")


def test_a_customer_of_the_week_is_assigned_and_done(signed_in):
    page = signed_in
    row = page.locator("table.week tbody tr").nth(1)
    row.locator("summary").click()
    row.get_by_label("Owner").fill("Ann")
    row.get_by_label("Due").fill("2024-07-05")
    row.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Open tasks").wait_for()
    assert fits(page)
    task = page.locator(".tasks li").first
    assert "due 5 Jul 2024" in task.inner_text()
    task.get_by_role("button", name="Done").click()
    page.get_by_role("heading", name="Open tasks").wait_for(state="detached")
    assert "done 1 Jul 2024" in page.locator("table.week").inner_text()


@pytest.mark.parametrize("path", ["/customers", "/lists"])
def test_the_count_follows_the_filters_without_a_click(shop, open_page, path):
    page = open_page()
    sign_in(page, shop.token)
    page.goto(path)
    before = page.locator("#count").inner_text()
    page.get_by_role("checkbox", name="went up").check(force=True)
    page.get_by_role("checkbox", name="lapsed").check(force=True)
    page.wait_for_function(
        "text => document.querySelector('#count').innerText !== text", arg=before
    )
    live = page.locator("#count").inner_text()
    page.get_by_role("button", name="Count" if path == "/lists" else "Show", exact=True).click()
    page.wait_for_url("**risk_change=up**")
    assert page.locator("#count").inner_text() == live


def test_every_page_works_without_a_script(shop, open_page):
    page = open_page(390, script=False)
    page.goto("/sign-in")
    page.get_by_label("Access token").fill(shop.token)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/lists")
    page.get_by_role("checkbox", name="lapsed").check(force=True)
    page.get_by_role("button", name="Count").click()
    assert "match" in page.locator("#count").inner_text()
    page.get_by_role("button", name="Show these customers").click()
    assert re.search(r"/customers\?.*lifecycle_status=lapsed", page.url)
    assert page.locator("tbody tr").count() == 25


def test_filters_and_search_hold_what_was_asked(signed_in):
    page = signed_in
    page.goto("/customers")
    page.get_by_label("Customer id contains").fill("0012")
    page.get_by_label("Order by").select_option("customer_id")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**q=0012**")
    ids = page.locator("tbody .who").all_inner_texts()
    assert ids == ["00012", *(f"0012{digit}" for digit in range(10))]
    page.get_by_label("Customer id contains").fill("nobody such")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("No customer matches.").wait_for()
    page.get_by_role("link", name="Clear filters").first.click()
    page.wait_for_url("**/customers?sort=customer_id")
    assert page.locator("tbody tr").count() == 25


def test_columns_are_chosen_on_the_page(signed_in):
    page = signed_in
    page.goto("/customers?columns=risk")
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Next order").check(force=True)
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**columns=next**")
    assert page.locator("thead th").all_inner_texts()[-1].startswith("Next order")
    assert fits(page)
