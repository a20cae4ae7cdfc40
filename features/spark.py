"""A Spark session set up for perennial: quiet, on this machine alone unless a cluster is named."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL_MASTER = "local[*]"
LOOPBACK = "127.0.0.1"


class SparkError(RuntimeError):
    """Spark cannot be started, or a task of it failed."""

    exit_code = 1


def spark_session(master: str | None = None, *, room: Path | None = None) -> "SparkSession":
    """Start a Spark session, or take the one that runs in this process.

    A session on this machine listens on the loopback address only. The session reads and writes
    no stamps with a time zone; its own is UTC.

    Parameters
    ----------
    master : URL of the Spark master; by default that of the environment variable `SPARK_MASTER`,
        else of `spark-defaults.conf`, else all cores of this machine
    room : folder for what does not fit in memory; by default where Spark is told to, else the
        system's folder for temporary files

    Raises
    ------
    SparkError
        If pyspark or a Java runtime is missing, or Spark does not start.
    """
    _check_installed()
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    master = master or os.environ.get("SPARK_MASTER") or _default_master() or LOCAL_MASTER
    settings: dict[str, bool | float | int | str | None] = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        # Tasks import what warns of pandas 3 and do not use it: lines and rows go as Arrow.
        "spark.executorEnv.PYTHONWARNINGS": "ignore:PySpark does not yet fully:FutureWarning",
    }
    if master.startswith("local"):
        settings.update(_on_this_machine())
    if not os.environ.get("SPARK_CONF_DIR"):
        logging = Path(__file__).with_name("spark-log4j2.properties").as_uri()
        settings["spark.driver.extraJavaOptions"] = f'"-Dlog4j2.configurationFile={logging}"'
    if room is not None:
        settings["spark.local.dir"] = str(room.resolve())
    # Python of the tasks: without it Spark takes whatever `python3` is on PATH.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("perennial").master(master)
    try:
        return builder.config(map=settings).getOrCreate()
    except PySparkRuntimeError as error:
        raise SparkError(
            f"Spark did not start with master {master!r}: {error}; its Java process says why "
            "above, it needs Java 17 or later"
        ) from error


def _check_installed() -> None:
    if find_spec("pyspark") is None:
        raise SparkError(
            "`engine: spark` needs pyspark, which is not installed; run "
            "pip install 'perennial[spark]', or set `engine: local`"
        )
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        where = f"JAVA_HOME ({home}) holds no bin/java" if home else "no `java` is on PATH"
        raise SparkError(
            f"`engine: spark` needs a Java runtime, 17 or later, but {where}; install one "
            "(Debian: default-jre-headless), or set `engine: local`"
        )


def _on_this_machine() -> dict[str, str]:
    # Tasks import what this process imports, from wherever it was started.
    path = [str(Path(p).resolve()) for p in sys.path if Path(p).is_dir()]
    os.environ.setdefault("SPARK_LOCAL_IP", LOOPBACK)
    return {
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(path),
    }


def _default_master() -> str | None:
    """The master that Spark's own settings file names."""
    home = os.environ.get("SPARK_HOME")
    folder = os.environ.get("SPARK_CONF_DIR") or (home and f"{home}/conf")
    file = Path(folder or "", "spark-defaults.conf")
    if not folder or not file.is_file():
        return None
    rows = (line.replace("=", " ", 1).split() for line in file.read_text("utf-8").splitlines())
    return next((row[1] for row in rows if row[:1] == ["spark.master"] and len(row) > 1), None)
