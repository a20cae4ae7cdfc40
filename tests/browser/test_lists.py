"""Contact lists in a real Chromium: built for a budget, exported, read out; by any means."""

import csv
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Thread
from typing import NamedTuple

import pytest
import uvicorn

from serving.runtime import Runtime
from serving.web.app import build, with_layers
from tests.browser.conftest import SCREENS, fits, sign_in
from tests.browser.test_axe import findings
from tests.browser.test_keyboard import tab_to
from tests.serving.made import NOW, made_batch, made_rows, made_settings
from tests.serving.pages.browsing import publish_with_facts
from tests.serving.pages.listing import SCOPES

BUDGET, COST = 6.0, 0.05
FORMULA = '=HYPERLINK("http://x")'


class Clock:
    """The moment of the service, which a test may move."""

    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


class Shop(NamedTuple):
    """Where a shop is served, how to sign in, and its clock."""

    url: str
    runtime: Runtime
    clock: Clock

    @property
    def token(self) -> str:
        """A new token, which is valid by the clock."""
        return self.runtime.tokens.create(SCOPES)[0]


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    """A served shop of its own, whose clock a test moves; one id is a formula."""
    clock = Clock()
    runtime = Runtime(clock=clock)
    runtime.open(made_settings(tmp_path))
    batch = made_batch("b1", 600)
    rows = made_rows(batch)
    best = rows["value_at_risk"].astype(float).idxmax()
    rows.loc[best, "customer_id"] = FORMULA
    publish_with_facts(runtime.store, batch, rows)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(with_layers(build(runtime), runtime), log_level="warning")
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield Shop(f"http://127.0.0.1:{listening.getsockname()[1]}", runtime, clock)
        server.should_exit = True
        thread.join(timeout=20)
    runtime.close()
    assert not thread.is_alive()


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_list_is_built_for_a_budget_exported_and_read_out(shop, open_page, screen, tmp_path):
    page = open_page(*screen)
    sign_in(page, shop.token)
    page.get_by_role("link", name="Lists").click()
    page.get_by_role("link", name="Build a list").click()
    page.get_by_role("heading", name="New list").wait_for()
    _is_sound(page)
    line = page.locator("#preview-line")
    _live(page, "Cost of one contact", str(COST))
    assert "expected net gain" in line.inner_text()
    _live(page, "Margin", "40")
    _live(page, "Held out", "30")
    everybody = _contacted(line)
    page.get_by_label("Budget, slider").fill("2")
    page.wait_for_function("document.querySelector('#f-budget').value === '2'")
    _live(page, "Budget", str(BUDGET))
    assert 0 < _contacted(line) < everybody
    _live(page, "Save rate", "a tenth")
    assert "is no number" in page.locator("#e-save_rate").inner_text()
    assert "until the marked fields are right" in line.inner_text()
    _live(page, "Save rate", "10")
    assert page.locator("#e-save_rate").inner_text() == ""
    page.get_by_label("Name of the list").fill("Autumn letter")
    page.get_by_role("button", name="Make the list").click()
    page.wait_for_url("**/lists/autumn-letter")
    _is_sound(page)
    members = _downloaded(page, "CSV of all members")
    contacted = [row for row in members if row["arm"] == "contacted"]
    assert len(contacted) * COST <= BUDGET
    assert _downloaded(page, "CSV of those to contact") == contacted
    assert f"'{FORMULA}" in {row["customer_id"] for row in members}
    page.get_by_role("link", name="Readout", exact=True).click()
    page.get_by_text("No day of this list is known yet").wait_for()
    _is_sound(page)

    shop.clock.now += timedelta(days=92)
    page.context.clear_cookies()
    sign_in(page, shop.token)
    page.goto("/lists/autumn-letter")
    path = tmp_path / "outcomes.csv"
    path.write_text("\n".join(["customer_id,revenue", *_bought(members)]), encoding="utf-8")
    page.locator("#outcomes-file").set_input_files(path)
    page.wait_for_function("document.querySelector('#outcomes-rows').value.length > 20")
    page.get_by_role("button", name="Import outcomes").click()
    page.get_by_text("rows of outcomes were read in").wait_for()
    page.get_by_role("link", name="Readout", exact=True).click()
    verdict = page.locator(".verdict-words").inner_text()
    assert verdict.startswith("+")
    assert "it paid" in verdict
    assert page.locator("svg.effect").count() == 3
    _is_sound(page)
    page.goto("/lists")
    assert verdict in page.locator(".all-lists").inner_text()
    _is_sound(page)
    page.goto("/lists/autumn-letter/readout")
    page.get_by_role("link", name="Use it for the next list").click()
    page.get_by_text("Measured by the list").wait_for()
    # Far above the 5% of before the readout, which still weighs in it.
    assert float(page.locator("#f-save_rate").input_value()) > 5


