"""Rows of features made inside Apache Spark, by the functions that make them elsewhere.

The lines of a log are partitioned by ranges of customers, sorted within each, and given to Python
as Arrow batches. There they are cut between customers and become logs as any other, so that what
comes out has the same bits as on one machine.
"""

import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.line import SORT_KEYS
from features.log.purchase_log import PurchaseLog, log_from_lines
from features.log.ranges import Stored
from features.log.shop_log import ShopLog
from features.log.writing import LINES_A_RANGE, whole_customers
from features.rows import FACTS, Request, Rows, labels_with, rows_of
from features.shop_clock import ShopClock
from features.spark import SparkError, spark_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Rows of some customers, by customer and then cutoff, that depend on these customers' lines alone.
# It travels to other processes: a function of a module, its settings bound by functools.partial.
Job = Callable[[PurchaseLog], pa.RecordBatch]
# Lines of a partition, which is the work of one task.
LINES_A_PARTITION = 1_000_000
# Rows that go to Java at a time, where a batch must fit into a buffer of at most 2 GiB.
ROWS_A_BATCH = 10_000
# The line of a Python traceback that names the error.
_RAISED = re.compile(r"[\w.]+(Error|Exception|Interrupt|Exit)\b")


@dataclass(frozen=True)
class SparkEngine:
    """Makes rows inside Apache Spark.

    Parameters
    ----------
    spark : SparkSession, see `features.spark.spark_session`
    clock : ShopClock of the log
    room : folder for rows on their way back; on a cluster one that all its machines share, as is
        that of the log
    lines_a_chunk : lines that a job is given at a time, or one customer's if these are more
    """

    spark: "SparkSession"
    clock: ShopClock
    room: Path
    lines_a_chunk: int = LINES_A_RANGE

    def rows(self, log: ShopLog, request: Request) -> Rows:
        """Rows of all customers of a log, ordered by customer, then cutoff.

        Raises
        ------
        SparkError
            If the log is not kept in files, or a task fails.
        """
        labels = [
            (days, name)
            for days in dict.fromkeys(request.horizons)
            for name in labels_with(request.features)
        ]
        told = {(days, name): f"{name}_{days}d" for days, name in labels}
        schema = pa.schema(
            [("customer_id", pa.string()), ("cutoff", pa.date32())]
            + [(name, pa.float64()) for name in (*request.features, *FACTS, *told.values())]
        )
        batches = self.map(log, partial(_row_batch, request=request), schema)
        table = pa.Table.from_batches(batches, schema)
        ids = table["customer_id"].combine_chunks()
        return Rows(
            customer=_numbers(ids, log.customer_ids),
            customer_ids=ids.to_numpy(zero_copy_only=False),
            cutoff=table["cutoff"].cast(pa.int32()).to_numpy().astype(np.int64),
            features=_matrix(table, request.features),
            facts=_matrix(table, FACTS),
            labels={key: table[name].to_numpy() for key, name in told.items()},
        )

    def map(self, log: ShopLog, job: Job, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Rows that `job` makes of all customers of a log, in their order.

        Parameters
        ----------
        log : ShopLog, kept in files
        job : see `Job`
        schema : columns of the rows; of types that Spark has too

        Raises
        ------
        SparkError
            If the log is not kept in files, or a task fails; the message has the error it raised.
        """
        files = _files(log)
        task = _Task(self.clock, job, self.lines_a_chunk)
        self.room.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="spark-rows-", dir=self.room) as folder:
            made = Path(folder, "rows").resolve()
            with _failures(), _without_pandas_warning():
                from pyspark.sql.pandas.types import from_arrow_schema

                lines = self._sorted_lines(files, sum(r.n_lines for r in log.ranges))
                lines.mapInArrow(task, from_arrow_schema(schema)).write.parquet(f"file://{made}")
            # A partition is a range of customers, and its file bears its number.
            for part in sorted(made.glob("part-*.parquet")):
                for batch in pq.ParquetFile(part).iter_batches():
                    yield batch.cast(schema)

    def _sorted_lines(self, files: Sequence[Path], n_lines: int) -> "DataFrame":
        from pyspark.sql.functions import asc_nulls_last
        from pyspark.sql.pandas.types import from_arrow_schema

        columns = _columns(files)
        reader = self.spark.read.schema(from_arrow_schema(columns))
        lines = reader.parquet(*(_literal(f) for f in files))
        cores = self.spark.sparkContext.defaultParallelism
        partitions = max(cores, -(-n_lines // LINES_A_PARTITION))
        # As the reader sorts: text by its bytes, nulls last.
        keys = [asc_nulls_last(name) for name in columns.names]
        return lines.repartitionByRange(partitions, "customer_id").sortWithinPartitions(*keys)


def engine_of(name: str, clock: ShopClock, room: Path) -> SparkEngine | None:
    """The engine that a shop's settings name: None for this process, which is `local`.

    Parameters
    ----------
    room : folder for what is on its way between processes

    Raises
    ------
    SparkError
        If Spark is asked for and cannot be started.
    """
    if name == "local":
        return None
    return SparkEngine(spark_session(room=room), clock, room)


@dataclass(frozen=True)
class _Task:
    """What Spark runs on a partition: sorted lines in, rows of the job out."""

    clock: ShopClock
    job: Job
    lines_a_chunk: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        some = (batch for batch in batches if batch.num_rows)
        for lines in whole_customers(some, self.lines_a_chunk):
            rows = self.job(log_from_lines(lines, self.clock))
            for first in range(0, rows.num_rows, ROWS_A_BATCH):
                yield rows.slice(first, ROWS_A_BATCH)


def _row_batch(log: PurchaseLog, request: Request) -> pa.RecordBatch:
    return rows_of(log, request).to_batch(request.features)


def _files(log: ShopLog) -> list[Path]:
    files = [part.path for part in log.ranges if isinstance(part, Stored)]
    if len(files) < len(log.ranges) or not files:
        raise SparkError(
            f"Spark reads logs that are kept in files; {len(files)} of the {len(log.ranges)} "
            "ranges of this one are: use `engine: local` for a log in memory"
        )
    return files


def _literal(path: Path) -> str:
    """A path that Spark takes as it is; it reads brackets and stars as patterns."""
    return "file://" + re.sub(r"([][{}*?\\])", r"\\\1", str(path.resolve()))


def _columns(files: Sequence[Path]) -> pa.Schema:
    """Columns of a checked line that any of the files has, in the order of sorting."""
    there = pa.unify_schemas([pq.read_schema(f).remove_metadata() for f in files])
    names = [n for n in ("customer_id", *SORT_KEYS) if n in there.names]
    return pa.schema([there.field(n).with_nullable(True) for n in names])


def _numbers(ids: pa.Array, customer_ids: NDArray[np.object_]) -> NDArray[np.int64]:
    found = pc.index_in(ids, value_set=pa.array(customer_ids, pa.string()))
    return np.asarray(found.to_numpy(), np.int64)


def _matrix(table: pa.Table, names: Sequence[str]) -> NDArray[np.float64]:
    values = np.empty((len(names), table.num_rows))
    for i, name in enumerate(names):
        values[i] = table[name].to_numpy()
    return values


@contextmanager
def _failures() -> Iterator[None]:
    """Say in a sentence what a task raised; what Spark says of it goes over many screens."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        said = [line for line in str(error).splitlines() if line.strip()]
        raised = [line for line in said if _RAISED.match(line)]
        raise SparkError(f"a Spark task failed: {(raised or said)[-1]}") from error


@contextmanager
def _without_pandas_warning() -> Iterator[None]:
    """PySpark warns of pandas 3 wherever rows go through Python; ours go as Arrow."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
        yield
