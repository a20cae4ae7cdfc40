"""What an export was asked for, and the columns of its file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import orjson

from retention.scores import SCORE_FIELDS
from serving.exports.presets import EMAIL, FIELDS, PRESETS
from serving.store.listing import Filters

FORMATS = ("csv", "parquet")


@dataclass(frozen=True)
class Asked:
    """One export.

    Parameters
    ----------
    format : `csv` or `parquet`
    filters : which customers
    changed_since : id of an earlier batch: only customers who changed against it, or are new
    fields : score fields in the order wanted; default all, or those of the preset
    preset : whose names the columns have
    hashed_email : adds the SHA-256 of the customer's e-mail address
    """

    format: str
    filters: Filters = field(default_factory=Filters)
    changed_since: str | None = None
    fields: tuple[str, ...] = ()
    preset: str | None = None
    hashed_email: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """Return {name in the file: score field}, the customer's id first."""
        default = FIELDS if self.preset else SCORE_FIELDS
        chosen = [each for each in self.fields or default if each != "customer_id"]
        wanted = ["customer_id", *([EMAIL] if self.hashed_email else []), *chosen]
        if self.preset is None:
            return {each: each for each in wanted}
        preset = PRESETS[self.preset]
        return {preset.name_of(each): each for each in wanted}

    def as_text(self) -> str:
        """Return it as JSON, for the store."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Return what `as_text` wrote."""
        told: Mapping[str, Any] = orjson.loads(text)
        filters: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in told["filters"].items()
        }
        fields = tuple(told["fields"])
        return cls(**{**told, "filters": Filters(**filters), "fields": fields})
