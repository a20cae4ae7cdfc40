"""Take the pictures of the dashboard for the documents from a running service.

Run as a program: `python tests/browser/screenshots.py http://127.0.0.1:3000 TOKEN docs/screenshots`
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTHS = {1280: 1500, 390: 1700}
SCHEMES = ("light", "dark")


def main() -> None:
    """Sign in at every width and colour scheme, and save the list and its first customer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url", help="address of the service")
    parser.add_argument("token", help="with the scopes read:scores and list:scores")
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
                page.screenshot(path=given.out / f"list-{width}-{scheme}.png")
                _open_customer(page, given.customer)
                page.screenshot(path=given.out / f"customer-{width}-{scheme}.png", full_page=True)
                context.close()
        browser.close()


def _sign_in(page: Page, token: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Who is about to stop buying").wait_for()


def _open_customer(page: Page, customer_id: str | None) -> None:
    if customer_id is not None:
        page.get_by_label("Customer id contains").fill(customer_id)
        page.get_by_role("button", name="Show").click()
    page.locator("tbody .who a").first.click()
    page.locator("h1.customer-id").wait_for()


if __name__ == "__main__":
    main()
