"""Work that is killed in a process of its own; the process starts with the imports done."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import perennial
from serving.scores import ScoreStore
from tests.serving.made import made_batch, publish, until

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.victims", "training.commands", "mlflow"])


def command(*words: object) -> None:
    """Run the command line; its exit code is the process's."""
    raise SystemExit(perennial.main([str(word) for word in words]))


def publish_made(url: str, batch_id: str, customers: int, seed: int, begun: Path) -> None:
    """Publish a made batch; the file says when the rows are ready."""
    store = ScoreStore(url)
    batch = made_batch(batch_id, customers)
    begun.touch()
    publish(store, batch, seed)
    store.close()


def start(target: Callable[..., None], *words: object) -> ForkServerProcess:
    process = CONTEXT.Process(target=target, args=words, daemon=True)
    process.start()
    return process


def kill_when(process: ForkServerProcess, moment: Callable[[], object]) -> bool:
    """Kill with SIGKILL as soon as the moment has come; False if the work was done before."""
    until(lambda: moment() or not process.is_alive(), seconds=120)
    process.kill()
    process.join(30)
    return process.exitcode == -signal.SIGKILL
