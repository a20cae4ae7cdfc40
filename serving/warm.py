"""Have in memory what pages and previews count from, before anybody asks for it.

A worker reads the columns of the batch when it starts, and those of a new batch as soon as one is
published; whoever asks before they are there waits for them.
"""

import logging
import threading

from configs.settings import Settings
from serving.errors import StoreDown
from serving.lists.barred import read_ahead
from serving.lists.control import CONTROLS
from serving.lists.rows import LIST_ROWS
from serving.scores import ScoreStore
from serving.store.postgres import patient

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Warm:
    """Looks for a new batch every so often, in a thread of its own.

    Parameters
    ----------
    store : has the batches
    settings : tell whether there is a standing control group
    look_seconds : between two looks
    """

    def __init__(
        self, store: ScoreStore, settings: Settings, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self.store, self.settings, self.look_seconds = store, settings, look_seconds
        self._read: tuple[str, int] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Read what is there now, then begin to look."""
        self.look()
        self._thread = threading.Thread(target=self._run, name="warm", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what has begun is waited for, for a moment."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def look(self) -> bool:
        """Read the columns of the current batch; False if they cannot be read just now."""
        key = None
        try:
            batch = self.store.current()
            if batch is None or self._read == (batch.batch_id, batch.erased):
                return True
            key = (batch.batch_id, batch.erased)
            with patient():
                rows = LIST_ROWS.of(self.store, batch)
                CONTROLS.of(self.settings, batch, rows)
                read_ahead(self.store, batch, rows)
            self._read = key
            return True
        except StoreDown:
            return False
        except Exception as error:
            # Pages then read them when they are asked, which is slow and not wrong; said once.
            self._read = key
            log.error("the columns of the batch are not in memory: %r", error, exc_info=error)
            return False

    def _run(self) -> None:
        while not self._stop.wait(self.look_seconds):
            self.look()
