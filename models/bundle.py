"""The fitted bundle: all that is promoted together, as UBJ and JSON files with their digests.

Nothing is parsed before its SHA-256 has been found equal to the manifest's, and no format is used
whose loading can run code.
"""

import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb

from features.feature_table import FeatureTable
from models.errors import BundleError
from models.horizon import HorizonModel, Outlook
from models.horizon_files import load_horizon, save_horizon
from models.manifest import (
    CARD,
    FORMAT,
    MANIFEST,
    digest,
    json_text,
    own_digest,
    read_verified,
    version_of,
)

HEADS = "heads.json"
PARTS = ("groups", "reference", "metrics", "training")
PACKAGES = {"xgboost": xgb, "numpy": np}


@dataclass(frozen=True)
class Bundle:
    """Everything needed to score customers, and what is known of it.

    Attributes
    ----------
    version : first 12 hex digits of the digest over the files
    features : names of the features the heads read, in order
    churn : what is served within the churn horizon: `churn_probability`, and the spend given a
        return for `value_at_risk`
    value : what is served within the value horizon: `predicted_clv`, its quantiles, orders; the
        same object as `churn` where both horizons are one
    groups : cut points of tiers and groups, rhythm of the shop, usual churn (JSON values)
    reference : distributions of the features at training (JSON values)
    metrics : of the backtest (JSON values)
    training : data window, cutoffs, clock, seed, what is served (JSON values)
    card : the model card, empty until it is written
    """

    version: str
    features: tuple[str, ...]
    churn: HorizonModel
    value: HorizonModel
    groups: dict[str, Any]
    reference: dict[str, Any]
    metrics: dict[str, Any]
    training: dict[str, Any]
    card: dict[str, Any]

    @property
    def served(self) -> dict[str, str]:
        """What is served for return and for value: "model" or a rule's name."""
        return {"return": self.churn.returns.member, "value": self.value.value.member}

    def predict(self, features: pd.DataFrame) -> tuple[Outlook, Outlook]:
        """Outlooks within the churn horizon and within the value horizon."""
        churn = self.churn.predict(features)
        return churn, churn if self.value is self.churn else self.value.predict(features)

    def get_ready(self) -> None:
        """Score a row of which nothing is known: what is made at the first call is made now."""
        row = FeatureTable(self.features, np.full((len(self.features), 1), np.nan))
        for model in (self.churn, self.value):
            model.predict(row)
            if model.next_order is not None:
                model.next_order.quantiles(row)


def write_json(path: Path, value: Any) -> None:
    """Write JSON that is the same for the same values; NaN is refused."""
    path.write_text(json_text(value), encoding="utf-8")


def save_parts(bundle: Bundle, folder: Path) -> str:
    """Write the files of a bundle into an empty `folder`, without card and manifest.

    Returns
    -------
    version : same for the same content

    Raises
    ------
    BundleError
        If the folder holds something already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BundleError(f"{folder} is not empty; save a bundle into a folder of its own")
    heads: dict[str, Any] = {
        "features": list(bundle.features),
        "churn": save_horizon(bundle.churn, folder, "churn"),
        "value": None
        if bundle.value is bundle.churn
        else save_horizon(bundle.value, folder, "value"),
    }
    write_json(folder / HEADS, heads)
    for part in PARTS:
        write_json(folder / f"{part}.json", getattr(bundle, part))
    return version_of({p.name: digest(p) for p in folder.iterdir()})


def seal(folder: Path, version: str, card: dict[str, Any]) -> None:
    """Add the card and, last of all, the manifest with the digest of every file."""
    write_json(folder / CARD, card)
    names = sorted(p.name for p in folder.iterdir() if p.name != MANIFEST)
    features = json.loads((folder / HEADS).read_text(encoding="utf-8"))["features"]
    manifest = {
        "format": FORMAT,
        "version": version,
        "files": {name: digest(folder / name) for name in names},
        "schema": hashlib.sha256("\n".join(features).encode()).hexdigest(),
        "packages": {name: module.__version__ for name, module in PACKAGES.items()},
        "python": platform.python_version(),
    }
    write_json(folder / MANIFEST, {**manifest, "sha256": own_digest(manifest)})


def load_bundle(folder: Path) -> Bundle:
    """Load a sealed bundle after checking that no file was changed, added or removed.

    Raises
    ------
    BundleError
        If the folder holds no sealed bundle, or one that differs from its manifest.
    """
    manifest, files = read_verified(folder)
    try:
        heads = json.loads(files[HEADS], parse_constant=_refuse_constant)
        parts = {part: json.loads(files[f"{part}.json"]) for part in PARTS}
        churn = load_horizon(heads["churn"], files)
        return Bundle(
            version=manifest["version"],
            features=tuple(heads["features"]),
            churn=churn,
            value=churn if heads["value"] is None else load_horizon(heads["value"], files),
            card=json.loads(files[CARD]),
            **parts,
        )
    except (KeyError, ValueError, TypeError, xgb.core.XGBoostError) as error:
        raise BundleError(
            f"the bundle in {folder} does not have the layout of format {FORMAT}: {error!r}; "
            "train again"
        ) from error


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no number that a head may hold")
