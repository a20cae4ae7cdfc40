import json

import numpy as np
import pandas as pd
import pytest

from models.bundle import load_bundle, save_parts, seal
from models.errors import BundleError
from models.pointer import POINTER, read_pointer
from tests.made_shop import bytes_below, promoted
from tests.serving.made import made_bundle
from training.promotion import intact, promote, staging, verified

FEATURES = pd.DataFrame(
    {
        "days_since_last": [3.0, 40.0, 400.0],
        "T": [100.0, 200.0, 500.0],
        "n_orders": [4.0, 2.0, 1.0],
        "average_order_value": [10.0, 20.0, 30.0],
    }
)


def sealed(folder, bundle=None, card="first"):
    version = save_parts(bundle or made_bundle(), folder)
    seal(folder, version, {"card": card})
    return version


def promote_anew(models, card="first", bundle=None, key="k"):
    with staging(models) as room:
        version = sealed(room / "bundle", bundle, card)
        promote(room / "bundle", models, version, key=key)
    return version


def test_a_promoted_bundle_stands_under_its_version_and_nothing_else_is_left(tmp_path):
    version = promote_anew(tmp_path)
    assert read_pointer(tmp_path) == {"version": version, "path": version, "key": "k"}
    assert load_bundle(tmp_path / version).version == version
    assert {p.name for p in tmp_path.iterdir()} == {version, POINTER}
    assert intact(tmp_path)


def test_the_room_is_gone_after_a_failure(tmp_path):
    def fail():
        with staging(tmp_path) as room:
            sealed(room / "bundle")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_same_bundle_again_touches_no_file(tmp_path):
    version = promote_anew(tmp_path)
    before = {p: p.stat().st_ino for p in (tmp_path / version).iterdir()}
    assert promote_anew(tmp_path, key="other") == version
    assert {p: p.stat().st_ino for p in (tmp_path / version).iterdir()} == before
    assert read_pointer(tmp_path)["key"] == "other"


def test_another_card_of_the_same_version_leaves_the_promoted_folder_alone(tmp_path):
    version = promote_anew(tmp_path)
    before = bytes_below(tmp_path / version)
    assert promote_anew(tmp_path, card="second") == version
    assert bytes_below(tmp_path / version) == before
    place = promoted(tmp_path)["path"]
    assert place == f"{version}-2"
    assert load_bundle(tmp_path / place).card == {"card": "second"}
    assert {p.name for p in tmp_path.iterdir()} == {version, place, POINTER}


def test_promoting_again_makes_up_for_a_damaged_bundle(tmp_path):
    version = promote_anew(tmp_path)
    whole = bytes_below(tmp_path / version)
    (tmp_path / version / "heads.json").write_text("{}")
    assert not intact(tmp_path)
    promote_anew(tmp_path)
    assert intact(tmp_path)
    assert bytes_below(tmp_path / promoted(tmp_path)["path"]) == whole


def test_an_earlier_version_stays_for_the_way_back(tmp_path):
    one = promote_anew(tmp_path)
    two = promote_anew(tmp_path, bundle=made_bundle("another"))
    assert one != two
    assert load_bundle(tmp_path / one).version == one
    assert promoted(tmp_path)["version"] == two


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"text"', "{}", '{"path": 3}'])
def test_a_pointer_that_cannot_be_read_counts_as_none(tmp_path, text):
    (tmp_path / POINTER).write_text(text)
    assert read_pointer(tmp_path).get("key") is None
    assert not intact(tmp_path)


def test_a_bundle_in_range_is_verified(tmp_path):
    version = sealed(tmp_path / "b")
    assert verified(tmp_path / "b", FEATURES).version == version


@pytest.mark.parametrize("level", [float("inf"), -1.0])
def test_a_bundle_that_predicts_nonsense_is_refused(tmp_path, level):
    good = made_bundle()
    save_parts(good, tmp_path / "b")
    heads = json.loads((tmp_path / "b" / "heads.json").read_text())
    heads["value"]["level"] = level if np.isfinite(level) else 1e308
    heads["value"]["base"] = 1e308 if level > 0 else 1.0
    (tmp_path / "b" / "heads.json").write_text(json.dumps(heads, indent=1, sort_keys=True) + "\n")
    seal(tmp_path / "b", resealed_version(tmp_path / "b"), {})
    with np.errstate(over="ignore"), pytest.raises(BundleError, match="the one in use stays"):
        verified(tmp_path / "b", FEATURES)


def resealed_version(folder):
    from models.manifest import digest, version_of

    return version_of({p.name: digest(p) for p in folder.iterdir()})
