"""Bundles that are broken in every way that can be thought of, tried in a process of their own.

Whoever can write into the models' folder can seal a bundle as well, so the worst are
sealed.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.manifest import MANIFEST
from tests.models.made import made_features, sealed_at
from tests.serving.made import made_bundle as made_rules
from tests.training.broken import reseal, set_everywhere, trees_of, with_heads, with_trees
from training.bundle_check import PromotionRefused, checked
from training.bundle_child import probes


def endless(tree):
    """Let the root be its own child, on both sides."""
    tree["left_children"][0] = tree["right_children"][0] = 0


def astray(tree):
    """Let the root's children lie far outside of the tree."""
    tree["left_children"][0] = tree["right_children"][0] = 2**30


def truncate(folder):
    trees = trees_of(folder)
    trees.write_bytes(trees.read_bytes()[:-100])


def truncate_and_seal(folder):
    truncate(folder)
    reseal(folder)


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (shutil.rmtree, "no sealed bundle in"),
    "without its manifest": (lambda f: (f / MANIFEST).unlink(), "no sealed bundle in"),
    "truncated": (truncate, "is not what was sealed"),
    "truncated and sealed": (truncate_and_seal, "does not have the layout"),
    "tampered": (lambda f: (f / "groups.json").write_text("{}"), "is not what was sealed"),
    "of another schema": (
        lambda f: with_heads(f, lambda heads: heads.update(features=["unheard_of"])),
        "not promoted",
    ),
    "predicting no number": (
        lambda f: with_heads(f, lambda heads: set_everywhere(heads, "level", 1e308)),
        "not finite or out of range",
    ),
    "endless": (
        lambda f: with_trees(f, endless),
        "did not load and predict within|ended its trial by SIG|layout",
    ),
    "crashing": (lambda f: with_trees(f, astray), "ended its trial by SIG|layout"),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", BROKEN)
def test_r14_a_broken_bundle_is_refused(tmp_path, how):
    harm, why = BROKEN[how]
    sealed_at(tmp_path / "b")
    harm(tmp_path / "b")
    with pytest.raises(PromotionRefused, match=why) as refused:
        checked(tmp_path / "b", seconds=10)
    assert refused.value.exit_code == 3
    assert "the one in use stays" in str(refused.value)


def test_a_bundle_that_works_is_told_by_its_version(tmp_path):
    version = sealed_at(tmp_path / "b")
    assert checked(tmp_path / "b") == version
    assert checked(tmp_path / "b", made_features()) == version


def test_rules_alone_are_tried_on_made_customers(tmp_path):
    version = sealed_at(tmp_path / "b", made_rules())
    assert checked(tmp_path / "b") == version


def test_r14_a_bundle_larger_than_the_limit_is_not_opened(tmp_path):
    sealed_at(tmp_path / "b")
    with pytest.raises(PromotionRefused, match="bytes, more than 1,000; it is not promoted"):
        checked(tmp_path / "b", most_bytes=1_000)


def test_r14_a_bundle_that_needs_too_much_memory_is_refused(tmp_path):
    sealed_at(tmp_path / "b")
    (tmp_path / "b" / "metrics.json").write_text(f'{{"x": [{"[]," * 10_000_000}0]}}')
    reseal(tmp_path / "b")
    with pytest.raises(PromotionRefused, match="not promoted, the one in use stays"):
        checked(tmp_path / "b", most_memory=900 << 20)


def test_r14_a_trial_is_ended_when_its_time_is_up(tmp_path):
    sealed_at(tmp_path / "b")
    with pytest.raises(PromotionRefused, match="did not load and predict within 0.001 seconds"):
        checked(tmp_path / "b", seconds=0.001)


def test_made_customers_go_from_the_least_to_the_most_of_every_feature():
    names = ("frequency", "recency", "T", "monetary_value", "never")
    bundle = replace(
        made_rules(),
        features=names,
        reference={
            "frequency": {"null": 0.0, "deciles": [0, 0, 0, 0, 0, 0, 1, 1, 2, 4, 30]},
            "recency": {"null": 0.0, "deciles": [0, 0, 0, 0, 0, 0, 9, 30, 70, 200, 390]},
            "T": {"null": 0.0, "deciles": [1, 10, 40, 90, 120, 150, 200, 250, 300, 350, 400]},
            "monetary_value": {"null": 0.55, "deciles": [5, 6, 7, 8, 9, 10, 12, 15, 20, 50, 900]},
            "never": {"null": 1.0, "deciles": []},
        },
    )
    made = probes(bundle)
    assert list(made.columns) == list(names)
    assert made[list(names[:3])].iloc[[0, -1]].to_numpy().tolist() == [[0, 0, 1], [30, 390, 400]]
    assert (made["recency"] <= made["T"]).all()
    assert made.loc[made["monetary_value"].isna(), "frequency"].eq(0).all()
    assert made["monetary_value"].max() == 900
    assert made["never"].isna().all()
