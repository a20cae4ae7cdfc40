"""What all groups of settings have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A group of settings: frozen, closed to unknown keys."""

    # Strict: `"90"` or `yes` where a number is meant is an error, not a guess.
    # By alias: a key such as `in` is no name in Python, yet stands in what is dumped and loaded.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, serialize_by_alias=True
    )
