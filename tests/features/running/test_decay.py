import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.running.decay import HALF_LIVES, decayed_sums, weights_at
from tests.features.made import QUICK
from tests.features.running.made_lines import LINES, arrays


@QUICK
@given(LINES, st.lists(st.integers(0, 30), min_size=15, max_size=15))
def test_a_decayed_sum_is_the_sum_of_decayed_values(lines, waits):
    starts, days, amount, bought = arrays(sorted(lines))
    known = np.maximum.accumulate(days + np.array(waits[: len(days)], np.int32))
    found = decayed_sums(starts, days, known, bought.astype(np.int8), amount)
    for half_life in HALF_LIVES:
        kept = 0.5 ** ((known[-1] - days) / half_life)
        wanted = ((bought * kept).sum(), (amount * kept).sum())
        last = [found[f"{name}_{half_life}"][-1] for name in ("orders", "spend")]
        assert np.allclose(last, wanted, rtol=1e-12, atol=1e-12)


def test_weights_halve_and_end():
    days = np.array([0, 15, 30, 5000])
    assert weights_at(15, days).tolist() == [1.0, 0.5, 0.25, 0.0]
