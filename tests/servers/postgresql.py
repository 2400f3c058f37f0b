"""A private PostgreSQL server in a temporary folder, reached by a Unix socket, ended after the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.conftest import require

USER = "orderflow"
DATABASE = "postgres"
"""The one that a new server has."""
OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=40 -c shared_buffers=16MB"
SECONDS = 60.0


@dataclass(frozen=True)
class Cluster:
    """programs: the folder of initdb and pg_ctl; folder: data, socket and log; user: runs it, None: this one."""

    programs: Path
    folder: Path
    user: str | None

    def run(self, program: str, *args: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *args]
        found = subprocess.run(
            command, user=self.user, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if found.returncode:
            log = self.folder / "log"
            pytest.fail(f"{program}: {found.stderr}{log.read_text() if log.exists() else ''}")

    def start(self) -> None:
        options = f"{OPTIONS} -k {self.folder}"
        self.run("pg_ctl", "-s", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-s", "-w", "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def clear(self, name: str) -> None:
        """Make a database empty; much faster than a new one. Whoever is connected to it is not any more."""
        self.end_connections(name)
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    def end_connections(self, name: str) -> None:
        """End all connections to a database."""
        others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(others, (name, connection.info.backend_pid))


def programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4))
    folders += [Path(found).resolve().parent] if found else []
    return next((path for path in reversed(folders) if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running server. It does not run as root, so that its owner is another user then."""
    found = programs()
    if found is None:
        require("PostgreSQL's initdb and pg_ctl are not on this machine")
    user = ("postgres" if _exists("postgres") else "nobody") if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="orderflow-pg."))
    try:
        if user is not None:
            shutil.chown(folder, user)
        made = Cluster(found, folder, user)
        made.run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        made.start()
        try:
            yield made
        finally:
            with contextlib.suppress(pytest.fail.Exception):  # a test may have stopped it
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql(cluster: Cluster) -> str:
    """The address of an empty database."""
    cluster.clear(DATABASE)
    return cluster.url(DATABASE)


def _exists(user: str) -> bool:
    import pwd  # there is none on Windows

    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False