def test_a_list_is_made_and_read_out_without_a_script(shop, open_page):
    page = open_page(390, script=False)
    page.goto("/sign-in")
    page.get_by_label("Access token").fill(shop.token)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/lists/new")
    page.get_by_label("Cost of one contact", exact=True).fill("dear")
    page.get_by_role("button", name="Preview").click()
    assert "is no number" in page.locator("#e-contact_cost").inner_text()
    page.get_by_label("Cost of one contact", exact=True).fill(str(COST))
    page.get_by_label("Name of the list").fill("plain")
    page.get_by_role("button", name="Preview").click()
    assert page.locator("#f-list_id").input_value() == "plain"
    assert "expected net gain" in page.locator("#preview-line").inner_text()
    page.get_by_role("button", name="Make the list").click()
    page.wait_for_url("**/lists/plain")
    assert page.locator("#outcomes-file").is_hidden()
    page.locator("#outcomes-rows").fill("customer_id\trevenue\n00001\t20\n")
    page.get_by_role("button", name="Import outcomes").click()
    page.get_by_text("1 row of outcomes was read in").wait_for()


def test_a_list_is_built_by_keyboard_alone(shop, open_page):
    page = open_page()
    sign_in(page, shop.token)
    page.goto("/lists")
    tab_to(page, "Build a list")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lists/new")
    tab_to(page, "INPUT risk_tier")
    page.keyboard.press("Space")
    tab_to(page, "INPUT contact_cost")
    page.keyboard.press("Control+a")
    page.keyboard.type(str(COST))
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("#f-contact_cost").input_value() == "0.1"
    page.keyboard.press("ArrowLeft")
    tab_to(page, "INPUT list_id")
    page.keyboard.type("by-hand")
    page.keyboard.press("Enter")
    page.locator("#f-list_id").wait_for()
    assert page.get_by_role("checkbox", name="high").first.is_checked()
    tab_to(page, "Make the list")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lists/by-hand")
    assert "risk high" in page.locator("main").inner_text()


def _live(page, label, text):
    """Fill in a field and wait until the line below has followed."""
    before = page.locator("#preview-line").inner_text()
    page.get_by_label(label, exact=True).fill(text)
    page.wait_for_function(
        "text => document.querySelector('#preview-line').innerText !== text", arg=before
    )


def _contacted(line):
    return int(line.inner_text().split(" ")[0].replace(",", ""))


def _downloaded(page, name):
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    with download.value.path().open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _bought(members):
    """Nearly all of the contacted buy again, and few of the others."""
    for place, row in enumerate(members):
        buys = place % 10 > 0 if row["arm"] == "contacted" else place % 10 == 0
        if buys and "," not in row["customer_id"] and '"' not in row["customer_id"]:
            yield f"{row['customer_id']},50"


def _is_sound(page):
    for summary in page.locator("details:not([open]) > summary").all():
        if summary.is_visible():
            summary.click()
    assert fits(page), page.url
    assert findings(page) == [], page.url
