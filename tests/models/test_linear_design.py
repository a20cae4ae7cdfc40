import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.linear_design import fit_design, signed_log


def design_of(*columns):
    dense = np.column_stack(columns).astype(np.float32)
    return fit_design(pd.Index([f"f{i}" for i in range(len(columns))]), dense), dense


def test_worked_example():
    assert signed_log(np.array([0.0, np.e - 1, -(np.e - 1)])).tolist() == [0.0, 1.0, -1.0]
    design, dense = design_of([0.0, np.e - 1] * 50)
    assert design.mean == pytest.approx([0.5])
    assert design.spread == pytest.approx([0.5])
    assert design.matrix(dense)[:2, 0] == pytest.approx([-1.0, 1.0])


def test_columns_have_mean_zero_and_spread_one():
    draw = np.random.default_rng(0)
    design, dense = design_of(draw.gamma(1, 100, 2000), draw.normal(size=2000) * 1e6)
    found = design.matrix(dense)
    assert found.mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert found.std(axis=0) == pytest.approx([1, 1])


def test_what_never_changes_or_is_never_known_has_no_column():
    varies = np.arange(100.0)
    design, dense = design_of(np.full(100, 7.0), varies, np.full(100, np.nan))
    assert design.kept.tolist() == [1]
    assert design.flagged.tolist() == []
    assert design.names == ("f1",)
    assert design.matrix(dense).shape == (100, 1)


def test_customers_who_are_all_alike_have_no_column():
    design, dense = design_of(np.full(50, 1.0), np.full(50, 2.0))
    assert design.matrix(dense).shape == (50, 0)


def test_an_undefined_value_is_the_median_and_flagged_where_that_is_common():
    x = np.arange(1.0, 101.0)
    x[:10] = np.nan
    design, dense = design_of(x)
    assert design.names == ("f0", "f0")
    found = design.matrix(dense)
    assert found[:, 1].tolist() == [1.0] * 10 + [0.0] * 90
    middle = design.matrix(np.full((1, 1), np.nanmedian(x), np.float32))[0, 0]
    assert found[0, 0] == pytest.approx(middle, abs=0.02)


def test_features_undefined_for_the_same_customers_have_one_flag():
    undefined = np.where(np.arange(100) < 30, np.nan, 1.0)
    grows = np.arange(100.0) + 1
    design, _ = design_of(grows * undefined, grows**2 * undefined, grows)
    assert design.kept.tolist() == [0, 1, 2]
    assert design.flagged.tolist() == [0]


def test_new_customers_are_held_within_the_range_seen():
    design, dense = design_of(np.arange(1000.0))
    seen = design.matrix(dense)
    far = design.matrix(np.array([[1e30], [-1e30], [np.nan]], np.float32))
    assert far[0, 0] == seen.max()
    assert far[1, 0] == seen.min()
    assert np.isfinite(far).all()


@given(
    arrays.arrays(
        np.float32,
        (40, 3),
        elements=st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)
        | st.just(np.nan),
    )
)
def test_any_features_make_finite_columns_that_do_not_hang_on_the_other_rows(dense):
    design = fit_design(pd.Index(["a", "b", "c"]), dense)
    found = design.matrix(dense)
    assert np.isfinite(found).all()
    assert found.shape == (40, len(design.names))
    assert np.array_equal(design.matrix(dense[7:8]), found[7:8])
