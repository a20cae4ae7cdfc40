"""Uplift in a real Chromium: empty and learned, light and dark, wide and narrow."""

import pytest

from tests.browser.conftest import SCREENS, fits, sign_in
from tests.browser.test_axe import findings
from tests.browser.test_lists import shop as shop
from tests.serving.web.test_uplift import keep


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_the_page_is_sound_before_and_after_something_is_learned(shop, open_page, screen):
    page = open_page(*screen)
    sign_in(page, shop.token)
    page.get_by_role("link", name="Lists").click()
    page.get_by_role("link", name="Whom contact moves").click()
    page.get_by_role("heading", name="Nothing is learned yet").wait_for()
    assert fits(page)
    assert findings(page) == []
    keep(shop.runtime.settings)
    page.reload()
    page.get_by_role("heading", name="Uplift does not rank new lists").wait_for()
    page.get_by_text("The numbers").click()
    assert fits(page)
    assert findings(page) == []
