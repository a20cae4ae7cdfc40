import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.btyd.counts import counts_of
from models.btyd.errors import NotConverged
from models.btyd.family import MODELS, fit_all, from_spec, to_spec
from models.btyd.gamma_gamma import GammaGamma, fit_gamma_gamma
from tests.models.btyd.made import MADE, lived

KINDS = sorted(MODELS)
EXTREMES = [
    (0, 0, 0), (0, 0, 1), (0, 0, 1095), (1, 1, 1), (1, 1, 1095), (1, 1095, 1095), (3, 2.5, 2.5),
    (40, 41, 1095), (700, 701, 1095), (700, 1095, 1095), (1090, 1095, 1095),
]  # fmt: skip
HISTORY = st.tuples(st.integers(1, 60), st.integers(60, 600), st.integers(0, 400))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("far", [1.0, 1e-4, 1e4])
def test_extreme_histories_get_finite_answers(kind, far):
    parameters = {n: v * far if n in ("a", "s") else v for n, v in vars(MADE[kind]).items()}
    model = type(MADE[kind])(**parameters)
    x, t_x, T = np.array(EXTREMES, dtype=float).T
    for horizon in (0.0, 1.0, 90.0, 365.0):
        p_zero = model.p_zero(x, t_x, T, horizon)
        assert ((p_zero > 0) & (p_zero < 1)).all()
        assert np.isfinite(np.log(p_zero) - np.log1p(-p_zero)).all()
        assert np.isfinite(model.log_p_zero(x, t_x, T, horizon)).all()
        expected = model.expected_purchases(x, t_x, T, horizon)
        assert np.isfinite(expected).all()
        assert (expected >= 0).all()
        assert (p_zero >= 1 - expected - 1e-9).all()  # Markov's inequality
    p_alive = model.p_alive(x, t_x, T)
    assert ((p_alive >= 0) & (p_alive <= 1)).all()
    assert np.isfinite(model.log_likelihood(x, t_x, T)).all()


@pytest.mark.parametrize("kind", KINDS)
@given(history=HISTORY, longer=st.integers(1, 300), horizon=st.integers(1, 300))
def test_silence_and_horizon_move_the_answers_the_right_way(kind, history, longer, horizon):
    model, (x, t_x, silent) = MADE[kind], history
    T = t_x + silent
    assert model.p_alive(x, t_x, T + longer) <= model.p_alive(x, t_x, T)
    near, far = (model.p_zero(x, t_x, T, h) for h in (horizon, horizon + longer))
    assert far <= near
    near, far = (model.expected_purchases(x, t_x, T, h) for h in (horizon, horizon + longer))
    assert far >= near
    assert model.p_zero(x, t_x, T, horizon) >= 1 - model.p_alive(x, t_x, T) - 1e-12


@given(x=st.integers(1, 300), mean=st.floats(0.01, 1e6))
def test_a_mean_spend_is_drawn_towards_everybodys(x, mean):
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    value, everybodys = model.expected_value(x, mean), model.expected_value(0, 0.0)
    low, high = sorted([mean, float(everybodys[0])])
    assert low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


def test_unknown_spend_gets_everybodys_mean():
    model = GammaGamma(p=2.0, q=3.0, v=10.0)
    assert model.expected_value([0, 3, 2], [np.nan, np.nan, -4.0]).tolist() == [10.0, 10.0, 10.0]


def test_one_time_buyers_are_alive_for_sure_under_bg_alone():
    alive = {kind: float(model.p_alive(0, 0, 300)[0]) for kind, model in MADE.items()}
    assert alive.pop("bg_nbd") == 1.0
    assert max(alive.values()) < 1.0


@pytest.mark.parametrize("model", [*MADE.values(), GammaGamma(6.25, 3.74, 15.44)], ids=str)
def test_a_model_survives_json(model):
    assert from_spec(json.loads(json.dumps(to_spec(model)))) == model


def test_a_wrong_spec_is_named():
    with pytest.raises(ValueError, match="no model is called 'bgnbd'"):
        from_spec({"model": "bgnbd"})
    with pytest.raises(ValueError, match=r"\['p', 'q', 'v'\], the spec \['p', 'q'\]"):
        from_spec({"model": "gamma_gamma", "p": 1.0, "q": 2.0})


def test_where_nobody_comes_back_every_model_is_left_out_with_a_reason():
    refused: dict[str, NotConverged] = {}
    found = fit_all(np.zeros(500), np.zeros(500), np.arange(500), on_refusal=refused.__setitem__)
    assert found == {}
    assert set(refused) == set(MODELS)
    assert "needs 10 customers with a repeat purchase day, there are 0 of 500" in str(
        refused["bg_nbd"]
    )


def test_all_of_an_ordinary_log_converge_whatever_the_order_of_rows():
    x, t_x, _ = lived(MADE["mbg_nbd"], np.random.default_rng(4), 3000, T=300.0, horizon=1.0)
    found = fit_all(x, np.ceil(t_x), np.full(3000, 300.0))
    assert set(found) == set(MODELS)
    assert fit_all(x[::-1], np.ceil(t_x)[::-1], np.full(3000, 300.0)) == found


@pytest.mark.parametrize("kind", KINDS)
def test_one_customer_is_asked_about_without_a_warning(kind):
    # Warnings are errors in tests; a horizon spread over one row alone made numba warn.
    (x, t_x, T), model = np.array([2.0, 30.0, 60.0])[:, None].repeat(3, axis=1), MADE[kind]
    for asked in (model.expected_purchases, model.p_zero):
        assert asked(x[:1], t_x[:1], T[:1], 91) == asked(x, t_x, T, 91)[:1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("log", ["all alike", "nobody leaves", "all leave at once", "one day"])
def test_a_degenerate_log_ends_in_a_refusal_or_in_finite_answers(kind, log):
    rng, n = np.random.default_rng(8), 600
    T = rng.integers(50, 300, n).astype(float)
    x, t_x = {
        "all alike": (np.full(n, 5.0), np.full(n, 40.0)),
        "nobody leaves": (np.floor(T / 7), np.floor(T / 7) * 7),
        "all leave at once": (np.ones(n), np.ones(n)),
        "one day": (np.zeros(n), np.zeros(n)),
    }[log]
    T = np.zeros(n) if log == "one day" else T
    try:
        model = MODELS[kind][0](counts_of(x, t_x, T))
    except NotConverged:
        return
    assert np.isfinite(list(vars(model).values())).all()
    assert np.isfinite(model.expected_purchases(x, t_x, T, 365)).all()


def test_too_few_spenders_are_refused():
    with pytest.raises(NotConverged, match="positive mean spend on repeat days, there are 1"):
        fit_gamma_gamma([0, 2, 3], [np.nan, 20.0, -5.0])


def test_equal_spends_are_no_reason_to_fail_silently():
    try:
        model = fit_gamma_gamma(np.full(200, 3.0), np.full(200, 25.0))
    except NotConverged:
        return
    assert model.expected_value(3, 25.0) == pytest.approx(25.0, rel=0.01)
