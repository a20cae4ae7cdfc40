"""A backtest in MLflow: a run of its own, or files beside a training's run."""

import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any

from training.backtest_page import SavedBacktest
from training.redaction import redact_text
from training.run_record import flat_params
from training.tracking import Tracker, TrackingDown

RUN_NAME = "backtest"
FOLDER = "backtest"
_PER_CALL = 1000
_PARAMS_PER_CALL = 100


def log_backtest(
    tracker: Tracker, saved: SavedBacktest, *, settings: dict[str, Any], sha256: str
) -> str:
    """Record a backtest as a finished run named `backtest` and give the run's id.

    Parameters
    ----------
    tracker : Tracker
    saved : report and files, as `training.backtest_page.save_backtest` gives them
    settings : of the shop; secrets are hidden
    sha256 : digest of the log

    Raises
    ------
    TrackingDown
        If the store does not answer; a run that was begun is marked as failed if possible.
    """
    experiment_id = tracker.prepare()
    tags = {
        "mlflow.source.type": "JOB",
        "mlflow.source.name": "perennial backtest",
        "mlflow.note.content": redact_text("\n\n".join(saved.report["summary"])),
        "data.sha256": sha256,
    }
    with tracker.answering("begin the run"):
        run = tracker.client.create_run(experiment_id, run_name=RUN_NAME, tags=tags)
    run_id = str(run.info.run_id)
    status = "FAILED"
    try:
        with tracker.answering("record the backtest"):
            _send_values(tracker, run_id, saved.report, flat_params(settings))
        add_backtest(tracker, run_id, saved)
        status = "FINISHED"
    finally:
        # The failure that led here is on its way to the caller; a second one adds nothing.
        with contextlib.suppress(TrackingDown), tracker.answering("finish the run"):
            tracker.client.set_terminated(run_id, status)
    return run_id


def add_backtest(tracker: Tracker, run_id: str, saved: SavedBacktest) -> None:
    """Store page, document and pictures under `backtest/` of a run.

    Raises
    ------
    TrackingDown
        If the store does not answer.
    """
    with tracker.answering("store the backtest"):
        for path in (saved.page, saved.document):
            tracker.client.log_artifact(run_id, str(path), FOLDER)
        for path in saved.plots:
            tracker.client.log_artifact(run_id, str(path), f"{FOLDER}/plots")


def _send_values(
    tracker: Tracker, run_id: str, report: dict[str, Any], params: dict[str, str]
) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    metrics = [Metric(key, value, now, step) for key, value, step in _values(report)]
    for start in range(0, len(metrics), _PER_CALL):
        tracker.client.log_batch(run_id, metrics=metrics[start : start + _PER_CALL])
    told = [Param(key, value) for key, value in params.items()]
    for start in range(0, len(told), _PARAMS_PER_CALL):
        tracker.client.log_batch(run_id, params=told[start : start + _PARAMS_PER_CALL])


def _values(report: dict[str, Any]) -> Iterator[tuple[str, float, int]]:
    """Each cutoff's measures under the names of a training's run, the cutoff's number as step."""
    steps = {fold["cutoff"]: step for step, fold in enumerate(report["folds"])}
    for cell in report["comparison"]["cells"]:
        prefix = "" if cell["when"] in steps else "mean/"
        step = steps.get(cell["when"], 0)
        key = f"{prefix}{cell['target']}/{cell['member']}/{cell['measure']}"
        sides = {"": "value", "/low": "low", "/high": "high", "/gain": "gain"}
        sides |= {"/gain_low": "gain_low", "/gain_high": "gain_high"}
        for suffix, name in sides.items():
            value = cell[name]
            if value is not None and math.isfinite(value):
                yield f"{key}{suffix}", float(value), step
