"""The model card: what was learned, from what, how well, and what it must not be used for.

It holds aggregates only, and no clock: the same result gives the same card.
"""

import json
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from models.metrics import CHURN_METRICS, VALUE_METRICS, nan_to_null, pinball
from training.card_curves import curves
from training.card_emp import emp
from training.card_formula import formula
from training.card_segments import segments
from training.card_words import (
    gate_sentences,
    known_limits,
    summary_sentences,
    trained_on,
)
from training.comparison import LEVEL, MEAN, Comparison, cell_values, compare
from training.fold_checks import levels, quantile_checks
from training.plots import CAPTIONS
from training.redaction import redact
from training.report_page import page_template, pictures
from training.resampled import MEASURES
from training.results import FoldOutcome, TrainingResult, fold_metrics, mean_metrics

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


def card(result: TrainingResult, comparison: Comparison | None = None) -> dict[str, Any]:
    """Model card as plain values, ready for JSON: numbers that are not defined are None.

    Parameters
    ----------
    result : TrainingResult
    comparison : of the result's folds; made here where it is not given

    Returns
    -------
    dict with the keys name, version, summary, trained_on, data, population, horizons, served,
    gates, folds, mean, emp, challengers, quantiles, levels, formula, segments, curves,
    top_features, limits, seed, settings, versions
    """
    seed = result.settings.get("training", {}).get("seed")
    compared = comparison or compare(result.folds, seed=seed or 0)
    per_fold = [fold_metrics(fold) for fold in result.folds]
    mean = mean_metrics(per_fold)
    served = {gate.target: gate.served for gate in result.gates}
    level = levels(result.folds, served)
    quantiles = quantile_checks(result.folds)
    whole = {
        "name": result.name,
        "version": result.version,
        "summary": summary_sentences(result, mean),
        "trained_on": trained_on(result),
        "data": {key: _plain(value) for key, value in result.data.items()},
        "population": _population(result),
        "horizons": _horizons(result),
        "served": served,
        "gates": [_gate(gate) for gate in result.gates],
        "folds": [_fold(f, m) for f, m in zip(result.folds, per_fold, strict=True)],
        "mean": mean,
        "emp": emp(result.folds, served, result.settings.get("money", {}).get("margin")),
        "challengers": _challengers(compared),
        "quantiles": quantiles,
        "levels": level,
        "formula": formula(result.folds, served, seed or 0),
        "segments": segments(result.folds, served),
        "curves": curves(result.folds, served),
        "top_features": _top_features(result.importance),
        "limits": known_limits(result, level, quantiles),
        "seed": seed,
        "settings": json.loads(json.dumps(result.settings, default=str)),
        "versions": {"python": platform.python_version(), **_installed()},
    }
    return dict(nan_to_null(redact(whole)))


def card_html(card: dict[str, Any], plots: Sequence[Path]) -> str:
    """Model card as one HTML page that needs no other file; `plots` are PNGs and go inside it."""
    return page_template("card.html.j2").render(
        card=card,
        plots=pictures(plots, CAPTIONS),
        measures={"churn": CHURN_METRICS, "value": VALUE_METRICS},
        compared={target: list(names) for target, names in MEASURES.items()},
    )


def save_card(
    result: TrainingResult,
    plots: Sequence[Path],
    out_dir: Path,
    *,
    whole: dict[str, Any] | None = None,
) -> tuple[Path, Path]:
    """Write `card.json` and `card.html` into a folder and give their paths in this order.

    `whole` is the result's card, where it has been made already.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    whole = whole or card(result)
    as_json, as_html = out_dir / "card.json", out_dir / "card.html"
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    as_json.write_text(text + "\n", encoding="utf-8")
    as_html.write_text(card_html(whole, plots), encoding="utf-8")
    return as_json, as_html


def _challengers(compared: Comparison) -> dict[str, Any]:
    """Every member's measures with intervals, mean of the cutoffs: target, member, measure."""
    cells = {
        target: {
            member: {measure: cell_values(cell) for measure, cell in of.items()}
            for member, of in compared.at(MEAN, target).items()
        }
        for target in MEASURES
    }
    return {"level": LEVEL, "draws": compared.draws, "mean_of": compared.mean_of, **cells}


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
