import pytest

from retention.silence import MONTHS
from serving.pages.ahead import ahead_of
from serving.pages.rhythm import rhythm_of

ROW = {"as_of": "2024-07-01", "medium_risk_on": "2024-08-01", "high_risk_on": None}
SHOP = {"mean_gap": 60.0, "late": 1.4, "very_late": 3.0}


def bought(*days):
    return [{"ordered_on": day} for day in days]


def test_the_course_has_a_point_a_month_and_the_day_of_the_change():
    risks = [0.4 + 0.02 * i for i in range(len(MONTHS))]
    made = ahead_of(risks, ROW, (0.5, 0.8))
    assert made is not None
    assert [step.days for step in made.steps] == list(MONTHS)
    assert made.steps[0].day == "2024-07-01"
    assert [(c.tier, c.on) for c in made.changes] == [("medium", "2024-08-01")]
    assert not made.is_cut
    assert [step.y for step in made.steps] == sorted((s.y for s in made.steps), reverse=True)


def test_the_course_ends_where_the_risk_is_high():
    row = {**ROW, "high_risk_on": "2024-08-15"}
    made = ahead_of([0.4, 0.7, 0.9], row, (0.5, 0.8))
    assert made is not None
    assert [(step.days, step.risk) for step in made.steps] == [(0, 0.4), (31, 0.7), (45, 0.8)]
    assert made.is_cut


@pytest.mark.parametrize("risks", [[], [0.9]])
def test_without_two_points_nothing_is_drawn(risks):
    assert ahead_of(risks, ROW, (0.5, 0.8)) is None


def test_the_silence_is_the_last_gap():
    orders = bought("2024-01-01", "2024-01-01", "2024-02-01", "2024-04-01")
    row = {**ROW, "average_days_between_orders": 45.5}
    made = rhythm_of(orders, row, SHOP)
    assert made is not None
    assert [gap.days for gap in made.gaps] == [31, 60, 91]
    assert [gap.is_open for gap in made.gaps] == [False, False, True]
    assert "every 60 days" in made.sentences[0]
    assert "about 64 days; 19 of 20 end within 136 days" in made.sentences[1]


def test_one_purchase_day_is_no_rhythm():
    made = rhythm_of(bought("2024-06-01"), {**ROW, "average_days_between_orders": None}, None)
    assert made is not None
    assert "One purchase day so far, 30 days ago" in made.sentences[0]
    assert rhythm_of([], ROW, None) is None
