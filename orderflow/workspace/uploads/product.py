"""Builds the library of uploads from the ground."""

from __future__ import annotations

from typing import Protocol

from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.mapping_store import MappingStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.signal_store import SignalStore
from orderflow.workspace.store import Klines
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.uploads.mappings import Mappings
from orderflow.workspace.uploads.slots import Slots
from orderflow.workspace.uploads.spool import Spool

FOLDER = "uploads"


class Ground(Protocol):
    """What the library is built on."""

    @property
    def settings(self) -> Settings: ...
    @property
    def records(self) -> Records: ...
    @property
    def workers(self) -> Workers: ...
    @property
    def clock(self) -> Clock: ...


def build_library(ground: Ground, klines: Klines) -> Library:
    """The library; nothing runs yet."""
    settings, now = ground.settings, ground.clock.now
    folder = None if settings.ephemeral else settings.data_dir / FOLDER
    return Library(
        klines,
        SignalStore(ground.records, now),
        Mappings(MappingStore(ground.records, now)),
        Spool(folder, ground.clock.monotonic),
        Slots(ground.workers),
        settings.uploads.max,
        settings.uploads.rows,
    )
