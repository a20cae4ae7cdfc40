"""Learned effects as files: XGBoost's UBJ and one JSON, whose loading runs no code."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

from retention.uplift.cross_fit import CrossFitted
from retention.uplift.learners import CrossModels, EffectModel, Grown, Transformed, TwoModels

FORMAT = "perennial uplift 1"
INDEX = "uplift.json"
KINDS: dict[str, tuple[type, tuple[str, ...]]] = {
    "t": (TwoModels, ("treated", "control")),
    "x": (CrossModels, ("of_treated", "of_control")),
    "class": (Transformed, ("agrees",)),
}


def save_effects(fitted: CrossFitted, names: list[str], folder: Path) -> None:
    """Write the models of all folds.

    Parameters
    ----------
    names : of the features, in the order of the columns fitted
    folder : made if it is not there
    """
    folder.mkdir(parents=True, exist_ok=True)
    models = [_save_model(model, k, folder) for k, model in enumerate(fitted.models)]
    index = {"format": FORMAT, "learner": fitted.learner, "features": names, "models": models}
    text = json.dumps(index, indent=1, sort_keys=True) + "\n"
    (folder / INDEX).write_text(text, encoding="utf-8")


def load_effects(folder: Path) -> tuple[CrossFitted, list[str]]:
    """Read models back; `out_of_fold` is empty, for the rows are not kept.

    Returns
    -------
    models, names of the features in their order

    Raises
    ------
    ValueError
        If a file is missing, of another format, or not the one that was written.
    """
    path = folder / INDEX
    if not path.is_file():
        raise ValueError(f"{path} is missing; fit the learner again and save it there")
    index = json.loads(path.read_text(encoding="utf-8"))
    if index.get("format") != FORMAT or index.get("learner") not in KINDS:
        raise ValueError(f"{path} is no {FORMAT!r} file; fit the learner again")
    models = tuple(_load_model(spec, index["learner"], folder) for spec in index["models"])
    return CrossFitted(models, np.array([], np.float64), index["learner"]), list(index["features"])


def _save_model(model: EffectModel, fold: int, folder: Path) -> dict[str, Any]:
    learner = next(name for name, (kind, _) in KINDS.items() if isinstance(model, kind))
    parts = {n: _save_part(getattr(model, n), f"{fold}_{n}", folder) for n in KINDS[learner][1]}
    share = {"share": model.share} if isinstance(model, CrossModels) else {}
    return {"parts": parts, **share}


def _save_part(grown: Grown, name: str, folder: Path) -> dict[str, Any]:
    data = bytes(grown.booster.save_raw("ubj"))
    (folder / f"{name}.ubj").write_bytes(data)
    return {
        "file": f"{name}.ubj",
        "sha256": hashlib.sha256(data).hexdigest(),
        "base": grown.base,
        "scale": grown.scale,
        "logistic": grown.logistic,
    }


def _load_model(spec: dict[str, Any], learner: str, folder: Path) -> EffectModel:
    kind, names = KINDS[learner]
    parts = {name: _load_part(spec["parts"][name], folder) for name in names}
    more = {"share": float(spec["share"])} if kind is CrossModels else {}
    model: EffectModel = kind(**parts, **more)
    return model


def _load_part(spec: dict[str, Any], folder: Path) -> Grown:
    path = folder / Path(spec["file"]).name
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != spec["sha256"]:
        raise ValueError(f"{path} is not the file that was written; fit the learner again")
    booster = xgb.Booster()
    booster.load_model(bytearray(data))
    return Grown(booster, float(spec["base"]), float(spec["scale"]), bool(spec["logistic"]))
