"""axe-core finds nothing serious on any page, light and dark, wide and narrow."""

from pathlib import Path

import pytest

from tests.browser.conftest import SCREENS, fits, sign_in

AXE = Path(__file__).parent / "vendored" / "axe-4.14.1.min.js"
PAGES = (
    "/",
    "/?list=too_late",
    "/overview",
    "/portfolio",
    "/portfolio?basis=profit",
    "/customers",
    "/customers?risk_tier=high&q=0",
    "/customers?q=nobody-such",
    "/customers/00001",
    "/customers/00009",
    "/lists",
    "/model",
    "/data",
)
SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_no_page_has_a_serious_finding(shop, open_page, screen):
    page = open_page(*screen)
    page.goto("/sign-in")
    found = {"/sign-in": findings(page)}
    sign_in(page, shop.token)
    for path in PAGES:
        page.goto(path)
        for summary in page.locator("details:not([open]) > summary").all():
            if summary.is_visible():
                summary.click()
        assert fits(page), path
        found[path] = findings(page)
    assert {path: each for path, each in found.items() if each} == {}


def findings(page):
    """What axe-core calls serious or worse: rule, and where it first applies."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{each['id']}: {each['nodes'][0]['target']} {each['nodes'][0]['failureSummary']}"
        for each in violations
        if each["impact"] in SERIOUS
    ]
