from dataclasses import replace

import numpy as np
import pytest

from models.bundle import load_bundle
from models.calibration import PlattCalibrator
from models.carry import Carry
from models.heads import ReturnHead
from models.rules import BTYD_MODELS, RETURN_RULES, btyd_churn
from tests.models.made import (
    carried,
    made_bundle,
    made_features,
    made_heads,
    made_rule,
    ruled,
    sealed_at,
)

FEATURES = made_features(250, seed=6)
PARTS = ("mean", "p10", "p50", "p90", "spend_if_return")


def assert_same(one, other):
    """Two outlooks are equal to the last bit."""
    assert one.churn.tobytes() == other.churn.tobytes()
    assert one.orders.tobytes() == other.orders.tobytes()
    for part in PARTS:
        assert getattr(one.value, part).tobytes() == getattr(other.value, part).tobytes(), part


def by_btyd(member, carry=Carry(90, 90)):  # noqa: B008 - frozen
    """The made horizon served by a model of purchase days, for return and for value."""
    returns = ReturnHead(member, PlattCalibrator(0.9, 0.1), carry)
    return ruled(made_heads(), returns, value=member)


def test_an_outlook_is_that_of_the_heads():
    served = made_heads()
    inputs = served.inputs(FEATURES)
    outlook = served.predict(FEATURES)
    assert_same(outlook, served.outlook(inputs))
    assert np.array_equal(outlook.churn, served.churn_probability(FEATURES))
    assert np.array_equal(outlook.churn, served.returns.churn_probability(inputs))
    assert np.array_equal(outlook.value.mean, served.value.predict(inputs, served.returns).mean)
    assert served.horizon_days == 90


@pytest.mark.parametrize("member", BTYD_MODELS)
def test_a_model_of_purchase_days_is_served_saved_and_loaded_bit_for_bit(tmp_path, member):
    horizon = by_btyd(member)
    lean = replace(
        horizon,
        preparation=replace(horizon.preparation, btyd=horizon.preparation.btyd.only({member})),
    )
    lean = replace(lean, preparation=replace(lean.preparation, read=(), design=None))
    assert_same(horizon.predict(FEATURES), lean.predict(FEATURES))
    sealed_at(tmp_path / "bundle", replace(made_bundle(), churn=lean, value=lean))
    loaded = load_bundle(tmp_path / "bundle")
    assert loaded.served == {"return": member, "value": member}
    assert loaded.value is loaded.churn
    assert_same(loaded.churn.predict(FEATURES), lean.predict(FEATURES))
    assert loaded.churn.contributions(FEATURES).equals(lean.contributions(FEATURES))


@pytest.mark.parametrize("member", BTYD_MODELS)
def test_a_model_of_purchase_days_serves_no_purchase_and_not_death(member):
    served = by_btyd(member)
    inputs = served.inputs(FEATURES)
    odds = btyd_churn(inputs.btyd, 90, model=member)
    churn = served.churn_probability(FEATURES)
    assert np.log(churn / (1 - churn)) == pytest.approx(0.9 * odds + 0.1, abs=1e-4)
    once = FEATURES["frequency"].to_numpy() == 0
    assert churn[once].min() > 0.2, "P(alive) of one-time buyers is 1 under BG/NBD"


@pytest.mark.parametrize("member", ["model", *RETURN_RULES])
def test_a_longer_horizon_loses_fewer_and_earns_more(member):
    base = made_heads() if member == "model" else ruled(made_heads(), made_rule(member))
    near, far = base.predict(FEATURES), carried(base, Carry(90, 365, 0.6, 0.9)).predict(FEATURES)
    assert (far.churn <= near.churn).all()
    assert (far.value.mean >= near.value.mean).all()
    assert (far.orders >= near.orders).all()


def test_both_horizons_of_a_bundle_are_predicted_once_where_they_are_one(tmp_path):
    bundle = made_bundle()
    churn, value = bundle.predict(FEATURES)
    assert churn is not value
    one = replace(bundle, value=bundle.churn)
    churn, value = one.predict(FEATURES)
    assert churn is value
    sealed_at(tmp_path / "one", one)
    assert load_bundle(tmp_path / "one").value.horizon_days == 90
