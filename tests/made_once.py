"""What takes long to make, made once for all processes of a run of the tests."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return the folder, filled by the first who asks; the others wait for it.

    Parameters
    ----------
    folder : of the run, in a folder that is there; its content is to be read and not changed
    make : fills the folder, which is new and empty
    """
    with folder.with_name(f"{folder.name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            shutil.rmtree(folder, ignore_errors=True)  # what a failure may have left
            folder.mkdir()
            make(folder)
            lock.write("made")
            lock.flush()
    return folder
