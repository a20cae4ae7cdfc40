import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from features.log.shop_log import ShopLog
from features.panel import snapshot
from features.shop_clock import ShopClock, day_number
from retention.groups import risk_tier
from retention.silence import ALREADY_ABOVE, MONTHS, NOT_WITHIN, ahead_texts, silence_dates
from tests.made_frames import log_from_frame

START = pd.Timestamp("2023-01-01")
AS_OF = day_number(START.date()) + 300
NAMES = ("days_since_last", "mean_gap", "orders_90d", "orders_next_30d_last_year", "T")
LIMITS = (0.5, 0.8)


def made_log(customers=60, seed=0):
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        gap, day = draw.gamma(2.0, 15.0) + 3, float(draw.integers(0, 120))
        end = draw.integers(150, 500)
        while day < end:
            rows.append((f"c{i:03d}", START + pd.Timedelta(days=int(day)), 10.0))
            day += draw.exponential(gap) + 1
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])
    return log_from_frame(frame, ShopClock())


def churn(features):
    """Rises with silence, and falls again where the season of last year comes back."""
    silence, gap, season, orders = (
        np.asarray(features[name], float)
        for name in ("days_since_last", "mean_gap", "orders_next_30d_last_year", "orders_90d")
    )
    gap, season = np.nan_to_num(gap, nan=40.0), np.nan_to_num(season)
    return np.asarray(expit(silence / gap - 1.5 - 0.3 * orders - 1.5 * season))


def by_hand(log, day):
    """Probability of each customer at a later day, from the log as known at the snapshot."""
    return churn(snapshot(ShopLog.of(log.known_before(AS_OF)), day, NAMES).features)


def test_recomputed_at_the_date_with_no_order_the_tier_has_changed():
    log = made_log()
    found = silence_dates(log, AS_OF, NAMES, churn, LIMITS)
    checked = 0
    for days, tier in ((found.medium, {"medium", "high"}), (found.high, {"high"})):
        for i in np.flatnonzero(~np.isnan(days)):
            at = int(days[i])
            before, there = (by_hand(log, d)[i] for d in (at - 1, at))
            assert risk_tier(np.array([there]), list(LIMITS))[0] in tier
            assert risk_tier(np.array([before]), list(LIMITS))[0] not in tier
            checked += 1
    assert checked > 20


def test_dates_are_the_first_of_all_days_though_risk_falls_again():
    log = made_log()
    found = silence_dates(log, AS_OF, NAMES, churn, LIMITS)
    curve = np.array([by_hand(log, AS_OF + d) for d in range(366)])
    assert (np.diff(curve, axis=0) < -0.01).any()
    for days, limit in ((found.medium, LIMITS[0]), (found.high, LIMITS[1])):
        passed = curve >= limit
        first = np.where(passed.any(axis=0), AS_OF + passed.argmax(axis=0), np.nan)
        first[passed[0]] = np.nan
        assert np.array_equal(days, first, equal_nan=True)


def test_codes_say_why_there_is_no_date():
    found = silence_dates(made_log(), AS_OF, NAMES, churn, LIMITS)
    now = by_hand(made_log(), AS_OF)
    assert np.array_equal(found.medium_code == ALREADY_ABOVE, now >= LIMITS[0])
    for days, codes in ((found.medium, found.medium_code), (found.high, found.high_code)):
        assert np.array_equal(np.isnan(days), np.array([c is not None for c in codes]))
    never = silence_dates(made_log(), AS_OF, NAMES, churn, (0.5, 1.1))
    assert set(never.high_code) == {NOT_WITHIN}


def test_lines_known_later_change_nothing():
    log = made_log()
    assert (log.known_day >= AS_OF).any()
    with_later = silence_dates(log, AS_OF, NAMES, churn, LIMITS)
    without = silence_dates(log.known_before(AS_OF), AS_OF, NAMES, churn, LIMITS)
    assert np.array_equal(with_later.medium, without.medium, equal_nan=True)
    assert np.array_equal(with_later.high, without.high, equal_nan=True)


@pytest.mark.parametrize("kept", [[0, 5, 7], []])
def test_only_the_customers_asked_of_are_searched(kept):
    log = made_log()
    whole = silence_dates(log, AS_OF, NAMES, churn, LIMITS)
    asked = np.zeros(len(whole.customer_ids), bool)
    asked[kept] = True
    some = silence_dates(log, AS_OF, NAMES, churn, LIMITS, asked=asked)
    assert np.array_equal(some.medium[asked], whole.medium[asked], equal_nan=True)
    assert np.isnan(some.medium[~asked]).all()
    assert all(code is None for code in some.high_code[~asked])


def test_risks_ahead_are_thousandths_up_to_the_last_known():
    risks = np.full((3, len(MONTHS)), np.nan)
    risks[0] = np.linspace(0.2, 0.8, len(MONTHS))
    risks[1, :2] = 0.0004, 0.9996
    assert ahead_texts(risks).to_pylist() == [
        "200 250 300 350 400 450 500 550 600 650 700 750 800",
        "0 1000",
        "",
    ]
