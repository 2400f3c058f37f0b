"""The wall clock jumps between two starts: idempotency keys are known, and ticks keep their order of arrival."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from orderflow.market.market import Market
from orderflow.storage.ticks.disk_log import DiskTickLog
from tests.storage.ticks.batches import START, batch, rows

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize("jumps", [(-2 * HOUR, 0), (400 * DAY, -400 * DAY)])
def test_keys_and_order_do_not_depend_on_the_clock(
    disk: Callable[[], DiskTickLog], monkeypatch: pytest.MonkeyPatch, jumps: tuple[float, float]
) -> None:
    wall, ahead = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: wall() + ahead[0])
    sent = []
    for number, jump in enumerate((0, *jumps)):
        ahead[0] += jump
        market = Market(disk())
        market.load()
        for known in range(number):
            receipt = market.ingest([sent[known]], f"key {known}", str(known))
            assert (receipt.repeated, receipt.accepted) == (True, 20)
        sent.append(batch(20, seed=number + 1, start=START))
        assert market.ingest([sent[-1]], f"key {number}", str(number)).accepted == 20
    log = disk()
    found = [row for entry in log.load() for row in rows(entry.batches)]
    assert found == rows(sent)
