"""The commands that belong to training; `perennial.py` reads their arguments."""

import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from configs.console import Steps, say
from configs.settings import Settings, SettingsError
from features.shop_clock import day_number
from models.metrics import nan_to_null
from retention.clv.ladder import Economics
from training.backtest import backtest as run_backtest
from training.backtest import why_none
from training.backtest_text import print_report
from training.data_report import data_report
from training.data_report_text import print_data_report
from training.evaluate import evaluate_at, write_evaluation
from training.inputs import (
    campaigns_of,
    clock_of,
    cutoffs_of,
    horizons_of,
    limits_of,
    load,
    recipe_of,
    source_of,
)
from training.recipe import Horizons
from training.report import print_backtest, print_gates, print_measures, print_note
from training.results import fold_metrics, mean_metrics

if TYPE_CHECKING:
    from training.backtest_page import SavedBacktest
    from training.job import Trained


class OutputError(OSError):
    """A folder for results cannot be made."""

    exit_code = 2


def train(settings: Settings, *, as_json: bool, skip_unchanged: bool = False) -> None:
    """Fit, compare with the simple rules, promote what wins."""
    from training.job import train_job  # brings MLflow's and the plots' libraries

    trained = train_job(settings, skip_unchanged=skip_unchanged)
    if as_json:
        print(json.dumps(_trained_document(trained), allow_nan=False))
        return
    console = Console(highlight=False)
    if trained.result is None:
        console.print(f"version {trained.version} stays in use")
        return
    print_backtest(console, trained.result.folds)
    print_gates(console, trained.result.gates)
    for note in trained.result.notes:
        print_note(console, note)
    if trained.refused:
        console.print(
            f"version {trained.version} is kept and not promoted: {trained.refused}; "
            "the model in use stays",
            markup=False,
        )
        return
    where = f"MLflow version {trained.registered}" if trained.registered else "not in MLflow"
    console.print(f"version {trained.version} is promoted ({where})")
    console.print(f"model card: {settings.models_dir / (trained.version + '.html')}")


def _trained_document(trained: "Trained") -> dict[str, Any]:
    document: dict[str, Any] = {
        "version": trained.version,
        "unchanged": trained.unchanged,
        "run_id": trained.run_id,
        "registered_version": trained.registered,
        "refused": trained.refused,
    }
    if trained.result is not None:
        measures = mean_metrics(fold_metrics(f) for f in trained.result.folds)
        document |= {
            "served": {g.target: g.served for g in trained.result.gates},
            "gate": {g.target: g.reason for g in trained.result.gates},
            "metrics": measures,
            "data": trained.result.data,
            "notes": trained.result.notes,
            "seconds": trained.result.seconds,
        }
    cleaned: dict[str, Any] = nan_to_null(document)
    return cleaned


def evaluate(
    settings: Settings,
    *,
    cutoff: dt.date,
    horizon_days: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """Train on what was known before `cutoff`, predict there, compare with what came after."""
    horizons = Horizons(horizon_days, horizon_days) if horizon_days else horizons_of(settings)
    _refuse_unwritable(out)
    with Steps("evaluate", 3) as steps:
        with steps.step("read the purchase log"):
            loaded = load(settings)
        with steps.step(f"train and predict at {cutoff}"):
            evaluation = evaluate_at(
                loaded.log,
                day_number(cutoff),
                horizons,
                clock=clock_of(settings),
                seed=settings.training.seed,
                n_cutoffs=cutoffs_of(settings),
                risk_limits=limits_of(settings),
                refund_lag_days=source_of(settings).refund_lag_days,
                trials=settings.training.trials,
                campaigns=campaigns_of(settings),
                economics=Economics(
                    margin=settings.money.margin,
                    annual_discount_rate=settings.money.annual_discount_rate,
                    **settings.costs.model_dump(),
                ),
            )
        with steps.step(f"write to {out}"):
            write_evaluation(evaluation, out)
    if as_json:
        print(json.dumps(evaluation.metrics, allow_nan=False))
        return
    print_measures(Console(highlight=False), evaluation.metrics)


def _refuse_unwritable(out: Path) -> None:
    """Told before the work and not after it; the folder itself is made with the results."""
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out {out} is a file; name a folder for the results")
    nearest = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        why = "is no folder" if not nearest.is_dir() else "cannot be written to"
        raise OutputError(
            f"the folder {out} cannot be made: {nearest} {why}; name another with --out"
        )


def backtest(settings: Settings, *, as_json: bool, out: Path | None = None) -> None:
    """Model, simple rules and buy-till-you-die models on the same rolling cutoffs."""
    from training.backtest_page import save_backtest  # brings the plots' library

    folder = out or settings.var / "backtest"
    _refuse_unwritable(folder)
    with Steps("backtest", 4) as steps:
        with steps.step("read the purchase log"):
            loaded = load(settings)
        recipe = recipe_of(settings, loaded.log, campaigns_of(settings))
        end = loaded.log.last_day + 1
        horizons = horizons_of(settings)
        with steps.step("backtest on rolling cutoffs"):
            folds = run_backtest(recipe, end, horizons, progress=steps.detail)
        with steps.step(f"compare, and write to {folder}"):
            unproved = why_none(loaded.log.first_day, end, horizons)
            saved = save_backtest(
                folds,
                folder,
                name=settings.name,
                seed=settings.training.seed,
                notes=[*loaded.notes, *([unproved] if unproved else [])],
            )
        with steps.step("record the run in MLflow"):
            run_id = _record_backtest(settings, saved, loaded.sha256)
    if as_json:
        told = {**saved.report, "page": str(saved.page), "run_id": run_id}
        print(json.dumps(told, allow_nan=False))
        return
    console = Console(highlight=False)
    print_report(console, saved.report)
    console.print(f"all of it, with pictures: {saved.page}", markup=False, soft_wrap=True)


def _record_backtest(settings: Settings, saved: "SavedBacktest", sha256: str) -> str | None:
    """Record a backtest as a run of its own; where MLflow is down, say so and go on."""
    from training.backtest_run import log_backtest
    from training.tracking import Tracker, TrackingDown

    artifacts = settings.artifact_dir.absolute() if not settings.mlflow.tracking_uri else None
    tracker = Tracker(settings.tracking_uri, artifacts, settings.name)
    told = settings.model_dump(mode="json")
    try:
        return log_backtest(tracker, saved, settings=told, sha256=sha256)
    except TrackingDown as error:
        say(f"  the run is not recorded: {error}")
        return None


def check(settings: Settings, *, as_json: bool, out: Path | None = None) -> None:
    """Report what became of every row and what the log is good for; write the page of it."""
    from training.data_report_page import save_data_report  # brings the plots' library

    folder = out or settings.var / "check"
    _refuse_unwritable(folder)
    with Steps("check", 3) as steps:
        with steps.step("read the purchase log"):
            loaded = load(settings)
        with steps.step("look at customers, orders and windows"):
            report = data_report(settings, loaded)
        with steps.step(f"write to {folder}"):
            page = save_data_report(report, folder)
    if as_json:
        print(json.dumps({**report, "page": str(page)}, allow_nan=False))
        return
    console = Console(highlight=False)
    print_data_report(console, report)
    console.print(f"all of it, with pictures: {page}", markup=False, soft_wrap=True)
