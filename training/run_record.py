"""What MLflow is told of a training result, as plain values: params, metrics, tags, data digest.

Aggregates only. Secrets are hidden, long texts cut, numbers that are not defined left out.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

from training.card_words import summary_sentences
from training.redaction import redact, redact_text
from training.results import TrainingResult, fold_metrics, mean_metrics

# MLflow takes up to 6,000 characters in a param and 8,000 in a tag; nobody reads that many there.
LONGEST_PARAM, LONGEST_TAG, LONGEST_KEY = 500, 5000, 250
# MLflow allows 36 characters; the whole sha256 is a tag.
_DIGEST_LENGTH = 36
_NOT_IN_A_KEY = re.compile(r"[^\w.\-/ ]")


@dataclass(frozen=True)
class MetricPoint:
    """One value of a metric; the step is the fold's number in time, 0 for the whole."""

    key: str
    value: float
    step: int


@dataclass(frozen=True)
class RunRecord:
    """One run as MLflow stores it."""

    run_name: str
    params: dict[str, str]
    metrics: list[MetricPoint]
    tags: dict[str, str]
    dataset_name: str
    dataset_digest: str
    dataset_profile: str


def run_record(result: TrainingResult) -> RunRecord:
    """Turn a training result into what a run stores."""
    counts = {key: value for key, value in result.data.items() if _is_number(value)}
    return RunRecord(
        run_name=f"{result.name} {result.version}"[:LONGEST_KEY],
        params=flat_params(result.settings),
        metrics=list(_metrics(result, counts)),
        tags=_tags(result),
        dataset_name=_cut(result.name, LONGEST_KEY),
        dataset_digest=str(result.data.get("sha256") or "unknown")[:_DIGEST_LENGTH],
        dataset_profile=json.dumps({key: float(value) for key, value in counts.items()}),
    )


def version_tags(result: TrainingResult) -> dict[str, str]:
    """Tags of a registered version: which bundle it is, what it serves and why."""
    tags = {"perennial.version": result.version, "perennial.name": result.name}
    for gate in result.gates:
        tags[f"served.{gate.target}"] = gate.served
        tags[f"gate.{gate.target}.method"] = gate.method
        tags[f"gate.{gate.target}.reason"] = gate.reason
    return _cleaned(tags)


def description(result: TrainingResult) -> str:
    """Plain summary of the result, as it stands on top of the model card."""
    mean = mean_metrics(fold_metrics(fold) for fold in result.folds)
    return _cut(redact_text("\n\n".join(summary_sentences(result, mean))), LONGEST_TAG)


def flat_params(settings: dict[str, Any]) -> dict[str, str]:
    """Settings as `section.key` -> text, without secrets."""
    return {_key(key): _cut(text, LONGEST_PARAM) for key, text in _leaves(redact(settings), "")}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value if isinstance(value, str) and value else json.dumps(value, default=str)


def _metrics(result: TrainingResult, counts: dict[str, Any]) -> Iterator[MetricPoint]:
    per_fold = [fold_metrics(fold) for fold in sorted(result.folds, key=lambda fold: fold.cutoff)]
    for step, metrics in enumerate(per_fold):
        yield from _points("", metrics, step)
    yield from _points("mean/", mean_metrics(per_fold), 0)
    for gate in result.gates:
        for rule, interval in gate.versus.items():
            sides = {"mean": interval.mean, "low": interval.low, "high": interval.high}
            yield from _points(f"gate/{gate.target}/", {rule: sides}, 0)
    yield from _points("data/", counts, 0)
    yield from _points("seconds/", result.seconds, 0)


def _points(prefix: str, values: dict[str, Any], step: int) -> Iterator[MetricPoint]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _points(f"{prefix}{name}/", value, step)
        elif math.isfinite(value):
            yield MetricPoint(_key(f"{prefix}{name}"), float(value), step)


def _tags(result: TrainingResult) -> dict[str, str]:
    texts = {key: str(value) for key, value in result.data.items() if not _is_number(value)}
    tags = {
        "mlflow.source.type": "JOB",
        "mlflow.source.name": "perennial train",
        "mlflow.note.content": description(result),
        "cutoffs": ", ".join(str(day) for day in sorted(fold.cutoff for fold in result.folds)),
        **{f"data.{key}": text for key, text in texts.items()},
    }
    return _cleaned(tags) | version_tags(result)


def _cleaned(tags: dict[str, str]) -> dict[str, str]:
    return {_key(key): _cut(redact_text(text), LONGEST_TAG) for key, text in tags.items() if text}


def _key(name: str) -> str:
    """Name with the characters that MLflow refuses replaced."""
    return _NOT_IN_A_KEY.sub("_", name)[:LONGEST_KEY]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
