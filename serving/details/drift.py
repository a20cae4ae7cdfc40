"""How far tonight's scores and features are from those of training, and of the previous batch.

The distance is the population stability index (PSI), Σ (now − then) · ln(now / then) over tenths of
what was then; above 0.2 customers are plainly not those of then.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import snapshot
from features.shop_clock import day_number
from serving.details.publication import Publication

Floats = NDArray[np.float64]

LEVELS = np.linspace(0, 1, 11)
LIMIT = 0.2
# A share of nothing would make the index infinite.
LEAST = 1e-4
MAIN_FEATURES = 10
SCORES = ("churn_probability", "predicted_clv")


def facts(publication: Publication) -> dict[str, Any]:
    """Distances of the batch; see `distances`.

    Returns
    -------
    dict
        limit : above it a distance is called drift
        columns : list of {name, kind, null, deciles, since_training, since_batch}; kind `score` or
            `feature`, the distances null where there is nothing to compare with
    """
    card = publication.bundle.card
    spread = card.get("curves", {}).get("spread", {})
    then = {name: {"deciles": spread.get(name, []), "null": 0.0} for name in SCORES}
    then |= {name: publication.bundle.reference.get(name) or {} for name in _main(publication)}
    before = {c["name"]: c for c in publication.earlier.get("drift", {}).get("columns", [])}
    columns = [
        _column(name, "score" if name in SCORES else "feature", values, then.get(name), before)
        for name, values in _columns(publication).items()
    ]
    return {"limit": LIMIT, "columns": columns}


def psi(values: Floats, deciles: Sequence[float]) -> float | None:
    """PSI of values against the deciles of what was then, eleven of them; None without either.

    Tenths that ties have made one are taken together.
    """
    there = values[~np.isnan(values)]
    if not len(there) or len(deciles) != len(LEVELS):
        return None
    edges, last = np.unique(np.asarray(deciles, float)[::-1], return_index=True)
    then = np.diff(LEVELS[len(LEVELS) - 1 - last], prepend=0.0)
    kept = then > 0
    # What lies above the largest value of then belongs to the last tenth.
    edges, then = edges[kept], then[kept]
    place = np.minimum(np.searchsorted(edges, there, side="left"), len(edges) - 1)
    now = np.bincount(place, minlength=len(edges)) / len(there)
    now, then = np.maximum(now, LEAST), np.maximum(then, LEAST)
    return float(np.sum((now - then) * np.log(now / then)))


def _main(publication: Publication) -> list[str]:
    """The features that the return model looks at most, as far as the bundle knows them."""
    ranked = [f["feature"] for f in publication.bundle.card.get("top_features", [])]
    known = [name for name in ranked if publication.bundle.reference.get(name)]
    return known[:MAIN_FEATURES]


def _columns(publication: Publication) -> dict[str, Floats]:
    scored = publication.rows[publication.rows["score_status"] == "scored"]
    found = {name: scored[name].to_numpy(float) for name in SCORES}
    names = _main(publication)
    if names:
        made = snapshot(publication.log, day_number(publication.as_of), tuple(names)).features
        rows = made.reindex(pd.Index(scored["customer_id"].astype(str)))
        found |= {name: rows[name].to_numpy(float) for name in names}
    return found


def _column(
    name: str,
    kind: str,
    values: Floats,
    then: Mapping[str, Any] | None,
    before: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    there = values[~np.isnan(values)]
    deciles = np.quantile(there, LEVELS).tolist() if len(there) else []
    return {
        "name": name,
        "kind": kind,
        "null": float(np.isnan(values).mean()) if len(values) else 0.0,
        "deciles": deciles,
        "since_training": _rounded(psi(values, (then or {}).get("deciles", []))),
        "since_batch": _rounded(psi(values, before.get(name, {}).get("deciles", []))),
    }


def _rounded(distance: float | None) -> float | None:
    return None if distance is None or not math.isfinite(distance) else round(distance, 4)
