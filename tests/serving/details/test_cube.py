import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.details.cube import cells
from serving.store.cube import KEYS, counted
from tests.serving.made import made_batch, made_rows

ROWS = made_rows(made_batch())
CUBE = cells(ROWS)


@given(
    risk=st.sets(st.sampled_from(["low", "medium", "high"])),
    value=st.sets(st.sampled_from(["top", "high", "medium", "low"])),
    stage=st.sets(st.sampled_from(["active", "lapsed", "new"])),
)
def test_a_count_is_that_of_the_rows(risk, value, stage):
    allowed = {"risk_tier": risk, "value_tier": value, "lifecycle_status": stage}
    fits = np.ones(len(ROWS), bool)
    for name, values in allowed.items():
        if values:
            fits &= ROWS[name].isin(values).to_numpy()
    customers, spend = counted(CUBE, allowed)
    assert customers == fits.sum()
    assert spend == pytest.approx(ROWS.loc[fits, "predicted_clv"].sum(), abs=1)


def test_without_a_filter_everybody_counts_the_unscored_too():
    assert counted(CUBE, {})[0] == len(ROWS)
    assert {len(cell) for cell in CUBE} == {len(KEYS) + 2}
