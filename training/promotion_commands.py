"""The commands that move the pointer by hand: `promote` a version, `rollback` to the one before."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from configs.console import say
from configs.settings import Settings, SettingsError
from training.bundle_check import PromotionRefused, checked
from training.promotion import move
from training.promotion_log import (
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    Entry,
    Place,
    in_use,
    read_log,
    verify,
    ways_back,
)
from training.registry import CHAMPION, Registry
from training.tracking import Tracker, TrackingDown


def promote(
    settings: Settings,
    *,
    version: str | None,
    force: bool,
    why: str | None,
    who: str | None,
    as_json: bool,
) -> None:
    """Let a version that stands in the models' folder be served.

    Parameters
    ----------
    version : as `train` told it; None takes the challenger that was refused last
    force : promote though the gate refused it, or never judged it

    Raises
    ------
    SettingsError
        If it is to be forced and nobody says why.
    PromotionRefused
        If there is no such version, the gate refused it, or it cannot be served.
    """
    if force and not (why and why.strip()):
        raise SettingsError("--force needs --why TEXT: say why the gate is overridden")
    models_dir = settings.models_dir
    _warn(models_dir)
    place = _asked(models_dir, version)
    now = in_use(models_dir)
    if now is not None and now.path == place.path:
        checked(models_dir / place.path)
        _tell(settings, None, place, as_json=as_json)
        return
    if not force:
        _refuse_unjudged(models_dir, place)
    _check(models_dir, place)
    entry = move(models_dir, place, PROMOTED, why=why or "promoted by hand", who=who, forced=force)
    _tell(settings, entry, place, as_json=as_json)


def rollback(settings: Settings, *, why: str | None, who: str | None, as_json: bool) -> None:
    """Let the version that was in use before the present one be served again.

    A version that cannot be served is passed over, and the one before it taken.

    Raises
    ------
    PromotionRefused
        If there is none.
    """
    models_dir = settings.models_dir
    _warn(models_dir)
    for place in ways_back(read_log(models_dir), in_use(models_dir)):
        try:
            _check(models_dir, place)
        except PromotionRefused as error:
            say(f"  passed over: {error}")
            continue
        entry = move(models_dir, place, ROLLED_BACK, why=why or "rolled back by hand", who=who)
        _tell(settings, entry, place, as_json=as_json)
        return
    raise PromotionRefused(
        f"no intact version was in use before the present one, by the promotion log in "
        f"{models_dir}; name one with `perennial promote`, or train again"
    )


def registered_version(registry: Registry, name: str, version: str) -> str | None:
    """Number of the newest registered version that holds a bundle; None where none does."""
    client = registry.tracker.client
    with registry.tracker.answering("look the version up"):
        found = client.search_model_versions(f"name = '{name}'")
    numbers = [int(v.version) for v in found if v.tags.get("perennial.version") == version]
    return str(max(numbers)) if numbers else None


def _asked(models_dir: Path, version: str | None) -> Place:
    """The bundle that is meant, by the version or by the name of its folder."""
    entries = [e for e in reversed(read_log(models_dir)) if (models_dir / e.path).is_dir()]
    if version is None:
        latest = {e.path: e for e in reversed(entries)}
        waiting = [e for e in entries if e.what == REFUSED and latest[e.path] is e]
        if not waiting:
            raise PromotionRefused(
                f"no refused challenger is kept in {models_dir}; {_there(models_dir)}"
            )
        return waiting[0].place
    for entry in entries:
        if version in (entry.path, entry.version):
            return entry.place
    if version in _folders(models_dir):
        return Place(version.split("-")[0], version)
    raise PromotionRefused(f"no version {version} is in {models_dir}; {_there(models_dir)}")


def _folders(models_dir: Path) -> list[str]:
    if not models_dir.is_dir():
        return []
    return sorted(p.name for p in models_dir.iterdir() if p.is_dir() and p.name[0] != ".")


def _there(models_dir: Path) -> str:
    names = _folders(models_dir)
    return f"there are {', '.join(names)}" if names else "run `perennial train` first"


def _refuse_unjudged(models_dir: Path, place: Place) -> None:
    about = [entry for entry in read_log(models_dir) if entry.path == place.path]
    if about and about[-1].what != REFUSED:
        return
    why = f"was refused: {about[-1].why}" if about else "was never promoted or judged here"
    raise PromotionRefused(
        f"version {place.path} {why}; to serve it all the same, add --force --why TEXT"
    )


def _check(models_dir: Path, place: Place) -> None:
    found = checked(models_dir / place.path)
    if found != place.version:
        raise PromotionRefused(
            f"{models_dir / place.path} holds version {found}, not {place.version}; train again"
        )


def _warn(models_dir: Path) -> None:
    for fault in verify(models_dir):
        say(f"  promotion log: {fault}")


def _tell(settings: Settings, entry: Entry | None, place: Place, *, as_json: bool) -> None:
    number, alias = _alias(settings, place.version)
    told: dict[str, Any] = {
        "version": place.version,
        "path": place.path,
        "unchanged": entry is None,
        **(asdict(entry) if entry else {}),
        "registered_version": number,
        "alias": alias,
    }
    told.pop("key", None)
    if as_json:
        print(json.dumps(told))
        return
    if entry is None:
        print(f"version {place.path} is in use already ({alias})")
        return
    print(f"version {place.path} is in use, before it {entry.from_path or 'none'} ({alias})")
    print("the stored scores stay as they are until `perennial score` publishes new ones")


def _alias(settings: Settings, version: str) -> tuple[str | None, str]:
    """Let the registry's alias follow the pointer; say so where it cannot."""
    database = settings.tracking_uri.removeprefix("sqlite:///")
    if database != settings.tracking_uri and not Path(database).exists():
        return None, "not in MLflow, which has no record of this shop"
    artifacts = settings.artifact_dir.absolute() if not settings.mlflow.tracking_uri else None
    registry = Registry(Tracker(settings.tracking_uri, artifacts, settings.name))
    try:
        number = registered_version(registry, settings.name, version)
        if number is None:
            return None, "not in MLflow's registry"
        registry.set_alias(settings.name, CHAMPION, number)
    except TrackingDown as error:
        say(f"  the registry's alias does not follow: {error}")
        return None, "MLflow's alias did not follow"
    return number, f"MLflow version {number}"
