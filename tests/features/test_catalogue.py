from pathlib import Path

from features.catalogue import BY_NAME, FEATURES, catalogue_page

ROOT = Path(__file__).parents[2]


def test_names_are_distinct():
    assert len(BY_NAME) == len(FEATURES)


def test_every_feature_is_explained():
    for feature in FEATURES:
        assert feature.unit
        assert feature.sentence.endswith(".")
        assert feature.phrase.endswith(".")
        assert "{value}" in feature.phrase


def test_the_page_in_the_docs_is_current():
    # To renew it, write what `catalogue_page()` returns into the file.
    assert (ROOT / "docs" / "features.md").read_text(encoding="utf-8") == catalogue_page()
