"""The model card: what was learned, from what, how well, and what it must not be used for.

It holds aggregates only, and no clock: the same result gives the same card.
"""

import base64
import json
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jinja2

from models.metrics import CHURN_METRICS, VALUE_METRICS, nan_to_null, pinball
from training.card_words import (
    gate_sentences,
    known_limits,
    member_name,
    summary_sentences,
)
from training.plots import CAPTIONS
from training.redaction import redact
from training.results import FoldOutcome, TrainingResult, fold_metrics, mean_metrics

_TEMPLATES = Path(__file__).parent / "templates"
_PACKAGES = (
    "perennial",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "xgboost-cpu",
    "duckdb",
)
_TOP_FEATURES = 20
_QUANTILES = (("clv_p10", 0.1), ("clv_p50", 0.5), ("clv_p90", 0.9))


def card(result: TrainingResult) -> dict[str, Any]:
    """Model card as plain values, ready for JSON: numbers that are not defined are None.

    Returns
    -------
    dict with the keys name, version, summary, data, population, horizons, served, gates, folds,
    mean, top_features, limits, seed, settings, versions
    """
    per_fold = [fold_metrics(fold) for fold in result.folds]
    mean = mean_metrics(per_fold)
    whole = {
        "name": result.name,
        "version": result.version,
        "summary": summary_sentences(result, mean),
        "data": {key: _plain(value) for key, value in result.data.items()},
        "population": _population(result),
        "horizons": _horizons(result),
        "served": {gate.target: gate.served for gate in result.gates},
        "gates": [_gate(gate) for gate in result.gates],
        "folds": [_fold(f, m) for f, m in zip(result.folds, per_fold, strict=True)],
        "mean": mean,
        "top_features": _top_features(result.importance),
        "limits": known_limits(result),
        "seed": result.settings.get("training", {}).get("seed"),
        "settings": json.loads(json.dumps(result.settings, default=str)),
        "versions": {"python": platform.python_version(), **_installed()},
    }
    return dict(nan_to_null(redact(whole)))


def card_html(card: dict[str, Any], plots: Sequence[Path]) -> str:
    """Model card as one HTML page that needs no other file; `plots` are PNGs and go inside it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": _figure, "member": _member_heading}
    return environment.get_template("card.html.j2").render(
        card=card,
        plots=[(CAPTIONS.get(path.stem, path.stem), _data_uri(path)) for path in plots],
        measures={"churn": CHURN_METRICS, "value": VALUE_METRICS},
    )


def save_card(result: TrainingResult, plots: Sequence[Path], out_dir: Path) -> tuple[Path, Path]:
    """Write `card.json` and `card.html` into a folder and give their paths in this order."""
    out_dir.mkdir(parents=True, exist_ok=True)
    whole = card(result)
    as_json, as_html = out_dir / "card.json", out_dir / "card.html"
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    as_json.write_text(text + "\n", encoding="utf-8")
    as_html.write_text(card_html(whole, plots), encoding="utf-8")
    return as_json, as_html


def _population(result: TrainingResult) -> str:
    days = result.settings.get("eligible", {}).get("active_within_days")
    who = f" within the {days} days before it" if days else ""
    return f"Customers with a purchase line before the cutoff; scored are those with one{who}."


def _horizons(result: TrainingResult) -> dict[str, Any]:
    if result.folds:
        fold = result.folds[-1]
        return {
            "churn_days": fold.churn_horizon_days,
            "value_days": fold.value_horizon_days,
        }
    horizons = result.settings.get("horizons", {})
    return {key: horizons.get(key) for key in ("churn_days", "value_days")}


def _gate(gate: Any) -> dict[str, Any]:
    return {
        "target": gate.target,
        "served": gate.served,
        "method": gate.method,
        "versus": {
            rule: {"mean": interval.mean, "low": interval.low, "high": interval.high}
            for rule, interval in gate.versus.items()
        },
        "reason": gate.reason,
        "sentences": gate_sentences(gate),
    }


def _fold(fold: FoldOutcome, metrics: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    t = fold.future_value
    return {
        "cutoff": fold.cutoff.isoformat(),
        "churn_horizon_days": fold.churn_horizon_days,
        "value_horizon_days": fold.value_horizon_days,
        "customers": len(fold.churned),
        "churn_rate": float(fold.churned.mean()) if len(fold.churned) else None,
        "total_value": float(t.sum()),
        **metrics,
        "quantiles": {
            name: {
                "share_below": float((t < getattr(fold, name)).mean()),
                "share_at_or_below": float((t <= getattr(fold, name)).mean()),
                "pinball": float(pinball(t, getattr(fold, name), level=level).mean()),
            }
            for name, level in (_QUANTILES if len(t) else ())
        },
    }


def _top_features(importance: dict[str, float]) -> list[dict[str, Any]]:
    total = sum(importance.values())
    ranked = sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:_TOP_FEATURES]
    return [
        {
            "feature": name,
            "importance": float(value),
            "share": value / total if total else None,
        }
        for name, value in ranked
    ]


def _installed() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            # perennial itself may run from its folder, xgboost under its other name.
            continue
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _figure(value: Any) -> str:
    """Number as a reader wants it: a dash where undefined, thousands grouped, four digits."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"


def _member_heading(name: str) -> str:
    spoken = member_name(name)
    return spoken[0].upper() + spoken[1:]


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
