from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import Address, file_address
from orderflow.storage.records.records import Records


@pytest.fixture
def address(tmp_path: Path) -> Address:
    """An empty database."""
    return file_address(tmp_path / "data")


@pytest.fixture
def open_records(address: Address, workers: Workers) -> Iterator[Callable[..., Records]]:
    """open_records(address=…): started records, closed after the test."""
    opened: list[Records] = []

    def start(where: Address = address) -> Records:
        opened.append(Records(where, workers))
        opened[-1].start()
        return opened[-1]

    yield start
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Callable[..., Records]) -> Records:
    made = open_records()
    assert made.problem == ""
    return made
