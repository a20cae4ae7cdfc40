"""The training job on a made shop: what it leaves, what it does not, and when it is skipped."""

import shutil
from pathlib import Path

import pytest

from models.bundle import load_bundle
from tests.made_shop import (
    CANARY,
    Shop,
    bytes_below,
    call,
    day,
    made_purchases,
    promoted,
    ready_mlflow,
    repeated,
    trained_shop,
    write_shop,
)
from training.inputs import load
from training.job import job_key, train_job
from training.registry import CHALLENGER, CHAMPION, Registry
from training.tracking import Tracker

NOWHERE = {"tracking_uri": "http://127.0.0.1:9"}
PLOTS = ["calibration", "gains", "value_deciles", "importance", "comparison"]


@pytest.fixture(scope="module")
def shop(mlflow_template):
    return trained_shop(mlflow_template)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A shop of 40 customers, trained while no MLflow answers."""
    folder = tmp_path_factory.mktemp("small")
    config = write_shop(folder, made_purchases(40), mlflow=NOWHERE)
    return Shop(config, call("train", "-c", config))


def test_the_run_is_recorded_and_the_version_has_both_aliases(shop):
    settings = shop.settings
    registry = Registry(Tracker(settings.tracking_uri, settings.artifact_dir.absolute(), "made"))
    champion = registry.version_of("made", CHAMPION)
    assert champion is not None
    assert registry.version_of("made", CHALLENGER) == champion
    client = registry.tracker.client
    version = client.get_model_version("made", champion)
    assert version.run_id is not None
    assert version.tags["perennial.version"] == promoted(settings.models_dir)["version"]
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["horizons.churn_days"] == "60"
    assert {"mean/churn/model/auc", "data/customers"} <= set(run.data.metrics)
    plots = {Path(f.path).stem for f in client.list_artifacts(version.run_id, "plots")}
    assert set(PLOTS) <= plots
    cards = {f.path for f in client.list_artifacts(version.run_id, "card")}
    assert cards == {"card/card.html", "card/card.json"}


def test_the_recorded_bundle_is_the_promoted_one(shop):
    told = promoted(shop.settings.models_dir)
    stored = next(shop.settings.artifact_dir.glob("*/artifacts/bundle"))
    assert bytes_below(stored) == bytes_below(shop.settings.models_dir / told["path"])


def test_no_customer_is_named_in_mlflow_in_models_or_on_the_terminal(shop):
    assert shop.trained.code == 0, shop.trained.err
    assert CANARY not in shop.trained.out + shop.trained.err
    assert "mail.example" not in shop.trained.out + shop.trained.err
    var = shop.settings.var
    searched = {**bytes_below(var / "mlflow"), **bytes_below(var / "models")}
    assert len(searched) > 20
    for word in (CANARY.encode(), b"mail.example", CANARY.encode("utf-16-le")):
        assert [name for name, content in searched.items() if word in content] == []
    log = b"".join(bytes_below(var / "log").values())
    assert CANARY.encode() in log, "the search finds what is there"


def test_an_unchanged_shop_is_not_trained_again(shop, tmp_path):
    copy = shop.copy_to(tmp_path / "copy")
    assert job_key(copy.settings, load(copy.settings)) == promoted(copy.settings.models_dir)["key"]
    before = bytes_below(copy.settings.var)
    again = train_job(copy.settings, skip_unchanged=True)
    assert again.unchanged
    assert again.version == promoted(copy.settings.models_dir)["version"]
    assert bytes_below(copy.settings.var) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"horizons": {"churn_days": 61, "value_days": 60}},
        {"training": {"trials": 2, "cutoffs": 2, "seed": 1}},
        {"tiers": {"medium_risk": 0.4, "high_risk": 0.8}},
        {"purchases": {"timezone": "Asia/Tokyo"}},
    ],
    ids=lambda c: next(iter(c)),
)
def test_a_changed_setting_changes_the_key(shop, tmp_path, changes):
    other = Shop(write_shop(tmp_path, shop.purchases, **changes))
    if "purchases" not in changes:
        assert load(other.settings).sha256 == load(shop.settings).sha256
    assert (
        job_key(other.settings, load(other.settings)) != promoted(shop.settings.models_dir)["key"]
    )


def test_changed_data_change_the_key(shop, tmp_path):
    copy = shop.copy_to(tmp_path / "copy")
    with (tmp_path / "copy" / "purchases.csv").open("a") as file:
        file.write(f"new,{day(390)},5.0\n")
    assert job_key(copy.settings, load(copy.settings)) != promoted(copy.settings.models_dir)["key"]


def test_a_damaged_bundle_is_made_anew_though_nothing_changed(small, tmp_path):
    copy = small.copy_to(tmp_path / "copy", mlflow=NOWHERE)
    models = copy.settings.models_dir
    whole = bytes_below(models / promoted(models)["path"])
    (models / promoted(models)["path"] / "heads.json").unlink()
    again = train_job(copy.settings, skip_unchanged=True)
    assert not again.unchanged
    mended = bytes_below(models / promoted(models)["path"])
    assert {n: b for n, b in mended.items() if n not in ("card.json", "manifest.json")} == {
        n: b for n, b in whole.items() if n not in ("card.json", "manifest.json")
    }


def test_mlflow_out_of_reach_is_told_and_the_model_promoted_all_the_same(small):
    done = small.trained
    assert done.code == 0
    assert "the run is not recorded: MLflow at http://127.0.0.1:9 could not" in done.err
    assert "is promoted (not in MLflow)" in done.out
    assert promoted(small.settings.models_dir)


def test_the_same_data_and_seed_give_the_same_bytes(tmp_path, shop):
    first = promoted(shop.settings.models_dir)["version"]
    copy = shop.copy_to(tmp_path / "copy")
    shutil.rmtree(copy.settings.models_dir)
    shutil.rmtree(copy.settings.log_dir)
    again = train_job(copy.settings)
    assert again.version == first
    # The card repeats the settings, and with them the folder, which differs.
    one, two = (
        {n: b for n, b in bytes_below(s.settings.models_dir / first).items() if "card" not in n}
        for s in (shop, copy)
    )
    one.pop("manifest.json")
    two.pop("manifest.json")
    assert one == two


def test_a_log_of_one_day_cannot_be_trained_on_but_evaluated(tmp_path):
    config = write_shop(tmp_path, repeated(20, lambda i: [0]))
    refused = call("train", "-c", config, "--json")
    assert (refused.code, refused.out) == (3, "")
    assert "it needs two days to learn from" in refused.err
    assert not (tmp_path / "var" / "models").exists()
    done = call("evaluate", "-c", config, "--cutoff", day(1), "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert not (tmp_path / "var" / "models").exists()


def test_retraining_in_place_leaves_one_champion(tmp_path, mlflow_template):
    ready_mlflow(tmp_path, mlflow_template)
    config = write_shop(tmp_path, made_purchases(40))
    for number in ("1", "2"):
        assert call("train", "-c", config).code == 0
        settings = Shop(config).settings
        tracker = Tracker(settings.tracking_uri, settings.artifact_dir.absolute(), "made")
        assert Registry(tracker).version_of("made", CHAMPION) == number
    told = promoted(settings.models_dir)
    left = {p.name for p in settings.models_dir.iterdir() if not p.name.endswith(".html")}
    bundles = left - {"current.json", "promotions.jsonl"}
    assert told["path"] in bundles
    # The same heads; the second card, which tells of a champion before it, is beside the first.
    assert bundles <= {told["version"], f"{told['version']}-2"}
    for name in bundles:
        assert load_bundle(settings.models_dir / name).version == told["version"]
