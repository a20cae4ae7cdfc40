import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from models.beta_calibration import BetaCalibrator, fit_beta
from models.calibration import EDGE, row_weights
from models.calibrators import FITS, calibrator_from_spec, choose_calibrator
from models.isotonic import fit_isotonic
from models.venn_abers import MOST_GROUPS, fit_venn_abers

KINDS = pytest.mark.parametrize("kind", list(FITS))


def drawn(law, n=20_000, seed=0):
    """Scores and outcomes drawn by `law`, from score to probability."""
    draw = np.random.default_rng(seed)
    score = draw.normal(0.5, 1.5, n)
    return score, (draw.random(n) < law(score)).astype(float)


def bent(score):
    """A law no Platt line follows: flat below, steep above."""
    return np.where(score < 1, 0.2, 0.9)


@KINDS
def test_a_right_score_is_left_as_it_is(kind):
    score, outcome = drawn(expit)
    found = FITS[kind](score, outcome, None).probability(score)
    assert np.abs(found - expit(score)).mean() < 0.02


@KINDS
def test_probabilities_rise_with_the_score_and_are_never_certain(kind):
    score = np.concatenate([np.full(300, -2.0), np.full(300, 2.0)])
    fitted = FITS[kind](score, (score > 0).astype(float), None)
    found = fitted.probability(np.array([-1e9, -2.0, 0.0, 2.0, 1e9]))
    assert (np.diff(found) >= 0).all()
    assert found[0] >= EDGE
    assert found[-1] <= 1 - EDGE
    assert found[1] < 0.05
    assert 0.95 < found[3] < 0.9995


@KINDS
@pytest.mark.parametrize("hits", [0, 3, 10])
def test_a_constant_score_gives_the_smoothed_base_rate(kind, hits):
    outcome = (np.arange(10) < hits).astype(float)
    found = FITS[kind](np.full(10, 0.3), outcome, None).probability(np.full(1, 0.3))
    assert found == pytest.approx((hits + 1) / 12, abs=0.011)


@KINDS
def test_a_row_of_weight_two_counts_as_two_rows(kind):
    score, outcome = drawn(expit, n=300)
    twice = np.arange(300) < 100
    weight = np.where(twice, 2.0, 1.0)
    one = FITS[kind](score, outcome, weight)
    other = FITS[kind](np.append(score, score[twice]), np.append(outcome, outcome[twice]), None)
    # An added row weighs a little more among 300 rows than among 400.
    assert np.abs(one.probability(score) - other.probability(score)).mean() < 0.01


@KINDS
def test_what_is_written_is_read_again(kind):
    score, outcome = drawn(bent, n=2000)
    fitted = FITS[kind](score, outcome, None)
    read = calibrator_from_spec(json.loads(json.dumps(fitted.to_spec())))
    assert (read.probability(score) == fitted.probability(score)).all()
    assert read.slope == fitted.slope


@KINDS
@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), max_size=30),
    asked=st.floats(-1e9, 1e9),
)
def test_any_rows_give_a_probability(kind, rows, asked):
    score = np.array([s for s, _ in rows], float)
    outcome = np.array([o for _, o in rows], float)
    found = FITS[kind](score, outcome, None).probability(np.array([asked]))
    assert EDGE <= found[0] <= 1 - EDGE


@KINDS
def test_scores_a_hair_apart_are_taken_as_equal(kind):
    score, outcome = np.array([0.0, 2.3e-268]), np.array([0.0, 1.0])
    assert np.isfinite(FITS[kind](score, outcome, None).probability(score)).all()


def test_beta_by_hand():
    # p = 1/2: log odds = a ln(1/2) - b ln(1/2) + c = -2 ln 2 + ln 2 + 1
    found = BetaCalibrator(2.0, 1.0, 1.0).probability(np.zeros(1))
    assert found == pytest.approx(expit(1 - np.log(2)))


def test_beta_recovers_its_own_law():
    truth = BetaCalibrator(0.5, 2.0, -0.5)
    fitted = fit_beta(*drawn(truth.probability, n=50_000))
    assert (fitted.a, fitted.b, fitted.c) == pytest.approx((0.5, 2.0, -0.5), abs=0.12)


