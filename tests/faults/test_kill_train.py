"""`kill -9` during training: what is promoted is whole, and a rerun makes up for it."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from models.bundle import load_bundle
from serving.publish import champion
from tests.faults.victims import command, kill_when, start
from tests.made_shop import made_purchases, ready_mlflow, write_shop
from tests.serving.made import promote
from training.registry import CHAMPION, Registry
from training.tracking import Tracker

MOMENTS: dict[str, Callable[[Path], object]] = {
    "while the bundle is built": lambda var: list((var / "models").glob(".staging-*/bundle/*")),
    "while the run is recorded": lambda var: list((var / "mlflow").glob("artifacts/*/artifacts/*")),
    "while it is promoted": lambda var: list((var / "models").glob("[0-9a-f]*")),
}


@pytest.fixture
def shop(tmp_path, mlflow_template):
    ready_mlflow(tmp_path, mlflow_template)
    return write_shop(tmp_path, made_purchases(60))


def assert_usable(models: Path) -> str | None:
    """Every folder that bears a version loads, and the pointer names one of them."""
    for folder in models.glob("[0-9a-f]*"):
        if folder.is_dir():
            load_bundle(folder)
    if not (models / "current.json").exists():
        return None
    told = json.loads((models / "current.json").read_text())
    assert champion(models).version == told["version"]
    return str(told["version"])


@pytest.mark.long
def test_r12_whenever_training_is_killed_no_half_model_is_in_use(shop):
    var = shop.parent / "var"
    promoted_so_far = None
    for name, moment in MOMENTS.items():
        process = start(command, "train", "-c", shop)
        kill_when(process, partial(moment, var))
        version = assert_usable(var / "models")
        assert promoted_so_far is None or version == promoted_so_far, name
        promoted_so_far = version
    process = start(command, "train", "-c", shop)
    process.join(120)
    assert process.exitcode == 0
    version = assert_usable(var / "models")
    assert version is not None
    assert promoted_so_far in (None, version)
    tracker = Tracker(f"sqlite:///{var / 'mlflow' / 'mlflow.db'}", var / "mlflow/artifacts", "made")
    number = Registry(tracker).version_of("made", CHAMPION)
    assert number is not None
    tags = tracker.client.get_model_version("made", number).tags
    assert tags["perennial.version"] == version


def test_r12_killed_while_a_model_is_in_use_leaves_that_one(shop):
    var = shop.parent / "var"
    version = promote(var / "models")
    process = start(command, "train", "-c", shop)
    assert kill_when(process, partial(MOMENTS["while the run is recorded"], var))
    assert assert_usable(var / "models") == version
