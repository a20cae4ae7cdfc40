"""Model, store, batch and tokens as they stand."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from models.errors import BundleError
from models.manifest import read_verified
from models.pointer import POINTER, read_pointer
from serving.answers import head
from serving.checkup.finding import Circumstances, Finding, advice, fine, refused
from serving.errors import StoreDown
from serving.scores import ScoreStore
from serving.store.batch import Batch, utc_moment
from serving.store.tokens import TokenInfo, Tokens

LONGEST_DAYS = 366
SOON_DAYS = 14
NOT_YET = "run `perennial score` with these settings"


def state_findings(seen: Circumstances) -> list[Finding]:
    """Look at the bundle in use, and at the store with its batch and tokens."""
    return [_model(seen), *_store(seen)]


def _model(seen: Circumstances) -> Finding:
    check, folder = "model", seen.settings.models_dir
    where = str(folder / POINTER)
    if not (folder / POINTER).exists():
        return advice(check, "none is promoted yet", where, "run `perennial train`")
    pointer = read_pointer(folder)
    fix = "run `perennial rollback`, or train again"
    if not isinstance(pointer.get("path"), str):
        return refused(check, "the pointer names no bundle", where, fix)
    path = folder / pointer["path"]
    try:
        manifest, _ = read_verified(path)
    except (BundleError, OSError) as error:
        return refused(check, str(error), str(path), fix)
    if manifest["version"] != pointer.get("version"):
        what = f"it holds version {manifest['version']}, the pointer names {pointer.get('version')}"
        return refused(check, what, str(path), fix)
    return fine(check, f"version {manifest['version']} is as it was sealed", str(path))


def _store(seen: Circumstances) -> list[Finding]:
    url = seen.settings.store_url
    try:
        if _is_new_file(url):
            return [advice("store", "there is none yet", "store", NOT_YET)]
        store = ScoreStore(url)
    except (ArgumentError, StoreDown) as error:
        return [_down(error)]
    try:
        found = [fine("store", "it answers, and its tables are this version's", "store")]
        tokens = Tokens(store.database, lambda: seen.now).list()
        return [*found, _batch(seen, store.current()), *_tokens(seen, tokens)]
    except StoreDown as error:
        return [_down(error)]
    finally:
        store.close()


def _down(error: Exception) -> Finding:
    return refused("store", str(error), "store", "start the database, or correct `store`")


def _is_new_file(url: str) -> bool:
    # Opening it would make it; a check changes nothing.
    parsed = make_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()


def _batch(seen: Circumstances, batch: Batch | None) -> Finding:
    check, where = "scores", "store"
    if batch is None:
        return advice(check, "nothing is published yet", where, NOT_YET)
    hours = seen.settings.serve.stale_after_hours
    if head(batch, now=seen.now, stale_after_hours=hours)["stale"]:
        what = f"batch {batch.batch_id} of {batch.published_text} is stale (over {hours:g} hours)"
        return advice(check, what, where, f"{NOT_YET}, and see why the nightly run did not")
    version = read_pointer(seen.settings.models_dir).get("version")
    if version is not None and version != batch.model_version:
        what = f"they are of model {batch.model_version}, promoted is {version}"
        return advice(check, what, where, NOT_YET)
    return fine(check, f"batch {batch.batch_id} holds {batch.customers:,} customers", where)


def _tokens(seen: Circumstances, tokens: list[TokenInfo]) -> list[Finding]:
    check, where = "tokens", "`perennial token list`"
    valid = [each for each in tokens if each.status == "valid"]
    if not valid:
        fix = "make one: perennial token -c CONFIG create --scope read:scores"
        return [advice(check, "nobody can sign in: no token is valid", where, fix)]
    found = []
    for each in valid:
        ends = utc_moment(each.expires_at)
        days = (ends - utc_moment(each.created_at)).days
        if days > LONGEST_DAYS:
            fix = f"revoke it (perennial token -c CONFIG revoke {each.prefix}), create it anew "
            what = f"token {each.prefix} is good for {days} days"
            found.append(refused(check, what, where, f"{fix}with --days 365 or fewer"))
        elif ends - seen.now < timedelta(days=SOON_DAYS):
            what = f"token {each.prefix} ends on {each.expires_at}"
            found.append(advice(check, what, where, "create its successor before that"))
    return found or [
        fine(check, f"{len(valid)} are valid, none for over {LONGEST_DAYS} days", where)
    ]
