"""One published batch of scores: what the store keeps besides the rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Batch:
    """Head of an immutable batch.

    Parameters
    ----------
    batch_id : id of the batch, never used twice
    as_of : day of the snapshot, `YYYY-MM-DD`
    data_until : day of the last purchase line known, `YYYY-MM-DD`
    model_version : version of the bundle that scored
    published_at : when it was published, with a time zone
    customers : number of score rows
    cut_points : thresholds of tiers and groups, as `/predict` needs them
    portfolio : totals by risk tier and value tier; the store fills it in at publication
    erased : customers erased since publication; `customers` are those left

    Raises
    ------
    ValueError
        If a day is not `YYYY-MM-DD`, an id is empty or `published_at` has no time zone.
    """

    batch_id: str
    as_of: str
    data_until: str
    model_version: str
    published_at: datetime
    customers: int
    cut_points: Mapping[str, Any] = field(default_factory=dict)
    portfolio: Mapping[str, Any] = field(default_factory=dict)
    erased: int = 0

    def __post_init__(self) -> None:
        for name in ("batch_id", "model_version"):
            if not getattr(self, name):
                raise ValueError(f"{name} of a batch is empty; give it a value")
        for name in ("as_of", "data_until"):
            day = getattr(self, name)
            if date.fromisoformat(day).isoformat() != day:
                raise ValueError(f"{name} of batch {self.batch_id} must be YYYY-MM-DD, got {day}")
        if self.published_at.tzinfo is None:
            raise ValueError(
                f"published_at of batch {self.batch_id} has no time zone: {self.published_at}; "
                "pass datetime.now(UTC)"
            )

    @cached_property
    def published_text(self) -> str:
        """`published_at` as ISO 8601 in UTC, ending in Z."""
        return utc_text(self.published_at)


def utc_text(moment: datetime) -> str:
    """Return an aware moment as `YYYY-MM-DDTHH:MM:SSZ`; such texts sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_moment(text: str) -> datetime:
    """Return the moment that `utc_text` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
