import numpy as np
import pytest

from retention.clv.ladder import Economics
from retention.history import visits_of
from retention.portfolio.alert import cohort_alerts, early_values, holm
from tests.features.made import day, log_of, purchases

MONTHS = np.array(
    [f"2023-{m:02d}" for m in range(1, 13)] + ["2024-01", "2024-02", "2024-03"], object
)


def shop(draw, *, between=0.0, size=80, last=1.0):
    """Log-normal spend of customers in 15 cohorts; the last one's is multiplied by `last`."""
    level = np.exp(draw.normal(0, between, 15)) * np.r_[np.ones(14), last]
    cohort = np.repeat(MONTHS, size)
    return cohort, np.repeat(level, size) * 40 * np.exp(draw.normal(0, 1, 15 * size))


@pytest.mark.parametrize("between", [0.0, 0.15])
def test_alarms_are_false_in_at_most_one_shop_of_twenty(between):
    draw = np.random.default_rng(5)
    shops = 160
    false = sum(bool(cohort_alerts(*shop(draw, between=between)).alarms) for _ in range(shops))
    # 5 % of 160 are 8; above 16 is beyond the binomial's 99.5th percentile.
    assert false <= 16


def test_a_cohort_worth_half_is_found_and_said_plainly():
    draw = np.random.default_rng(6)
    found = [cohort_alerts(*shop(draw, between=0.05, size=250, last=0.5)) for _ in range(40)]
    named = [[one.cohort for one in alerts.alarms] for alerts in found]
    assert np.mean(["2024-03" in names for names in named]) > 0.9
    one = next(alerts for alerts in found if alerts.alarms).alarms[-1]
    assert one.change == pytest.approx(-0.5, abs=0.2)
    assert one.sentence.startswith("Customers who first bought in 2024-03 spent ")
    assert "less than the " in one.sentence
    assert "of the 12 cohorts before them (250 customers; chance of this by luck" in one.sentence


def test_cohorts_worth_more_are_no_alarm():
    draw = np.random.default_rng(7)
    found = cohort_alerts(*shop(draw, size=300, last=3.0))
    assert "2024-03" not in [one.cohort for one in found.alarms]
    assert found.looked_at[-1].p == 1
    assert found.sentence.startswith("None of the 3 newest cohorts")


def test_too_few_cohorts_say_so():
    found = cohort_alerts(["2024-01"] * 50 + ["2024-02"] * 50, np.ones(100))
    assert (found.looked_at, found.code) == ((), "too_few_cohorts")
    assert "7 are needed, there are 2" in found.sentence


def test_holm_is_that_of_the_textbook():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).tolist() == [1, 1]


LOG = log_of(
    purchases(
        ("a", "2024-01-01", 40.0), ("a", "2024-03-30", 10.0), ("a", "2024-03-31", 5.0),
        ("b", "2024-01-31", 20.0),
        ("c", "2024-02-01", 99.0),
    )
)  # fmt: skip


def test_early_value_is_of_closed_cohorts_at_equal_age():
    until = day("2024-05-01")
    visits = visits_of(LOG, until)
    found = early_values(visits, until)
    assert found["value"].to_dict() == {"a": 50, "b": 20}
    assert found["cohort"].tolist() == ["2024-01", "2024-01"]
    assert len(early_values(visits, until - 1)) == 0
    assert len(early_values(visits, until, refund_lag_days=1)) == 0


def test_profit_is_margin_less_serving():
    until = day("2024-05-01")
    economics = Economics(margin=0.5, serving_per_order=3.0)
    found = early_values(visits_of(LOG, until), until, economics=economics)
    assert found["value"].to_dict() == {"a": 19, "b": 7}
    with pytest.raises(ValueError, match=r"profit needs a margin \(no_margin\); set money.margin"):
        early_values(visits_of(LOG, until), until, economics=Economics())
