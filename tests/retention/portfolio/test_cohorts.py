import numpy as np
import pandas as pd
import pytest

from features.shop_clock import day_number
from retention.history import history_of, visits_of
from retention.portfolio.cohorts import cohort_ends, cohort_of, repeat_rates
from retention.portfolio.retention_rate import retention_by_cohort, retention_by_year
from retention.wilson import wilson
from tests.features.made import day, log_of, purchases


def test_days_belong_to_months_quarters_and_years():
    days = [day("2024-01-01"), day("2023-12-31"), day("1969-12-31"), np.nan]
    assert cohort_of(days).tolist() == ["2024-01", "2023-12", "1969-12", None]
    assert cohort_of(days, "quarter").tolist() == ["2024-Q1", "2023-Q4", "1969-Q4", None]
    assert cohort_of(days, "year").tolist() == ["2024", "2023", "1969", None]


@pytest.mark.parametrize("span", ["month", "quarter", "year"])
def test_a_cohort_ends_where_the_next_begins(span):
    for start in pd.date_range("2019-12-01", "2021-03-01", freq="MS"):
        number = day_number(start.date())
        last, first = cohort_of([number - 1, number], span)
        if last != first:
            assert cohort_ends([last], span).tolist() == [number]


def test_repeat_rates_count_closed_windows_only():
    log = log_of(
        purchases(
            ("a", "2024-01-01", 1.0), ("a", "2024-01-31", 1.0),
            ("b", "2024-01-10", 1.0), ("b", "2024-02-10", 1.0),
            ("c", "2024-01-31", 1.0),
            ("d", "2024-02-29", 1.0), ("d", "2024-03-02", 1.0),
        )
    )  # fmt: skip
    until = day("2024-04-01")
    rates = repeat_rates(history_of(log, until), until, windows=(30, 60))
    assert rates[["cohort", "window_days"]].values.tolist() == [
        ["2024-01", 30], ["2024-01", 60], ["2024-02", 30], ["2024-02", 60],
    ]  # fmt: skip
    # a came back on day 30, b on day 31.
    assert rates["repeaters"].tolist()[:3] == [1, 2, 1]
    assert rates["rate"].tolist()[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    low, high = wilson([1, 2, 1], [3, 3, 1])
    assert rates["low"].tolist()[:3] == pytest.approx(low.tolist())
    assert rates["high"].tolist()[:3] == pytest.approx(high.tolist())
    assert rates["code"].tolist() == [None, None, None, "window_open"]
    assert rates[["repeaters", "rate", "low", "high"]].iloc[3].isna().all()
    a_day_less = repeat_rates(history_of(log, until - 1), until - 1, windows=(30, 60))
    assert a_day_less["code"].tolist() == [None, "window_open", None, "window_open"]


def test_retention_is_told_by_year_and_by_cohort_for_years_that_are_over():
    log = log_of(
        purchases(
            ("a", "2021-05-01", 1.0), ("a", "2022-01-01", 1.0), ("a", "2023-12-31", 1.0),
            ("b", "2021-06-01", 1.0), ("b", "2023-06-01", 1.0),
            ("c", "2022-02-01", 1.0), ("c", "2022-03-01", 1.0),
            ("d", "2024-01-01", 1.0), ("a", "2024-01-02", 1.0),
        )
    )  # fmt: skip
    until = day("2024-06-01")
    visits = visits_of(log, until)
    by_year = retention_by_year(visits, until)
    assert by_year[["year", "customers", "retained"]].values.tolist() == [
        [2022, 2, 1],
        [2023, 2, 1],
    ]
    assert by_year["rate"].tolist() == [0.5, 0.5]
    by_cohort = retention_by_cohort(visits, until)
    assert by_cohort[["cohort", "year", "customers", "retained"]].values.tolist() == [
        [2021, 2022, 2, 1], [2021, 2023, 2, 2], [2022, 2023, 1, 0],
    ]  # fmt: skip
    assert (by_cohort["low"] <= by_cohort["rate"]).all()
    whole = retention_by_year(visits, day("2025-01-01"))
    assert whole["year"].tolist() == [2022, 2023, 2024]


def test_a_shop_without_a_purchase_has_no_cohorts():
    log = log_of(purchases(("a", "2024-01-01", -5.0)))
    until = day("2025-06-01")
    assert len(repeat_rates(history_of(log, until), until)) == 0
    assert len(retention_by_year(visits_of(log, until), until)) == 0
    assert len(retention_by_cohort(visits_of(log, until), until)) == 0
