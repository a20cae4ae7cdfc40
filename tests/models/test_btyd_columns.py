import json

import numpy as np
import pandas as pd
import pytest

from features.feature_table import FeatureTable
from models.btyd_columns import (
    FARTHEST,
    SPEND,
    BtydColumns,
    churn_column,
    columns_from_spec,
    columns_of,
    fit_btyd,
    orders_column,
)
from models.rules import BTYD_MODELS
from tests.models.btyd.made import MADE, lived
from tests.models.made import HISTORIES, made_features
from tests.models.made import SPEND as GAMMA_GAMMA

COLUMNS = BtydColumns(90, HISTORIES, GAMMA_GAMMA)
FEATURES = made_features(200, seed=3)
TABLE = FeatureTable.of(FEATURES)


def histories(x, t_x, T, mean):
    columns = {"frequency": x, "recency": t_x, "T": T, "monetary_value": mean}
    return pd.DataFrame(columns).astype(float)


def test_columns_are_log_odds_of_no_purchase_logs_of_purchase_days_and_of_spend():
    found = COLUMNS.of(TABLE)
    assert list(found.names) == list(COLUMNS.names) == list(columns_of(HISTORIES, spend=True))
    x, t_x, T = (FEATURES[n].to_numpy() for n in ("frequency", "recency", "T"))
    for name, model in HISTORIES.items():
        none = 1 / (1 + np.exp(-found[churn_column(name)]))
        assert none == pytest.approx(model.p_zero(x, t_x, T, 90), rel=1e-4)
        days = np.exp(found[orders_column(name)])
        assert days == pytest.approx(model.expected_purchases(x, t_x, T, 90), abs=2e-6)
    spend = GAMMA_GAMMA.expected_value(x, FEATURES["monetary_value"].to_numpy())
    assert np.exp(found[SPEND]) == pytest.approx(spend)


def test_a_longer_window_has_fewer_without_a_purchase_and_more_purchase_days():
    near, far = (BtydColumns(days, HISTORIES, None).of(TABLE) for days in (30, 300))
    for name in HISTORIES:
        assert (far[churn_column(name)] <= near[churn_column(name)]).all()
        assert (far[orders_column(name)] >= near[orders_column(name)]).all()


def test_one_time_buyers_are_not_said_to_be_alive_for_certain():
    # P(alive) under BG/NBD is 1 for them; P(a purchase) is not.
    once = histories([0.0] * 3, [0.0] * 3, [10.0, 300.0, 1000.0], [np.nan] * 3)
    churn = COLUMNS.of(FeatureTable.of(once))[churn_column("bg_nbd")]
    assert (np.diff(churn) > 0).all()
    assert churn[-1] > 1


def test_who_never_bought_is_undefined():
    never = histories([np.nan, 1.0], [np.nan, 20.0], [np.nan, 60.0], [np.nan, 9.0])
    found = COLUMNS.of(FeatureTable.of(never))
    assert np.isnan(found.values[:, 0]).all()
    assert np.isfinite(found.values[:, 1]).all()


def test_no_history_is_too_odd_for_a_finite_column():
    odd = histories(
        [0, 1000, 1, 500, 3], [0, 1000, 1, 500, 3], [0, 1000, 9000, 9000, 3],
        [np.nan, 1e9, -5.0, 0.0, 1e-9],
    )  # fmt: skip
    found = COLUMNS.of(FeatureTable.of(odd))
    assert np.isfinite(found.values).all()
    churn = [churn_column(name) for name in HISTORIES]
    assert (np.abs(found.rows(churn)) <= FARTHEST).all()


@pytest.fixture(scope="module")
def fitted():
    x, t_x, _ = lived(MADE["bg_nbd"], np.random.default_rng(0), 1500, T=300.0, horizon=90.0)
    spend = np.random.default_rng(1).gamma(6.0, 4.0, 1500)
    return fit_btyd(histories(x, t_x, np.full(1500, 300.0), np.where(x > 0, spend, np.nan)))


def test_the_models_known_to_the_rules_are_those_that_are_fitted(fitted):
    assert set(fitted.histories) | set(fitted.refused) >= set(BTYD_MODELS)
    assert "bg_nbd" in fitted.histories


def test_columns_are_of_the_models_named_and_of_spend_if_asked(fitted):
    assert fitted.columns(60, ("bg_nbd",), spend=False).names == columns_of(
        ("bg_nbd",), spend=False
    )
    both = fitted.columns(60, ("bg_nbd", "mbg_nbd"), spend=fitted.spend is not None)
    assert both.only({"mbg_nbd"}).names[:2] == columns_of(("mbg_nbd",), spend=False)
    assert both.only({"mbg_nbd"}).days == 60


def test_customers_without_a_repeat_have_no_model_and_every_refusal_is_named():
    once = histories([0.0] * 40, [0.0] * 40, [50.0] * 40, [np.nan] * 40)
    found = fit_btyd(once)
    assert found.spend is None
    assert set(found.histories) & set(found.refused) == set()
    assert {*found.histories, *found.refused} == {*BTYD_MODELS, "gamma_gamma"}


def test_columns_written_down_and_read_say_the_same():
    again = columns_from_spec(json.loads(json.dumps(COLUMNS.spec())))
    assert np.array_equal(again.of(TABLE).values, COLUMNS.of(TABLE).values)
    bare = BtydColumns(30, {}, None)
    assert columns_from_spec(json.loads(json.dumps(bare.spec()))) == bare


@pytest.mark.parametrize(("where", "message"), [("histories", "purchase days"), ("spend", "spend")])
def test_a_model_in_the_place_of_another_kind_is_refused(where, message):
    told = COLUMNS.spec()
    if where == "histories":
        told["histories"]["bg_nbd"] = told["spend"]
    else:
        told["spend"] = told["histories"]["bg_nbd"]
    with pytest.raises(ValueError, match=f"{message} is of another kind"):
        columns_from_spec(told)
