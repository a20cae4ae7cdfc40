"""`promote` and `rollback` by the command line, on a folder of real sealed bundles."""

import json
import shutil
from types import SimpleNamespace

import pytest

from models.bundle import save_parts, seal
from models.pointer import read_pointer
from tests.made_shop import Called, call, ready_mlflow
from tests.serving.made import made_bundle, made_settings
from training.promotion import keep, promote, staging
from training.promotion_log import read_log, verify
from training.registry import CHAMPION, Registry
from training.tracking import Tracker

# Each command tries a bundle in a process of its own, which takes seconds to start.
pytestmark = pytest.mark.timeout(300)


def placed(models, note, why=None):
    """Seal a bundle and promote it, or keep it for the reason of a refusal."""
    with staging(models) as room:
        version = save_parts(made_bundle(note), room / "bundle")
        seal(room / "bundle", version, {})
        if why is None:
            promote(room / "bundle", models, version, key=f"key of {note}", who="ann")
        else:
            keep(room / "bundle", models, version, why=why, who="ann")
    return version


@pytest.fixture(scope="module")
def placed_once(tmp_path_factory):
    """Two versions promoted, the second in use, and a challenger refused; to be copied."""
    models = made_settings(tmp_path_factory.mktemp("placed")).models_dir
    return SimpleNamespace(
        models=models,
        one=placed(models, "one"),
        two=placed(models, "two"),
        refused=placed(models, "refused", why="log loss 0.61 against 0.52 (+17 %)"),
    )


@pytest.fixture
def shop(tmp_path, placed_once):
    """Return a shop of this test's own with those versions in it."""
    settings = made_settings(tmp_path)
    shutil.copytree(placed_once.models, settings.models_dir)
    told = {**vars(placed_once), "models": settings.models_dir}
    return SimpleNamespace(settings=settings, config=tmp_path / "shop.yaml", **told)


def in_use(shop):
    return read_pointer(shop.models)["version"]


def told(done: Called):
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_r16_one_command_goes_back_and_a_second_one_finds_no_more(shop):
    back = told(call("rollback", "-c", shop.config, "--why", "complaints", "--json"))
    assert (back["version"], back["from_version"]) == (shop.one, shop.two)
    assert (back["what"], back["why"], back["registered_version"]) == (
        "rolled_back",
        "complaints",
        None,
    )
    assert read_pointer(shop.models) == {
        "version": shop.one,
        "path": shop.one,
        "key": "key of one",
    }
    again = call("rollback", "-c", shop.config)
    assert (again.code, again.out) == (3, "")
    assert "no intact version was in use before the present one" in again.err
    assert in_use(shop) == shop.one
    assert verify(shop.models) == []


def test_rollback_passes_over_a_damaged_version(shop):
    third = placed(shop.models, "three")
    (shop.models / shop.two / "heads.json").write_text("{}")
    done = call("rollback", "-c", shop.config)
    assert done.code == 0, done.err
    assert f"passed over: version {shop.two} is not promoted" in done.err
    assert f"version {shop.one} is in use, before it {third}" in done.out


def test_rollback_without_a_model_ends_with_3(tmp_path):
    made_settings(tmp_path)
    done = call("rollback", "-c", tmp_path / "shop.yaml", "--json")
    assert (done.code, done.out) == (3, "")


def test_a_version_in_use_earlier_is_promoted_without_force(shop):
    done = told(call("promote", "-c", shop.config, shop.one, "--who", "bea", "--json"))
    assert (done["version"], done["who"], done["forced"]) == (shop.one, "bea", False)
    assert in_use(shop) == shop.one
    assert told(call("promote", "-c", shop.config, shop.one, "--json"))["unchanged"]
    assert len(read_log(shop.models)) == 4


def test_a_refused_challenger_needs_force_and_a_reason_that_are_logged(shop):
    plain = call("promote", "-c", shop.config, shop.refused)
    assert plain.code == 3
    assert "was refused: log loss 0.61 against 0.52" in plain.err
    assert "add --force --why TEXT" in plain.err
    for words in (["--force"], ["--force", "--why", " "]):
        unsaid = call("promote", "-c", shop.config, shop.refused, *words)
        assert unsaid.code == 2
        assert "--force needs --why" in unsaid.err
    assert in_use(shop) == shop.two
    # Without a version it is the challenger that was refused last.
    forced = ["--force", "--why", "the shop closed in May"]
    done = told(call("promote", "-c", shop.config, *forced, "--json"))
    assert (done["version"], done["forced"]) == (shop.refused, True)
    last = read_log(shop.models)[-1]
    assert (last.why, last.forced, last.from_version) == ("the shop closed in May", True, shop.two)
    assert in_use(shop) == shop.refused


def test_a_folder_that_nobody_judged_needs_force(shop):
    version = save_parts(made_bundle("stranger"), shop.models / "draft")
    seal(shop.models / "draft", version, {})
    (shop.models / "draft").rename(shop.models / version)
    done = call("promote", "-c", shop.config, version)
    assert done.code == 3
    assert "was never promoted or judged here" in done.err


def test_r14_force_serves_no_damaged_bundle(shop):
    (shop.models / shop.refused / "groups.json").write_text("{}")
    done = call("promote", "-c", shop.config, shop.refused, "--force", "--why", "now")
    assert done.code == 3
    assert "is not what was sealed" in done.err
    assert in_use(shop) == shop.two


def test_r14_a_bundle_of_another_version_in_the_folder_is_refused(shop):
    shutil.rmtree(shop.models / shop.one)
    shutil.copytree(shop.models / shop.refused, shop.models / shop.one)
    done = call("promote", "-c", shop.config, shop.one)
    assert done.code == 3
    assert f"holds version {shop.refused}, not {shop.one}" in done.err
    assert in_use(shop) == shop.two


@pytest.mark.parametrize("version", ["nowhere", "../models", "/etc", "."])
def test_a_version_that_is_not_there_ends_with_3_and_names_those_that_are(shop, version):
    done = call("promote", "-c", shop.config, version, "--force", "--why", "now")
    assert done.code == 3
    assert f"no version {version} is in" in done.err
    assert shop.one in done.err


def test_an_edited_log_is_told_and_stops_nobody(shop):
    log = shop.models / "promotions.jsonl"
    log.write_text(log.read_text().replace('"ann"', '"bob"', 1))
    done = call("rollback", "-c", shop.config)
    assert done.code == 0
    assert "promotion log: line 1 of" in done.err


def test_the_registry_follows_where_it_answers(shop, tmp_path, mlflow_template):
    ready_mlflow(tmp_path, mlflow_template)
    settings = shop.settings
    tracker = Tracker(settings.tracking_uri, settings.artifact_dir.absolute(), settings.name)
    client = tracker.client
    client.create_registered_model(settings.name)
    for version in (shop.one, shop.two, shop.one):
        tags = {"perennial.version": version}
        client.create_model_version(settings.name, f"file:{tmp_path}", tags=tags)
    done = told(call("rollback", "-c", shop.config, "--json"))
    assert done["registered_version"] == "3"
    assert Registry(tracker).version_of(settings.name, CHAMPION) == "3"


def test_a_registry_out_of_reach_is_told_and_the_version_served_all_the_same(shop, tmp_path):
    config = json.loads(shop.config.read_text())
    shop.config.write_text(json.dumps({**config, "mlflow": {"tracking_uri": "http://127.0.0.1:9"}}))
    done = call("rollback", "-c", shop.config, "--json")
    assert told(done)["registered_version"] is None
    assert "the registry's alias does not follow: MLflow at http://127.0.0.1:9" in done.err
    assert in_use(shop) == shop.one
