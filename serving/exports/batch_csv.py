"""The scores of a batch as a CSV, for `perennial score --csv`."""

from pathlib import Path

import pandas as pd

from features.whole_file import write_whole
from retention.scores import SCORE_FIELDS
from serving.exports.guard import guarded

OF_THE_BATCH = ("as_of", "batch_id", "model_version")
CSV_FIELDS = tuple(f for f in SCORE_FIELDS if f not in (*OF_THE_BATCH, "missing", "reasons"))


def write_csv(rows: pd.DataFrame, path: Path) -> None:
    """Write rows as CSV, whole or not at all; text cells are guarded, numbers stay numbers."""
    safe = rows.copy()
    for name in safe.columns:
        if safe[name].dtype == object or str(safe[name].dtype).startswith("str"):
            safe[name] = safe[name].map(guarded)
    write_whole(path, lambda p: safe.to_csv(p, index=False, float_format="%.4f"))
