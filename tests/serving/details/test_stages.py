import pandas as pd
import pytest

from serving.details.stages import cohorts, period_of, stages
from serving.store.listing import LIFECYCLES

ROWS = pd.DataFrame(
    {
        "customer_id": ["A", "B", "C", "D"],
        "lifecycle_status": ["active", "active", "lapsed", None],
        "predicted_clv": [10.0, 20.0, 1.5, None],
        "historic_clv": [100.0, 50.0, 7.0, 3.0],
        "churn_probability": [0.2, 0.4, 0.9, None],
    }
)


def test_stages_add_up_the_scored_customers():
    found = {stage["lifecycle_status"]: stage for stage in stages(ROWS)}
    assert tuple(found) == LIFECYCLES
    active = found["active"]
    assert (active["customers"], active["predicted_clv"], active["historic_clv"]) == (2, 30, 150)
    assert active["mean_churn_probability"] == pytest.approx(0.3)
    assert found["new"]["mean_churn_probability"] is None
    assert sum(stage["customers"] for stage in found.values()) == 3


def test_cohorts_are_the_months_of_the_first_orders():
    first = pd.Series({"A": "2024-01-31", "B": "2024-02-01", "C": "2024-01-01", "D": "2024-03-01"})
    found = cohorts(ROWS, first)
    assert found["period"] == "month"
    assert [(c["starts_on"], c["customers"], c["predicted_clv"]) for c in found["cohorts"]] == [
        ("2024-01-01", 2, 11.5),
        ("2024-02-01", 1, 20.0),
    ]


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        ("2024-01-01", "2025-12-31", "month"),
        ("2024-01-01", "2026-01-01", "quarter"),
        ("2019-01-01", "2026-01-01", "year"),
    ],
)
def test_a_long_history_has_longer_periods(first, last, period):
    assert period_of(pd.Timestamp(first), pd.Timestamp(last)) == period


def test_nobody_scored_has_no_cohorts():
    nobody = ROWS.assign(predicted_clv=None)
    assert cohorts(nobody, pd.Series({"A": "2024-01-01"}))["cohorts"] == []
