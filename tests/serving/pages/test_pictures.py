"""The geometry of all pictures: places follow the numbers and stay inside the frame."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.pages import gauges, scatter, timeline
from serving.pages.heat_map import STEPS, heat_map


def cell(risk, value, customers, spend):
    return {
        "risk_tier": risk,
        "value_tier": value,
        "customers": customers,
        "predicted_clv": spend,
        "mean_churn_probability": 0.5 if customers else None,
    }


def test_the_heat_map_has_risk_to_the_right_and_value_upwards():
    picture = heat_map(
        [cell("high", "top", 4, 900.0), cell("low", "low", 7, 9.0)],
        href=lambda risk, value: f"/{risk}/{value}",
        is_chosen=lambda risk, value: risk == "high",
    )
    fields = {(field.risk, field.value): field for field in picture.fields}
    best, least = fields["high", "top"], fields["low", "low"]
    assert len(fields) == 12
    assert best.x > least.x
    assert best.y < least.y
    assert (best.customers, best.step, best.href) == (4, STEPS - 1, "/high/top")
    assert best.is_chosen
    assert fields["medium", "top"].customers == 0
    assert fields["medium", "top"].step == 0
    assert best.x + best.width <= 100


def test_an_empty_portfolio_is_drawn_without_colour():
    picture = heat_map([], href=lambda r, v: "/", is_chosen=lambda r, v: False)
    assert {field.step for field in picture.fields} == {0}


def row(customer_id="c", risk=0.5, value=10.0):
    return {
        "customer_id": customer_id,
        "score_status": "scored",
        "churn_probability": risk,
        "predicted_clv": value,
        "risk_tier": "low",
    }


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(-10, 1e9)),
        min_size=1,
        max_size=20,
    )
)
def test_every_point_stands_inside_the_axes(pairs):
    picture = scatter.scatter([row(risk=r, value=v) for r, v in pairs], href=str)
    assert picture is not None
    for point in picture.points:
        assert picture.left - 1e-9 <= point.x <= picture.right + 1e-9
        assert picture.top - 1e-9 <= point.y <= picture.bottom + 1e-9
    assert 1 <= len(picture.y_ticks) <= 14


def test_equal_ratios_of_value_are_equal_distances():
    picture = scatter.scatter([row(value=v) for v in (1, 10, 100)], href=str)
    assert picture is not None
    low, middle, high = (point.y for point in picture.points)
    assert low - middle == pytest.approx(middle - high)


def test_customers_without_a_score_are_not_drawn():
    assert scatter.scatter([{"customer_id": "c", "score_status": "inactive"}], href=str) is None


def order(day, amount=10.0):
    return {"ordered_on": day, "amount": amount, "order_number": 1}


def test_the_silence_runs_from_the_last_order_to_the_end_of_the_data():
    line = timeline.timeline([order("1998-01-01"), order("1998-03-01", 5.0)], "1998-07-01", 91)
    assert line is not None
    assert [stem.ordered_on for stem in line.stems] == ["1998-01-01", "1998-03-01"]
    assert line.silence_from == line.stems[-1].x < line.today < line.horizon_to
    assert line.stems[0].y == line.top
    assert line.top < line.stems[1].y < line.base
    assert line.ticks[0][0] == "Jan 1998"


@given(
    days=st.lists(st.dates(), min_size=1, max_size=9),
    horizon=st.sampled_from([None, 1, 91, 365]),
)
def test_a_timeline_of_any_length_has_few_ticks_inside_it(days, horizon):
    days = [
        day.replace(year=1900 + day.year % 120) for day in days if (day.month, day.day) != (2, 29)
    ]
    line = timeline.timeline([order(day.isoformat()) for day in days], "2024-07-01", horizon)
    if not days:
        assert line is None
        return
    assert line is not None
    assert len(line.ticks) <= 16
    places = [x for _, x in line.ticks] + [stem.x for stem in line.stems]
    assert all(line.left <= x <= line.right for x in places)


def test_a_refund_stays_on_the_line():
    line = timeline.timeline([order("1998-01-01", -5.0)], "1998-07-01", 91)
    assert line is not None
    assert line.stems[0].y == line.base


def test_a_range_of_zeros_is_drawn_all_the_same():
    span = gauges.value_range({"clv_p10": 0, "clv_p50": 0, "clv_p90": 0, "predicted_clv": 0})
    assert span is not None
    assert all(math.isfinite(x) for x in (span.low, span.width, span.median, span.mean))
    missing = {"clv_p10": None, "clv_p50": 0, "clv_p90": 0, "predicted_clv": 0}
    assert gauges.value_range(missing) is None


def test_reasons_point_to_the_side_they_push_to():
    raises, lowers = gauges.reason_bars(
        [
            {"text": "a", "direction": "raises_risk", "importance": 0.4},
            {"text": "b", "direction": "lowers_risk", "importance": 0.2},
        ]
    )
    assert raises.x == 50
    assert lowers.x + lowers.width == 50
    assert raises.width == 2 * lowers.width


def test_history_leaves_out_batches_without_a_score():
    history: list[dict[str, object]] = [
        {"as_of": "2024-01-01", "churn_probability": 0.0, "risk_tier": "low"},
        {"as_of": "2024-02-01", "churn_probability": None, "risk_tier": None},
        {"as_of": "2024-03-01", "churn_probability": 1.0, "risk_tier": "high"},
    ]
    first, last = gauges.history_points(history)
    assert first.x < last.x
    assert (first.y, last.y) == (gauges.HISTORY_BASE, gauges.HISTORY_TOP)
