from datetime import timedelta

import pytest

from serving.store.past import trend, week_before
from tests.serving.made import NOW, made_batch, publish


def published(store, *days):
    for number, day in enumerate(days):
        moment = NOW + timedelta(hours=number)
        publish(store, made_batch(f"b{number}", 20, moment, as_of=day), seed=number)


@pytest.mark.parametrize(
    ("as_of", "found"),
    [
        ("2024-06-01", None),
        ("2024-06-02", "b0"),
        ("2024-06-08", "b0"),
        ("2024-06-09", "b1"),
        ("2024-07-01", "b3"),
    ],
)
def test_the_batch_of_a_week_before_or_the_oldest(store, as_of, found):
    published(store, "2024-06-01", "2024-06-02", "2024-06-10", "2024-06-10")
    earlier = week_before(store.database, as_of)
    assert (earlier and earlier.batch_id) == found


def test_the_trend_has_the_last_batch_of_each_day(store):
    published(store, "2024-06-01", "2024-06-10", "2024-06-10", "2024-06-20")
    found = trend(store.database, "2024-06-15")
    assert [(batch["as_of"], batch["batch_id"]) for batch in found] == [
        ("2024-06-01", "b0"),
        ("2024-06-10", "b2"),
    ]
    totals = store.portfolio("b2")["tiers"]
    spent = sum(tier["predicted_clv"] for tier in found[1]["tiers"])
    assert spent == pytest.approx(sum(cell["predicted_clv"] for cell in totals))
    assert [b["batch_id"] for b in trend(store.database, "2024-07-01", most=2)] == ["b2", "b3"]
