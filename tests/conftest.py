"""What all tests share: no usage reports, caches and homes aside, MLflow and PostgreSQL ready."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from configs.telemetry import switch_off
from tests.made_once import made_once
from tests.postgres_server import Server, running

# Before any test module imports MLflow, numba or BentoML, which read these once.
switch_off()
if "PYTEST_XDIST_WORKER" in os.environ:
    # Two processes that compile one function at once may mix up its files in numba's cache, so
    # that each has a folder. It begins with what the demo of `.ci/run` compiled, if that ran.
    _CACHE = Path(__file__).parents[1] / ".pytest_cache" / "numba"
    _OWN, _COMPILED = _CACHE / os.environ["PYTEST_XDIST_WORKER"], _CACHE / "compiled"
    if _COMPILED.is_dir() and not _OWN.exists():
        _COPY = _OWN.with_name(f"{_OWN.name}.{os.getpid()}")
        shutil.copytree(_COMPILED, _COPY)
        _COPY.rename(_OWN)
    os.environ["NUMBA_CACHE_DIR"] = str(_OWN)
# A speed is no test: what an example takes depends on what else the machine does.
hypothesis.settings.register_profile("perennial", deadline=None)
hypothesis.settings.load_profile("perennial")
_BENTOML_HOME = tempfile.mkdtemp(prefix="bentoml-home-")
atexit.register(shutil.rmtree, _BENTOML_HOME, ignore_errors=True)
os.environ["BENTOML_HOME"] = _BENTOML_HOME
_TESTS = Path(__file__).parent
LONGEST = [
    _TESTS / "training",
    _TESTS / "test_deliveries.py",
    _TESTS / "test_main_job.py",
    _TESTS / "serving" / "test_contract.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest, so that no process is alone with it at the end.

    Of two processes one begins with it and the other with the rest, of which there is more in
    number; what is left at the end, and taken from one another, are then tests of an instant.
    """
    items.sort(key=lambda item: not any(item.path.is_relative_to(part) for part in LONGEST))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this run, the same one for all workers of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def mlflow_template(run_folder: Path) -> Path:
    """Return an MLflow SQLite database with all migrations done, to be copied and not used."""
    return made_once(run_folder / "mlflow-template", migrated) / "mlflow.db"


def migrated(folder: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri())
    store.engine.dispose()


@pytest.fixture
def mlflow_db(tmp_path: Path, mlflow_template: Path) -> str:
    """Return the URI of a fresh MLflow SQLite database in this test's folder."""
    database = tmp_path / "mlflow.db"
    shutil.copyfile(mlflow_template, database)
    return f"sqlite:///{database}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for this run of the tests."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path) -> str:
    """Address of an empty store: an SQLite file, then a PostgreSQL schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'scores.db'}"
    return str(request.getfixturevalue("postgres").schema_url())
