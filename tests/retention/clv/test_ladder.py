import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.clv.ladder import (
    CENT,
    STEPS,
    Economics,
    discount_factor,
    historic_ladder,
    in_currency,
    ladder_codes,
    predicted_contribution,
    predicted_ladder,
    refund_share_of,
    total_ladder,
)
from retention.clv.ratios import payback_months, ratios
from tests.features.made import QUICK

SHOP = Economics(
    margin=0.4, serving_per_order=3.0, retention_per_year=12.0, annual_discount_rate=0.0
)


def history(gross, refunded, orders, first_day):
    frame = pd.DataFrame({"gross": gross, "refunded": refunded, "orders": orders})
    frame["net"] = frame["gross"] - frame["refunded"]
    frame["first_day"] = np.asarray(first_day, float)
    return frame


def test_a_worked_example_from_gross_to_contribution():
    past = history([1_100_000], [100_000], [4], [0])
    [steps] = historic_ladder(past, SHOP, cutoff=365, acquisition_cost=[10.0]).to_dict("records")
    assert {name: value / 10_000 for name, value in steps.items()} == {
        "gross": 110, "refunds": 10, "net": 100, "goods": 60, "margin": 40, "serving": 12,
        "retention": 12, "discounting": 0, "contribution": 16, "acquisition": 10,
        "contribution_after_acquisition": 6,
    }  # fmt: skip


def adds_up(steps):
    """Every total is the sum of its steps, in whole units."""
    assert (steps["gross"] - steps["refunds"] - steps["net"]).dropna().eq(0).all()
    assert (steps["net"] - steps["goods"] - steps["margin"]).dropna().eq(0).all()
    costs = steps["serving"] + steps["retention"] + steps["discounting"]
    assert (steps["margin"] - costs - steps["contribution"]).dropna().eq(0).all()
    after = steps["contribution"] - steps["acquisition"]
    assert (after - steps["contribution_after_acquisition"]).dropna().eq(0).all()


shares = st.one_of(st.none(), st.floats(0, 1))
costs = st.floats(0, 1e4, allow_subnormal=False)
economies = st.builds(
    Economics,
    margin=shares,
    serving_per_order=costs,
    retention_per_year=costs,
    annual_discount_rate=st.floats(0, 3),
    unit=st.sampled_from([1, 10, CENT, 10_000]),
)
customers = st.lists(
    st.tuples(
        st.integers(0, 10**12),
        st.integers(0, 10**12),
        st.integers(0, 500),
        st.integers(0, 4000),
        st.floats(-1e6, 1e8),
        st.floats(0, 500),
        st.one_of(st.just(np.nan), costs),
    ),
    min_size=1,
    max_size=10,
)


@QUICK
@given(rows=customers, economics=economies, refund_share=st.one_of(st.none(), st.floats(0, 0.9)))
def test_gross_net_and_contribution_add_up_to_the_cent(rows, economics, refund_share):
    gross, refunded, orders, first, value, ahead, cost = (
        np.array(c) for c in zip(*rows, strict=True)
    )
    past = historic_ladder(
        history(gross, refunded, orders, first), economics, cutoff=4000, acquisition_cost=cost
    )
    future = predicted_ladder(value, ahead, economics, horizon_days=365, refund_share=refund_share)
    total = total_ladder(past, future)
    for steps in (past, future, total):
        adds_up(steps)
        assert (steps.fillna(0) % economics.unit == 0).all(axis=None)
    for name in STEPS:
        apart = total[name] - past[name] - future[name]
        assert apart.dropna().eq(0).all()
    assert past["net"].sub(gross - refunded).abs().le(economics.unit / 2 + 0.5).all()
    assert (future["contribution"].isna() == (economics.margin is None)).all()


def test_what_is_not_told_is_null_with_its_code():
    bare = Economics()
    past = historic_ladder(history([1000], [0], [1], [0]), bare, cutoff=10)
    codes = {name: code[0] for name, code in ladder_codes(past).items() if code[0]}
    assert codes == {
        "goods": "no_margin", "margin": "no_margin", "contribution": "no_margin",
        "discounting": "no_margin", "acquisition": "no_acquisition_cost",
        "contribution_after_acquisition": "no_margin",
    }  # fmt: skip
    future = predicted_ladder([10.0, np.nan], [1.0, np.nan], SHOP, horizon_days=365)
    codes = ladder_codes(future)
    assert codes["gross"].tolist() == ["no_refund_share", "no_prediction"]
    assert codes["contribution"].tolist() == [None, "no_prediction"]
    assert np.isnan(predicted_contribution([5.0], [1.0], bare, horizon_days=365))[0]


def test_money_that_comes_evenly_over_a_year_is_worth_its_mean_discount():
    days = (np.arange(36_500) + 0.5) / 100
    assert discount_factor(0.1, 365) == pytest.approx(np.mean(1.1 ** (-days / 365)), rel=1e-6)
    assert (discount_factor(0.0, 365), discount_factor(0.1, 0)) == (1.0, 1.0)
    plain = Economics(margin=0.5, annual_discount_rate=0.1)
    assert predicted_contribution([200.0], [2.0], plain, horizon_days=365)[0] == pytest.approx(
        100 * discount_factor(0.1, 365), abs=0.005
    )


def test_predicted_gross_is_what_leaves_the_net_after_the_shops_refunds():
    share = refund_share_of(history([900_000, 100_000], [200_000, 0], [1, 1], [0, 0]))
    assert share == 0.2
    steps = predicted_ladder([80.0], [1.0], SHOP, horizon_days=365, refund_share=share)
    assert (steps["gross"][0], steps["refunds"][0]) == (1_000_000, 200_000)
    assert refund_share_of(history([0], [0], [0], [0])) is None


def test_ratios_of_a_customer_won_for_ten():
    past = historic_ladder(
        history([1_000_000] * 4, [0] * 4, [2] * 4, [0] * 4),
        Economics(margin=0.4, annual_discount_rate=0),
        cutoff=365,
        acquisition_cost=[20.0, 0.0, np.nan, 60.0],
    )
    ahead = predicted_ladder(
        [50.0] * 4, [1.0] * 4, Economics(margin=0.4, annual_discount_rate=0), horizon_days=365
    )
    found = ratios(
        past, ahead, first_order=[300_000] * 4, n_orders=[2] * 4, tenure_days=[365] * 4,
        horizon_days=365,
    )  # fmt: skip
    # Contribution: 40 in the year behind, 20 in the year ahead.
    assert found.clv_to_acquisition_cost[[0, 3]].tolist() == [3, 1]
    assert found.payback_months[[0, 1, 3]].tolist() == pytest.approx([6, 0, 24])
    assert found.first_order_share.tolist() == [0.2] * 4
    assert found.codes["clv_to_acquisition_cost"].tolist() == [
        None, "acquisition_cost_is_zero", "no_acquisition_cost", None,
    ]  # fmt: skip
    assert found.codes["payback_months"].tolist() == [None, None, "no_acquisition_cost", None]


def test_what_is_not_expected_to_pay_back_says_so():
    months = payback_months(
        [100.0, 100.0], [40.0, -5.0], [20.0, 0.0], tenure_days=[365, 365], horizon_days=365
    )
    assert np.isnan(months).all()


def test_amounts_in_currency_are_those_shown():
    assert in_currency(pd.Series([12_300, None], dtype="Int64")).tolist()[0] == 1.23
    assert Economics(unit=CENT).exactly([49, 50, -50, -51]).tolist() == [0, 100, 0, -100]
