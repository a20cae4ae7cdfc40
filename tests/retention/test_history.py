import numpy as np
import pandas as pd
from hypothesis import given

from features.panel import snapshot
from retention.history import history_of, shop_history, shop_visits, visits_of
from tests.features.made import CUTOFF, QUICK, day, drawn_logs, log_of, purchases, shop_of

ROWS = purchases(
    ("a", "2024-01-05", 30.0),
    ("a", "2024-01-01", 10.0),
    ("a", "2024-01-01", 5.0),
    ("a", "2024-03-01", 20.0),
    ("b", "2024-02-01", 50.0),
    ("c", "2024-06-01", 99.0),
)


def test_a_worked_example():
    found = history_of(log_of(ROWS), day("2024-06-01"))
    assert found.index.tolist() == ["a", "b"]
    assert found["net"].tolist() == [650_000, 500_000]
    assert found["orders"].tolist() == [3, 1]
    assert found["purchase_days"].tolist() == [3, 1]
    assert found["first_order"].tolist() == [150_000, 500_000]
    assert list(found.loc["a", ["first_day", "second_day", "last_day"]]) == [
        day("2024-01-01"), day("2024-01-05"), day("2024-03-01"),
    ]  # fmt: skip
    assert np.isnan(found["second_day"]["b"])


def test_a_refund_belongs_to_the_order_it_takes_back():
    frame = pd.DataFrame(
        [("a", "2024-01-01", 40.0, "o1"), ("a", "2024-02-01", 8.0, "o2"),
         ("a", "2024-03-01", -15.0, "o1")],
        columns=["customer_id", "ordered_at", "amount", "order_id"],
    )  # fmt: skip
    late, early = (history_of(log_of(frame), day(d)) for d in ("2024-04-01", "2024-03-01"))
    assert (late.loc["a", "first_order"], early.loc["a", "first_order"]) == (250_000, 400_000)
    assert list(late.loc["a", ["gross", "refunded", "net"]]) == [480_000, 150_000, 330_000]
    visits = visits_of(log_of(frame), day("2024-04-01"))
    assert visits["net"].tolist() == [250_000, 80_000]
    assert visits["first_day"].tolist() == [day("2024-01-01")] * 2


@QUICK
@given(frame=drawn_logs())
def test_it_tells_what_the_facts_tell(frame):
    shop = shop_of(frame, lines_a_range=4)
    found = shop_history(shop, CUTOFF)
    assert (found["gross"] - found["refunded"]).equals(found["net"])
    if not len(found):
        return
    facts = snapshot(shop, CUTOFF, names=()).facts
    assert found.index.tolist() == facts.index.tolist()
    np.testing.assert_array_equal(found["orders"], facts["orders_to_date"])
    np.testing.assert_allclose(found["net"] / 10_000, facts["net_to_date"])
    np.testing.assert_array_equal(CUTOFF - found["last_day"], facts["days_since_last_ever"])
    np.testing.assert_array_equal(CUTOFF - found["first_day"], facts["tenure_ever"])
    visits = shop_visits(shop, CUTOFF)
    assert len(visits) == found["purchase_days"].sum()


def test_nothing_is_known_before_the_first_line():
    assert len(history_of(log_of(ROWS), day("2023-01-01"))) == 0
    assert len(visits_of(log_of(ROWS), day("2023-01-01"))) == 0
