"""What all tests share: usage reports off, BentoML's home aside, a ready MLflow database."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from configs.telemetry import switch_off

# Before any test module imports MLflow or BentoML, which read these once.
switch_off()
_BENTOML_HOME = tempfile.mkdtemp(prefix="bentoml-home-")
atexit.register(shutil.rmtree, _BENTOML_HOME, ignore_errors=True)
os.environ["BENTOML_HOME"] = _BENTOML_HOME


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an MLflow SQLite database with all migrations done, to be copied and not used."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    folder = tmp_path_factory.mktemp("mlflow-template")
    template = folder / "mlflow.db"
    store = SqlAlchemyStore(f"sqlite:///{template}", (folder / "artifacts").as_uri())
    store.engine.dispose()
    return template


@pytest.fixture
def mlflow_db(tmp_path: Path, mlflow_template: Path) -> str:
    """Return the URI of a fresh MLflow SQLite database in this test's folder."""
    database = tmp_path / "mlflow.db"
    shutil.copyfile(mlflow_template, database)
    return f"sqlite:///{database}"
