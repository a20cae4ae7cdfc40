"""A made training result: two folds, one rule, a bundle of two files."""

import datetime
from pathlib import Path

import numpy as np
import pytest

from models.intervals import Interval
from training.results import FoldOutcome, GateDecision, TrainingResult


def made_fold(cutoff: datetime.date, seed: int, n: int = 400) -> FoldOutcome:
    rng = np.random.default_rng(seed)
    churn = rng.uniform(0.05, 0.95, n)
    churned = (rng.random(n) < churn).astype(float)
    value = np.where(churned == 1, 0.0, rng.gamma(2.0, 20.0, n))
    clv = 40.0 * (1 - churn)
    return FoldOutcome(
        cutoff=cutoff,
        churn_horizon_days=90,
        value_horizon_days=365,
        churned=churned,
        future_value=value,
        churn_probability={"model": churn, "recency": np.clip(churn + 0.2, 0, 1)},
        predicted_clv={"model": clv, "past_rate": np.full(n, 20.0)},
        clv_p10=np.zeros(n),
        clv_p50=0.8 * clv,
        clv_p90=3 * clv,
        customers=np.arange(n),
        n_orders=rng.integers(1, 9, n).astype(float),
        tenure_days=rng.integers(10, 900, n).astype(float),
    )


@pytest.fixture
def result(tmp_path: Path) -> TrainingResult:
    """Return a result with two folds; its settings hold a password."""
    bundle = tmp_path / "models" / "v1"
    (bundle / "return").mkdir(parents=True)
    (bundle / "manifest.json").write_text('{"version": "v1"}\n')
    (bundle / "return" / "trees.json").write_text("{}\n")
    return TrainingResult(
        name="corner-shop",
        settings={
            "name": "corner-shop",
            "purchases": {"source": "postgresql://ann:hunter2@db/shop", "timezone": "UTC"},
            "horizons": {"churn_days": 90, "value_days": 365},
            "eligible": {"active_within_days": 1095},
            "training": {"cutoffs": "auto", "seed": 7},
            "store": None,
        },
        data={
            "rows": 5000,
            "accepted": 4990,
            "quarantined": 10,
            "customers": 400,
            "orders": 4000,
            "first_day": "2023-01-01",
            "last_day": "2024-06-30",
            "sha256": "ab" * 32,
        },
        folds=[
            made_fold(datetime.date(2024, 1, 1), seed=1),
            made_fold(datetime.date(2024, 3, 31), seed=2),
        ],
        gates=[
            GateDecision(
                target="return",
                served="model",
                method="by time",
                versus={"recency": Interval(0.05, 0.02, 0.08)},
                reason="its log loss is below every rule's",
            ),
            GateDecision(
                target="value",
                served="past_rate",
                method="by customer, not by time",
                versus={"past_rate": Interval(-0.3, -0.9, 0.4)},
                reason="it was not shown to beat the rule 'past rate'.",
            ),
        ],
        importance={"days_since_last": 0.6, "n_orders": 0.3, "aov": 0.1},
        bundle_dir=bundle,
        version="v1",
        seconds={"fit": 1.5},
        notes=["A note of the job."],
    )
