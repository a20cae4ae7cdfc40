import datetime as dt

import numpy as np
import pandas as pd
import pytest

from serving.details.realised import closed, realised
from serving.scores import ScoreStore
from tests.serving.made import made_batch, publish

AS_OF = dt.date(2024, 1, 1)


def rows(customers=100, **changes):
    n = np.arange(customers)
    made = {
        "customer_id": [f"{i:03d}" for i in n],
        "churn_probability": (n + 0.5) / customers,
        "predicted_clv": 100.0 - n,
        "churn_horizon_days": 90,
        "value_horizon_days": 90,
    }
    return pd.DataFrame({**made, **changes})


def orders(*found):
    return pd.DataFrame(found, columns=["customer_id", "ordered_on", "amount"])


def test_orders_within_the_horizon_are_held_against_the_scores():
    came = orders(
        ("000", "2024-01-01", 20.0),  # the first day counts
        ("000", "2024-02-01", 5.0),
        ("001", "2024-03-30", 7.0),  # day 89, the last
        ("002", "2024-03-31", 9.0),  # day 90: after it
        ("003", "2023-12-31", 9.0),  # before
    )
    made = realised(rows(), came, AS_OF)
    assert made is not None
    assert (made["customers"], made["days"]) == (100, 90)
    assert made["actual"] == pytest.approx(0.98)
    assert made["predicted"] == pytest.approx(0.5)
    assert [t["tenth"] for t in made["tenths"]] == list(range(1, 11))
    assert made["tenths"][-1]["actual"] == pytest.approx(0.8)
    assert made["value"]["actual"] == pytest.approx(32.0)
    assert made["value"]["tenths"][0]["actual"] == pytest.approx(3.2)


def test_a_longer_value_horizon_is_not_told_before_it_has_passed():
    made = realised(rows(value_horizon_days=365), orders(), AS_OF)
    assert made is not None
    assert made["value"] is None


def test_few_customers_are_not_told():
    assert realised(rows(19), orders(), AS_OF) is None


def test_only_batches_whose_days_have_passed_are_read_once(tmp_path):
    store = ScoreStore(f"sqlite:///{tmp_path / 'scores.db'}")
    publish(store, made_batch("old", as_of="2024-01-01"))
    publish(store, made_batch("new", as_of="2024-03-01"))
    last = dt.date(2024, 3, 30)
    [(head, found)] = closed(store.database, {}, last, 90, 0)
    assert (head.batch_id, head.as_of) == ("old", "2024-01-01")
    assert found["churn_probability"].notna().all()
    assert closed(store.database, {}, last, 90, 1) == [], "its refunds have not come yet"
    done = {"realised": [{"batch_id": "old"}]}
    assert closed(store.database, done, last, 90, 0) == []
    store.close()
