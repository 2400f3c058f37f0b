from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import Address, address_of, file_address
from orderflow.storage.records.records import Records
from tests.servers.postgresql import cluster as cluster  # a fixture
from tests.servers.postgresql import postgresql as postgresql  # a fixture


@pytest.fixture
def file(tmp_path: Path) -> Address:
    """An empty database in a data directory."""
    return file_address(tmp_path / "data")


@pytest.fixture
def server(postgresql: str, tmp_path: Path) -> Address:
    """An empty database on a PostgreSQL server."""
    return address_of(tmp_path, database_url=postgresql)


@pytest.fixture(params=["file", "server"])
def address(request: pytest.FixtureRequest) -> Address:
    """Both, one after the other."""
    found: Address = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def open_records(workers: Workers, request: pytest.FixtureRequest) -> Iterator[Callable[..., Records]]:
    """open_records(): started records at `address`, or another one that is given; closed after the test."""
    opened: list[Records] = []

    def start(where: Address | None = None) -> Records:
        opened.append(Records(where or request.getfixturevalue("address"), workers))
        opened[-1].start()
        return opened[-1]

    yield start
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Callable[..., Records], address: Address) -> Records:
    """Records in an empty database, of both kinds."""
    made = open_records(address)
    assert made.problem == ""
    return made


@pytest.fixture
def file_records(open_records: Callable[..., Records], file: Address) -> Records:
    """Records in a new file."""
    return open_records(file)
