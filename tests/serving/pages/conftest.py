"""Signed-in visitors of a dashboard with published facts."""

import pytest
from starlette.testclient import TestClient

from serving.runtime import Runtime
from serving.web.app import build, with_layers
from tests.serving.made import made_batch, made_rows
from tests.serving.pages.browsing import publish_with_facts, sign_in
from tests.serving.portfolio_shop import NOW, portfolio_shop


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


@pytest.fixture(scope="session")
def investor(mlflow_template):
    """A signed-in browser on a shop with a margin, costs and acquisition costs."""
    runtime = Runtime(clock=lambda: NOW)
    runtime.open(portfolio_shop(mlflow_template).settings)
    app = with_layers(build(runtime), runtime)
    with TestClient(app, follow_redirects=False) as client:
        sign_in(client, runtime)
        yield client
    runtime.close()
