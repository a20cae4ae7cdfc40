import pandas as pd

from serving.details.migration import cells


def test_every_customer_of_both_batches_is_counted_once():
    now = pd.DataFrame(
        {"customer_id": ["A", "B", "C", "E"], "risk_tier": ["high", "low", None, "low"]}
    )
    before = pd.DataFrame(
        {"customer_id": ["A", "B", "C", "D"], "risk_tier": ["low", "low", "medium", "high"]}
    )
    found = {(cell["before"], cell["now"]): cell["customers"] for cell in cells(now, before)}
    assert found == {
        ("low", "high"): 1,
        ("low", "low"): 1,
        ("medium", "none"): 1,
        ("high", "none"): 1,
        ("none", "low"): 1,
    }
