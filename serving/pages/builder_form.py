"""From the texts of the builder's form to the body of a list, faults beside their fields."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from retention.lists.save_rate import SaveRate
from serving.lists.request import SLUG
from serving.pages.builder_fields import (
    CHOICES,
    DEFAULT_OUTCOME,
    FLAGS,
    OUTCOMES,
    QUESTIONS,
    Question,
)
from serving.pages.typed_number import number_of
from serving.pages.words import cut

LONGEST = 200
AUTO = "auto"


@dataclass(frozen=True)
class BuilderForm:
    """What stands in the form.

    Parameters
    ----------
    texts : field -> text, of the questions
    chosen : filter -> values chosen
    flags : names of the boxes that are ticked
    outcome : primary outcome
    measured_by : lists whose readouts the save rate is weighed from, by blanks; empty where it
        is assumed
    measured_as : the save rate and how unsure it is, as those readouts gave them
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    outcome: str = DEFAULT_OUTCOME
    measured_by: str = ""
    measured_as: str = ""

    @classmethod
    def of(cls, items: Iterable[tuple[str, Any]], defaults: Mapping[str, str]) -> Self:
        """Read fields of a form or of an address; what is not named there stands as by default.

        Parameters
        ----------
        items : names and texts, a name as often as it has values
        defaults : field -> text
        """
        found: dict[str, list[str]] = {}
        for name, text in items:
            if isinstance(text, str):
                found.setdefault(name, []).append(text.replace("\x00", "").strip()[:LONGEST])

        def last(name: str, default: str) -> str:
            return found.get(name, [default])[-1]

        return cls(
            texts={name: last(name, defaults.get(name, "")) for name in QUESTIONS},
            chosen={name: _chosen(found.get(name, [])) for name in CHOICES},
            flags=frozenset(name for name in FLAGS if last(name, "")),
            outcome=last("primary_outcome", DEFAULT_OUTCOME),
            measured_by=_slugs_only(last("measured_by", defaults.get("measured_by", ""))),
            measured_as=last("measured_as", defaults.get("measured_as", "")),
        )

    @property
    def is_measured(self) -> bool:
        """Whether the save rate still is what readouts gave."""
        told = f"{self.texts['save_rate']} {self.texts['save_sd']}"
        return bool(self.measured_by) and told == self.measured_as

    @property
    def measured_lists(self) -> tuple[str, ...]:
        """Lists whose readouts the save rate is weighed from."""
        return tuple(self.measured_by.split())

    def named(self, list_id: str) -> Self:
        """The same form with the name of the list filled in."""
        return replace(self, texts={**self.texts, "list_id": list_id})

    def body(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the body of `POST /v1/lists`, and by field what is wrong with a text."""
        body: dict[str, Any] = {"audience": {}}
        faults: dict[str, str] = {}
        for name, question in QUESTIONS.items():
            try:
                value = _value(question, self.texts.get(name, ""))
            except ValueError as error:
                faults[name] = str(error)
                continue
            if value is not None:
                _put(body, question.path, value)
        body["audience"].update({name: list(values) for name, values in self.chosen.items()})
        for name in self.flags:
            _put(body, FLAGS[name], True)
        if self.is_measured:
            # Left out, it is what the readouts say, which nobody else may call measured.
            body.pop("save_rate", None)
        body["primary_outcome"] = self.outcome
        if self.outcome not in OUTCOMES:
            faults["primary_outcome"] = f"There is no outcome “{cut(self.outcome)}”."
        faults.update(self._halves())
        return body, faults

    def _halves(self) -> dict[str, str]:
        """A cap needs both of its numbers."""
        contacts, days = self.texts.get("cap_contacts", ""), self.texts.get("cap_days", "")
        if bool(contacts) == bool(days):
            return {}
        return {("cap_days" if contacts else "cap_contacts"): "The cap needs both numbers."}


def measured_texts(lists: Iterable[str], rate: SaveRate) -> dict[str, str]:
    """Fields of the builder that begin with the save rate which readouts of lists gave."""
    mean, spread = f"{100 * rate.mean:.3g}", f"{100 * rate.sd:.3g}"
    told = {"measured_by": " ".join(lists), "measured_as": f"{mean} {spread}"}
    return {"save_rate": mean, "save_sd": spread, **told}


def field_of(place: Sequence[Any]) -> str:
    """Name of the field that a place in the body belongs to; empty where none does.

    Parameters
    ----------
    place : keys from the outside in, as pydantic tells where a fault is
    """
    keys = tuple(str(key) for key in place)
    for name, path in _PATHS.items():
        if keys[: len(path)] == path:
            return name
    # A fault of a whole part, such as of the save rate, stands beside its first field.
    return next((name for name, path in _PATHS.items() if keys and path[: len(keys)] == keys), "")


_PATHS: dict[str, tuple[str, ...]] = {
    **{name: question.path for name, question in QUESTIONS.items()},
    **{name: ("audience", name) for name in CHOICES},
    **FLAGS,
    "primary_outcome": ("primary_outcome",),
}


def _value(question: Question, text: str) -> float | int | str | None:
    if not text:
        return None
    if question.kind == "day":
        return text
    if question.kind == "text":
        return _slug(text) if question.path == ("list_id",) else text
    if question.path == ("holdout",) and text.lower() == AUTO:
        return AUTO
    number = number_of(text)
    if question.kind == "count":
        if not number.is_integer():
            raise ValueError(f"“{cut(text, 20)}” is no whole number.")
        return int(number)
    # Rounded, so that 7% is 0.07 and not a digit beside it.
    return round(number / 100, 12) if question.kind == "percent" else number


def _slug(text: str) -> str:
    """A name in small letters, blanks turned into hyphens."""
    return re.sub(r"[\s_]+", "-", text.strip().lower())


def _slugs_only(text: str) -> str:
    """Names of lists; empty where one is none, for they become parts of addresses."""
    names = text.split()
    return " ".join(names) if all(re.fullmatch(SLUG, name) for name in names) else ""


def _chosen(texts: Iterable[str]) -> tuple[str, ...]:
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value
