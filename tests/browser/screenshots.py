"""Take the pictures of the dashboard for the documents from a running service.

Run as a program: `python tests/browser/screenshots.py http://127.0.0.1:3000 TOKEN docs/screenshots`
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTHS = {1280: 1100, 390: 1300}
SCHEMES = ("light", "dark")
PAGES = {
    "week": "/",
    "overview": "/overview",
    "portfolio": "/portfolio",
    "customers": "/customers",
    "lists": "/lists",
    "model": "/model",
    "data": "/data",
}
TALLEST = 1500


def main() -> None:
    """Sign in at every width and colour scheme, and save each page and the first customer's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url", help="address of the service")
    parser.add_argument("token", help="with the scopes read:scores, list:scores and export")
    parser.add_argument("out", type=Path, help="folder for the PNG files")
    parser.add_argument("--customer", help="id to show; default the first of the list")
    given = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.error("no `chromium` on PATH; install Debian's package chromium")
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width, height in WIDTHS.items():
            for scheme in SCHEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                    base_url=given.base_url,
                )
                page = context.new_page()
                _sign_in(page, given.token)
                for name, path in PAGES.items():
                    page.goto(path)
                    _shoot(page, given.out / f"{name}-{width}-{scheme}.png")
                page.goto("/customers")
                _open_customer(page, given.customer)
                _shoot(page, given.out / f"customer-{width}-{scheme}.png")
                context.close()
        browser.close()


def _sign_in(page: Page, token: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="This week", exact=True).wait_for()


def _open_customer(page: Page, customer_id: str | None) -> None:
    if customer_id is not None:
        page.get_by_label("Customer id contains").fill(customer_id)
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url("**q=**")
    page.locator("tbody .who a").first.click()
    page.locator("h1").wait_for()


def _shoot(page: Page, path: Path) -> None:
    """Save the whole page, the end of a very long one cut off."""
    size = page.viewport_size
    assert size is not None
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": height}
    page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
