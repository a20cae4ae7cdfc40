"""Predictions at a cutoff: complete and in range for any log, and blind to what comes after."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from features.errors import CutoffError
from features.shop_clock import ShopClock, day_number
from retention.scores import SCORE_FIELDS
from tests.made_shop import day, made_log, made_purchases, on_days, repeated
from training.campaigns import lists_of
from training.evaluate import LABELS, evaluate_at
from training.recipe import Horizons

NEVER_NULL = (
    "churn_probability",
    "usual_churn_probability",
    "churn_percentile",
    "risk_tier",
    "predicted_clv",
    "clv_p10",
    "clv_p50",
    "clv_p90",
    "value_at_risk",
    "value_tier",
    "lifecycle_status",
)


def evaluated(purchases, cutoff, horizon=60, value_horizon=None, campaigns=None):
    return evaluate_at(
        made_log(purchases),
        day_number(pd.Timestamp(day(cutoff)).date()),
        Horizons(horizon, value_horizon or horizon),
        clock=ShopClock(),
        seed=0,
        n_cutoffs=2,  # by default more of the same
        risk_limits=None,
        campaigns=campaigns,
    )


def assert_complete(rows, *, refunds=False):
    for name in NEVER_NULL:
        assert rows[name].notna().all(), name
    numbers = rows[["predicted_clv", "clv_p10", "clv_p50", "clv_p90", "value_at_risk"]]
    assert np.isfinite(numbers.to_numpy(float)).all()
    # Only where refunds were seen may a quantile be below 0; an expectation never is.
    assert (numbers[["predicted_clv", "value_at_risk"] if refunds else list(numbers)] >= 0).all(
        axis=None
    )
    assert rows["churn_probability"].between(0, 1, inclusive="neither").all()
    assert (rows["clv_p10"] <= rows["clv_p50"]).all()
    assert (rows["clv_p50"] <= rows["clv_p90"]).all()
    assert rows["churn_percentile"].between(1, 100).all()


SHOP = made_purchases(200, 360, seed=3)
MONTH = made_purchases(200).query(f"ordered_at < {day(30)!r}")
Log = tuple[pd.DataFrame, int]
ODD_LOGS: dict[str, Log] = {
    "one customer": (repeated(1, lambda i: range(0, 300, 30)), 240),
    "one line": (repeated(1, lambda i: [0]), 1),
    "one line, long ago": (repeated(1, lambda i: [0]), 400),
    "one day": (repeated(100, lambda i: [0]), 1),
    "one day, seen later": (repeated(100, lambda i: [0]), 20),
    "30 customers": (made_purchases(30), 300),
    "two days of log": (repeated(100, lambda i: [i % 2]), 2),
    "a month of log": (MONTH, 30),
    "all alike until they are judged": (
        repeated(100, lambda i: [0, *([60] if i % 2 else []), *([89] if i == 0 else [])]),
        90,
    ),
    "one-time buyers": (repeated(300, lambda i: [i]), 270),
    "everybody returns": (repeated(200, lambda i: range(i % 7, 350, 7)), 330),
    "refunds only": (repeated(100, lambda i: range(i % 9, 350, 9 + i % 50), amount=-5.0), 330),
    "amounts of zero": (SHOP.assign(amount=0.0), 320),
    "huge amounts": (SHOP.assign(amount=1e12 - 1), 320),
    "smallest amounts": (SHOP.assign(amount=0.0001), 320),
    "more refunded than bought": (
        SHOP.assign(amount=SHOP["amount"].where(SHOP.index % 2 == 1, -99)),
        320,
    ),
    "stray early line": (pd.concat([on_days([("stray", -8400, 1.0)]), SHOP]), 320),
    "shop that closed": (
        pd.concat([SHOP[SHOP["ordered_at"] < day(250)], on_days([("c0001", 325, 5.0)])]),
        330,
    ),
}


@pytest.mark.parametrize("name", ODD_LOGS)
def test_no_log_is_too_odd_for_complete_predictions(name, capfd):
    purchases, cutoff = ODD_LOGS[name]
    evaluation = evaluated(purchases, cutoff)
    rows = evaluation.predictions
    before = purchases[purchases["ordered_at"] < day(cutoff)]
    assert sorted(rows["customer_id"]) == sorted(before["customer_id"].unique())
    assert_complete(rows, refunds=(purchases["amount"] < 0).any())
    assert set(evaluation.metrics["served"]) == {"return", "value"}
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("horizons", [(1, 1), (7, 30), (60, 365), (365, 60), (36_500, 36_500)])
def test_no_horizon_is_too_odd_for_complete_predictions(horizons):
    rows = evaluated(SHOP, 320, *horizons).predictions
    assert_complete(rows)
    assert set(rows["churn_horizon_days"]) == {horizons[0]}
    assert set(rows["value_horizon_days"]) == {horizons[1]}


@pytest.fixture(scope="module")
def full():
    """The shop at day 290, with all that came after."""
    return evaluated(SHOP, 290)


def test_deleting_what_came_after_changes_no_prediction_and_empties_the_labels(full):
    cut = evaluated(SHOP[SHOP["ordered_at"] < day(290)], 290)
    fields = list(SCORE_FIELDS)
    assert_frame_equal(full.predictions[fields], cut.predictions[fields], check_exact=True)
    assert cut.predictions[list(LABELS)].isna().all(axis=None)
    assert cut.metrics["churn"] is None
    assert cut.metrics["value"] is None
    assert full.metrics["churn"]["auc"] > 0.7
    assert set(full.metrics["value"]) >= {"norm_gini", "concordance", "rmse", "mae_p50", "bias"}


def test_the_formula_stands_beside_the_model_with_its_bias_over_the_same_days(full):
    told, rows = full.metrics["formula"], full.predictions
    assert told["horizon_days"] == rows["value_horizon_days"].iloc[0]
    assert told["true_total"] == pytest.approx(rows["future_value"].sum(), rel=0.2)
    assert told["model_bias"] is not None
    assert "the model to" in told["sentence"]
    known = rows["historic_number_of_orders"] > 0
    assert rows.loc[known, ["simple_clv", "rfm_group"]].notna().all(axis=None)
    assert rows["predicted_contribution"].isna().all()


def test_the_formula_is_measured_on_the_rows_that_judge_the_model(full):
    ids = [str(each) for each in made_log(SHOP).customer_ids]
    arm = np.where(np.arange(len(ids)) % 4 == 0, "contacted", "held_out")
    own = pd.DataFrame(
        {"list_id": "L", "arm": arm, "stratum": 0, "contacted_at": pd.Timestamp(day(295))},
        index=pd.Index(ids, name="customer_id"),
    ).astype({"contacted_at": "datetime64[us]"})
    campaigns = lists_of(own, None, effect_days=30, clock=ShopClock())
    found = evaluated(SHOP, 290, campaigns=campaigns)
    told = found.metrics["formula"]
    # Who was contacted is not judged, and who was held out counts for more than one.
    assert any("left out" in note for note in found.metrics["notes"])
    assert told["model_bias"] == pytest.approx(found.metrics["value"]["bias"])
    assert told["true_total"] != pytest.approx(found.predictions["future_value"].sum())
    assert full.metrics["formula"]["model_bias"] == pytest.approx(full.metrics["value"]["bias"])


def test_labels_are_what_happened(full):
    labels = full.predictions.set_index("customer_id")
    window = SHOP[SHOP["ordered_at"].between(day(290), day(349))]
    spent = window.groupby("customer_id")["amount"].sum().reindex(labels.index).fillna(0)
    assert np.allclose(labels["future_value"], spent)
    assert (labels["churned"] == (~labels.index.isin(window["customer_id"])).astype(float)).all()


@pytest.mark.parametrize(("horizon", "closed"), [(70, True), (71, False)])
def test_labels_are_null_until_their_window_has_closed(horizon, closed):
    rows = evaluated(repeated(30, lambda i: [i, 359]), 290, horizon).predictions
    assert rows["churned"].notna().all() == closed
    assert rows["future_value"].notna().all() == closed


def test_each_horizon_has_labels_of_its_own():
    rows = evaluated(repeated(30, lambda i: [i, 359]), 290, 60, 200).predictions
    assert rows["churned"].notna().all()
    assert rows["future_value"].isna().all()


def test_a_cutoff_before_the_first_line_is_refused_with_the_first_day():
    with pytest.raises(CutoffError, match=f"before the cutoff {day(0)}: the first line is of"):
        evaluated(SHOP, 0)


def test_order_of_rows_and_names_of_customers_do_not_matter(full):
    mixed = evaluated(SHOP.sample(frac=1, random_state=1), 290)
    assert_frame_equal(full.predictions, mixed.predictions)
