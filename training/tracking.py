"""Records a training result in MLflow: params, metrics, tags, data digest, card, plots, bundle.

Nothing but aggregates is sent: no row, no customer. MLflow is imported when a tracker first needs
it, since that takes seconds. A store that does not answer is given up after a few seconds with
`TrackingDown`; the training is done by then, and the caller decides what comes next.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy.engine import make_url

from configs.telemetry import switch_off
from training.redaction import redact_text
from training.results import TrainingResult
from training.run_record import RunRecord, run_record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

BUNDLE_PATH = "bundle"
_PARAMS_PER_CALL, _METRICS_PER_CALL = 100, 1000
_CONNECT_SECONDS = 5
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": str(_CONNECT_SECONDS),
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Standard output belongs to the command, which may have to print one JSON document there.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}


class TrackingDown(RuntimeError):  # noqa: N818 - a state of the store, not a fault of ours
    """MLflow could not be reached or refused what it was sent; nothing else is wrong."""

    exit_code = 1


class Tracker:
    """Writes runs into one experiment of a tracking store.

    Parameters
    ----------
    tracking_uri : `sqlite:////path/mlflow.db`, another database URL, or a server's URL
    artifact_dir : where artifacts go; a server keeps them itself, so None or ignored there
    experiment : name of the experiment, made if it is not there
    """

    def __init__(self, tracking_uri: str, artifact_dir: Path | None, experiment: str) -> None:
        self.tracking_uri = tracking_uri
        self.artifact_dir = artifact_dir
        self.experiment = experiment
        self._client: MlflowClient | None = None
        self._experiment_id: str | None = None

    @property
    def client(self) -> "MlflowClient":
        """MLflow's client of this store, which is made ready first.

        Raises
        ------
        TrackingDown
            If the store does not answer or cannot be used.
        """
        if self._client is None:
            self._client = self._connect()
        return self._client

    def prepare(self) -> str:
        """Make the store and the experiment ready and give the experiment's id.

        Raises
        ------
        TrackingDown
            If the store does not answer, or the experiment keeps its artifacts elsewhere.
        """
        if self._experiment_id is None:
            client = self.client
            with self.answering("open the experiment"), self._alone():
                self._experiment_id = self._experiment_of(client)
        return self._experiment_id

    def log_result(
        self, result: TrainingResult, plots: Sequence[Path], card_html_path: Path
    ) -> str:
        """Record one training result as a finished run and give the run's id.

        Parameters
        ----------
        result : what was found
        plots : PNGs, stored under `plots/`
        card_html_path : the model card; `card.json` is taken from beside it, both go to `card/`

        Raises
        ------
        TrackingDown
            If the store does not answer; a run that was begun is marked as failed if possible.
        """
        experiment_id = self.prepare()
        record = run_record(result)
        with self.answering("begin the run"):
            run = self.client.create_run(
                experiment_id, run_name=record.run_name, tags=dict(record.tags)
            )
        run_id = str(run.info.run_id)
        status = "FAILED"
        try:
            with self.answering("record the run"):
                self._send_values(run_id, record)
                self._send_files(run_id, result.bundle_dir, plots, card_html_path)
            status = "FINISHED"
        finally:
            self._end(run_id, status)
        return run_id

    @contextlib.contextmanager
    def answering(self, doing: str) -> Iterator[None]:
        """Turn every way in which a store can fail into `TrackingDown`."""
        from mlflow.exceptions import MlflowException
        from requests import RequestException

        errors = (MlflowException, RequestException, sqlalchemy.exc.SQLAlchemyError, OSError)
        try:
            yield
        except (*errors, ImportError) as error:
            raise TrackingDown(
                redact_text(
                    f"MLflow at {self.tracking_uri} could not {doing}: {_cause(error)}; "
                    "check `mlflow.tracking_uri` in the settings and that the store is up"
                )
            ) from error

    def _connect(self) -> "MlflowClient":
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        switch_off()
        from mlflow import MlflowClient

        with self.answering("be opened"), self._alone():
            self._probe()
            client = MlflowClient(self.tracking_uri, registry_uri=self.tracking_uri)
            client.search_experiments(max_results=1)
        return client

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a lock beside a SQLite file: two processes that create its tables break them."""
        database = None if self._is_server() else make_url(self.tracking_uri).database
        if not self.tracking_uri.startswith("sqlite") or not database:
            yield
            return
        path = Path(database)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f"{path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _probe(self) -> None:
        """Fail at once where a database is down or damaged; MLflow would try for an hour."""
        if self._is_server() or "://" not in self.tracking_uri:
            return
        sqlite = self.tracking_uri.startswith("sqlite")
        timeout = "timeout" if sqlite else "connect_timeout"
        engine = sqlalchemy.create_engine(
            self.tracking_uri, connect_args={timeout: _CONNECT_SECONDS}
        )
        try:
            sqlalchemy.inspect(engine).get_table_names()
        finally:
            engine.dispose()

    def _is_server(self) -> bool:
        return self.tracking_uri.startswith(("http://", "https://"))

    def _experiment_of(self, client: "MlflowClient") -> str:
        location = None
        if self.artifact_dir is not None and not self._is_server():
            location = self.artifact_dir.resolve().as_uri()
        found = client.get_experiment_by_name(self.experiment)
        if found is None:
            return str(client.create_experiment(self.experiment, artifact_location=location))
        if location is not None and found.artifact_location.rstrip("/") != location:
            raise TrackingDown(
                f"experiment {self.experiment!r} keeps its artifacts in "
                f"{found.artifact_location}, not in {location}; move the folder back, or set "
                "another `var` or `mlflow.tracking_uri` in the settings"
            )
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _send_values(self, run_id: str, record: RunRecord) -> None:
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        metrics = [Metric(p.key, p.value, now, p.step) for p in record.metrics]
        params = [Param(key, value) for key, value in record.params.items()]
        # One call takes 1,000 values of all kinds; params are few, so they go with the first.
        first = _METRICS_PER_CALL - _PARAMS_PER_CALL
        self.client.log_batch(run_id, metrics=metrics[:first], params=params[:_PARAMS_PER_CALL])
        for start in range(first, len(metrics), _METRICS_PER_CALL):
            self.client.log_batch(run_id, metrics=metrics[start : start + _METRICS_PER_CALL])
        for start in range(_PARAMS_PER_CALL, len(params), _PARAMS_PER_CALL):
            self.client.log_batch(run_id, params=params[start : start + _PARAMS_PER_CALL])
        self.client.log_inputs(run_id, datasets=[_dataset(record)])

    def _send_files(
        self, run_id: str, bundle_dir: Path, plots: Sequence[Path], card_html_path: Path
    ) -> None:
        for path in (card_html_path, card_html_path.with_suffix(".json")):
            self.client.log_artifact(run_id, str(path), "card")
        for path in plots:
            self.client.log_artifact(run_id, str(path), "plots")
        self.client.log_artifacts(run_id, str(bundle_dir), BUNDLE_PATH)

    def _end(self, run_id: str, status: str) -> None:
        if status == "FINISHED":
            with self.answering("finish the run"):
                self.client.set_terminated(run_id, status)
            return
        # The failure that led here is on its way to the caller; a second one adds nothing.
        with contextlib.suppress(TrackingDown), self.answering("mark the run as failed"):
            self.client.set_terminated(run_id, status)


def _cause(error: BaseException) -> str:
    """What went wrong, on one line; where nobody answered, just that."""
    from requests import ConnectionError as NoConnection
    from requests import Timeout

    link: BaseException | None = error
    while link is not None:
        if isinstance(link, NoConnection | Timeout):
            return "it does not answer"
        link = link.__cause__ or link.__context__
    return " ".join(str(error).split())[:300] or type(error).__name__


def _dataset(record: RunRecord) -> "DatasetInput":
    """Name and digest of the data, never its rows."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=record.dataset_name,
        digest=record.dataset_digest,
        source_type="code",
        source=json.dumps({"tags": {"mlflow.source.name": "perennial train"}}),
        profile=record.dataset_profile,
    )
    return DatasetInput(dataset, tags=[InputTag("mlflow.data.context", "training")])
