import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.windows import SHORTEST_WINDOW, history_days, plan_windows

ANY_LOG = {"first_day": st.integers(0, 20_000), "days": st.integers(1, 2_000)}


def test_worked_example():
    # 400 days of log, windows of 60: three fit, so the newest two are kept apart from the fit.
    plan = plan_windows(1000, 1400, 60)
    assert plan is not None
    assert plan.by_time
    assert plan.newest == 1340
    assert plan.cutoffs == (1340, 1280, 1265, 1250, 1235, 1220)
    assert plan.fit_cutoffs == (1280, 1265, 1250, 1235, 1220)


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


@given(**ANY_LOG, horizon=st.integers(1, 300))
def test_by_time_the_windows_fitted_on_close_before_the_newest_opens(first_day, days, horizon):
    plan = plan_windows(first_day, first_day + days, horizon)
    if plan is None or not plan.by_time:
        return
    assert plan.fit_cutoffs
    assert all(cutoff + plan.observed_days <= plan.newest for cutoff in plan.fit_cutoffs)
    earlier = plan_windows(first_day, plan.newest, horizon)
    assert earlier is not None, "the gate fits once more on what was known before the newest window"
    assert earlier.observed_days == horizon


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
    assert len(plan.fit_cutoffs) == 9
