"""The answer of `GET /v1/model`, which the page *Model* shows: the card, and what came of it since.

The promotion log stands beside the bundles; the facts on the current batch are counted at its
publication.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.promotions import Entry, read_log
from serving.holder import Champion

MOST_MOVES = 50
# Who moved it, and from what it was made, are the operators' business.
MOVE_FIELDS = ("when", "what", "version", "from_version", "why", "forced")


def model_answer(
    champion: Champion, models_dir: Path, details: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `model_version`, the card's fields, `promotions`, `drift` and `realised`.

    Parameters
    ----------
    champion : the bundle in use
    models_dir : folder with the promotion log
    details : facts of the current batch; empty before the first
    """
    return {
        "model_version": champion.bundle.version,
        **champion.bundle.card,
        "promotions": [_move(entry) for entry in read_log(models_dir)[-MOST_MOVES:]][::-1],
        "drift": details.get("drift"),
        "realised": details.get("realised", []),
    }


def _move(entry: Entry) -> dict[str, Any]:
    told = asdict(entry)
    return {name: told[name] for name in MOVE_FIELDS}
