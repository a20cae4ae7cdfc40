"""Every key that a settings class knows."""

from typing import Any

from pydantic import BaseModel

Key = tuple[str, ...]


def every_key(model: type[BaseModel], above: Key = ()) -> list[Key]:
    """Return the path of each key of a settings class, groups and what is in them."""
    found: list[Key] = []
    for name, field in model.model_fields.items():
        here = (*above, field.alias or name)
        found.append(here)
        for group in _groups(field.annotation):
            found.extend(every_key(group, here))
    return found


def _groups(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return [group for part in inner for group in _groups(part)]
