"""Made batches: score rows, orders and settings with which the real parts are filled."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from configs.settings import Settings, load_settings
from models.btyd_columns import BtydColumns
from models.bundle import Bundle, save_parts, seal
from models.calibration import PlattCalibrator
from models.carry import Carry
from models.heads import OrdersHead, ReturnHead, ValueHead
from models.horizon import HorizonModel
from models.inputs import Preparation
from models.next_order import NextOrderHead
from models.spread import SpendSpread
from retention.scores import SCORE_FIELDS
from serving.scores import ScoreStore
from serving.store.batch import Batch

NOW = datetime(2024, 7, 1, 6, tzinfo=UTC)
READ, LIST = "read:scores", "list:scores"


def made_batch(batch_id="b1", customers=300, published_at=NOW - timedelta(hours=2), **changes):
    head = {
        "as_of": "2024-07-01",
        "data_until": "2024-06-30",
        "model_version": "7",
        "published_at": published_at,
        "customers": customers,
        "cut_points": {
            "churn_percentiles": [i / 100 for i in range(1, 100)],
            "value_limits": [10.0, 50.0, 200.0],
        },
    }
    return Batch(batch_id=batch_id, **{**head, **changes})


def made_rows(batch=None, seed=0):
    """Score rows of a batch: every tenth customer is inactive and so has no scores."""
    batch = batch or made_batch()
    n, draw = batch.customers, np.random.default_rng(seed)
    risk = draw.uniform(0, 1, n).round(3)  # rounded, so that some are tied
    clv = draw.gamma(1, 50, n).round(2)
    scored = np.arange(n) % 10 != 9
    inactive = ~scored
    number = {
        "churn_probability": risk,
        "usual_churn_probability": np.full(n, 0.5),
        "churn_percentile": np.clip(np.ceil(risk * 100), 1, 100),
        "predicted_clv": clv,
        "clv_p10": clv * 0,
        "clv_p50": clv * 0.5,
        "clv_p90": clv * 3,
        "predicted_number_of_orders": (1 - risk) * 3,
        "historic_clv": clv * 2,
        "total_clv": clv * 3,
        "historic_number_of_orders": draw.integers(1, 9, n).astype(float),
        "average_order_value": clv / 2,
        "average_days_between_orders": np.where(np.arange(n) % 3 == 0, np.nan, 30.5),
        "days_since_last": draw.integers(0, 400, n).astype(float),
        "value_at_risk": (risk * clv).round(1),
    }
    rows = pd.DataFrame({name: np.where(scored, value, np.nan) for name, value in number.items()})
    tiers = np.select([risk > 0.75, risk > 0.5], ["high", "medium"], "low")
    values = np.select([clv > 150, clv > 80, clv > 30], ["top", "high", "medium"], "low")
    rows["risk_tier"] = pd.Series(tiers, dtype=object).mask(inactive, None)
    rows["value_tier"] = pd.Series(values, dtype=object).mask(inactive, None)
    status = np.where(np.arange(n) % 12 == 5, "lapsed", "active")
    rows["lifecycle_status"] = pd.Series(status, dtype=object).mask(inactive, None)
    made_dates = {
        "expected_date_of_next_order": ("2024-07-20", risk < 0.5),
        "expected_date_of_next_order_p10": ("2024-07-04", risk < 0.5),
        "expected_date_of_next_order_p90": ("2024-09-12", risk < 0.5),
        "medium_risk_on": ("2024-08-01", risk <= 0.5),
        "high_risk_on": ("2024-10-15", risk <= 0.75),
    }
    for name, (text, given) in made_dates.items():
        rows[name] = pd.Series([text] * n, dtype=object).mask(~(scored & given), None)
    rows["risk_change"] = None
    rows["tier_since"] = None
    rows["predicted_contribution"] = np.nan
    rows["simple_clv"] = np.where(scored, (clv * 2).round(2), np.nan)
    group = np.select([risk > 0.75, clv > 80], ["slipping", "loyal"], "active")
    rows["rfm_group"] = pd.Series(group, dtype=object).mask(inactive, None)
    rows["last_contacted_on"], rows["reachable_by"] = None, None
    rows["churn_horizon_days"], rows["value_horizon_days"] = 90, 365
    rows["score_status"] = np.where(scored, "scored", "inactive")
    rows["customer_id"] = [f"{i:05d}" for i in range(n)]
    rows["as_of"], rows["batch_id"] = batch.as_of, batch.batch_id
    rows["model_version"] = batch.model_version
    reason = {"code": "days_since_last", "value": 40.0, "direction": "raises_risk"}
    reasons = json.dumps([{**reason, "importance": 0.4, "text": "No order for 40 days."}])
    rows["reasons"] = np.where(scored, reasons, "[]")
    rows["missing"] = np.where(scored, "{}", '{"churn_probability": "inactive"}')
    return rows[list(SCORE_FIELDS)]


def made_orders(customers=300):
    """Two orders of each customer, the second without a count of items."""
    number = np.tile([1, 2], customers)
    return pd.DataFrame(
        {
            "customer_id": np.repeat([f"{i:05d}" for i in range(customers)], 2),
            "order_number": number,
            "ordered_on": np.where(number == 1, "2024-01-05", "2024-03-09"),
            "amount": np.where(number == 1, 20.0, 35.5),
            "items": np.where(number == 1, 2.0, np.nan),
            "lines": number,
        }
    )


def made_settings(folder: Path, **serve: object) -> Settings:
    """Write a settings file into a folder and load it; its name is shop.yaml."""
    path = folder / "shop.yaml"
    content = {"var": str(folder / "var"), "purchases": {"source": "none.csv"}, "serve": serve}
    path.write_text(json.dumps(content))  # JSON is YAML
    return load_settings(path)


def made_bundle(version_note: str = "made") -> Bundle:
    """A bundle that serves the simple rules, without trees; a note makes versions differ."""
    spread = SpendSpread(np.empty(0), np.linspace(0.2, 2.6, 101)[None, :])
    value = ValueHead("rate_times_order_value", 1.0, spread, base=0.5)
    dates = NextOrderHead(90, 365, 40.0, (-1.2, 0.0, 0.8), {"returners": 150})
    features = ("days_since_last", "T", "n_orders", "average_order_value", "frequency", "recency")

    def served(carry: Carry, next_order: NextOrderHead | None) -> HorizonModel:
        return HorizonModel(
            Preparation(features, BtydColumns(carry.observed_days, {}, None)),
            ReturnHead("recency", PlattCalibrator(1.2, -4.5), carry, centre=3.0),
            value,
            OrdersHead(1.0),
            next_order,
        )

    rhythm = {"mean_gap": 60.0, "late": 1.4, "very_late": 3.0}
    silence = {"second_late": 90.0, "second_very_late": 200.0}
    return Bundle(
        version="",
        features=features,
        churn=served(Carry(90, 90), None),
        value=served(Carry(90, 365, 0.6, 0.9), dates),
        groups={
            "usual_churn": [0.8, 0.6, 0.5, 0.4, 0.3],
            "risk_limits": [0.5, 0.75],
            "rhythm": {**rhythm, **silence},
        },
        reference={},
        metrics={},
        training={"note": version_note},
        card={},
    )


def promote(
    models_dir: Path, bundle: Bundle | None = None, card: dict[str, object] | None = None
) -> str:
    """Seal a bundle in the folder and let the pointer name it, as promotion does."""
    bundle = bundle or made_bundle()
    folder = models_dir / "made"
    version = save_parts(bundle, folder)
    seal(folder, version, card or {"model": "the simple rules"})
    folder = folder.rename(models_dir / version)
    pointer = models_dir / "current.json.new"
    pointer.write_text(json.dumps({"version": version, "path": version}))
    pointer.replace(models_dir / "current.json")
    return version


def publish(store: ScoreStore, batch: Batch | None = None, seed: int = 0) -> Batch:
    batch = batch or made_batch()
    store.publish(batch, made_rows(batch, seed), made_orders(batch.customers))
    return batch


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a condition; fail when it does not come true in time."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        pause.wait(0.02)
