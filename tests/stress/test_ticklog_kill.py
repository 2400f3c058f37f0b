"""SIGKILL at random times: every acknowledged entry is in the log, complete and only once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from orderflow.runtime.workers import Workers
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.stress.append_forever import CALLERS, ROOM, length

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def trial(directory: Path, first: int, seconds: float, *flags: str) -> list[int]:
    """Run a process that appends, kill it `seconds` after its first acknowledgement, and return the acknowledged
    numbers.
    """
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("append_forever.py")), str(directory), str(first), *flags],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        begun = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        rest = process.stdout.read()
    lines = (begun + rest).split(b"\n")
    return [int(line) for line in lines[:-1]]  # the last line has no newline: it is empty or truncated


def ids_of(log: DiskTickLog, symbol: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found = [batch.id for entry in log.load() for batch in entry.batches if batch.symbol == symbol]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def check(log: DiskTickLog, acknowledged: list[int]) -> None:
    nq, es = ids_of(log, "NQ"), ids_of(log, "ES")
    starts = nq[nq % ROOM == 0] // ROOM
    whole = np.concatenate([number * ROOM + np.arange(length(number)) for number in starts.tolist()])
    np.testing.assert_array_equal(nq, whole)  # every entry once and complete
    kept = set(starts.tolist())
    assert len(starts) == len(kept)
    assert sorted(es.tolist()) == sorted(number * ROOM for number in kept)  # with its other symbol
    answers = {entry.key: entry.answer for entry in log.load() if entry.key is not None}
    assert answers == {str(number): b'{"accepted": %d}' % number for number in kept}  # and with its key
    assert kept >= set(acknowledged)
    for caller in range(CALLERS):
        mine = [number for number in starts.tolist() if number % CALLERS == caller]
        assert mine == sorted(mine)
    assert log.info().damaged == 0


@pytest.mark.parametrize(("flags", "trials"), [((), 8), (("gevent",), 2)], ids=["threads", "gevent"])
def test_killed_at_random_moments(tmp_path: Path, flags: tuple[str, ...], trials: int) -> None:
    chance = random.Random(7)
    acknowledged: list[int] = []
    for number in range(trials):
        this = trial(tmp_path, number * 6_000_000, chance.uniform(0.0, 0.35), *flags)
        assert this
        acknowledged += this
        workers = Workers()
        log = DiskTickLog(tmp_path, workers)
        try:
            check(log, acknowledged)
        finally:
            log.close()
            workers.stop()
    assert len(acknowledged) > 2 * trials
