"""A server's services on a full or read-only disk, and in a folder whose tick log is missing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderflow.errors import StorageFailed
from orderflow.formats import parse_body
from orderflow.herd.live.game import Game
from orderflow.instruments.simulation import Simulation
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings, SymbolSettings
from orderflow.web.app import create_server
from tests.running import run_python
from tests.storage.disks import SmallDisk

CSV = "timestamp,price,size,side\n2025-10-09T18:0{0}:00Z,10.1,1,buy\n2025-10-09T18:0{0}:30Z,10.2,1,sell\n"
TOLD = {"NQ": SymbolSettings(Decimal("0.25"), None, "America/Chicago 17:00")}


def send(services: Services, minute: int, symbol: str = "X") -> None:
    services.market.ingest(parse_body(CSV.format(minute).encode(), "text/csv", default_symbol=symbol).batches)


def send_until_refused(services: Services) -> int:
    """Send until the disk is full, and return the number of batches taken."""
    for sent in range(10_000):
        try:
            send(services, 2)
        except StorageFailed:
            return sent
    pytest.fail("the small disk was never full")


def wait_until_well(services: Services) -> None:
    """Jobs that use the records say so when they run next."""
    deadline = time.monotonic() + 60.0
    while services.problems() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert services.problems() == []


def start(folder: Path, **settings: Any) -> Services:
    services = build_services(Settings.of(feeds=(), data_dir=folder, ticker_count=1, symbols=TOLD, **settings))
    services.start()
    return services


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk of its own, where one can be mounted; the limit of the file's size is tested anywhere."""
    try:
        disk = SmallDisk(tmp_path / "small")
    except OSError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    yield disk
    disk.unmount()


@pytest.mark.parametrize("used", [True, False], ids=["used", "new"])
@pytest.mark.parametrize("bad", ["full", "read-only"])
def test_start_on_a_bad_disk_that_gets_well(small: SmallDisk, used: bool, bad: str) -> None:
    folder = small.path / "data"
    if used:
        first = start(folder)
        send(first, 1)
        first.part(Game).join("Ann")
        first.stop()
    reason = "the disk is full" if bad == "full" else "read-only file system"
    small.fill() if bad == "full" else small.set_writable(False)
    services = start(folder)
    try:
        assert all(reason in problem for problem in services.problems())
        assert [problem.split()[1] for problem in services.problems()[:2]] == ["tick", "records"]
        assert [info.ticks for info in services.market.symbols() if info.symbol == "X"] == ([2] if used else [])
        assert services.market.settings_of("NQ") == {"tick_size": "0.25", "session": "America/Chicago 17:00"}
        assert services.part(Simulation).all()
        assert [person["nick"] for person in services.part(Game).people()[0]] == (["Ann"] if used else [])
        client = create_server(services).test_client()
        for path in ("/api/v1/symbols", "/stats", "/herd/state", "/api/v1/tickers", "/health"):
            assert client.get(path).status_code == 200
        answers = [client.post("/ticks", data=CSV.format(2), content_type="text/csv")]
        if (used, bad) != (True, "full"):  # the last page of the game's log has room for a few lines
            answers.append(client.post("/herd/join", json={}))
            answers.append(client.post("/herd/control", json={"action": "freeze"}))
        for refused in answers:
            assert (refused.status_code, reason in refused.json["detail"]) == (507, True)
        small.empty() if bad == "full" else small.set_writable(True)
        services.ticks.look()
        services.records.look()
        assert services.ticks.problem == services.records.problem == ""
        send(services, 3)
        services.part(Game).join("Bea")
        wait_until_well(services)
    finally:
        services.stop()
    again = start(folder)
    try:
        assert again.market.info("X").ticks == (4 if used else 2)
        assert len(again.part(Game).people()[0]) == (2 if used else 1)
    finally:
        again.stop()


