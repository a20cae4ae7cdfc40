"""Results as values that JSON has: what is not finite is null."""

import math
from dataclasses import asdict
from typing import Any

import pandas as pd

from retention.lists.gain import ExpectedGain


def plain(value: Any) -> Any:
    """The value with plain numbers and null for what is not finite, at any depth."""
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def gain_dict(gain: ExpectedGain) -> dict[str, Any]:
    """Expected net gain: `mean`, `low`, `high`, `chance_of_loss`, `break_even_save_rate`."""
    return asdict(gain)


def sensitivity_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """One dict a changed assumption: `assumption`, `change`, `value`, `net_gain`."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
