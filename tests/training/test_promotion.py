import numpy as np
import pytest

from models.bundle import load_bundle, save_parts, seal
from models.errors import BundleError
from models.pointer import POINTER, read_pointer
from tests.made_shop import bytes_below, promoted
from tests.serving.made import made_bundle
from tests.training.broken import set_everywhere, with_heads
from training.bundle_child import probes
from training.promotion import intact, keep, move, promote, staging, verified
from training.promotion_log import LOG, PROMOTED, REFUSED, ROLLED_BACK, Place, read_log, verify

FEATURES = probes(made_bundle())


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
    assert {p.name for p in tmp_path.iterdir()} == {version, POINTER, LOG}
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
    assert {p.name for p in tmp_path.iterdir()} == {version, place, POINTER, LOG}


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


def test_every_promotion_stands_in_the_log(tmp_path):
    one = promote_anew(tmp_path)
    with staging(tmp_path) as room:
        two = sealed(room / "bundle", made_bundle("another"))
        promote(room / "bundle", tmp_path, two, key="k2", why="better", who="ann", forced=True)
    first, second = read_log(tmp_path)
    assert (first.version, first.why, first.forced, first.from_path) == (
        one,
        "training",
        False,
        None,
    )
    assert (second.version, second.why, second.who) == (two, "better", "ann")
    assert (second.from_version, second.forced, second.key) == (one, True, "k2")
    assert verify(tmp_path) == []


def test_a_refused_challenger_is_kept_and_not_pointed_to(tmp_path):
    version = promote_anew(tmp_path)
    with staging(tmp_path) as room:
        worse = sealed(room / "bundle", made_bundle("worse"))
        place = keep(room / "bundle", tmp_path, worse, why="log loss 0.5 against 0.4", key="k2")
    assert promoted(tmp_path)["version"] == version
    assert load_bundle(place).version == worse
    assert (read_log(tmp_path)[-1].what, read_log(tmp_path)[-1].version) == (REFUSED, worse)
    assert verify(tmp_path) == []
    move(tmp_path, Place(worse, place.name, "k2"), PROMOTED, why="known to be right", forced=True)
    assert read_pointer(tmp_path) == {"version": worse, "path": worse, "key": "k2"}
    move(tmp_path, Place(version, version, "k"), ROLLED_BACK, why="it was not")
    assert promoted(tmp_path)["version"] == version
    assert [entry.what for entry in read_log(tmp_path)] == [
        PROMOTED,
        REFUSED,
        PROMOTED,
        ROLLED_BACK,
    ]


def test_what_cannot_be_logged_is_not_promoted(tmp_path):
    version = promote_anew(tmp_path)
    (tmp_path / LOG).unlink()
    (tmp_path / LOG).mkdir()
    with pytest.raises(OSError):
        promote_anew(tmp_path, bundle=made_bundle("another"))
    assert promoted(tmp_path)["version"] == version


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
    sealed(tmp_path / "b")
    number = level if np.isfinite(level) else 1e308
    with_heads(tmp_path / "b", lambda heads: set_everywhere(heads, "level", number))
    with np.errstate(over="ignore"), pytest.raises(BundleError, match="the one in use stays"):
        verified(tmp_path / "b", FEATURES)