def test_beta_never_falls_with_the_score():
    fitted = fit_beta(*drawn(lambda s: expit(-s)))
    assert fitted.a >= 0
    assert fitted.b >= 0


def test_isotonic_pools_neighbours_that_fall():
    score = np.array([1.0, 2.0, 3.0, 4.0])
    fitted = fit_isotonic(np.repeat(score, 2), np.array([0, 0, 1, 1, 0, 1, 1, 1.0]))
    # A hit joins score 1 (1 of 3) and a miss joins score 4 (2 of 3), which pools with 2 and 3:
    # 2 + 1 + 2 hits in 2 + 2 + 3 rows.
    assert fitted.probability(score) == pytest.approx([1 / 3, 5 / 7, 5 / 7, 5 / 7], abs=2e-3)


@pytest.mark.parametrize("kind", ["isotonic", "venn_abers"])
def test_equals_of_a_table_keep_the_order_of_their_scores(kind):
    score, outcome = drawn(bent)
    fitted = FITS[kind](score, outcome, None)
    found = fitted.probability(np.array([-1.0, -0.9, 2.0, 2.1]))
    assert (np.diff(found) > 0).all()


def test_venn_abers_of_one_score():
    fitted = fit_venn_abers(np.zeros(8), np.array([1, 1, 0, 0, 0, 0, 0, 0.0]))
    assert fitted.p0 == pytest.approx([2 / 9])
    assert fitted.p1 == pytest.approx([3 / 9])
    assert fitted.probability(np.zeros(1)) == pytest.approx((3 / 9) / (1 - 2 / 9 + 3 / 9))


def test_the_venn_abers_table_is_compact():
    fitted = fit_venn_abers(*drawn(expit))
    assert len(fitted.scores) <= MOST_GROUPS
    assert (fitted.p0 <= fitted.p1).all()


def test_platt_is_chosen_where_the_score_is_log_odds():
    score, outcome = drawn(lambda s: expit(0.5 * s - 1))
    calibrator, losses = choose_calibrator(score, outcome, np.arange(len(score)) >= 12_000)
    assert calibrator.to_spec()["kind"] == "platt"
    assert set(losses) == set(FITS)
    assert losses["platt"]["gain"] == 0


def test_a_table_is_chosen_where_the_law_has_a_step():
    score, outcome = drawn(bent)
    calibrator, losses = choose_calibrator(score, outcome, np.arange(len(score)) >= 12_000)
    kind = calibrator.to_spec()["kind"]
    assert kind in {"isotonic", "venn_abers"}
    assert losses[kind]["gain"] > 5 * losses[kind]["gain_error"]


def test_the_choice_is_fitted_on_all_rows():
    score, outcome = drawn(expit, n=4000)
    calibrator, _ = choose_calibrator(score, outcome, np.arange(4000) >= 2000)
    assert calibrator.to_spec() == FITS["platt"](score, outcome, None).to_spec()


def test_too_few_later_rows_leave_platt():
    score, outcome = drawn(bent, n=500)
    calibrator, losses = choose_calibrator(score, outcome, np.arange(500) >= 495)
    assert calibrator.to_spec()["kind"] == "platt"
    assert losses == {}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"kind": "temperature"},
        {"kind": "platt", "slope": 1.0},
        {"kind": "beta", "a": 1.0, "b": float("nan"), "c": 0.0},
        {"kind": "isotonic", "scores": [0, 1], "probabilities": [0.2], "slope": 1.0},
        {"kind": "isotonic", "scores": [1, 0], "probabilities": [0.1, 0.2], "slope": 1.0},
        {"kind": "venn_abers", "scores": [], "p0": [], "p1": [], "slope": 1.0},
    ],
)
def test_a_broken_calibrator_is_refused(spec):
    with pytest.raises(ValueError, match="calibrator"):
        calibrator_from_spec(spec)


@pytest.mark.parametrize("weight", [[1.0], [1.0, -1.0], [1.0, float("nan")], [0.0, 0.0]])
def test_weights_that_cannot_be_are_refused(weight):
    with pytest.raises(ValueError, match="weight"):
        row_weights(np.array(weight), 2)
