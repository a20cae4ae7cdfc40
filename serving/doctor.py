"""`perennial doctor`: is this set-up fit for production, and if not, what to change."""

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from configs.settings import Settings
from serving.checkup.files import file_findings
from serving.checkup.finding import Circumstances, Finding
from serving.checkup.network import network_findings
from serving.checkup.state import state_findings
from serving.checkup.tracking import tracking_findings
from serving.checkup.versions import installed, version_findings
from serving.errors import ServeError

REFUSED = 3
SUBJECTS = (
    version_findings,
    network_findings,
    tracking_findings,
    file_findings,
    state_findings,
)


class Refused(ServeError):  # noqa: N818 - it names a state
    """The set-up is not fit for production; the sentence names what to change."""

    exit_code = REFUSED


def circumstances(
    settings: Settings,
    config: Path,
    *,
    host: str | None = None,
    environment: Mapping[str, str] | None = None,
    versions: Mapping[str, str | None] | None = None,
    free_bytes: int | None = None,
    now: datetime | None = None,
) -> Circumstances:
    """Return what the checks look at; what is not given is taken from this machine."""
    return Circumstances(
        settings=settings,
        config=config,
        host=host or settings.serve.host,
        environment=os.environ if environment is None else environment,
        versions=installed() if versions is None else versions,
        free_bytes=_free(settings.var) if free_bytes is None else free_bytes,
        now=now or datetime.now(UTC),
    )


def examine(seen: Circumstances) -> list[Finding]:
    """Return the findings of every check, in their order; nothing is changed."""
    return [finding for subject in SUBJECTS for finding in subject(seen)]


def refusals(findings: list[Finding]) -> list[Finding]:
    """Return those that stop a service in production."""
    return [finding for finding in findings if finding.level == "refused"]


def check_production(seen: Circumstances) -> None:
    """Let a service in production start only where nothing is refused.

    Raises
    ------
    Refused
        Naming each thing to change.
    """
    found = refusals(examine(seen))
    if found:
        told = "; ".join(f"({n}) {f.what} [{f.where}]: {f.fix}" for n, f in enumerate(found, 1))
        raise Refused(f"serve.production is on, and this set-up is not fit for it: {told}")


def _free(folder: Path) -> int:
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free
