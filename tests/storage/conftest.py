from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.stop(10.0)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "ticks"


@pytest.fixture
def disk(directory: Path, workers: Workers) -> Iterator[Callable[[], DiskTickLog]]:
    """disk(): open the log in `directory` and close the previous one; the last one is closed after the test."""
    opened: list[DiskTickLog] = []

    def reopen() -> DiskTickLog:
        if opened:
            opened[-1].close()
        opened.append(DiskTickLog(directory, workers))
        return opened[-1]

    yield reopen
    if opened:
        opened[-1].close()
