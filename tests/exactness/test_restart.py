"""After a kill, a restart or eviction, everything acknowledged is shown again, byte by byte."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.exactness import samples
from tests.exactness.conftest import recorded_file
from tests.exactness.path import (
    SECONDS,
    address,
    answer,
    differences,
    differing,
    finish,
    held_ticks,
    replay,
    replaying,
    state,
    table,
    time_of,
)
from tests.oracle.oracle import Row
from tests.oracle.readers import RECORDINGS
from tests.running import RunningServer, start_server

BAR = ("time", "open", "high", "low", "close", "volume", "ask_volume", "bid_volume", "delta", "trades")
CELL = ("time", "price", "bid_volume", "ask_volume", "unknown_volume", "trades")
ES = next(recording for recording in RECORDINGS if recording.name == "es")
TICKS = 100_000
"""Number of ticks in memory."""
SMALL = ("--max-candles", "20", "--max-ticks", str(TICKS))
Launch = Callable[..., RunningServer]


def test_killed_during_a_replay_and_after_it(launch: Launch, tmp_path: Path, ltc_state: dict[str, bytes]) -> None:
    """The client waits for the server; no tick is lost or duplicated, and a limit of 20 candles in memory does not
    limit the response to 20 candles."""
    flags = ("--data-dir", str(tmp_path / "kept"), *SMALL)
    first = launch(*flags)
    with replaying(first, samples.LTC, "LTC", "--velocity", 4_000) as client:
        until = time.monotonic() + SECONDS
        while held_ticks(first, "LTC") < 3_000 and time.monotonic() < until:
            time.sleep(0.02)
        assert client.poll() is None
        first.stop(signal.SIGKILL)
        second = launch(*flags, "--port", str(first.port))
        done = finish(client)
    assert done.code == 0, done.err
    assert differing(state(second, "LTC"), ltc_state) == []
    second.stop(signal.SIGKILL)
    assert differing(state(launch(*flags), "LTC"), ltc_state) == []


@pytest.fixture(scope="module")
def es_file(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded_file("es", shared_data, tmp_path_factory.mktemp("es"))[0]


def test_evicted_ticks_are_read_from_the_log(launch: Launch, es_file: Path, shared_data: Path, tmp_path: Path) -> None:
    """Four fifths of the 500,000 ticks of ES are evicted, and nearly all of its candles."""
    flags = ("--data-dir", str(tmp_path / "kept"), *SMALL)
    server = launch(*flags)
    replay(server, es_file, "ES", "--side", "flag")
    assert 1 - TICKS / 500_000 <= server.get("/stats?symbol=ES")["evicted"] / 500_000 < 0.9
    bars, cells = table(server, "bars", "ES", limit=700), table(server, "footprint", "ES")
    assert differences(bars, ES.bars(shared_data), BAR) == []
    assert differences(cells, ES.footprint(shared_data), CELL) == []
    server.stop(signal.SIGKILL)
    again = launch(*flags)
    assert table(again, "bars", "ES") == bars
    assert table(again, "footprint", "ES", limit=3_000) == cells


@pytest.fixture(scope="module")
def forgetful() -> Iterator[RunningServer]:
    """A server with a small memory and no log."""
    running = start_server("--ephemeral", *SMALL)
    yield running
    running.stop()


def test_few_candles_in_memory_do_not_limit_the_response(forgetful: RunningServer, ltc_state: dict[str, bytes]) -> None:
    """Even without a log, as long as the ticks are in memory; nothing is reported as lost."""
    replay(forgetful, samples.LTC, "LTC")
    assert differing(state(forgetful, "LTC"), ltc_state) == []
    assert "gone_until" not in forgetful.get(address("bars", "LTC", limit=1))
    assert forgetful.get("/stats?symbol=LTC")["candles"] == len(table(forgetful, "bars", "LTC")) == 180


def test_without_a_log_the_lost_time_is_reported(forgetful: RunningServer, es_file: Path, shared_data: Path) -> None:
    """Ticks evicted from an ephemeral server are lost: the response reports the time, and every bar is complete."""
    server = forgetful
    replay(server, es_file, "ES", "--side", "flag")
    stats = server.get("/stats?symbol=ES")
    held = stats["ticks"] - stats["evicted"]
    assert stats["ticks"] == 500_000
    assert TICKS / 2 < held <= TICKS
    gone = server.get(address("bars", "ES", limit=1))["gone_until"]
    assert server.get(address("footprint", "ES", limit=1))["gone_until"] == gone
    assert server.get(address("ticks", "ES", limit=1))["gone_until"] == gone
    for what in ("bars", "footprint", "ticks"):
        assert answer(server, address(what, "ES", limit=1, format="csv")).headers["X-Gone-Until"] == gone

    def whole(rows: list[Row]) -> list[Row]:
        return [row for row in rows if row["time"] > time_of(gone)]

    bars = table(server, "bars", "ES")
    assert len(bars) > 50
    assert differences(bars, whole(ES.bars(shared_data)), BAR) == []
    assert differences(table(server, "footprint", "ES"), whole(ES.footprint(shared_data)), CELL) == []
    assert len(table(server, "ticks", "ES")) == held
