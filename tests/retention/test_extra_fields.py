import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.shop_clock import ShopClock, date_of
from retention.batch_job import customers_of, first_order_of
from retention.clv.ladder import Economics, in_currency, predicted_contribution, predicted_ladder
from retention.extra_fields import CUTS, Worth, with_codes
from retention.history import first_orders, history_of, shop_history
from retention.scores import score_columns
from retention.value_fields import value_cuts, value_fields
from tests.features.made import shop_of
from tests.made_frames import log_from_frame
from tests.retention.made import CUTOFF, HORIZON, made_purchases, made_shop

SHOP = Economics(margin=0.4, serving_per_order=2.0, retention_per_year=5.0)
AMOUNTS = st.floats(-1e5, 1e5)


def scored(log, economics=SHOP, cut_points=None):
    """Score columns of everybody in a log, as a frame, and the cut points."""
    _, bundle = made_shop()
    customers = customers_of(log, CUTOFF, bundle.features)
    worth = Worth(first_order_of(log, CUTOFF, customers.ids), economics)
    as_of = str(date_of(CUTOFF))
    columns, cuts = score_columns(
        customers, bundle, as_of=as_of, cut_points=cut_points, worth=worth
    )
    return pd.DataFrame(columns).set_index("customer_id"), cuts


@pytest.fixture(scope="module")
def whole():
    return scored(log_from_frame(made_purchases(), ShopClock()))


def test_the_fields_are_those_of_the_whole_history(whole):
    rows, cuts = whole
    history = shop_history(shop_of(made_purchases().drop(columns="quantity")), CUTOFF)
    _, bundle = made_shop()
    wanted_cuts = value_cuts(history, CUTOFF, bundle.groups["rhythm"])
    assert {**wanted_cuts, "refund_share": None} == cuts[CUTS]
    wanted, codes = value_fields(
        history,
        wanted_cuts,
        SHOP,
        cutoff=CUTOFF,
        predicted_clv=rows["predicted_clv"].to_numpy(),
        predicted_orders=rows["predicted_number_of_orders"].to_numpy(),
        horizon_days=HORIZON,
    )
    for name in ("predicted_contribution", "simple_clv", "rfm_group"):
        one, two = rows[name].astype(object), wanted[name].astype(object)
        same = (one == two) | (one.isna() & two.isna())
        assert same.all(), name
        told = [json.loads(text).get(name) for text in rows["missing"]]
        assert told == list(codes[name])
    assert rows["simple_clv"].notna().sum() == len(rows) - 1


def test_one_customer_alone_has_the_rows_of_the_batch(whole):
    rows, cuts = whole
    kept = json.loads(json.dumps(cuts))
    lines = made_purchases()
    for customer in ("c0000", "c0016", "c0111"):
        alone, _ = scored(
            log_from_frame(lines[lines["customer_id"] == customer], ShopClock()), cut_points=kept
        )
        fields = ["predicted_contribution", "simple_clv", "rfm_group", "missing"]
        assert alone.loc[customer, fields].tolist() == rows.loc[customer, fields].tolist()


def test_without_a_margin_or_cut_points_the_codes_say_so(whole):
    _, cuts = whole
    old = {name: value for name, value in cuts.items() if name != CUTS}
    log = log_from_frame(made_purchases(), ShopClock())
    rows, _ = scored(log, Economics(), cut_points=old)
    assert rows[["predicted_contribution", "simple_clv", "rfm_group"]].isna().all(axis=None)
    told = json.loads(rows.loc["c0000", "missing"])
    assert told["predicted_contribution"] == "no_margin"
    assert (told["simple_clv"], told["rfm_group"]) == ("no_cut_points", "no_cut_points")


@given(
    value=st.lists(AMOUNTS | st.just(float("nan")), min_size=1, max_size=20),
    orders=st.floats(0, 50),
    margin=st.floats(0, 1),
    cost=st.floats(0, 100),
    days=st.integers(1, 800),
)
def test_the_contribution_is_the_ladders_last_step_to_the_cent(value, orders, margin, cost, days):
    economics = Economics(margin, cost, cost, 0.1)
    many = np.full(len(value), orders)
    steps = predicted_ladder(value, many, economics, horizon_days=days)
    np.testing.assert_array_equal(
        predicted_contribution(value, many, economics, horizon_days=days),
        in_currency(steps["contribution"]),
    )


def test_the_first_order_is_that_of_the_history():
    log = log_from_frame(made_purchases(), ShopClock())
    ids, amounts = first_orders(log, CUTOFF)
    history = history_of(log, CUTOFF)["first_order"]
    assert list(ids) == list(history.index)
    np.testing.assert_array_equal(amounts, history)
    some = np.array(["c0016", "nobody"], object)
    found = first_order_of(log, CUTOFF, some)
    assert found[0] == history.to_dict()["c0016"] / 10_000
    assert np.isnan(found[1])


def test_codes_are_put_in_taken_out_and_left():
    missing = np.array(['{"a":"old","b":"keep"}', "{}", None, None], object)
    found = with_codes(
        missing,
        {
            "a": np.array([None, "new", "new", None], object),
            "c": np.array(["why", None, None, None], object),
        },
    )
    assert [text and json.loads(text) for text in found] == [
        {"b": "keep", "c": "why"},
        {"a": "new"},
        {"a": "new"},
        None,
    ]
