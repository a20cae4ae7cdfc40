"""The commands that belong to training; `perennial.py` reads their arguments."""

import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from configs.console import Steps
from configs.settings import Settings, SettingsError
from features.shop_clock import day_number
from models.metrics import nan_to_null
from training.backtest import backtest as run_backtest
from training.data_report import data_report
from training.data_report_text import print_data_report
from training.evaluate import evaluate_at, write_evaluation
from training.inputs import clock_of, cutoffs_of, horizons_of, limits_of, load, recipe_of, source_of
from training.recipe import Horizons
from training.report import print_backtest, print_gates, print_measures, print_note
from training.results import fold_metrics, mean_metrics

if TYPE_CHECKING:
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
    where = f"MLflow version {trained.registered}" if trained.registered else "not in MLflow"
    console.print(f"version {trained.version} is promoted ({where})")
    console.print(f"model card: {settings.models_dir / (trained.version + '.html')}")


def _trained_document(trained: "Trained") -> dict[str, Any]:
    document: dict[str, Any] = {
        "version": trained.version,
        "unchanged": trained.unchanged,
        "run_id": trained.run_id,
        "registered_version": trained.registered,
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


def backtest(settings: Settings, *, as_json: bool) -> None:
    """Model and simple rules on the same rolling cutoffs."""
    with Steps("backtest", 2) as steps:
        with steps.step("read the purchase log"):
            loaded = load(settings)
        recipe = recipe_of(settings, loaded.log)
        with steps.step("backtest on rolling cutoffs"):
            end = loaded.log.last_day + 1
            folds = run_backtest(recipe, end, horizons_of(settings), progress=steps.detail)
    if as_json:
        per_fold = [{"cutoff": str(f.cutoff), **fold_metrics(f)} for f in folds]
        mean = mean_metrics(fold_metrics(f) for f in folds)
        print(json.dumps(nan_to_null({"folds": per_fold, "mean": mean}), allow_nan=False))
        return
    print_backtest(Console(highlight=False), folds)


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
