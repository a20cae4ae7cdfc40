"""What does not fit a model, in plain words: which field, what is allowed, what was given."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

Schema = Mapping[str, Any]

LONGEST = 40
# Where the pattern of a text is better told than shown.
TEXTS = {
    "list_id": "a name of small letters, digits and hyphens, at most 63 of them",
    "channel": "one word of letters, digits, hyphens and underscores, such as email",
    "customer_id": "1 to 128 characters, none of them a control character",
    "holdout": "a share from 0 to 0.5, or auto",
    "seed": "a whole number from 0 on",
    "contacted_at": "a day or a moment, as 2026-11-20 or 2026-11-20T09:30:00",
}


def sentences_of(
    error: ValidationError, model: type[BaseModel], names: Mapping[str, str]
) -> list[str]:
    """One sentence for each field that does not fit.

    Parameters
    ----------
    names : place of a field, `save_rate.mean` -> what it is called where it was asked for
    """
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False):
        place = ".".join(str(part) for part in fault["loc"] if not isinstance(part, int))
        found.setdefault(place, sentence_of(names.get(place, place), fault, model))
    return list(found.values())


def sentence_of(
    name: str, fault: Mapping[str, Any], model: type[BaseModel], *, shown: bool = True
) -> str:
    """What is wrong with a field.

    Parameters
    ----------
    name : what the field is called
    fault : as pydantic tells it
    shown : whether the value may be told
    """
    kind = str(fault["type"])
    if kind == "missing":
        return f"{name} must be given"
    if kind == "extra_forbidden":
        return f"{name} is no term that is known; docs/lists.md has them"
    if kind == "said":
        return f"{name} {fault['msg']}"
    schema = _schema_at(model, fault["loc"])
    last = next((str(p) for p in reversed(fault["loc"]) if not isinstance(p, int)), "")
    allowed = TEXTS.get(last) or _allowed(schema)
    given = fault.get("input")
    is_plain = isinstance(given, str | int | float) and not isinstance(given, bool)
    got = f", got {str(given)[:LONGEST]!r}" if shown and is_plain else ""
    return f"{name} must be {allowed}{got}"


def _allowed(schema: Schema) -> str:
    """What a schema allows, in words."""
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if schema.get("type") == "array":
        return f"some of {', '.join(map(str, schema['items'].get('enum', [])))}"
    if schema.get("type") in ("number", "integer"):
        return _range(schema)
    if schema.get("type") == "boolean":
        return "true or false"
    if schema.get("format") == "date":
        return "a day, as 2026-11-20"
    if schema.get("type") == "object":
        return "keys and values, as docs/lists.md has them"
    return (
        f"a text of at most {schema['maxLength']} characters" if "maxLength" in schema else "a text"
    )


def _range(schema: Schema) -> str:
    what = "a whole number" if schema["type"] == "integer" else "a number"
    least, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    most, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f"{what} from {_end(least)} to {_end(most)}"
    ends = [(above, "above"), (least, "at least"), (most, "at most"), (below, "below")]
    told = [f"{word} {_end(end)}" for end, word in ends if end is not None]
    return f"{what} {' and '.join(told)}" if told else what


def _end(number: float) -> str:
    return f"{int(number):,}" if float(number).is_integer() else f"{number:g}"


def _schema_at(model: type[BaseModel], place: Sequence[int | str]) -> Schema:
    """The schema of a field or of a value in it, without null as a choice."""
    root = _schema(model)
    found: Schema = root
    for part in (part for part in place if isinstance(part, str)):
        found = _plain(root, found.get("properties", {}).get(str(part), found))
    if isinstance(place[-1], int) and found.get("type") == "array":
        return _plain(root, found["items"])
    return found


def _plain(root: Schema, schema: Schema) -> Schema:
    if "$ref" in schema:
        schema = root["$defs"][str(schema["$ref"]).rsplit("/", 1)[-1]]
    for one in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        if one.get("type") != "null":
            return _plain(root, one)
    return schema


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()
