import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from models.bundle import HEADS, load_bundle, save_parts, seal, write_json
from models.errors import BundleError
from models.manifest import CARD, MANIFEST
from models.rules import BTYD_MODELS
from tests.models.made import made_bundle, made_features, made_rule, ruled, sealed_at

UNSAFE = (b"pickle", b"joblib", b"cloudpickle", b"\x80\x04", b"\x80\x05")


@pytest.fixture
def folder(tmp_path):
    sealed_at(tmp_path / "bundle")
    return tmp_path / "bundle"


def reseal(folder):
    """Seal again after a change, as whoever made the change could."""
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).unlink()
    digests = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
    parts = sorted(n for n in digests if n != CARD)
    whole = "".join(f"{n} {digests[n]}\n" for n in parts)
    seal(folder, hashlib.sha256(whole.encode()).hexdigest()[:12], {"model": manifest["version"]})


def test_a_loaded_bundle_predicts_bit_for_bit_as_the_saved_one(folder):
    saved, loaded = made_bundle(), load_bundle(folder)
    features = made_features(300, seed=9)
    for one, other in zip(saved.predict(features), loaded.predict(features), strict=True):
        assert np.array_equal(one.churn, other.churn)
        assert np.array_equal(one.orders, other.orders)
        for part in ("mean", "p10", "p50", "p90", "spend_if_return"):
            assert np.array_equal(getattr(one.value, part), getattr(other.value, part))
    told, found = (b.value.next_order for b in (saved, loaded))
    assert told is not None
    assert found is not None
    assert np.array_equal(told.quantiles(features), found.quantiles(features))
    explained = [b.churn.contributions(features) for b in (saved, loaded)]
    assert explained[0].equals(explained[1])


def test_a_loaded_bundle_tells_what_the_saved_one_knew(folder):
    saved, loaded = made_bundle(), load_bundle(folder)
    for part in ("features", "groups", "reference", "metrics", "training", "served"):
        assert getattr(loaded, part) == getattr(saved, part)
    assert loaded.card == {"model": "made"}
    assert loaded.version == json.loads((folder / MANIFEST).read_text())["version"]
    assert len(loaded.version) == 12


def test_same_content_gives_the_same_version_and_bytes(tmp_path):
    one, two = (sealed_at(tmp_path / name) for name in "ab")
    assert one == two
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "b").iterdir())
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_other_content_gives_another_version(tmp_path):
    bundles = [made_bundle(), made_bundle(note="other"), made_bundle(seed=1)]
    churn = bundles[0].churn
    other = replace(churn, returns=replace(churn.returns, centre=0.5))
    bundles.append(replace(bundles[0], churn=other))
    versions = [sealed_at(tmp_path / str(i), b) for i, b in enumerate(bundles)]
    assert len(set(versions)) == len(versions)


def test_the_card_does_not_change_the_version(tmp_path):
    assert sealed_at(tmp_path / "a", card={"x": 1}) == sealed_at(tmp_path / "b", card={"x": 2})


def test_a_bundle_is_not_saved_over_another(folder):
    with pytest.raises(BundleError, match="is not empty"):
        save_parts(made_bundle(), folder)


def test_s1_no_file_holds_what_a_pickle_begins_with(folder):
    for path in folder.iterdir():
        assert path.suffix in (".json", ".ubj")
        content = path.read_bytes()
        assert content[:1] == b"{"
        assert not any(word in content for word in UNSAFE)


@pytest.mark.parametrize("name", ["../outside.ubj", "/etc/hostname", "", "a\x00b", "manifest.json"])
def test_s12_trees_are_read_from_files_of_the_bundle_alone(folder, tmp_path, name):
    shutil.copy(folder / "churn_return.ubj", tmp_path / "outside.ubj")
    heads = json.loads((folder / HEADS).read_text())
    heads["churn"]["returns"]["score"]["booster"] = name
    write_json(folder / HEADS, heads)
    reseal(folder)
    with pytest.raises(BundleError, match="does not have the layout"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("churn", "returns", "member"), "no_such_rule"),
        (("churn", "returns", "member"), "recency"),
        (("value", "value", "member"), "recency"),
        (("churn", "returns", "score"), None),
        (("churn", "returns", "score", "booster"), None),
        (("churn", "returns", "calibrator"), {"slope": 1.0}),
        (("churn", "preparation", "btyd", "histories", "bg_nbd", "model"), "gamma_gamma"),
        (("value", "value", "spread"), {"edges": "x", "factors": []}),
        (("value", "next_order", "shifts"), [0.0]),
    ],
)
def test_a_sealed_bundle_of_another_layout_is_refused(folder, where, value):
    heads = json.loads((folder / HEADS).read_text())
    place = heads
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    write_json(folder / HEADS, heads)
    reseal(folder)
    with pytest.raises(BundleError, match="does not have the layout of format"):
        load_bundle(folder)


def test_rules_alone_make_a_bundle_without_trees(tmp_path):
    made = made_bundle()
    rules = ruled(made.churn, value="mean_value")
    sealed_at(tmp_path / "rules", replace(made, churn=rules, value=rules))
    assert not list((tmp_path / "rules").glob("*.ubj"))
    loaded = load_bundle(tmp_path / "rules")
    assert loaded.served == {"return": "recency", "value": "mean_value"}


@pytest.mark.parametrize("member", BTYD_MODELS)
def test_a_buy_till_you_die_model_can_be_what_is_served(tmp_path, member):
    made = made_bundle()
    rules = ruled(made.churn, made_rule(member), member)
    sealed_at(tmp_path / "b", replace(made, churn=rules, value=rules))
    loaded = load_bundle(tmp_path / "b")
    assert loaded.served == {"return": member, "value": member}
    features = made_features(50, seed=3)
    one, other = loaded.churn.predict(features), rules.predict(features)
    assert np.array_equal(one.churn, other.churn)
    assert np.array_equal(one.value.mean, other.value.mean)


def test_one_horizon_for_both_is_saved_once(tmp_path):
    made = made_bundle()
    sealed_at(tmp_path / "b", replace(made, value=made.churn))
    assert not list((tmp_path / "b").glob("value_*"))
    loaded = load_bundle(tmp_path / "b")
    assert loaded.value is loaded.churn


def test_values_that_json_cannot_hold_are_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"auc": float("nan")})
    assert not (tmp_path / "a.json").exists()
