"""Who may read and write the shop's files, and how much room is left for them."""

import re
import stat
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from serving.checkup.finding import Circumstances, Finding, advice, fine, refused

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
# A password between `user:` and `@`, unless the environment is to give it; or as a parameter.
PASSWORD = re.compile(r"://[^\s/@:]*:(?!\$\{)[^\s@/]+@|[?&]password=(?!\$\{)[^\s&]+")
MIB = 1024 * 1024
LEAST_FREE = 256 * MIB
SPARE_FREE = 2048 * MIB


def file_findings(seen: Circumstances) -> list[Finding]:
    """Look at the modes of settings, `var` and store, and at the free space."""
    return [_config(seen), _var(seen), *_stores(seen), _space(seen)]


def _config(seen: Circumstances) -> Finding:
    check, where = "settings file", str(seen.config)
    try:
        mode, text = _mode(seen.config), seen.config.read_text(encoding="utf-8")
    except OSError as error:
        what = f"it cannot be read: {error.strerror}"
        return refused(check, what, where, "name a file that can be read by -c")
    if mode & OTHERS_WRITE:
        what = f"others may change it (mode {mode:04o})"
        return refused(check, what, where, f"chmod go-w {where}")
    if mode & OTHERS and PASSWORD.search(text):
        what = f"it holds a password, and others may read it (mode {mode:04o})"
        fix = f"chmod 600 {where}, or take the password from the environment"
        return refused(check, what, where, fix)
    return fine(check, f"its mode {mode:04o} suits what is in it", where)


def _var(seen: Circumstances) -> Finding:
    check, folder = "folder of the shop", seen.settings.var
    if not folder.exists():
        fix = f"mkdir -p -m 700 {folder}, then run `perennial train`"
        return advice(check, "it is not there yet", str(folder), fix)
    mode = _mode(folder)
    if mode & OTHERS:
        what = f"purchases, models and scores in it can be reached by others (mode {mode:04o})"
        return refused(check, what, str(folder), f"chmod 700 {folder}")
    return fine(check, f"it is its owner's alone (mode {mode:04o})", str(folder))


def _stores(seen: Circumstances) -> list[Finding]:
    check, path = "store file", _sqlite_file(seen.settings.store_url)
    if path is None:
        return []
    beside = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
    there = [each for each in beside if each.exists()]
    open_to_others = [each for each in there if _mode(each) & OTHERS]
    if open_to_others:
        names = " ".join(map(str, open_to_others))
        what = f"others may read scores and tokens (mode {_mode(open_to_others[0]):04o})"
        return [refused(check, what, str(path), f"chmod 600 {names}")]
    if not there:
        return [advice(check, "it is not there yet", str(path), "run `perennial score`")]
    return [fine(check, f"it is its owner's alone (mode {_mode(path):04o})", str(path))]


def _sqlite_file(url: str) -> Path | None:
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def _space(seen: Circumstances) -> Finding:
    check, where, free = "disk space", str(seen.settings.var), seen.free_bytes
    store = _sqlite_file(seen.settings.store_url)
    size = store.stat().st_size if store is not None and store.exists() else 0
    told = f"{free / MIB:,.0f} MiB are free"
    fix = "free some space, or set `var` and `store` to a larger disk"
    if free < LEAST_FREE:
        return refused(check, f"only {told}, too few for another batch", where, fix)
    if free < max(SPARE_FREE, 2 * size):
        return advice(check, f"{told}, few for the batches to come", where, fix)
    return fine(check, told, where)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
