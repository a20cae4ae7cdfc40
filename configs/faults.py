"""One sentence naming every fault that pydantic found in a settings file."""

import re
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configs.keys import Key, every_key
from configs.yaml_file import Line

# Values that may hold a password or the like are not repeated in a message.
PRIVATE = {
    *("purchases", "purchases.source", "purchases.query"),
    *("customers", "customers.source", "customers.query"),
    *("contacts", "contacts.source", "contacts.query"),
    *("surveys", "surveys.source", "surveys.query"),
    *("store", "mlflow", "mlflow.tracking_uri"),
}
# Parts of pydantic's address of a fault that are no keys of the file.
NO_KEYS = {"auto", "cut points", "[key]"}


def sentence(error: ValidationError, model: type[BaseModel], *, path: Path, lines: Line) -> str:
    """Say what is wrong in the file `path`, key by key, as one sentence."""
    faults = [
        _fault(detail, model, lines)
        for detail in error.errors()
        if detail["type"] != "default_factory_not_called"
    ]
    if len(faults) == 1:
        return f"in {path}, {faults[0]}"
    listed = " ".join(f"({number}) {fault}" for number, fault in enumerate(faults, start=1))
    return f"in {path}, {len(faults)} settings are wrong: {listed}"


def _fault(detail: ErrorDetails, model: type[BaseModel], lines: Line) -> str:
    keys = tuple(str(part) for part in detail["loc"] if part not in NO_KEYS)
    dotted = ".".join(keys)
    kind, line = detail["type"], lines.get(keys)
    where = f"`{dotted}`" + (f" (line {line})" if line else "")
    if kind in {"extra_forbidden", "invalid_key"}:
        # The place in a list is no part of what is known.
        named = tuple(str(p) for p in detail["loc"] if isinstance(p, str) and p not in NO_KEYS)
        return f"unknown key {where}; {_instead(named, every_key(model))}"
    if "[key]" in detail["loc"]:
        # A key of a mapping whose allowed keys stand in the message: 'a', 'b' or 'c'.
        known = re.findall(r"'([^']+)'", detail["ctx"]["expected"])
        return f"unknown key {where}; {_instead(keys, [(*keys[:-1], name) for name in known])}"
    if kind == "missing":
        return f"{where} is missing; add it"
    return f"{where} {_wish(detail, dotted)}"


def _instead(keys: Key, known: list[Key]) -> str:
    """Name the closest key of the same part, else the same key in another part."""
    siblings = [key[-1] for key in known if key[:-1] == keys[:-1]]
    close = get_close_matches(keys[-1], siblings, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    elsewhere = [".".join(key) for key in known if key[-1] == keys[-1]]
    if elsewhere:
        return f"did you mean `{elsewhere[0]}`?"
    return f"the known ones are {', '.join(siblings)}"


def _wish(detail: ErrorDetails, dotted: str) -> str:
    """Say what a value must be and what came instead."""
    value, context = detail["input"], detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(context["error"])
    got = "" if dotted in PRIVATE and isinstance(value, str) else f", got {_shown(value)}"
    if dotted == "tiers":
        return f"must be `auto` or {{medium_risk: ..., high_risk: ...}}{got}"
    if dotted == "purchases.day_starts_at":
        return f'must be a time in quotes, e.g. "04:00"{got}'
    if context.get("expected") == "False":
        return f"must be false, which is all that is built yet{got}"
    wish = _WISHES.get(detail["type"])
    if wish is None:
        return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}{got}"
    return f"must be {wish.format(**context)}{got}{_quotes(wish, value)}"


def _quotes(wish: str, value: object) -> str:
    """Say where quotes are the fault: YAML reads `on` as true and `"90"` as text."""
    if wish == "text" and isinstance(value, bool | int | float):
        return "; put it in quotes"
    return "; write it without quotes" if "number" in wish and isinstance(value, str) else ""


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    text = re.sub(r"://\S*@", "://***@", text)  # an address may hold a password, wherever it stands
    return text if len(text) <= 60 else f"{text[:57]}..."


_WISHES = {
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "path_type": "text",
    "model_type": "a group of `key: value` settings",
    "dict_type": "a group of `key: value` settings",
    "literal_error": "{expected}",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}
