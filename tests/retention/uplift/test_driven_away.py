"""Groups whom contact drives away are found, measured on others, and not made up."""

import numpy as np
import pytest

from retention.uplift.driven_away import groups_of
from retention.uplift.rows import UpliftRows

NAMES = ["discount_share", "opens"]


def rows(worst, n=6000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    treated = rng.random(n) < 0.5
    effect = np.where((x[:, 0] < 0.4) & (x[:, 1] < 0.6), worst, 0.05)
    returned = rng.random(n) < 0.5 + effect * treated
    return UpliftRows.of(x, treated, returned, 0.5)


def test_the_group_is_named_by_its_ranges():
    found = groups_of(rows(-0.25), NAMES)
    worst = found[0]
    assert worst.driven_away
    assert worst.effect.low < -0.2 < worst.effect.high
    assert "discount_share at most 0." in worst.name
    assert worst.bounds["discount_share"][1] == pytest.approx(0.4, abs=0.06)
    assert worst.bounds["discount_share"][0] == -np.inf
    assert sum(g.customers for g in found) == pytest.approx(3000, abs=1)


def test_nobody_is_said_to_be_driven_away_where_nobody_is():
    false_alarms = sum(
        any(g.driven_away for g in groups_of(rows(0.05, n=2000, seed=s), NAMES, seed=s))
        for s in range(4)
    )
    assert false_alarms <= 1


def test_names_must_be_as_many_as_features():
    with pytest.raises(ValueError, match="2 features need as many names, got 1"):
        groups_of(rows(0.0, n=100), ["opens"])
