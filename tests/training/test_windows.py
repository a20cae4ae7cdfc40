import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.windows import SEASON_HISTORY, SHORTEST_WINDOW, history_days, plan_windows

ANY_LOG = {"first_day": st.integers(0, 20_000), "days": st.integers(1, 2_000)}


def test_worked_example():
    # 400 days of log, windows of 60: three disjoint ones fit; a quarter of a window lies between
    # two cutoffs. A year before the end there was no half-year of history yet.
    plan = plan_windows(1000, 1400, 60)
    assert plan is not None
    assert plan.by_time
    assert plan.newest == 1340
    assert plan.recent == (1340, 1325, 1310, 1295, 1280)
    assert plan.season == ()


def test_an_older_log_adds_the_windows_of_a_year_ago():
    # 364 days before the end, so that weekdays agree, and two weeks to either side of it.
    plan = plan_windows(0, 800, 60)
    assert plan is not None
    assert plan.season == (436, 422, 450)
    assert plan.cutoffs == (740, 725, 710, 695, 680, 436, 422, 450)
    older = plan_windows(0, 1000, 60)
    assert older is not None
    assert older.season == (636, 622, 650, 272, 258, 286)


@given(**ANY_LOG, horizon=st.integers(1, 800), n=st.sampled_from([None, 1, 3, 12]))
def test_every_label_window_has_closed_and_every_cutoff_has_history(first_day, days, horizon, n):
    end = first_day + days
    plan = plan_windows(first_day, end, horizon, n_cutoffs=n)
    if plan is None:
        assert days < max(3 * SHORTEST_WINDOW, horizon + history_days(horizon))
        return
    assert plan.observed_days <= horizon
    for cutoff in plan.cutoffs:
        assert cutoff + plan.observed_days <= end
        assert cutoff > first_day
    assert len(set(plan.cutoffs)) == len(plan.cutoffs)
    assert plan.newest == max(plan.cutoffs)


@given(**ANY_LOG, horizon=st.integers(1, 300), lag=st.integers(0, 60))
def test_windows_of_the_season_are_a_year_or_two_old_and_have_half_a_year_behind_them(
    first_day, days, horizon, lag
):
    end = first_day + days
    plan = plan_windows(first_day, end, horizon, refund_lag_days=lag)
    if plan is None:
        return
    for cutoff in plan.season:
        assert min(abs(end - 364 * years - cutoff) for years in (1, 2)) <= 14
        assert cutoff - first_day >= SEASON_HISTORY
        assert cutoff < min(plan.recent)


@given(**ANY_LOG, horizon=st.integers(1, 300), lag=st.integers(0, 60))
def test_by_time_the_recipe_can_be_fitted_on_what_closed_before_the_newest_window_opened(
    first_day, days, horizon, lag
):
    end = first_day + days
    plan = plan_windows(first_day, end, horizon, refund_lag_days=lag)
    if plan is None or not plan.by_time:
        return
    assert plan.observed_days == horizon
    assert plan.newest - first_day >= 2 * horizon
    earlier = plan_windows(first_day, plan.newest, horizon)
    assert earlier is not None, "the gate fits once more on what was known before the newest window"
    assert earlier.observed_days == horizon
    assert all(cutoff + horizon <= plan.newest for cutoff in earlier.cutoffs)


@given(**ANY_LOG, horizon=st.integers(1, 300), lag=st.integers(0, 60))
def test_refunds_are_waited_for_in_a_tenth_of_the_log_at_most(first_day, days, horizon, lag):
    end = first_day + days
    plan = plan_windows(first_day, end, horizon, refund_lag_days=lag)
    if plan is not None:
        assert plan.newest + plan.observed_days == end - min(lag, days // 10) or days < 21


@pytest.mark.parametrize(
    ("days", "observed"), [(20, None), (21, 7), (90, 30), (134, 44), (135, 90)]
)
def test_a_young_log_gets_shorter_windows_or_none(days, observed):
    plan = plan_windows(0, days, 90)
    assert (plan.observed_days if plan else None) == observed


@pytest.mark.parametrize("horizon", [1, 3, 6])
def test_a_horizon_below_a_week_is_no_sign_of_a_young_log(horizon):
    plan = plan_windows(0, 400, horizon)
    assert plan is not None
    assert plan.observed_days == horizon


def test_the_number_of_cutoffs_is_that_asked_for():
    plan = plan_windows(0, 2000, 30, n_cutoffs=9)
    assert plan is not None
    assert len(plan.recent) == 9
