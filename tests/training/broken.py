"""Ways to break a sealed bundle so that its manifest still holds, as whoever wrote it could."""

import json

import xgboost as xgb

from models.bundle import HEADS, seal
from models.manifest import CARD, MANIFEST, digest, version_of


def reseal(folder):
    """Seal again after a change, as whoever made the change could."""
    for name in (MANIFEST, CARD):
        (folder / name).unlink()
    seal(folder, version_of({p.name: digest(p) for p in folder.iterdir()}), {})


def with_heads(folder, change):
    heads = json.loads((folder / HEADS).read_text())
    change(heads)
    (folder / HEADS).write_text(json.dumps(heads, indent=1, sort_keys=True) + "\n")
    reseal(folder)


def set_everywhere(values, key, value):
    """Set a key in nested JSON values wherever it stands."""
    for name, found in list(values.items()):
        if name == key:
            values[name] = value
        elif isinstance(found, dict):
            set_everywhere(found, key, value)


def trees_of(folder):
    return min(folder.glob("*.ubj"))


def with_trees(folder, change):
    """Change the first tree; the file may hold UBJ or JSON."""
    told = json.loads(bytes(xgb.Booster(model_file=trees_of(folder)).save_raw("json")))
    change(told["learner"]["gradient_booster"]["model"]["trees"][0])
    trees_of(folder).write_text(json.dumps(told))
    reseal(folder)
