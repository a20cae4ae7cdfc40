"""Signed-in visitors of a dashboard with published facts."""

import pytest

from tests.serving.made import made_batch, made_rows
from tests.serving.pages.browsing import publish_with_facts, sign_in


@pytest.fixture
def visitor(runtime, bare):
    """A signed-in browser on a first batch."""
    publish_with_facts(runtime.store, made_batch())
    sign_in(bare, runtime)
    return bare


@pytest.fixture
def a_week_later(runtime, bare):
    """A signed-in browser on a second batch; its rows and those of the week before."""
    old = made_rows(seed=1)
    rows = publish_with_facts(runtime.store, made_batch(), made_rows(seed=0), old)
    sign_in(bare, runtime)
    return bare, rows, old
