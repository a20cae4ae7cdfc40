"""Margins of boosted trees for a few rows, without what the library's call costs each time.

XGBoost's Python call takes some tenths of a millisecond whatever is asked, which a request for one
customer pays for every score. The same trees are walked here, with the same comparisons and sums in
single precision, so that the bits are the same; whether they are is tried when the trees are read,
and where they are not XGBoost answers.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xgboost as xgb
from numba import njit
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Int = NDArray[np.int32]
# Up to so many rows the walk is faster than the call.
FEW = 64
PROBES = 64
# Beyond these a model is none of ours.
MOST_COLUMNS, MOST_OUTPUTS = 100_000, 1000


@dataclass(frozen=True)
class FewRows:
    """Trees as arrays, those of all trees one after the other.

    Attributes
    ----------
    roots, outputs : first node and output of each tree, shape (n_trees,)
    left, right : children of each node, shape (n_nodes,); -1 at a leaf
    column, split, missing_left : what a node asks: column < split, and where an undefined value
        goes; at a leaf `split` is its value
    base : what each output starts from, shape (n_outputs,)
    n_columns : columns that the trees were grown on
    """

    roots: Int
    outputs: Int
    left: Int
    right: Int
    column: Int
    split: Matrix
    missing_left: NDArray[np.bool_]
    base: Matrix
    n_columns: int

    def margins(self, dense: Matrix) -> Matrix:
        """Margin of each row and output, shape (n, n_outputs).

        Parameters
        ----------
        dense : shape (n, n_columns), NaN where undefined

        Raises
        ------
        ValueError
            If there are not as many columns as the trees were grown on.
        """
        if dense.shape[1] != self.n_columns:
            raise ValueError(
                f"the trees were grown on {self.n_columns} columns, got {dense.shape[1]}"
            )
        return _walked(
            np.ascontiguousarray(dense, np.float32),
            self.roots, self.outputs, self.left, self.right, self.column, self.split,
            self.missing_left, self.base,
        )  # fmt: skip


class QuickTrees:
    """A booster that answers for few rows at once, and for many by XGBoost.

    Parameters
    ----------
    booster : its trees are read when few rows are first asked for
    """

    def __init__(self, booster: xgb.Booster) -> None:
        self.booster = booster

    def margins(self, dense: Matrix) -> Matrix:
        """Margin of each row and output, shape (n, n_outputs); `dense` is (n, n_columns)."""
        if len(dense) <= FEW and self._few is not None:
            return self._few.margins(dense)
        raw = self.booster.inplace_predict(dense, predict_type="margin", validate_features=False)
        return np.asarray(raw, np.float32).reshape(len(dense), -1)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, where the booster has them."""
        return tuple(self.booster.feature_names or ())

    @cached_property
    def _few(self) -> FewRows | None:
        return few_rows_of(self.booster)


def few_rows_of(booster: xgb.Booster) -> FewRows | None:
    """The trees of a booster, or None where their walk is not known to give XGBoost's bits."""
    told = json.loads(bytes(booster.save_raw("json")))["learner"]
    try:
        found = _read(told)
    except (KeyError, TypeError, ValueError):
        return None
    if found is None or not _sound(found):
        return None
    probes = _probes(found)
    raw = booster.inplace_predict(probes, predict_type="margin", validate_features=False)
    same = np.array_equal(found.margins(probes), np.reshape(raw, (len(probes), -1)))
    return found if same else None


def _read(learner: dict[str, Any]) -> FewRows | None:
    """Arrays of what XGBoost writes; None where it is not trees of numbers alone."""
    told = learner["gradient_booster"]
    model = told.get("model")
    if told.get("name") != "gbtree" or model is None or not model["trees"]:
        return None
    trees = model["trees"]
    if any(any(tree["split_type"]) or tree["categories"] for tree in trees):
        return None
    sizes = [len(tree["left_children"]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    start = np.repeat(roots, sizes)
    left, right, column = (
        np.concatenate([tree[name] for tree in trees]).astype(np.int32)
        for name in ("left_children", "right_children", "split_indices")
    )
    parameters = learner["learner_model_param"]
    starts = np.array(json.loads(parameters["base_score"]), np.float32).reshape(-1)
    outputs = max(int(parameters["num_target"]), int(parameters["num_class"]), 1)
    if not 0 < int(parameters["num_feature"]) <= MOST_COLUMNS or outputs > MOST_OUTPUTS:
        return None
    if learner["objective"]["name"] != "reg:quantileerror":
        # What `models.trees` grows starts from a margin of 0, whatever the link calls it.
        starts = np.zeros(outputs, np.float32)
    return FewRows(
        roots=roots,
        outputs=np.array(model["tree_info"], np.int32),
        left=np.where(left < 0, -1, left + start).astype(np.int32),
        right=np.where(right < 0, -1, right + start).astype(np.int32),
        column=column,
        split=np.concatenate([tree["split_conditions"] for tree in trees]).astype(np.float32),
        missing_left=np.concatenate([tree["default_left"] for tree in trees]).astype(bool),
        base=np.broadcast_to(starts, outputs).copy(),
        n_columns=int(parameters["num_feature"]),
    )


def _sound(trees: FewRows) -> bool:
    """Whether every walk ends, and reads nothing that is not there."""
    nodes = np.arange(len(trees.left))
    ends = np.append(trees.roots[1:], len(nodes))[np.searchsorted(trees.roots, nodes, "right") - 1]
    inner = trees.left >= 0
    onward = all(
        ((child > nodes) & (child < ends))[inner].all() for child in (trees.left, trees.right)
    )
    columns = trees.column[inner]
    there = ((columns >= 0) & (columns < trees.n_columns)).all()
    outputs = (trees.outputs >= 0) & (trees.outputs < len(trees.base))
    return bool(onward and there and outputs.all() and len(trees.outputs) == len(trees.roots))


def _probes(trees: FewRows) -> Matrix:
    """Rows on both sides of the splits, at them, and undefined, shape (PROBES, n_columns)."""
    rng = np.random.default_rng(0)
    inner = np.flatnonzero(trees.left >= 0)
    rows = np.zeros((PROBES, trees.n_columns), np.float32)
    for row in rows:
        some = rng.permutation(inner)
        near = rng.choice(np.array([0.9, 1.0, 1.1], np.float32), len(some))
        row[trees.column[some]] = trees.split[some] * near
    rows[rng.random(rows.shape) < 0.1] = np.nan
    return rows


@njit(cache=True, nogil=True)
def _walked(
    dense: Matrix,
    roots: Int,
    outputs: Int,
    left: Int,
    right: Int,
    column: Int,
    split: Matrix,
    missing_left: NDArray[np.bool_],
    base: Matrix,
) -> Matrix:
    """Sums of leaves, tree after tree, as XGBoost adds them."""
    found = np.empty((len(dense), len(base)), np.float32)
    for row in range(len(dense)):
        for output in range(len(base)):
            found[row, output] = base[output]
        for tree in range(len(roots)):
            node = roots[tree]
            while left[node] >= 0:
                value = dense[row, column[node]]
                goes_left = missing_left[node] if np.isnan(value) else value < split[node]
                node = left[node] if goes_left else right[node]
            found[row, outputs[tree]] += split[node]
    return found
