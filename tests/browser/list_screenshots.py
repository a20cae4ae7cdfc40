"""Take the pictures of the contact lists for the documents from a running service.

The service scores the CDNOW log that ships with perennial. Two lists are made; what the customers
of the first one bought is made up, so that there is a readout to see.

Run as a program:
`python -m tests.browser.list_screenshots http://127.0.0.1:3000 TOKEN docs/screenshots`
"""

import argparse
import csv
import io
import shutil
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import screenshots

LETTER = {"contact_cost": "0.60", "budget": "900", "detect": "5", "begins_on": "1998-07-02"}
VOUCHER = {
    "begins_on": "1998-07-02",
    "contact_cost": "0.80",
    "incentive": "2",
    "redemption_anyway": "60",
    "budget": "500",
    "detect": "5",
}
FILLED = "contact_cost=0.60&budget=1200&detect=5&value_tier=top,high,medium"
PAGES = {
    "lists": "/lists",
    "list-new": f"/lists/new?{FILLED}",
    "list": "/lists/summer-letter",
    "readout": "/lists/summer-letter/readout",
    "uplift": "/uplift",
}
# Shares of the arms that order again, and what they spend, in the made-up outcomes.
RETURN = {"contacted": 0.41, "held_out": 0.3}
SPEND = 60.0


def main() -> None:
    """Make the lists, then save each page at every width and colour scheme."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url", help="address of the service")
    parser.add_argument("token", help="with the scopes read:scores, list:scores and lists")
    parser.add_argument("out", type=Path, help="folder for the PNG files")
    given = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.error("no `chromium` on PATH; install Debian's package chromium")
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = _signed_in(browser, given.base_url, given.token, 1280, "light")
        _make(page, "summer-letter", LETTER)
        _import_outcomes(page, "summer-letter")
        _make(page, "autumn-voucher", VOUCHER)
        page.goto(PAGES["readout"])
        page.context.close()
        for width in screenshots.WIDTHS:
            for scheme in screenshots.SCHEMES:
                page = _signed_in(browser, given.base_url, given.token, width, scheme)
                for name, path in PAGES.items():
                    page.goto(path)
                    screenshots._shoot(page, given.out / f"{name}-{width}-{scheme}.png")
                page.context.close()
        browser.close()


def _signed_in(browser: Browser, base_url: str, token: str, width: int, scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": screenshots.WIDTHS[width]},
        color_scheme="dark" if scheme == "dark" else "light",
        base_url=base_url,
    )
    page = context.new_page()
    screenshots._sign_in(page, token)
    return page


def _make(page: Page, name: str, terms: dict[str, str]) -> None:
    page.goto("/lists/new")
    for summary in page.locator("details:not([open]) > summary").all():
        summary.click()
    for field, text in {**terms, "list_id": name}.items():
        page.locator(f"#f-{field}").fill(text)
    page.get_by_role("button", name="Make the list").click()
    page.wait_for_url(f"**/lists/{name}")


def _import_outcomes(page: Page, name: str) -> None:
    """Read in made-up outcomes: the same for whoever takes the pictures."""
    text = page.request.get(f"/lists/{name}/members.csv").text()
    draw = np.random.default_rng(4)
    rows = [
        f"{member['customer_id']},{draw.gamma(2, SPEND / 2):.2f}"
        for member in csv.DictReader(io.StringIO(text))
        if draw.random() < RETURN[member["arm"]]
    ]
    page.locator("#outcomes-rows").fill("\n".join(["customer_id,revenue", *rows]))
    page.get_by_role("button", name="Import outcomes").click()
    page.wait_for_url("**imported=outcomes**")


if __name__ == "__main__":
    main()
