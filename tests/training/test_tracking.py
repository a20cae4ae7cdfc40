import contextlib
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from training.card import save_card
from training.plots import save_plots
from training.tracking import Tracker, TrackingDown

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tracker(mlflow_db, tmp_path):
    return Tracker(mlflow_db, tmp_path / "artifacts", "corner-shop")


@pytest.fixture
def shown(result, tmp_path):
    plot = tmp_path / "importance.png"
    plot.write_bytes(b"\x89PNG")
    return [plot], save_card(result, [], tmp_path / "shown")[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_result_becomes_a_finished_run(tracker, result, shown, tmp_path):
    run_id = tracker.log_result(result, *shown)
    run = tracker.client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.info.artifact_uri.startswith((tmp_path / "artifacts").as_uri())
    assert run.data.params["training.seed"] == "7"
    assert run.data.params["purchases.source"] == "postgresql://***@db/shop"
    assert run.data.metrics["gate/return/recency/mean"] == 0.05
    assert run.data.tags["served.value"] == "past_rate"
    history = tracker.client.get_metric_history(run_id, "churn/model/log_loss")
    assert [point.step for point in history] == [0, 1]
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("corner-shop", "ab" * 18)


def test_card_plots_and_bundle_are_kept_with_the_run(tracker, result, shown):
    run_id = tracker.log_result(result, *shown)
    files = {
        folder: {Path(info.path).name for info in tracker.client.list_artifacts(run_id, folder)}
        for folder in ("card", "plots", "bundle", "bundle/return")
    }
    assert files["card"] == {"card.html", "card.json"}
    assert files["plots"] == {path.name for path in shown[0]}
    assert files["bundle"] == {"manifest.json", "return"}
    assert files["bundle/return"] == {"trees.json"}


def test_neither_password_nor_a_single_customers_number_is_stored(result, tracker, tmp_path):
    fold = result.folds[0]
    fold.future_value[0], fold.predicted_clv["model"][0] = 7654.321, 8765.432
    plots = save_plots(result, tmp_path / "shown")
    tracker.log_result(result, plots, save_card(result, plots, tmp_path / "shown")[1])
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "mlflow.db" for path in stored)
    for path in stored:
        content = path.read_bytes()
        for canary in (b"hunter2", b"7654.3", b"8765.4"):
            assert canary not in content, path


def test_more_values_than_one_call_takes_are_all_stored(tracker, result, shown):
    many = replace(
        result,
        settings={f"key{i}": i for i in range(250)},
        seconds={f"step{i}": float(i) for i in range(1200)},
    )
    run = tracker.client.get_run(tracker.log_result(many, *shown))
    assert run.data.params["key249"] == "249"
    assert run.data.metrics["seconds/step1199"] == 1199
    assert len(run.data.params) == 250


def test_a_second_tracker_writes_into_the_same_experiment(tracker, mlflow_db, tmp_path):
    again = Tracker(mlflow_db, tmp_path / "artifacts", "corner-shop")
    assert tracker.prepare() == again.prepare()


def test_a_deleted_experiment_is_restored(tracker, mlflow_db, tmp_path):
    experiment_id = tracker.prepare()
    tracker.client.delete_experiment(experiment_id)
    assert Tracker(mlflow_db, tmp_path / "artifacts", "corner-shop").prepare() == experiment_id
    assert tracker.client.get_experiment(experiment_id).lifecycle_stage == "active"


def test_artifacts_are_never_written_to_a_folder_that_was_moved_away(tracker, mlflow_db, tmp_path):
    tracker.prepare()
    moved = Tracker(mlflow_db, tmp_path / "elsewhere", "corner-shop")
    with pytest.raises(TrackingDown, match="keeps its artifacts in file:.*move the folder back"):
        moved.prepare()


def test_a_run_that_breaks_off_is_marked_as_failed(tracker, result, shown, tmp_path):
    plots, _ = shown
    with pytest.raises(TrackingDown, match="could not record the run"):
        tracker.log_result(result, plots, tmp_path / "no-card.html")
    (run,) = tracker.client.search_runs([tracker.prepare()])
    assert run.info.status == "FAILED"


def test_a_server_that_is_down_is_given_up_within_seconds():
    begun = time.monotonic()
    uri = f"http://ann:hunter2@127.0.0.1:{free_port()}"
    with pytest.raises(
        TrackingDown, match="it does not answer; check `mlflow.tracking_uri`"
    ) as caught:
        Tracker(uri, None, "corner-shop").prepare()
    assert time.monotonic() - begun < 30
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("uri", ["sqlite:///{}/damaged.db", "file://{}/mlruns", "no uri at all"])
def test_a_store_that_cannot_be_used_is_one_sentence(uri, tmp_path):
    (tmp_path / "damaged.db").write_bytes(b"not a database" * 100)
    with pytest.raises(TrackingDown, match="could not be opened"):
        Tracker(uri.format(tmp_path), tmp_path / "artifacts", "corner-shop").prepare()


def test_two_processes_may_create_the_store_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from training.tracking import Tracker; "
        "print(Tracker(sys.argv[1], Path(sys.argv[2]), 'corner-shop').prepare())"
    )
    command = [
        sys.executable,
        "-c",
        code,
        f"sqlite:///{tmp_path}/new/mlflow.db",
        str(tmp_path / "artifacts"),
    ]
    with contextlib.ExitStack() as stack:
        both = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(2)
        ]
        answers = [process.communicate(timeout=240) for process in both]
    assert [answer for answer, _ in answers] == ["1\n", "1\n"], answers
    assert [process.returncode for process in both] == [0, 0]
