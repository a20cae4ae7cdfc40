"""A PostgreSQL server of our own on the loopback, from Debian's package."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, which Debian keeps off PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if newest:
        return newest[-1].parent
    if os.environ.get("CI"):
        pytest.fail("PostgreSQL is not installed; .ci/setup installs it")
    return pytest.skip("PostgreSQL is not installed")


class Server:
    """A cluster in a folder: start, stop, its address.

    Parameters
    ----------
    folder : of its own, given to the user whom PostgreSQL runs as
    """

    def __init__(self, folder: Path) -> None:
        if not os.environ.get("CI"):
            pytest.importorskip("psycopg")
        self.where, self.folder, self.port = programs(), folder, free_port()
        self.data = folder / "data"
        self.user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.user:
            for part in [folder, *folder.parents]:
                if not part.stat().st_mode & 0o001:
                    part.chmod(0o755)
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "perennial", "--no-sync")

    @property
    def url(self) -> str:
        """Address of the database `postgres`."""
        return f"postgresql+psycopg://perennial:hunter2@127.0.0.1:{self.port}/postgres"

    def schema_url(self) -> str:
        """Return the address of a new, empty schema."""
        name = f"s{secrets.token_hex(6)}"
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema(name))
        engine.dispose()
        return f"{self.url}?options={quote(f'-csearch_path={name}')}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", self.data, "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once, as a crash would."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def _run(self, program: str, *words: object) -> None:
        log = self.folder / "log"
        call = [*self.user, str(self.where / program), *map(str, words)]
        with log.open("a") as said:
            done = subprocess.run(
                call, stdout=said, stderr=said, cwd=self.folder, timeout=60, check=False
            )
        assert done.returncode == 0, log.read_text()


@contextmanager
def running() -> Iterator[Server]:
    """Give a running server, gone afterwards."""
    # Not in pytest's own folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = Server(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
