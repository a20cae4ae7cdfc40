"""The champion bundle in memory, replaced when the pointer file names another one."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from models.pointer import POINTER
from serving.errors import ServeError

if TYPE_CHECKING:
    from models.bundle import Bundle

POLL_SECONDS = 0.5

log = logging.getLogger(__name__)


def load_bundle(path: Path) -> "Bundle":
    """Load a bundle; XGBoost is imported with the first one, not with this module."""
    from models import bundle

    found = bundle.load_bundle(path)
    found.get_ready()
    return found


@dataclass(frozen=True)
class Champion:
    """A loaded bundle with its version and folder."""

    version: str
    path: Path
    bundle: "Bundle"


class ChampionHolder:
    """Watches `models_dir/current.json` and holds the bundle that it names.

    A thread looks at the file's time and inode every half second. A pointer or bundle that cannot
    be read leaves the one in use in place and is logged once.

    Parameters
    ----------
    models_dir : folder with `current.json`, {"version": ..., "path": ...}; a relative path is
        taken from this folder
    load : reads and checks a bundle
    """

    def __init__(self, models_dir: Path, *, load: Callable[[Path], "Bundle"] = load_bundle) -> None:
        self.pointer = models_dir / POINTER
        self.champion: Champion | None = None
        self._load = load
        self._seen: tuple[int, int] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look once, then go on in a thread of its own."""
        self.look()
        self._thread = threading.Thread(target=self._watch, name="champion", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def look(self) -> None:
        """Load the bundle that the pointer names, if the pointer changed since the last look."""
        try:
            found = self.pointer.stat()
        except OSError:
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.champion = self._read()
        except Exception as error:  # noqa: BLE001 - whatever it is, the one in use serves on
            kept = self.champion.version if self.champion else "none"
            log.error("%s names no usable bundle (%s); version in use: %s", POINTER, error, kept)

    def _read(self) -> Champion:
        pointer = orjson.loads(self.pointer.read_bytes())
        path = self.pointer.parent / pointer["path"]
        bundle = self._load(path)
        if bundle.version != pointer["version"]:
            raise ServeError(f"{path} holds version {bundle.version}, not {pointer['version']}")
        return Champion(bundle.version, path, bundle)

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self.look()
