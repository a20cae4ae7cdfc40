import datetime
import json
from dataclasses import replace

import numpy as np
import pytest

from models.intervals import paired_bootstrap
from models.metrics import log_loss_rows
from tests.training.conftest import made_fold
from training.comparison import BETTER, MEAN, OPEN, WORSE, compare, records
from training.resampled import resample
from training.results import MODEL, fold_metrics, mean_metrics

FOLDS = [made_fold(datetime.date(2024, 1, 1), seed=1), made_fold(datetime.date(2024, 3, 31), 2)]


@pytest.fixture(scope="module")
def compared():
    return compare(FOLDS)


def test_values_are_those_of_the_metrics_and_lie_in_their_intervals(compared):
    mean = mean_metrics(fold_metrics(f) for f in FOLDS)
    for target in ("churn", "value"):
        for member, cells in compared.at(MEAN, target).items():
            for measure, cell in cells.items():
                assert cell.value.mean == pytest.approx(mean[target][member][measure], nan_ok=True)
                if np.isfinite(cell.value.low):
                    assert cell.value.low <= cell.value.mean <= cell.value.high


def test_the_interval_of_a_mean_loss_is_that_of_the_paired_bootstrap():
    fold = FOLDS[0]
    losses = [log_loss_rows(fold.churned, fold.churn_probability[m]) for m in ("recency", MODEL)]
    known = paired_bootstrap(*losses, seed=3)
    gain = compare([fold]).at(MEAN, "churn")["recency"]["log_loss"].gain
    assert gain is not None
    assert gain.mean == pytest.approx(known.mean)
    # Two bootstraps of a few hundred draws agree to about a tenth of the width.
    assert (gain.low, gain.high) == pytest.approx(
        (known.low, known.high), abs=0.15 * (known.high - known.low)
    )


def test_a_member_that_is_the_model_is_not_told_apart_and_a_worse_one_is():
    fold = FOLDS[0]
    same = {**fold.churn_probability, "twin": fold.churn_probability[MODEL]}
    cells = compare([replace(fold, churn_probability=same)]).at(MEAN, "churn")
    assert {cell.verdict for cell in cells["twin"].values()} == {OPEN}
    assert cells["recency"]["log_loss"].verdict == BETTER
    assert cells[MODEL]["auc"].verdict is None
    swapped = {"recency": fold.churn_probability[MODEL], MODEL: fold.churn_probability["recency"]}
    turned = compare([replace(fold, churn_probability=swapped)]).at(MEAN, "churn")
    assert turned["recency"]["log_loss"].verdict == WORSE


def test_a_customer_at_two_cutoffs_counts_as_one():
    # The same outcomes twice are no more evidence than once.
    twice = compare([FOLDS[0], replace(FOLDS[0], cutoff=datetime.date(2024, 2, 1))])
    strangers = compare(
        [
            FOLDS[0],
            replace(
                FOLDS[0], cutoff=datetime.date(2024, 2, 1), customers=FOLDS[0].customers + 1000
            ),
        ]
    )

    def width(found):
        value = found.at(MEAN, "churn")[MODEL]["log_loss"].value
        return value.high - value.low

    once = width(compare([FOLDS[0]]))
    assert width(twice) == pytest.approx(once)
    assert width(strangers) == pytest.approx(once / np.sqrt(2), rel=0.2)


def test_the_same_seed_gives_the_same_cells(compared):
    assert json.dumps(records(compare(FOLDS))) == json.dumps(records(compared))


def test_the_mean_is_over_the_cutoffs_with_a_model():
    bare = replace(
        FOLDS[0],
        churn_probability={"recency": FOLDS[0].churn_probability["recency"]},
        predicted_clv={"past_rate": FOLDS[0].predicted_clv["past_rate"]},
    )
    found = compare([bare, FOLDS[1]])
    assert found.mean_of == ["2024-03-31"]
    assert MODEL not in found.at("2024-01-01", "churn")
    assert found.at("2024-01-01", "churn")["recency"]["auc"].gain is None
    assert compare([bare]).mean_of == ["2024-01-01"]


def test_what_is_not_defined_has_neither_interval_nor_verdict():
    nobody = replace(FOLDS[0], churned=np.ones_like(FOLDS[0].churned))
    cell = compare([nobody]).at(MEAN, "churn")["recency"]["auc"]
    assert np.isnan(cell.value.mean)
    assert cell.verdict is None


def test_no_fold_has_no_cell():
    assert compare([]).cells == []


def test_a_great_log_is_resampled_by_some_of_its_customers():
    fold = made_fold(datetime.date(2024, 1, 1), seed=4, n=60_000)
    found = resample([fold], seed=0, draws=60)
    assert found.shrink == pytest.approx(np.sqrt(50_000 / 60_000))
    spread = found.draws["churn"][:, 0, 0, 2].std() * found.shrink
    rows = log_loss_rows(fold.churned, fold.churn_probability[MODEL])
    assert spread == pytest.approx(rows.std() / np.sqrt(len(rows)), rel=0.35)
