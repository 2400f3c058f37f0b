"""A file gives the same state whether it is sent fast, slowly, in pieces, twice, interrupted or while it is polled.

The reference is the bundled sample sent at full speed; the state is the bytes of all its tables.
"""

from __future__ import annotations

import re
import signal
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.exactness import samples
from tests.exactness.path import (
    SECONDS,
    answer,
    by_bar,
    differing,
    exact_json,
    finish,
    held_ticks,
    json_rows,
    replay,
    replaying,
    state,
    table,
)
from tests.exactness.path import address as at
from tests.oracle.oracle import Row
from tests.running import RunningServer

TICKS = 20_061
CUT = 7_001
State = dict[str, bytes]


@dataclass
class Follower:
    """A client that follows one symbol by revisions, as a chart does. bars, cells: by bar time. deltas: number of
    responses with changed rows only."""

    server: RunningServer
    symbol: str
    bars: dict[int, Row] = field(default_factory=dict)
    cells: dict[int, list[Row]] = field(default_factory=dict)
    deltas: int = 0
    _seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def poll(self) -> None:
        """Request the changed rows, and merge them."""
        for row in self._new("bars"):
            self.bars[row["time"]] = row
        self.cells |= by_bar(self._new("footprint"))

    def _new(self, what: str) -> list[Row]:
        try:
            body = answer(self.server, at(what, self.symbol, **self._seen.get(what, {"since": 0}))).body
        except HTTPError as error:
            if error.code == 404:  # nothing has arrived yet
                return []
            raise
        found = exact_json(body)
        self.deltas += not found["full"]
        if found["full"]:
            (self.bars if what == "bars" else self.cells).clear()
        self._seen[what] = {"since": found["revision"], "epoch": found["epoch"]}
        return json_rows(found[what])


@pytest.fixture(scope="module")
def followed(server: RunningServer) -> Follower:
    """The sample replayed at velocity 5,000, and polled meanwhile."""
    follower = Follower(server, "WAY-PACED")
    with replaying(server, samples.LTC, follower.symbol, "--velocity", 5_000) as client:
        until = time.monotonic() + SECONDS
        while client.poll() is None and time.monotonic() < until:
            follower.poll()
            time.sleep(0.05)
        assert finish(client).code == 0
    follower.poll()
    return follower


def test_at_another_velocity(server: RunningServer, followed: Follower, ltc_state: State) -> None:
    assert differing(state(server, followed.symbol), ltc_state) == []
    assert server.get(f"/stats?symbol={followed.symbol}")["revision"] > 3  # several batches


def test_following_gives_the_same_rows(server: RunningServer, followed: Follower, ltc: str) -> None:
    assert followed.deltas > 3
    bars = table(server, "bars", ltc)
    assert [followed.bars[start] for start in sorted(followed.bars)] == bars
    assert [row for start in sorted(followed.cells) for row in followed.cells[start]] == table(server, "footprint", ltc)


def test_in_pieces(server: RunningServer, ltc_state: State) -> None:
    replay(server, samples.LTC, "WAY-PIECES", "--max-ticks", CUT)
    replay(server, samples.LTC, "WAY-PIECES", "--start-from", CUT, "--max-ticks", 1)
    replay(server, samples.LTC, "WAY-PIECES", "--start-from", CUT + 1, "--batch-ticks", 333)
    assert differing(state(server, "WAY-PIECES"), ltc_state) == []


def test_end_first_then_the_whole_file(server: RunningServer, ltc_state: State) -> None:
    """Late ticks amend their own bars; repeated ticks are recognized by the exchange's ids and not counted twice."""
    replay(server, samples.LTC, "WAY-LATE", "--start-from", CUT)
    again = replay(server, samples.LTC, "WAY-LATE")
    assert f"{TICKS - CUT:,} of them duplicates" in again.out
    assert differing(state(server, "WAY-LATE"), ltc_state) == []
    stats = server.get("/stats?symbol=WAY-LATE")
    assert (stats["ticks"], stats["duplicates"], stats["late"]) == (TICKS, TICKS - CUT, CUT)


def test_interrupted_and_resumed(server: RunningServer, ltc_state: State) -> None:
    """Ctrl+C prints the arguments to resume with; no tick is lost or duplicated."""
    with replaying(server, samples.LTC, "WAY-RESUMED", "--velocity", 2_000) as client:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and not held_ticks(server, "WAY-RESUMED"):
            time.sleep(0.02)
        client.send_signal(signal.SIGINT)
        stopped = finish(client)
    assert stopped.code == 130
    words = re.search(r"to resume: (--start-from (\d+)[^;\n]*)", stopped.err)
    assert words is not None
    assert 0 < int(words[2]) < TICKS
    replay(server, samples.LTC, "WAY-RESUMED", *words[1].split())
    assert differing(state(server, "WAY-RESUMED"), ltc_state) == []
    assert server.get("/stats?symbol=WAY-RESUMED")["duplicates"] == 0
