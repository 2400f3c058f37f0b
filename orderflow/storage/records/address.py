"""Which database the records are in: a file, the memory of the process, or a PostgreSQL server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from orderflow.errors import BadSetting

FILE = "records.db"
"""The database in a data directory."""
DRIVER = "postgresql+psycopg"


@dataclass(frozen=True)
class Address:
    """url: in SQLAlchemy's form; folder: where the file is, None if there is none."""

    url: URL
    folder: Path | None = None

    @property
    def memory(self) -> bool:
        return self.folder is None and not self.server

    @property
    def server(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    @property
    def path(self) -> Path | None:
        return None if self.folder is None else self.folder / FILE

    def __str__(self) -> str:
        """In words, without the password."""
        if self.server:
            return self.url.render_as_string(hide_password=True)
        return "memory" if self.memory else str(self.path)


def address_of(data_dir: Path, *, ephemeral: bool = False, database_url: str | None = None) -> Address:
    """The database that the settings name. Raises BadSetting."""
    if ephemeral:
        return Address(URL.create("sqlite"))
    if database_url is None:
        return file_address(data_dir)
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise BadSetting("database_url is not a URL such as postgresql://user:password@host/name") from None
    if url.drivername not in ("postgresql", DRIVER):
        raise BadSetting(f"database_url must begin with postgresql:// or {DRIVER}://, not {url.drivername}://")
    return Address(url.set(drivername=DRIVER))


def file_address(data_dir: Path) -> Address:
    """The file in a data directory."""
    folder = data_dir.expanduser().absolute()
    return Address(URL.create("sqlite", database=str(folder / FILE)), folder)
