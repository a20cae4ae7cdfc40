"""A refit against the model in use: the recipe as of the window's first day, on that window."""

from dataclasses import replace

import pytest

from features.shop_clock import ShopClock
from models.bundle import save_parts, seal
from tests.made_shop import made_log, made_purchases
from training.promotion import promote
from training.recipe import Horizons, Recipe
from training.refit import judge_refit

HORIZONS = Horizons(30, 45)
LOG = made_log(made_purchases(400))
END = LOG.last_day + 1


class Inverted(Recipe):
    """A recipe that calls the likeliest to stay the likeliest to leave."""

    def evidence(self, fit):
        outcome, method = super().evidence(fit)
        upside_down = {name: 1 - p for name, p in outcome.churn_probability.items()}
        return replace(outcome, churn_probability=upside_down), method


def recipe(kind=Recipe):
    return kind(LOG, seed=0, n_cutoffs=2)


def put_in_use(models_dir, room, end):
    fitted = recipe().bundle(end, HORIZONS, clock=ShopClock(), risk_limits=None)
    version = save_parts(fitted.bundle, room / "bundle")
    seal(room / "bundle", version, {})
    promote(room / "bundle", models_dir, version, key="made")
    return models_dir


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory):
    """A model in use that was trained before the windows by which a refit is judged."""
    room = tmp_path_factory.mktemp("earlier")
    return put_in_use(room / "models", room, END - 60)


@pytest.fixture(scope="module")
def fits():
    """What was fitted to the whole log, for all tests: a recipe remembers it."""
    return recipe()


def judged(recipe, models_dir):
    told: list[str] = []
    return judge_refit(recipe, END, HORIZONS, models_dir, tell=told.append), told


def test_without_a_model_in_use_there_is_nothing_to_compare_with(fits, tmp_path):
    decision, told = judged(fits, tmp_path)
    assert decision.promote
    assert not decision.reasons
    assert not told


def test_return_and_value_are_judged_each_at_its_own_window(fits, models_dir):
    decision, told = judged(fits, models_dir)
    churn, value = decision.reasons
    assert churn.startswith("not worse than the champion: log loss")
    assert "Tweedie deviance of value" in value
    assert not told


def test_a_refit_that_is_upside_down_is_refused(models_dir):
    decision, _ = judged(recipe(Inverted), models_dir)
    assert not decision.promote
    assert any("worse than the champion: log loss" in reason for reason in decision.reasons)


def test_a_model_that_has_seen_the_window_is_not_compared_and_it_is_said(fits, tmp_path):
    decision, told = judged(fits, put_in_use(tmp_path / "models", tmp_path, END - 7))
    assert decision.promote
    assert not decision.reasons
    assert [sentence.split(":")[0] for sentence in told] == ["return", "value"]
    assert all("trained into the window" in sentence for sentence in told)
