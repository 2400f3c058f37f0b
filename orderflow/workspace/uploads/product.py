"""Builds the library of uploads and the chart's files from the ground."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.mapping_store import MappingStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.signal_store import SignalStore
from orderflow.workspace.store import Klines
from orderflow.workspace.uploads.chart_files import MOST_FILES, QUOTA, ChartFiles
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.uploads.load_ticks import Market
from orderflow.workspace.uploads.mappings import Mappings
from orderflow.workspace.uploads.slots import Slots
from orderflow.workspace.uploads.spool import Spool

FOLDER, CHART_FOLDER = "uploads", "chart-files"


class Ground(Protocol):
    """What they are built on."""

    @property
    def settings(self) -> Settings: ...
    @property
    def market(self) -> Market: ...
    @property
    def records(self) -> Records: ...
    @property
    def workers(self) -> Workers: ...
    @property
    def clock(self) -> Clock: ...


def build_library(ground: Ground, klines: Klines) -> Library:
    """The library; nothing runs yet."""
    settings, now = ground.settings, ground.clock.now
    folder = _folder(settings, FOLDER)
    return Library(
        klines,
        SignalStore(ground.records, now),
        Mappings(MappingStore(ground.records, now)),
        Spool(folder, ground.clock.monotonic),
        Slots(ground.workers, apart=True),
        settings.uploads.max,
        settings.uploads.rows,
    )


def build_chart_files(ground: Ground) -> ChartFiles:
    """The files that are dropped on the chart; nothing runs yet."""
    settings = ground.settings
    largest = settings.uploads.max
    folder = _folder(settings, CHART_FOLDER)
    spool = Spool(folder, ground.clock.monotonic, most_held=MOST_FILES, most_bytes=QUOTA * largest)
    return ChartFiles(ground.market, ground.workers, Slots(ground.workers), spool, settings.formats, largest)


def _folder(settings: Settings, name: str) -> Path | None:
    """A folder in the data directory; None for the system's."""
    return None if settings.ephemeral else settings.data_dir / name
