"""Everything is reached and used by keyboard alone, with a focus that is seen."""

MOST_STEPS = 90
SHOWN = (
    "() => { const e = document.activeElement;"
    " const shown = e.matches('.pill input') ? e.nextElementSibling"
    " : e.matches('.field') ? e.querySelector('.cell') : e;"
    " const s = getComputedStyle(shown);"
    " return [e.innerText || e.getAttribute('aria-label') || e.value || e.id || e.name || '',"
    " e.tagName + (e.name || e.id ? ' ' + (e.name || e.id) : ''),"
    " s.outlineStyle !== 'none' || parseFloat(s.strokeWidth) > 3] }"
)


def tab_to(page, wanted):
    """Press Tab until what has the focus says `wanted`, or is so called; its focus is seen."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        text, name, is_seen = page.evaluate(SHOWN)
        assert is_seen or name == "BODY", (text, name)
        if wanted in (text.strip(), name):
            return
    raise AssertionError(f"{wanted!r} is not reached by the Tab key")


def test_the_way_from_sign_in_to_a_kept_view_needs_no_mouse(shop, open_page):
    page = open_page()
    page.goto("/")
    page.locator("#token:focus").wait_for()
    page.keyboard.type(shop.token)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="This week", exact=True).wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(page, "Customers")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers")
    tab_to(page, "INPUT risk_tier")
    page.keyboard.press("Space")
    tab_to(page, "INPUT q")
    page.keyboard.type("1")
    tab_to(page, "Show")
    page.keyboard.press("Enter")
    page.wait_for_url("**risk_tier=high&q=1**")
    tab_to(page, "Save this list as a view")
    page.keyboard.press("Enter")
    tab_to(page, "INPUT name")
    page.keyboard.type("By hand")
    page.keyboard.press("Enter")
    page.get_by_text("Change this view").wait_for()
    first = page.locator("tbody .who a").first.inner_text()
    tab_to(page, first)
    page.keyboard.press("Enter")
    page.locator("h1").get_by_text(first).wait_for()
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    page.get_by_label("Access token").wait_for()


def test_the_skip_link_leads_past_the_navigation(shop, open_page):
    page = open_page(390)
    page.goto("/sign-in")
    page.locator("#token:focus").wait_for()
    page.keyboard.type(shop.token)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="This week", exact=True).wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
