import sys
from dataclasses import replace

import numpy as np
import pytest

from training.plots import CAPTIONS, calibration_curve, gains_curve, save_plots

PNG = b"\x89PNG\r\n\x1a\n"


def test_every_picture_is_a_png(result, tmp_path):
    plots = save_plots(result, tmp_path / "plots")
    assert [path.stem for path in plots] == list(CAPTIONS)
    for path in plots:
        content = path.read_bytes()
        assert content.startswith(PNG)
        assert 5_000 < len(content) < 200_000


def test_the_same_result_gives_the_same_bytes(result, tmp_path):
    first, second = (save_plots(result, tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_no_global_figure_is_left_behind(result, tmp_path):
    save_plots(result, tmp_path)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_without_a_backtest_only_the_importance_is_drawn(result, tmp_path):
    plots = save_plots(replace(result, folds=[]), tmp_path)
    assert [path.name for path in plots] == ["importance.png"]
    assert save_plots(replace(result, folds=[], importance={}), tmp_path) == []


def test_a_fold_in_which_nobody_left_and_nobody_paid_can_be_drawn(result, tmp_path):
    fold = result.folds[0]
    empty = replace(
        fold,
        churned=np.zeros_like(fold.churned),
        future_value=np.zeros_like(fold.future_value),
    )
    assert len(save_plots(replace(result, folds=[empty]), tmp_path)) == len(CAPTIONS)


def test_calibration_worked_example():
    predicted, actual, counts = calibration_curve(
        np.array([1.0, 0.0, 1.0]), np.array([0.25, 0.21, 1.0])
    )
    assert counts.tolist() == [0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert (predicted[2], actual[2]) == pytest.approx((0.23, 0.5))
    assert (predicted[9], actual[9]) == (1.0, 1.0)
    assert np.isnan(predicted[0])


def test_gains_worked_example():
    # Riskiest first the outcomes are 1, 0, 1, 0.
    found = gains_curve(
        np.array([0.0, 1.0, 0.0, 1.0]),
        np.array([0.1, 0.9, 0.8, 0.5]),
        np.array([0, 0.25, 0.5, 0.75, 1]),
    )
    assert found.tolist() == [0, 0.5, 0.5, 1, 1]
