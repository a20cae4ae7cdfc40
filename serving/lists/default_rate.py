"""The save rate that a list goes by unless told otherwise: a prior and what lists measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from retention.lists.save_rate import MeasuredRate, SaveRate, combined_rate
from serving.lists.request import SAVE_RATE, SAVE_RATE_SD

PRIOR = SaveRate(SAVE_RATE, SAVE_RATE_SD)


@dataclass(frozen=True)
class DefaultRate:
    """The default of the next list.

    Attributes
    ----------
    rate : `measured` where readouts weigh anything in it
    lists : of each of those readouts `list_id`, `mean` (not cut to 0-1), `sd`, `weight` (0-1)
    """

    rate: SaveRate
    lists: list[dict[str, Any]]


def default_rate(readouts: Mapping[str, Mapping[str, Any]], horizon_days: int) -> DefaultRate:
    """Weigh the readouts kept and the prior by how sure each is.

    Parameters
    ----------
    readouts : final ones by list, see `serving.store.list_rows.kept_readouts`
    horizon_days : that of the scores; a list that was read after fewer or more days measured
        another rate, and is left out
    """
    told = {
        list_id: MeasuredRate(float(rate["mean"]), float(rate["sd"]))
        for list_id, content in readouts.items()
        if (rate := content.get("save_rate"))
        and rate["sd"] > 0
        and window_days(content) == horizon_days
    }
    found = combined_rate(PRIOR, list(told.values()))
    if found.rate is PRIOR:
        return DefaultRate(PRIOR, [])
    lists = [
        {"list_id": name, "mean": each.mean, "sd": each.sd, "weight": round(weight, 4)}
        for (name, each), weight in zip(told.items(), found.weights, strict=True)
    ]
    return DefaultRate(found.rate, lists)


def window_days(told: Mapping[str, Any]) -> int:
    """Days from the first day of a list to that of its readout."""
    begins, ends = (date.fromisoformat(str(told[name])) for name in ("begins_on", "readout_on"))
    return (ends - begins).days
