"""What is wrong with an answer of the builder, in the words of its field."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from serving.lists.errors import ListRefused, NobodyToContact
from serving.pages.builder_fields import QUESTIONS
from serving.pages.builder_form import field_of
from serving.pages.words import number

BOUNDS = {
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
}
NAMED = {
    "list_id": "A name has small letters, digits and hyphens only, and at most 63 of them.",
    "channel": "A channel is one word, such as email.",
    "begins_on": "This is no day; write it as 2026-03-31.",
    "readout_on": "This is no day; write it as 2026-03-31.",
    "contact_cost": "Give what one contact costs, 0 if it costs nothing.",
    "holdout": "The share held out is from 0 to 50%, or auto.",
}
UNKNOWN = "This value is not known here."


def faults_of(error: ValidationError) -> dict[str, str]:
    """By field, the sentence on the first fault of each; general faults stand under ``""``."""
    found: dict[str, str] = {}
    for fault in error.errors(include_input=False, include_url=False):
        name = field_of(fault["loc"])
        found.setdefault(name, _sentence(name, fault))
    return found


def refusal(error: ListRefused) -> dict[str, str]:
    """By field, the sentence of a list that cannot be."""
    text = str(error)
    sentence = f"{text[:1].upper()}{text[1:]}."
    # That nobody is left hangs on several answers together.
    if not error.field or isinstance(error, NobodyToContact):
        return {"": sentence}
    return {field_of(error.field.split(".")): sentence}


def _sentence(name: str, fault: Mapping[str, Any]) -> str:
    kind, limits = fault["type"], fault.get("ctx", {})
    if kind in BOUNDS and name != "holdout":
        key, words = BOUNDS[kind]
        return f"This must be {words} {_bound(name, float(limits[key]))}."
    if name in NAMED:
        return NAMED[name]
    return UNKNOWN


def _bound(name: str, limit: float) -> str:
    question = QUESTIONS.get(name)
    if question is None or question.kind != "percent":
        return number(limit)
    unit = question.unit if question.unit == "points" else ""
    return f"{number(100 * limit)}{f' {unit}' if unit else '%'}"
