"""Every feature, fact and label against its plain definition."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from features.catalogue import BY_NAME, FEATURES
from features.labels import LABELS
from features.panel import panel, snapshot
from features.rows import FACTS
from tests.features.busy import busy_shop
from tests.features.made import CUTOFF, QUICK, drawn_logs, lines_of, purchases, shop_of
from tests.features.oracle import facts_at, features_at, labels_at, rfm_at

# Sums of floats, and differences of squares, round in the last digits.
CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-6}


def test_the_plain_definitions_cover_every_feature_fact_and_label():
    lines = lines_of(purchases(("A", "2024-01-01", 10.0)))
    assert set(features_at(lines, CUTOFF)) == set(BY_NAME)
    assert len(BY_NAME) == len(FEATURES) == 119
    assert set(facts_at(lines, CUTOFF)) == set(FACTS)
    assert set(labels_at(lines, CUTOFF, 30)) == set(LABELS)


@QUICK
@given(drawn_logs(max_size=40), st.integers(CUTOFF - 300, CUTOFF))
def test_every_feature_and_fact_agrees_with_its_plain_definition(frame, cutoff):
    lines, shop = lines_of(frame), shop_of(frame)
    if shop.facts.first_known_day >= cutoff:
        return
    shot = snapshot(shop, cutoff)
    wanted = features_at(lines, cutoff)
    assert_frame_equal(shot.features, wanted[list(shot.features)], **CLOSE)
    assert_frame_equal(shot.facts, facts_at(lines, cutoff)[list(FACTS)], **CLOSE)


def assert_a_busy_shop_agrees(seed):
    frame = busy_shop(seed)
    lines, shop = lines_of(frame), shop_of(frame)
    for cutoff in (CUTOFF - 200, CUTOFF + 100):
        shot = snapshot(shop, cutoff)
        assert_frame_equal(shot.features, features_at(lines, cutoff)[list(shot.features)], **CLOSE)
        assert_frame_equal(shot.facts, facts_at(lines, cutoff)[list(FACTS)], **CLOSE)
        for until in (None, cutoff + 60):
            seen = shop if until is None else shop.known_before(until)
            labels = panel(seen, [cutoff], [91]).labels[91]
            wanted = labels_at(lines, cutoff, 91, until)[list(labels)]
            assert_frame_equal(labels, wanted.reset_index(drop=True), **CLOSE)


def test_a_busy_shop_agrees_with_the_plain_definitions():
    assert_a_busy_shop_agrees(0)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(1, 21))
def test_busy_shops_agree_with_the_plain_definitions(seed):
    assert_a_busy_shop_agrees(seed)


@QUICK
@given(
    drawn_logs(last_day=600),
    st.sampled_from([1, 7, 91, 365]),
    st.sampled_from([None, CUTOFF, CUTOFF + 30, CUTOFF + 365]),
)
def test_labels_agree_with_their_plain_definition(frame, horizon_days, until):
    lines, shop = lines_of(frame), shop_of(frame)
    seen = shop if until is None else shop.known_before(until)
    found = panel(seen, [CUTOFF], [horizon_days])
    wanted = labels_at(lines, CUTOFF, horizon_days, until)
    assert found.features.index.tolist() == wanted.index.tolist()
    if len(wanted):
        labels = found.labels[horizon_days].set_index(found.features.index)
        assert_frame_equal(labels, wanted[list(labels)], **CLOSE)


@QUICK
@given(drawn_logs(late=False, early=False, columns=()))
def test_recency_and_frequency_are_those_of_the_papers(frame):
    bought = frame[frame["amount"] >= 0].assign(
        ordered_at=lambda f: pd.to_datetime(f["ordered_at"])
    )
    # Without the orders that were refunded in full on their day.
    frame = frame[frame["amount"] >= 0]
    if not len(frame):
        return
    wanted = rfm_at(bought, pd.Timestamp("1970-01-01") + pd.Timedelta(days=CUTOFF))
    found = snapshot(shop_of(frame), CUTOFF).features.loc[wanted.index, wanted.columns]
    assert_frame_equal(found, wanted.astype(float), check_names=False, rtol=1e-12)


@QUICK
@given(drawn_logs())
def test_features_are_finite_or_undefined(frame):
    shop = shop_of(frame)
    if shop.facts.first_known_day < CUTOFF:
        assert not np.isinf(snapshot(shop, CUTOFF).features.to_numpy()).any()