def test_a_disk_that_fills_up_and_is_emptied(small: SmallDisk) -> None:
    services = start(small.path / "data")
    try:
        send(services, 1)
        small.fill()
        sent = send_until_refused(services)
        assert "the disk is full" in services.problems()[0]
        assert services.market.info("X").ticks == 2 + 2 * sent
        small.empty()
        services.ticks.look()
        services.records.look()
        wait_until_well(services)
        send(services, 3)
        total = services.market.info("X").ticks
    finally:
        services.stop()
    again = start(small.path / "data")
    try:
        assert again.market.info("X").ticks == total == 4 + 2 * sent
    finally:
        again.stop()


def test_another_disk_that_appears_at_the_place_is_not_written_to(small: SmallDisk) -> None:
    """The log was opened before the disk with the data was mounted: what is there then is not what is in memory."""
    first = start(small.path / "data")
    send(first, 1)
    first.stop()
    kept = small.path / "kept"
    (small.path / "data" / "ticks").rename(kept)
    small.fill()
    services = start(small.path / "data")
    try:
        assert services.market.symbols() == [] or [s.symbol for s in services.market.symbols()] == ["ITEM_00"]
        small.empty()
        (small.path / "data" / "ticks").exists() and (small.path / "data" / "ticks").rename(small.path / "empty")
        kept.rename(small.path / "data" / "ticks")
        with pytest.raises(StorageFailed, match="another one than at the start"):
            send(services, 2)
    finally:
        services.stop()


LIMITED = """
import resource, sys
from pathlib import Path
from orderflow.errors import StorageFailed
from tests.test_bad_disks import send, start, wait_until_well
from tests.storage.disks import limit_files
import os

folder = Path(sys.argv[1])
first = start(folder); send(first, 1); first.stop()
limit_files(os.getpid(), 1)
services = start(folder)
assert services.market.info("X").ticks == 2
assert "the disk is full" in services.problems()[0], services.problems()
try:
    send(services, 2)
    raise SystemExit("not refused")
except StorageFailed as error:
    assert "the disk is full" in str(error), error
limit_files(os.getpid(), None)
send(services, 3)
services.records.look()
wait_until_well(services)
services.stop()
again = start(folder)
assert again.market.info("X").ticks == 4
again.stop()
print("well")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit that stands for a full disk is set as on Linux")
def test_start_while_no_file_may_grow(tmp_path: Path) -> None:
    run = run_python(LIMITED, str(tmp_path / "data"))
    assert (run.returncode, run.stdout) == (0, "well\n"), run.stderr


# a folder without its tick log


def remove_log(folder: Path) -> None:
    for path in (folder / "ticks").iterdir():
        path.unlink()
    (folder / "ticks").rmdir()


def empty_log(folder: Path) -> None:
    for path in (folder / "ticks").glob("cache.db*"):
        path.unlink()
    (folder / "ticks" / "cache.db").write_bytes(b"")


@pytest.mark.parametrize(
    ("lose", "trace"), [(remove_log, "herd logs"), (empty_log, "the lock of an earlier run")], ids=["gone", "empty"]
)
def test_a_lost_log_is_not_taken_for_a_first_start(
    tmp_path: Path, lose: Callable[[Path], None], trace: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = start(tmp_path)
    assert first.problems() == []
    send(first, 1)
    if lose is remove_log:
        first.part(Game).join("Ann")
    first.stop()
    lose(tmp_path)
    services = start(tmp_path)
    try:
        (problem,) = services.problems()
        assert trace in problem
        assert "put them back" in problem
        assert problem in caplog.messages
        client = create_server(services).test_client()
        assert client.get("/stats").json["problems"] == [problem]
    finally:
        services.stop()
    again = start(tmp_path)
    assert again.problems() == []
    again.stop()
    (tmp_path / "records.db").write_bytes(b"")
    last = start(tmp_path)
    try:
        (problem,) = last.problems()
        assert "records.db are new, but there were some before" in problem
    finally:
        last.stop()
