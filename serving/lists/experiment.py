"""An experiment that a shop brings as a CSV: who was treated, what came, and what was known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import DataError
from retention.uplift.cross_fit import cross_fit
from retention.uplift.driven_away import groups_of
from retention.uplift.rows import UpliftRows
from serving.lists.errors import ListRefused
from serving.lists.plain import plain
from serving.lists.uplift_told import group_dict, measures, of_everybody
from serving.lists.uplifts import LEARNER

Mask = NDArray[np.bool_]
CONTROL = ("0", "false", "f", "no", "n", "none", "control", "held_out", "held out", "holdout")
CUSTOMER = "customer_id"
MOST_WORDS = 20
LEAST_IN_AN_ARM = 200
# A column that goes with the outcome in every row is taken for a part of it where chance would
# bring that about in fewer than one file of a million.
CHANCE = 1e-6


@dataclass(frozen=True)
class Read:
    """An experiment as read: its rows, and the names of their features."""

    rows: UpliftRows
    names: list[str]


def experiment_report(
    path: Path,
    *,
    treatment: str,
    outcome: str,
    control: str | None = None,
    learner: str = LEARNER,
    seed: int = 0,
    features: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> dict[str, Any]:
    """What an experiment tells of whom contact moves; nothing is kept.

    Parameters
    ----------
    path, treatment, outcome, control, features, ignore : as of `read_experiment`

    Returns
    -------
    dict
        file, learner, customers, treated, features : what was read
        effect : of treatment on the outcome, {mean, low, high}
        halves : of each half, by a learner fitted on the other: `qini` and `top` (effect in the
            first 30 %), each {mean, low, high}, and `curve`
        groups : name, ranges, customers, effect, driven_away
    """
    read = read_experiment(
        path,
        treatment=treatment,
        outcome=outcome,
        control=control,
        features=features,
        ignore=ignore,
    )
    rows, halves = read.rows, []
    if learner == "class" and not np.isin(rows.outcome, (0.0, 1.0)).all():
        raise ListRefused(
            f"learner class needs an outcome of 0 or 1, and {outcome!r} has other values; use x"
        )
    half = np.random.default_rng(seed).permutation(len(rows)) % 2 == 0
    for tested in (half, ~half):
        other = rows.at(tested)
        effect = cross_fit(rows.at(~tested), learner, seed=seed).effect(other.features)
        halves.append({"customers": len(other), **measures(effect, other, seed)})
    told: dict[str, Any] = plain(
        {
            "file": str(path),
            "learner": learner,
            "customers": len(rows),
            "treated": int(rows.treated.sum()),
            "features": read.names,
            "effect": of_everybody(rows, seed),
            "halves": halves,
            "groups": [group_dict(g) for g in groups_of(rows, read.names, seed=seed)],
        }
    )
    return told


def read_experiment(
    path: Path,
    *,
    treatment: str,
    outcome: str,
    control: str | None,
    features: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Read:
    """Rows of an experiment whose arms were drawn at random.

    Every other column is a feature: numbers as they are, words with at most 20 values as a column
    each. Words with more values, and numbers that tell every row from every other, such as an id,
    are left out. A column `customer_id` tells which rows are of one customer.

    Parameters
    ----------
    path : CSV with a head
    treatment, outcome : columns; an outcome is a number, 0 or 1 for yes or no
    control : value of `treatment` for those who were left alone; by default 0, no, control, ...
    features : columns to learn from, all known before the treatment; empty: all others
    ignore : columns not to learn from

    Raises
    ------
    ListRefused
        If the file or a column is not there.
    DataError
        If the columns cannot be read as an experiment, or one that `features` does not name is
        zero wherever the outcome is, or never zero where the outcome is not: it came with it.
    """
    table = _chosen(_table(path, treatment, outcome), path, treatment, outcome, features, ignore)
    told = table[treatment].str.strip()
    alone = told == control if control is not None else told.str.lower().isin(CONTROL)
    treated = ~alone.to_numpy(bool)
    least = min(int(treated.sum()), int((~treated).sum()))
    if least < LEAST_IN_AN_ARM:
        words = ", ".join(repr(w) for w in told.value_counts().index[:5])
        raise DataError(
            f"column {treatment!r} of {path} makes {int(treated.sum())} treated and "
            f"{int((~treated).sum())} not, where {LEAST_IN_AN_ARM} of each are needed; its values "
            f"are {words}: name the one of those left alone with --control"
        )
    came = pd.to_numeric(table[outcome], errors="coerce").to_numpy(float)
    if not np.isfinite(came).all():
        raise DataError(
            f"column {outcome!r} of {path} is no number in {int((~np.isfinite(came)).sum())} of "
            f"{len(came)} rows; write 0 or 1, or an amount, in each"
        )
    rest = table.drop(columns=[treatment, outcome])
    customer = np.arange(len(table))
    if CUSTOMER in rest:
        customer = pd.factorize(rest.pop(CUSTOMER), use_na_sentinel=False)[0].astype(np.int64)
    known, names = _features(rest)
    if not names:
        raise DataError(f"{path} has no column besides {treatment!r} and {outcome!r} to learn from")
    if not features:
        _refuse_outcomes(known, names, came != 0, path, outcome)
    share = float(treated.mean())
    return Read(UpliftRows.of(known, treated, came, share, customer=customer), names)


def _table(path: Path, treatment: str, outcome: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    except OSError as error:
        raise ListRefused(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path} is no CSV with a head: {error}") from None
    missing = [name for name in (treatment, outcome) if name not in table.columns]
    if missing:
        raise ListRefused(f"{path} has no column {missing[0]!r}; it has {list(table.columns)}")
    return table[table[treatment].notna()].reset_index(drop=True)


def _chosen(
    table: pd.DataFrame,
    path: Path,
    treatment: str,
    outcome: str,
    features: Sequence[str],
    ignore: Sequence[str],
) -> pd.DataFrame:
    """The columns that are used."""
    kept = [treatment, outcome]
    for option, names in (("--features", features), ("--ignore", ignore)):
        missing = [name for name in names if name not in table.columns]
        if missing:
            raise ListRefused(
                f"{path} has no column {missing[0]!r}, which {option} names; it has "
                f"{list(table.columns)}"
            )
        taken = [name for name in names if name in kept]
        if taken:
            raise ListRefused(
                f"{option} names {taken[0]!r}, which is the treatment or the outcome; leave it out"
            )
    wanted = {*features, CUSTOMER} if features else set(table.columns)
    return table[
        [name for name in table if name in kept or (name in wanted and name not in ignore)]
    ]


def _refuse_outcomes(
    known: NDArray[np.float64], names: list[str], came: Mask, path: Path, outcome: str
) -> None:
    """Refuse columns that go with the outcome in every row, by more than chance."""
    there = (known != 0) & ~np.isnan(known)
    for column, name in zip(there.T, names, strict=True):
        if not (column & ~came).any() and _chance(came, int(column.sum())):
            how = f"is zero wherever {outcome!r} is"
        elif not (came & ~column).any() and _chance(column, int(came.sum())):
            how = f"is never zero where {outcome!r} is not"
        else:
            continue
        raise DataError(
            f"column {name!r} of {path} {how}, so it looks like a part of what came, and not like "
            "something known before the treatment; leave it out with --ignore, or name all columns "
            "to learn from with --features"
        )


def _chance(among: Mask, times: int) -> bool:
    """Whether so many rows drawn at random would hardly ever all be among those."""
    return times * math.log(max(float(among.mean()), 1e-300)) < math.log(CHANCE)


def _features(table: pd.DataFrame) -> tuple[NDArray[np.float64], list[str]]:
    """Columns of numbers, and one a word, with their names."""
    found: dict[str, NDArray[np.float64]] = {}
    for name in table:
        numbers = pd.to_numeric(table[name], errors="coerce")
        if numbers.notna().any() and (numbers.notna() | table[name].isna()).all():
            whole = (numbers.dropna() % 1 == 0).all()
            if not (whole and numbers.is_unique):
                found[str(name)] = numbers.to_numpy(float)
            continue
        words = sorted(table[name].dropna().unique())
        if len(words) <= MOST_WORDS:
            for word in words:
                found[f"{name} {word}"] = (table[name] == word).to_numpy(float)
    if not found:
        return np.empty((len(table), 0)), []
    return np.column_stack(list(found.values())), list(found)
