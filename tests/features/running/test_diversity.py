import math
from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.running.diversity import NAMES, diversity
from tests.features.made import QUICK

CODES = st.lists(st.tuples(st.integers(-1, 4), st.booleans()), min_size=1, max_size=15)


@QUICK
@given(CODES, CODES)
def test_kinds_are_counted_over_purchase_lines_of_known_kind(one, two):
    code = np.array([kind for kind, _ in one + two], np.int32)
    bought = np.array([flag for _, flag in one + two])
    starts = np.array([0, len(one), len(one) + len(two)])
    made: Any = diversity(starts, code, bought)
    found = dict(zip(NAMES, made, strict=True))
    for customer, lines in enumerate((one, two)):
        for i in range(len(lines)):
            seen = [kind for kind, flag in lines[: i + 1] if flag and kind >= 0]
            counts = Counter(seen)
            at = starts[customer] + i
            top = max(counts.values(), default=0)
            assert found["known"][at] == len(seen)
            assert found["distinct"][at] == len(counts)
            assert found["top"][at] == top
            logs = sum(c * math.log(c) for c in counts.values())
            assert math.isclose(found["logs"][at], logs, rel_tol=1e-12, abs_tol=1e-12)
            assert found["latest_is_top"][at] == bool(seen and counts[seen[-1]] == top)
