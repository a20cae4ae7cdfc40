"""The training job: read, backtest, fit, gate, record, promote."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from configs.console import Steps, say
from configs.settings import Settings
from features.errors import DataError
from features.log.store import LoadedLog
from features.panel import snapshot
from features.shop_clock import date_of
from models.bundle import save_parts, seal
from models.metrics import nan_to_null
from models.pointer import read_pointer
from training.backtest import asked_by_backtest, backtest, why_none
from training.backtest_page import SavedBacktest, save_backtest
from training.backtest_run import add_backtest
from training.bundle_check import checked
from training.campaigns import Campaigns
from training.card import card, save_card
from training.comparison import compare
from training.inputs import campaigns_of, clock_of, horizons_of, limits_of, load, recipe_of
from training.plots import save_plots
from training.promotion import intact, keep, promote, staging
from training.recipe import Fitted, Recipe
from training.refit import judge_refit
from training.registry import CHALLENGER, CHAMPION, Registry
from training.results import MODEL, FoldOutcome, TrainingResult, fold_metrics, mean_metrics
from training.run_record import description, version_tags
from training.side_by_side import one_thread_each
from training.tracking import Tracker, TrackingDown

STEPS = 6
CUSTOMERS_FOR_IMPORTANCE = 5_000
CODE = ("features", "models", "retention", "training")


@dataclass(frozen=True)
class Trained:
    """Outcome of a job: what was found, the run and the registered version, if they were recorded.

    `unchanged` is True where nothing had changed since the bundle in use was made; `refused` says
    why the new bundle did not take over from the one in use, None where it did.
    """

    result: TrainingResult | None
    version: str
    run_id: str | None
    registered: str | None
    unchanged: bool = False
    refused: str | None = None


def job_key(settings: Settings, loaded: LoadedLog, campaigns: Campaigns | None = None) -> str:
    """Digest of all that a bundle is made from: data, lists, settings, and the code itself."""
    told = settings.model_dump(mode="json", include={"horizons", "tiers", "training", "name"})
    told["log"] = loaded.sha256
    told["refund_lag_days"] = settings.purchases.refund_lag_days
    told["campaigns"] = None if campaigns is None else campaigns.digest
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for package in CODE:
        root = Path(str(resources.files(package)))
        for file in sorted(root.rglob("*.py")):
            digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    return digest.hexdigest()


@one_thread_each
def train_job(settings: Settings, *, skip_unchanged: bool = False) -> Trained:
    """Run the training job of a shop.

    Raises
    ------
    DataError
        If the log cannot be used.
    PromotionRefused
        If the fitted bundle fails its check; the one in use stays.
    """
    with Steps("training", STEPS) as steps:
        with steps.step("read the purchase log"):
            loaded = load(settings, refuse_odd=True)
            campaigns = campaigns_of(settings)
        key = job_key(settings, loaded, campaigns)
        current = read_pointer(settings.models_dir)
        if skip_unchanged and current.get("key") == key and intact(settings.models_dir):
            say("  same data, settings and code as the model in use: training is skipped")
            return Trained(None, current["version"], None, None, unchanged=True)
        end = loaded.log.last_day + 1
        if not loaded.log.facts.orders:
            raise DataError("every line of the log is a refund; it needs purchases to learn from")
        if end - loaded.log.first_day < 2:
            raise DataError(
                f"the log covers the one day {date_of(end - 1)}; it needs two days to learn from"
            )
        recipe = recipe_of(settings, loaded.log, campaigns)
        horizons = horizons_of(settings)
        with steps.step("backtest on rolling cutoffs"):
            # What is to be served is fitted beside the fits of the past, so that no core waits.
            asked = recipe.asked_by_bundle(end, horizons)
            recipe.prepare([*asked, *asked_by_backtest(recipe, end, horizons)])
            folds = backtest(recipe, end, horizons, progress=steps.detail)
        with steps.step("fit and gate"):
            fitted = recipe.bundle(
                end,
                horizons,
                clock=clock_of(settings),
                risk_limits=limits_of(settings),
            )
        return _finish(settings, steps, loaded, recipe, fitted, folds, key=key, end=end)


def _finish(
    settings: Settings,
    steps: Steps,
    loaded: LoadedLog,
    recipe: Recipe,
    fitted: Fitted,
    folds: list[FoldOutcome],
    *,
    key: str,
    end: int,
) -> Trained:
    """Seal the bundle with its card, record the run, promote."""
    features = snapshot(loaded.log, end).features
    unproved = filter(None, [why_none(loaded.log.first_day, end, horizons_of(settings))])
    measured = mean_metrics(fold_metrics(f) for f in folds)
    bundle = replace(fitted.bundle, metrics=dict(nan_to_null(measured)))
    refit_notes: list[str] = []
    decision = judge_refit(
        recipe, end, horizons_of(settings), settings.models_dir, tell=refit_notes.append
    )
    kept = with_model(folds)
    with staging(settings.models_dir) as room:
        folder = room / "bundle"
        with steps.step("seal the bundle and write the model card"):
            version = save_parts(bundle, folder)
            result = TrainingResult(
                name=settings.name,
                settings=settings.model_dump(mode="json"),
                data=_data(loaded),
                folds=kept,
                gates=fitted.gates,
                importance=_importance(bundle.churn.contributions(_some(features))),
                bundle_dir=folder,
                version=version,
                seconds=dict(steps.seconds),
                notes=[
                    *loaded.notes, *fitted.notes, *_left_out(folds), *unproved, *refit_notes,
                    *decision.reasons,
                ],
            )  # fmt: skip
            compared = compare(kept, seed=settings.training.seed)
            told = card(result, compared)
            seal(folder, version, told)
            # The bundle is tried in a process of its own while this one draws.
            with ThreadPoolExecutor(1) as pool:
                trial = pool.submit(checked, folder, features)
                plots = save_plots(result, room / "plots", comparison=compared)
                _, card_html = save_card(result, plots, room / "card", whole=told)
                saved = save_backtest(
                    kept,
                    room / "backtest",
                    name=settings.name,
                    comparison=compared,
                    notes=result.notes,
                )
                trial.result()
        with steps.step("record the run in MLflow"):
            recorded = _record(settings, result, plots, card_html, saved)
        # A run that MLflow missed is not known as done, so the next one is not skipped.
        known = key if recorded.run_id else ""
        if not decision.promote:
            why = "; ".join(decision.reasons)
            keep(folder, settings.models_dir, version, why=why, key=known)
            _keep_card(settings.models_dir, version, card_html)
            return Trained(result, version, recorded.run_id, recorded.registered, refused=why)
        with steps.step("promote"):
            promote(folder, settings.models_dir, version, key=known, why=_why(decision.reasons))
            _keep_card(settings.models_dir, version, card_html)
            registered = _crown(settings, recorded)
    return Trained(result, version, recorded.run_id, registered)


def _why(reasons: list[str]) -> str:
    return reasons[0] if reasons else "training"


def _some(features: pd.DataFrame) -> pd.DataFrame:
    """Every n-th customer, as many as a mean contribution needs."""
    return features.iloc[:: max(1, len(features) // CUSTOMERS_FOR_IMPORTANCE)]


def with_model(folds: list[FoldOutcome]) -> list[FoldOutcome]:
    """Folds at which there were customers enough for a model; card and plots are about it."""
    return [f for f in folds if MODEL in f.churn_probability and MODEL in f.predicted_clv]


def _left_out(folds: list[FoldOutcome]) -> list[str]:
    kept = {f.cutoff for f in with_model(folds)}
    days = ", ".join(str(f.cutoff) for f in folds if f.cutoff not in kept)
    return [f"backtest: too few customers to fit a model at {days}; left out"] if days else []


@dataclass(frozen=True)
class _Recorded:
    run_id: str | None
    registry: Registry | None
    registered: str | None


def _record(
    settings: Settings,
    result: TrainingResult,
    plots: list[Path],
    card_html: Path,
    saved: SavedBacktest,
) -> _Recorded:
    """Record and register as challenger; where MLflow is down, say so and go on."""
    artifacts = settings.artifact_dir.absolute() if not settings.mlflow.tracking_uri else None
    tracker = Tracker(settings.tracking_uri, artifacts, settings.name)
    try:
        run_id = tracker.log_result(result, plots, card_html)
        add_backtest(tracker, run_id, saved)
        registry = Registry(tracker)
        number = registry.register(
            result.bundle_dir,
            run_id,
            settings.name,
            tags=version_tags(result),
            description=description(result),
        )
        registry.set_alias(settings.name, CHALLENGER, number)
    except TrackingDown as error:
        say(f"  the run is not recorded: {error}")
        return _Recorded(None, None, None)
    return _Recorded(run_id, registry, number)


def _crown(settings: Settings, recorded: _Recorded) -> str | None:
    """Let the alias champion follow the pointer, which is what is served."""
    if recorded.registry is None or recorded.registered is None:
        return None
    try:
        recorded.registry.set_alias(settings.name, CHAMPION, recorded.registered)
    except TrackingDown as error:
        say(f"  promoted, but the registry's alias does not follow: {error}")
    return recorded.registered


def _keep_card(models_dir: Path, version: str, card_html: Path) -> None:
    """Keep the readable card beside the bundle's folder, whose content is sealed."""
    draft = models_dir / f".{version}.html"
    draft.write_bytes(card_html.read_bytes())
    draft.replace(models_dir / f"{version}.html")


def _data(loaded: LoadedLog) -> dict[str, Any]:
    log = loaded.log
    counts = loaded.account.as_dict()
    counts.pop("reasons")
    counts.pop("excluded_by")
    return {
        **counts,
        "customers": log.n_customers,
        "orders": log.facts.orders,
        "first_day": str(date_of(log.first_day)),
        "last_day": str(date_of(log.last_day)),
        "sha256": loaded.sha256,
    }


def _importance(contributions: Any) -> dict[str, float]:
    means = np.abs(contributions).mean(axis=0)
    ranked = sorted(((float(v), str(n)) for n, v in means.items()), reverse=True)
    return {name: value for value, name in ranked if value > 0}
