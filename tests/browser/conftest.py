"""A real Chromium on a shop that a real server serves on a free local port."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
import uvicorn

from serving.runtime import Runtime
from serving.web.app import build, with_layers
from tests.browser.payloads import PAYLOADS
from tests.serving.made import NOW, made_batch, made_rows, made_settings, promote
from tests.serving.pages.browsing import publish_with_facts
from tests.serving.pages.portfolio_facts import FACTS
from tests.serving.pages.test_model_and_data import CARD, DETAILS

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
SCOPES = ("read:scores", "list:scores", "export")
SCREENS = ((1280, "light"), (390, "dark"))


def pytest_collection_modifyitems(items):
    """Leave the browser's tests out where there is no browser, but never where CI expects one."""
    here = Path(__file__).parent
    missing = pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no `chromium` on PATH; install Debian's package chromium",
    )
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            item.add_marker(missing)


class Shop(NamedTuple):
    """Where a shop is served, and the token to sign in with."""

    url: str
    token: str


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Iterator[Shop]:
    """A served shop with two batches, a model, and payloads as some of its ids."""
    runtime = Runtime(clock=lambda: NOW)
    runtime.open(made_settings(tmp_path_factory.mktemp("shop")))
    runtime.settings.models_dir.mkdir(parents=True, exist_ok=True)
    version = promote(runtime.settings.models_dir, card=CARD)
    runtime.holder.look()
    earlier = made_batch("b0", 600, as_of="2024-06-24", model_version=version)
    old = publish_with_facts(runtime.store, earlier, made_rows(earlier, seed=1))
    batch = made_batch("b1", 600, model_version=version)
    rows = made_rows(batch, seed=0)
    rows.loc[500:599, "customer_id"] = PAYLOADS
    publish_with_facts(runtime.store, batch, rows, old, more={**DETAILS, **FACTS})
    token, _ = runtime.tokens.create(SCOPES)
    # Listening before the server runs: the first request waits in the socket's queue.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(with_layers(build(runtime), runtime), log_level="warning")
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield Shop(f"http://127.0.0.1:{listening.getsockname()[1]}", token)
        server.should_exit = True
        thread.join(timeout=20)
    runtime.close()
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def chromium():
    """The browser."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "no `chromium` on PATH; install Debian's package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(shop, chromium):
    """Open a page of a screen; at its end no fault was in any console."""
    contexts, faults = [], []

    def opened(width=1280, scheme="light", *, script=True):
        context = chromium.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            base_url=shop.url,
            java_script_enabled=script,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.on("console", lambda m: faults.append(m.text) if _is_fault(m) else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(params=SCREENS, ids=str)
def signed_in(request, shop, open_page):
    """A page that signed in by the form, on a wide light and on a narrow dark screen."""
    page = open_page(*request.param)
    sign_in(page, shop.token)
    return page


def sign_in(page, token):
    page.goto("/")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="This week", exact=True).wait_for()


def fits(page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def _is_fault(message) -> bool:
    return message.type in ("error", "warning")
