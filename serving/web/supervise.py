"""Several workers on one socket: each that dies is replaced, unless they die again and again."""

import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from serving.errors import ServeError
from serving.web.server import FrontServer

LOOK_SECONDS = 0.2
# Beside a worker under full load another one takes its time.
START_SECONDS = 180.0
END_SECONDS = 25.0
# So many deaths within a minute are no accident.
MOST_DEATHS = 5
DEATHS_SECONDS = 60.0

log = logging.getLogger("uvicorn.error")


class Worker(Process):
    """A process that serves; it ends with its parent."""

    is_asked = False

    def is_ready(self, timeout: float = 5) -> bool:
        """Tell whether it answers requests; an answer that took longer is taken the next time."""
        try:
            if not self.is_asked:
                self.parent_conn.send(b"ping")
                self.is_asked = True
            if not self.parent_conn.poll(timeout):
                return False
            self.is_asked = False
            return self.parent_conn.recv() is True
        except (OSError, EOFError):
            return False

    @property
    def server(self) -> FrontServer:
        """The server, made in the process that runs it."""
        if self._server is None:
            self._server = FrontServer(self.config)
        return self._server  # type: ignore[return-value]

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to end."""
        threading.Thread(target=_end_with_parent, args=[os.getppid()], daemon=True).start()
        # uvicorn sends the signal once more when it is done; here it has nothing left to end.
        signal.signal(signal.SIGTERM, lambda _number, _frame: None)
        super().target(sockets)


class Supervisor(Multiprocess):
    """Starts the workers, replaces those that die, passes signals on; SIGHUP renews them all.

    Parameters
    ----------
    config : uvicorn's settings
    sockets : bound, and shared by all workers
    workers : how many
    ready : called once all workers answer
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sockets: list[socket.socket],
        *,
        workers: int,
        ready: Callable[[], None],
    ) -> None:
        super().__init__(config, sockets)
        self.processes_num = workers
        self._ready = ready
        self._is_ready = False
        self._deaths: deque[float] = deque()
        self._fault = ""

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM.

        Raises
        ------
        ServeError
            If the workers do not start, or die again and again.
        """
        self.init_processes()
        while not self.should_exit.wait(LOOK_SECONDS):
            self.handle_signals()
            self.keep_subprocess_alive()
            if not self._is_ready and all(p.is_ready(timeout=LOOK_SECONDS) for p in self.processes):
                self._is_ready = True
                self._ready()
        self.terminate_all()
        self.join_all()
        if self._fault:
            raise ServeError(self._fault)

    def init_processes(self) -> None:
        """Start the workers."""
        self.processes = [self._start() for _ in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        """Replace each worker that has died."""
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set() or process.process.is_alive():
                continue
            process.join()
            if self._is_hopeless(process):
                self.should_exit.set()
                return
            log.error(
                "worker %s ended (exit code %s); another starts", process.pid, process.exitcode
            )
            self.processes[place] = self._start()

    def join_all(self) -> None:
        """Wait until the workers have ended, and end those that do not."""
        end = time.monotonic() + END_SECONDS
        for process in self.processes:
            process.process.join(max(0.0, end - time.monotonic()))
            if process.process.is_alive():
                log.error("worker %s does not end; it is killed", process.pid)
                process.process.kill()
                process.process.join()

    def restart_all(self) -> None:
        """Replace each worker, one after the other, the new one serving before the old one ends."""
        for place, old in enumerate(self.processes):
            new = self._start()
            if not new.wait_until_ready(START_SECONDS, self.should_exit):
                new.kill()
                new.join()
                log.error("no new worker became ready; worker %s and those after stay", old.pid)
                return
            self.processes[place] = new
            old.terminate()
            old.process.join(END_SECONDS)
            if old.process.is_alive():
                old.kill()
                old.join()

    def _start(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker

    def _is_hopeless(self, process: Process) -> bool:
        if process.exitcode == STARTUP_FAILURE and not self._is_ready:
            self._fault = "the service did not start; the lines above say why"
            return True
        now = time.monotonic()
        self._deaths.append(now)
        while self._deaths[0] < now - DEATHS_SECONDS:
            self._deaths.popleft()
        if len(self._deaths) <= MOST_DEATHS:
            return False
        self._fault = (
            f"workers ended {len(self._deaths)} times within a minute, the last with exit code "
            f"{process.exitcode}; the lines above say why. Mend that and start again"
        )
        return True


def _end_with_parent(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
