"""A store on both databases and the app on it, with made batches; every part is the real one."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from configs.settings import Settings
from serving.runtime import Runtime
from serving.scores import ScoreStore
from serving.web.app import build, with_layers
from tests.serving.made import LIST, NOW, READ, made_settings, publish


@pytest.fixture
def store(store_url) -> Iterator[ScoreStore]:
    """A store on either database."""
    store = ScoreStore(store_url)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(tmp_path) -> Iterator[ScoreStore]:
    """A store on SQLite, for what only a file has."""
    store = ScoreStore(f"sqlite:///{tmp_path / 'store' / 'scores.db'}")
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Settings of the service; a test that needs others has a fixture of this name."""
    return made_settings(tmp_path)


@pytest.fixture
def runtime(settings) -> Iterator[Runtime]:
    """The service's parts, open, with a clock that stands at NOW; nothing is published."""
    runtime = Runtime(clock=lambda: NOW)
    runtime.open(settings)
    yield runtime
    runtime.close()


@pytest.fixture
def bare(runtime) -> Iterator[TestClient]:
    """The app behind its layers, without a token and before anything is published."""
    app = with_layers(build(runtime), runtime)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def anonymous(runtime, bare) -> TestClient:
    """The app with a published batch, without a token."""
    publish(runtime.store)
    return bare


@pytest.fixture
def token_of(runtime):
    """Make a token with the scopes given, as a header."""

    def make(*scopes: str) -> dict[str, str]:
        text, _ = runtime.tokens.create(scopes)
        return {"Authorization": f"Bearer {text}"}

    return make


@pytest.fixture
def client(anonymous, token_of) -> TestClient:
    """The app with a published batch and a token that reads and lists scores."""
    anonymous.headers.update(token_of(READ, LIST))
    return anonymous
