import json
from dataclasses import replace

import numpy as np
import pytest

from training.card import card
from training.card_curves import curves

SERVED = {"return": "model", "value": "past_rate"}


def test_calibration_counts_every_row_and_hides_small_bins(result):
    made = curves(result.folds, SERVED)
    bins = made["calibration"]
    assert sum(b["customers"] for b in bins) == sum(len(f.churned) for f in result.folds)
    for each in bins:
        if each["customers"] < 20:
            assert np.isnan(each["actual"])
        else:
            assert each["low"] <= each["actual"] <= each["high"]
            assert each["from"] <= each["predicted"] <= each["to"]


def test_gains_rise_from_none_to_all(result):
    found = curves(result.folds, SERVED)["gains"]
    assert (found["found"][0], found["found"][-1]) == (0.0, pytest.approx(1.0))
    assert found["found"] == sorted(found["found"])
    assert found["by"] == "model"


def test_tenths_go_from_the_highest_prediction_down(result):
    made = curves(result.folds, SERVED)
    for name in ("churn_tenths", "value_tenths"):
        predicted = [t["predicted"] for t in made[name]]
        assert predicted == sorted(predicted, reverse=True)
        assert [t["tenth"] for t in made[name]] == list(range(1, 11))
    rate = np.concatenate([f.churned for f in result.folds]).mean()
    weights = [t["customers"] for t in made["churn_tenths"]]
    actual = [t["actual"] for t in made["churn_tenths"]]
    assert np.average(actual, weights=weights) == pytest.approx(rate)


def test_the_card_holds_the_curves_as_strict_json(result):
    made = card(result)
    assert len(made["curves"]["spread"]["churn_probability"]) == 11
    assert json.loads(json.dumps(made["curves"], allow_nan=False)) == made["curves"]
    assert card(replace(result, folds=[]))["curves"] == {}
