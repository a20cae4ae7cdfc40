"""Floors of versions below which a package has a known hole."""

import re
from importlib.metadata import PackageNotFoundError, version

from serving.checkup.finding import Circumstances, Finding, fine, refused

FLOORS = {"bentoml": "1.4.39", "mlflow": "3.17.2", "skops": "0.13"}
OPTIONAL = ("skops",)


def installed() -> dict[str, str | None]:
    """Return the installed version of each package that has a floor."""
    return {name: _installed(name) for name in FLOORS}


def version_findings(seen: Circumstances) -> list[Finding]:
    """Compare each package with its floor."""
    return [_finding(name, seen.versions.get(name)) for name in FLOORS]


def is_below(found: str, floor: str) -> bool:
    """Tell whether a version comes before another; a pre-release comes before its release."""
    return _key(found) < _key(floor)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _finding(name: str, found: str | None) -> Finding:
    floor = FLOORS[name]
    where = f"package {name}"
    if found is None and name in OPTIONAL:
        return fine("versions", f"{name} is not installed, and not needed", where)
    fix = f"install {name}>={floor}, e.g. from requirements.lock"
    if found is None:
        return refused("versions", f"{name} is not installed", where, fix)
    if is_below(found, floor):
        what = f"{name} {found} is older than {floor}, the first without its known holes"
        return refused("versions", what, where, fix)
    return fine("versions", f"{name} {found} is not older than {floor}", where)


def _key(text: str) -> tuple[tuple[int, ...], int]:
    match = re.match(r"\d+(?:\.\d+)*", text)
    numbers = [int(part) for part in match[0].split(".")] if match else [0]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    rest = text[match.end() :] if match else text
    return tuple(numbers), -1 if re.match(r"[._-]?(a|b|rc|dev|alpha|beta|pre)", rest) else 0
