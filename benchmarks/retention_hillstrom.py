"""Hillstrom's e-mail test: Qini on held-out halves, and what shuffled arms would switch on."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retention.uplift.cross_fit import cross_fit
from retention.uplift.qini import qini, uplift_at
from retention.uplift.rows import UpliftRows
from retention.uplift.switch import switch_test

FILE = "hillstrom.parquet"
ARMS = {"any e-mail": None, "women's e-mail": "Womens E-Mail", "men's e-mail": "Mens E-Mail"}
NONE = "No E-Mail"


def hillstrom() -> pd.DataFrame | None:
    """The test's customers; None where PERENNIAL_DATA names no folder that has them."""
    path = Path(os.environ.get("PERENNIAL_DATA", "")) / FILE
    return pd.read_parquet(path) if path.is_file() else None


def rows_of(frame: pd.DataFrame, mail: str | None, outcome: str = "visit") -> UpliftRows:
    """Customers with one kind of e-mail, or with any, against those with none."""
    if mail is not None:
        frame = frame[frame["segment"].isin([mail, NONE])]
    features = pd.DataFrame(
        {
            **{c: frame[c] for c in ("recency", "history", "mens", "womens", "newbie")},
            **{f"zip_{z}": frame["zip_code"] == z for z in sorted(frame["zip_code"].unique())},
            **{f"by_{c}": frame["channel"] == c for c in sorted(frame["channel"].unique())},
        }
    ).to_numpy(float)
    treated = (frame["segment"] != NONE).to_numpy(bool)
    share = 2 / 3 if mail is None else 0.5
    return UpliftRows.of(features, treated, frame[outcome].to_numpy(float), share)


def halves(frame: pd.DataFrame, mail: str | None, learner: str, seed: int = 0) -> dict[str, Any]:
    """Qini of each half by a learner fitted on the other."""
    rows = rows_of(frame, mail)
    half = np.random.default_rng(seed).permutation(len(rows)) % 2 == 0
    told = {}
    for name, fitted in (("first", half), ("second", ~half)):
        other = rows.at(~fitted)
        score = cross_fit(rows.at(fitted), learner, folds=3, seed=seed).effect(other.features)
        found = qini(score, other, seed=seed, draws=300).coefficient
        top = uplift_at(score, other, 0.3, seed=seed, draws=300)
        told[name] = {
            "qini": [found.mean, found.low, found.high],
            "top": [top.mean, top.low, top.high],
            "all": uplift_at(score, other, 1.0, seed=seed, draws=2).mean,
        }
    return told


def shuffled(frame: pd.DataFrame, learner: str, seed: int) -> bool:
    """Whether uplift switches on where the arms are shuffled, so that there is no effect."""
    rng = np.random.default_rng([seed, 5])
    rows = rows_of(frame, None)
    treated = rng.permutation(rows.treated)
    mixed = UpliftRows.of(rows.features, treated, rows.outcome, 2 / 3)
    half = rng.permutation(len(rows)) % 2 == 0
    fitted, other = mixed.at(half), mixed.at(~half)
    score = cross_fit(fitted, learner, folds=2, seed=seed).effect(other.features)
    history = other.features[:, 1]
    return switch_test(other, history, score).on
