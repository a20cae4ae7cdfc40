import datetime as dt

import pandas as pd

from features.log.store import load_log
from features.reading.source import PurchaseSource
from serving.details.products import last_products

AS_OF = dt.date(2024, 7, 1)


def kept_log(folder, **columns):
    """A log kept in a folder, of five lines."""
    lines = pd.DataFrame(
        {
            "customer_id": ["A", "A", "B", "C", "A"],
            "ordered_at": ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-02-01"],
            "amount": [1.0, 2.0, 3.0, 4.0, 9.0],
            **columns,
        }
    )
    path = folder / "lines.csv"
    lines.to_csv(path, index=False)
    source = PurchaseSource.from_mapping({"source": str(path)})
    load_log(source, folder / "log", folder / "quarantine")
    return folder / "log"


def test_the_dearest_line_of_the_last_day_names_the_purchase(tmp_path):
    products = ["p1", "p2", "p3", None, "p9"]
    log = kept_log(tmp_path, product_id=products, category=["x", "tea", "mugs", "z", "pots"])
    found = last_products(log, ["A", "B", "C", "nobody"], AS_OF)
    assert found == {"A": "p9 (pots)", "B": "p3 (mugs)", "C": "z"}


def test_what_became_known_later_is_not_told(tmp_path):
    log = kept_log(tmp_path, product_id=["p1", "p2", "p3", "p4", "p9"])
    assert last_products(log, ["A"], dt.date(2024, 1, 15)) == {"A": "p1"}
    assert last_products(log, ["B"], dt.date(2024, 1, 15)) == {}


def test_a_log_without_products_names_nothing(tmp_path):
    assert last_products(kept_log(tmp_path), ["A"], AS_OF) == {}
    assert last_products(tmp_path / "nowhere", ["A"], AS_OF) == {}
