import pytest

from training.card import save_card
from training.registry import CHALLENGER, CHAMPION, Registry
from training.run_record import description, version_tags
from training.tracking import Tracker, TrackingDown


@pytest.fixture
def registry(mlflow_db, tmp_path):
    return Registry(Tracker(mlflow_db, tmp_path / "artifacts", "corner-shop"))


@pytest.fixture
def run_id(registry, result, tmp_path):
    card_html = save_card(result, [], tmp_path / "shown")[1]
    return registry.tracker.log_result(result, [], card_html)


def test_a_bundle_is_registered_with_what_it_serves_and_why(registry, result, run_id):
    version = registry.register(
        result.bundle_dir,
        run_id,
        "corner-shop",
        tags=version_tags(result),
        description=description(result),
    )
    stored = registry.tracker.client.get_model_version("corner-shop", version)
    assert version == "1"
    assert stored.run_id == run_id
    assert stored.source.endswith(f"{run_id}/artifacts/bundle")
    assert stored.tags["served.value"] == "past_rate"
    assert "Learned from 4,000 orders" in stored.description


def test_an_alias_moves_from_version_to_version(registry, result, run_id):
    first = registry.register(result.bundle_dir, run_id, "corner-shop")
    second = registry.register(result.bundle_dir, run_id, "corner-shop")
    registry.set_alias("corner-shop", CHAMPION, first)
    registry.set_alias("corner-shop", CHALLENGER, second)
    assert registry.version_of("corner-shop", CHAMPION) == first
    registry.set_alias("corner-shop", CHAMPION, second)
    assert registry.version_of("corner-shop", CHAMPION) == second == "2"


def test_nothing_is_champion_before_it_was_named(registry, result, run_id):
    assert registry.version_of("corner-shop", CHAMPION) is None
    registry.register(result.bundle_dir, run_id, "corner-shop")
    assert registry.version_of("corner-shop", CHAMPION) is None


def test_the_champion_of_another_shop_is_not_ours(registry, result, run_id):
    other = registry.register(result.bundle_dir, run_id, "corner-shop-2")
    registry.set_alias("corner-shop-2", CHAMPION, other)
    assert registry.version_of("corner-shop", CHAMPION) is None


def test_a_bundle_that_the_run_does_not_have_is_not_registered(registry, result, run_id):
    (result.bundle_dir / "late.json").write_text("{}")
    with pytest.raises(TrackingDown, match=r"lacks late.json \(1 of 3 files"):
        registry.register(result.bundle_dir, run_id, "corner-shop")
    assert registry.tracker.client.search_model_versions("name = 'corner-shop'") == []


def test_an_empty_bundle_is_not_registered(registry, run_id, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrackingDown, match="has no bundle"):
        registry.register(tmp_path / "empty", run_id, "corner-shop")


def test_an_alias_of_a_version_that_is_not_there_is_refused(registry, result, run_id):
    registry.register(result.bundle_dir, run_id, "corner-shop")
    with pytest.raises(TrackingDown, match="could not set the alias 'champion'"):
        registry.set_alias("corner-shop", CHAMPION, "99")
