"""The fitted bundle: all that is promoted together, as UBJ and JSON files with their digests.

Nothing is parsed before its SHA-256 has been found equal to the manifest's, and no format is used
whose loading can run code.
"""

import hashlib
import json
import platform
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

from models.calibration import PlattCalibrator
from models.carry import Carry
from models.errors import BundleError
from models.heads import MODEL, ReturnHead, ValueHead
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
from models.rules import RETURN_RULES, VALUE_RULES
from models.spread import SpendSpread

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
    churn : head of `churn_probability`
    churn_value : expected spend within the churn horizon, for `value_at_risk`
    value : head of `predicted_clv` and its quantiles
    groups : cut points of tiers and groups, rhythm of the shop, usual churn (JSON values)
    reference : distributions of the features at training (JSON values)
    metrics : of the backtest (JSON values)
    training : data window, cutoffs, clock, seed, what is served (JSON values)
    card : the model card, empty until it is written
    """

    version: str
    features: tuple[str, ...]
    churn: ReturnHead
    churn_value: ValueHead
    value: ValueHead
    groups: dict[str, Any]
    reference: dict[str, Any]
    metrics: dict[str, Any]
    training: dict[str, Any]
    card: dict[str, Any]

    @property
    def served(self) -> dict[str, str]:
        """What is served for return and for value: "model" or a rule's name."""
        return {"return": self.churn.member, "value": self.value.member}


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
    heads: dict[str, Any] = {"features": list(bundle.features)}
    heads["churn"] = _return_spec(bundle.churn, folder, "return_churn.ubj")
    for name, head in (("churn_value", bundle.churn_value), ("value", bundle.value)):
        heads[name] = _value_spec(head, folder, name)
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
        heads = json.loads(files[HEADS])
        parts = {part: json.loads(files[f"{part}.json"]) for part in PARTS}
        return Bundle(
            version=manifest["version"],
            features=tuple(heads["features"]),
            churn=_load_return(heads["churn"], files),
            churn_value=_load_value(heads["churn_value"], files),
            value=_load_value(heads["value"], files),
            card=json.loads(files[CARD]),
            **parts,
        )
    except (KeyError, ValueError, TypeError, xgb.core.XGBoostError) as error:
        raise BundleError(
            f"the bundle in {folder} does not have the layout of format {FORMAT}: {error!r}; "
            "train again"
        ) from error


def _return_spec(head: ReturnHead, folder: Path, file: str) -> dict[str, Any]:
    if head.booster is not None:
        head.booster.save_model(folder / file)
    return {
        "member": head.member,
        "calibrator": asdict(head.calibrator),
        "carry": asdict(head.carry),
        "centre": head.centre,
        "booster": file if head.booster is not None else None,
    }


def _value_spec(head: ValueHead, folder: Path, name: str) -> dict[str, Any]:
    file = f"spend_{name}.ubj"
    if head.booster is not None:
        head.booster.save_model(folder / file)
    return {
        "member": head.member,
        "returns": _return_spec(head.returns, folder, f"return_{name}.ubj"),
        "level": head.level,
        "base": head.base,
        "spend_level": head.spend_level,
        "spread": {"edges": head.spread.edges.tolist(), "factors": head.spread.factors.tolist()},
        "booster": file if head.booster is not None else None,
    }


def _load_booster(spec: dict[str, Any], files: dict[str, bytes]) -> xgb.Booster | None:
    if spec["booster"] is None:
        return None
    booster = xgb.Booster(params={"nthread": 2})
    booster.load_model(bytearray(files[spec["booster"]]))
    return booster


def _member(spec: dict[str, Any], rules: Collection[str]) -> str:
    """Name of what is served; trees are named "model", and only they."""
    member: str = spec["member"]
    if member not in rules and (member != MODEL or spec["booster"] is None):
        raise ValueError(f"{member!r} is neither a model with trees nor a rule known here")
    return member


def _load_return(spec: dict[str, Any], files: dict[str, bytes]) -> ReturnHead:
    return ReturnHead(
        member=_member(spec, RETURN_RULES),
        calibrator=PlattCalibrator(**spec["calibrator"]),
        carry=Carry(**spec["carry"]),
        centre=spec["centre"],
        booster=_load_booster(spec, files),
    )


def _load_value(spec: dict[str, Any], files: dict[str, bytes]) -> ValueHead:
    spread = spec["spread"]
    return ValueHead(
        member=_member(spec, VALUE_RULES),
        returns=_load_return(spec["returns"], files),
        level=spec["level"],
        base=spec["base"],
        spend_level=spec["spend_level"],
        spread=SpendSpread(np.array(spread["edges"], float), np.array(spread["factors"], float)),
        booster=_load_booster(spec, files),
    )
