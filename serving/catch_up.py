"""Make up, once the service answers, for files of assignments that an ended process left unwritten.

What is compared grows with every list, so no worker waits for it, and one of them does it for all.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.settings import Settings
from serving.lists.assignments import make_up_for
from serving.scores import ScoreStore
from serving.store.postgres import patient

# A worker loads its model first: by then it is ready, as a rule.
AFTER_SECONDS = 2.0

log = logging.getLogger(__name__)


class CatchUp:
    """Makes the files once, in a thread of its own.

    Parameters
    ----------
    store : holds the lists
    settings : tell where the files are
    after_seconds : after which it begins
    """

    def __init__(
        self, store: ScoreStore, settings: Settings, *, after_seconds: float = AFTER_SECONDS
    ) -> None:
        self.store, self.settings, self.after_seconds = store, settings, after_seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin after a moment."""
        self._thread = threading.Thread(target=self._run, name="catch-up", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Do not begin; what has begun is waited for, for a moment."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def work(self) -> bool:
        """Make the files; False if another worker is at it."""
        try:
            with first_in(self.settings.contacts_dir) as is_first:
                if is_first:
                    with patient():
                        make_up_for(self.store, self.settings)
                return is_first
        except Exception as error:
            log.error("files of assignments are not made up for: %r", error, exc_info=error)
            return True

    def _run(self) -> None:
        if not self._stop.wait(self.after_seconds):
            self.work()


@contextmanager
def first_in(folder: Path) -> Iterator[bool]:
    """Tell whether nobody else, of this process or another, is at a folder, and keep them off."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield True
        return
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(opened)
