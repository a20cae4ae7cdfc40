"""The dashboard in a real Chromium, served by a real server on a free local port."""

import os
import shutil
import socket
from collections.abc import Iterator
from threading import Thread
from urllib.parse import quote

import pytest
import uvicorn

from serving.runtime import Runtime
from serving.web.app import build, with_layers
from tests.serving.made import NOW, made_batch, made_orders, made_rows, made_settings

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = {
    "00000": "<script>document.title = 'taken'</script>",
    "00001": "a/b?c=\"d\"&'e'#f %2F",
    "00002": "long" * 400,
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no `chromium` on PATH; install Debian's package chromium",
    ),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[tuple[str, str]]:
    """Address and token of a served shop with two batches and hostile ids."""
    runtime = Runtime(clock=lambda: NOW)
    runtime.open(made_settings(tmp_path_factory.mktemp("shop")))
    for name, day in (("b1", "2024-06-30"), ("b2", "2024-07-01")):
        batch = made_batch(name, as_of=day)
        rows, orders = made_rows(batch), made_orders(batch.customers)
        for frame in (rows, orders):
            frame["customer_id"] = frame["customer_id"].replace(HOSTILE)
        runtime.store.publish(batch, rows, orders)
    token, _ = runtime.tokens.create(["read:scores", "list:scores"])
    app = with_layers(build(runtime), runtime)
    # Listening before the server runs: the first request waits in the socket's queue.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", token
        server.should_exit = True
        thread.join(timeout=20)
    runtime.close()
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "no `chromium` on PATH; install Debian's package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=str)
def signed_in(request, shop, chromium):
    """A page that signed in by the form; at its end no fault was in the console."""
    width, scheme = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, base_url=shop[0]
    )
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    page.goto("/")
    page.get_by_label("Access token").fill(shop[1])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Who is about to stop buying").wait_for()
    yield page
    context.close()
    assert not faults


def is_fault(message) -> bool:
    return message.type in ("error", "warning")


def fits(page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_the_picture_to_a_customer_and_out(signed_in):
    page = signed_in
    assert fits(page)
    page.get_by_role("link", name="high risk, top value").click()
    assert page.url.endswith("/?risk_tier=high&value_tier=top")
    assert page.get_by_role("checkbox", name="high").first.is_checked()
    rows = page.locator("tbody tr")
    assert 0 < rows.count() <= 25
    tiers = rows.locator(".tier").all_inner_texts()
    assert {text.strip() for text in tiers} == {"high"}
    first = rows.first.get_by_role("link")
    name = first.inner_text()
    first.click()
    assert page.locator("h1").inner_text() == f"Customer {name}"
    assert page.get_by_role("heading", name="Risk over the batches").is_visible()
    assert fits(page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Access token").wait_for()
    page.goto("/")
    assert page.url.endswith("/sign-in")


def test_filters_and_search_work_without_a_script(signed_in):
    page = signed_in
    page.get_by_label("Customer id contains").fill("0012")
    page.get_by_label("Order by").select_option("customer_id")
    page.get_by_role("button", name="Show").click()
    ids = page.locator("tbody .who").all_inner_texts()
    assert ids == ["00012", *(f"0012{digit}" for digit in range(10))]
    page.get_by_label("Customer id contains").fill("nobody such")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("No customer matches.").is_visible()
    page.get_by_role("link", name="Clear filters").first.click()
    assert page.locator("tbody tr").count() == 25


def test_hostile_ids_are_text_and_fit_the_screen(signed_in):
    page = signed_in
    for customer_id in HOSTILE.values():
        page.goto("/?q=" + quote(customer_id))
        assert fits(page)
        page.locator("tbody tr").first.get_by_role("link").click()
        assert customer_id[:40] in page.locator("h1").inner_text()
        assert page.title() != "taken"
        assert fits(page)


def test_the_keyboard_reaches_everything_with_a_visible_focus(signed_in):
    page = signed_in
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "() => { const e = document.activeElement;"
            " const shown = e.matches('.pill input') ? e.nextElementSibling"
            " : e.matches('.field') ? e.querySelector('.cell') : e;"
            " const s = getComputedStyle(shown);"
            " return [e.id || e.name || e.className.baseVal || e.tagName,"
            " s.outlineStyle !== 'none' || parseFloat(s.strokeWidth) > 3] }"
        )
        if name == "BODY":  # past the last
            break
        assert outline, name
        reached.add(name.split()[0])
    assert {"field", "risk_tier", "lifecycle_status", "q", "sort", "A", "SUMMARY"} <= reached
