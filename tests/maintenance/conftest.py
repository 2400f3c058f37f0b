from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.maintenance.stored import make_data
from tests.running import run_python


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("made") / "data")


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A data directory of its own for each test."""
    return Path(shutil.copytree(made, tmp_path / "data"))


WRITE_AND_DIE = """
import os, sys
from pathlib import Path
from orderflow.market.tick_log import LogEntry
from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.storage.ticks.batches import batch

log = DiskTickLog(Path(sys.argv[1]) / "ticks", Workers(1))
for seed in range(10):
    log.append(LogEntry([batch(100, seed=seed)]), lambda: None)
os._exit(9)
"""


@pytest.fixture(scope="session")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose writer was killed: what it wrote stands in the write-ahead log."""
    folder = tmp_path_factory.mktemp("killed") / "data"
    assert run_python(WRITE_AND_DIE, str(folder)).returncode == 9
    return folder
