"""The servers of the service's bench: ours, the bare app, MLflow's; each a process of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peer_mlflow import server
from configs.settings import Settings

ROOT = Path(__file__).parents[1]
START_SECONDS = 300.0


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def ours(config: Path) -> Iterator[int]:
    """Run `perennial serve`; give its port."""
    port = free_port()
    start = "import sys, perennial; sys.exit(perennial.main(sys.argv[1:]))"
    command = [sys.executable, "-c", start, "serve", "-c", str(config), "--port", str(port)]
    with _running(command, port, "/readyz"):
        yield port


@contextlib.contextmanager
def bare(settings: Settings, known: str) -> Iterator[int]:
    """Run the bare app on the same store; give its port."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.peer_serving", settings.store_url, str(port)]
    with _running(command, port, f"/v1/customers/{known}"):
        yield port


@contextlib.contextmanager
def mlflow(folder: Path) -> Iterator[int]:
    """Run MLflow's scoring server; give its port."""
    port = free_port()
    with _running(server(folder, port), port, "/ping"):
        yield port


@contextlib.contextmanager
def _running(command: list[str], port: int, path: str) -> Iterator[None]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    # A group of its own, for MLflow starts the server as a child of a child.
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}{path}")
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def _wait(process: "subprocess.Popen[bytes]", address: str) -> None:
    end, pause = time.monotonic() + START_SECONDS, threading.Event()
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(address, timeout=5),  # noqa: S310 - our own address
        ):
            return
        pause.wait(0.2)
    raise RuntimeError(f"{address} did not answer within {START_SECONDS} seconds")
