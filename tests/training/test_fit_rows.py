from dataclasses import replace

import numpy as np
import pytest

from tests.training.made import made_rows
from training.fit_rows import spend_unit
from training.links import ORDERS, RETURN, SPEND, TOTAL, Link

ROWS = made_rows(50)


def test_a_part_of_the_rows_keeps_every_column_and_all_windows_names():
    mask = ROWS.window == 1
    part = ROWS.take(mask)
    assert len(part) == 50
    for name in ("dense", "linear", "window", "customer", "fold"):
        assert np.array_equal(getattr(part, name), getattr(ROWS, name)[mask])
    assert part.labels.equals(ROWS.labels[mask])
    assert np.array_equal(part.season, ROWS.season)
    assert part.spend_unit == ROWS.spend_unit, "the unit is of all rows, or targets would differ"


def test_each_kind_of_score_has_its_rows_and_target():
    for link, target in (
        (RETURN, ROWS.churned),
        (TOTAL, np.maximum(ROWS.value, 0)),
        (ORDERS, ROWS.labels["future_orders"]),
    ):
        rows, found = ROWS.for_link(link)
        assert rows is ROWS
        assert np.array_equal(found, target)


def test_spend_is_fitted_on_those_who_came_back_in_logarithms():
    rows, target = ROWS.for_link(SPEND)
    assert len(rows) == (ROWS.churned == 0).sum()
    assert not rows.churned.any()
    large = rows.value > 0.05 * ROWS.spend_unit
    assert np.allclose(np.exp(target[large]), rows.value[large])


def test_a_net_refund_is_no_negative_total():
    refunded = replace(ROWS, labels=ROWS.labels.assign(future_value=ROWS.value - 10.0))
    _, target = refunded.for_link(TOTAL)
    assert (refunded.value < 0).any()
    assert np.array_equal(target, np.maximum(refunded.value, 0))


def test_the_unit_of_spend_is_the_median_of_those_who_spent():
    assert ROWS.spend_unit == spend_unit(ROWS.labels) == np.median(ROWS.value[ROWS.churned == 0])


def test_an_unknown_kind_of_score_is_refused_by_name():
    with pytest.raises(ValueError, match="no rows are known for a score of 'margin'"):
        ROWS.for_link(Link("margin", "reg:squarederror", 0.0))


def test_a_shop_has_a_season_where_any_window_is_of_it():
    assert not ROWS.has_season
    assert made_rows(20, season=(True, False, False)).has_season
