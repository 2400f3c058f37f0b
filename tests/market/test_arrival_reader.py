"""Every tick is seen once, in order of arrival: from memory, from the log where memory was trimmed, after a reset."""

from __future__ import annotations

import numpy as np
import pytest

from orderflow.market import buffer
from orderflow.market.arrival_reader import ArrivalReader
from orderflow.market.market import Market
from orderflow.market.tick_log import NoLog
from tests.market.memory_log import MemoryLog
from tests.market.test_order_of_arrival import send


def seconds(reader: ArrivalReader) -> list[int]:
    return [int(time) // 10**9 for piece in reader.pieces() for time in piece.ticks.time]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 8)
    monkeypatch.setattr("orderflow.market.arrival_reader.PIECE", 5)


def test_takes_what_has_arrived_since() -> None:
    market = Market()
    reader = ArrivalReader(market, "X")
    assert seconds(reader) == []
    send(market, 10, 11)
    assert seconds(reader) == [10, 11]
    send(market, 5)
    assert seconds(reader) == [5]
    assert seconds(reader) == []


def test_reads_from_the_log_what_memory_has_dropped(small: None) -> None:
    market = Market(MemoryLog(), max_ticks=10)
    late = [second if second % 7 else second - 3 for second in range(30)]
    for second in late[:4]:
        send(market, second)
    reader = ArrivalReader(market, "X")
    assert seconds(reader) == late[:4]
    for second in late[4:]:
        send(market, second)
    assert market.arrivals("X").first > 4
    assert seconds(reader) == late[4:]
    assert reader.lost == 0


def test_counts_what_is_gone(small: None, caplog: pytest.LogCaptureFixture) -> None:
    market = Market(NoLog(), max_ticks=10)
    for second in range(30):
        send(market, second)
    reader = ArrivalReader(market, "X")
    found = seconds(reader)
    assert found == list(range(30))[-len(found) :]
    assert reader.lost == 30 - len(found) > 0
    assert f"{reader.lost} ticks of X are neither in memory nor in the log" in caplog.text


def test_counts_what_is_gone_from_a_shortened_log(small: None) -> None:
    log = MemoryLog()
    market = Market(log, max_ticks=10)
    for second in range(30):
        send(market, second)
    del log.entries[:3]
    reader = ArrivalReader(market, "X")
    assert seconds(reader) == list(range(3, 30))
    assert reader.lost == 3


def test_begins_again_after_a_reset() -> None:
    market = Market()
    reader = ArrivalReader(market, "X")
    send(market, 10, 11)
    assert seconds(reader) == [10, 11]
    market.reset("X")
    send(market, 1, 2, 3)
    assert seconds(reader) == [1, 2, 3]


def test_new_settings_are_no_reset() -> None:
    market = Market()
    reader = ArrivalReader(market, "X")
    send(market, 10, 11)
    assert seconds(reader) == [10, 11]
    market.configure("X", session="America/Chicago 17:00")
    send(market, 12)
    assert seconds(reader) == [12]


def test_skips_to_the_newest() -> None:
    market = Market()
    reader = ArrivalReader(market, "X")
    assert reader.skip() is None
    send(market, 10, 11)
    newest = reader.skip()
    assert newest is not None
    assert newest.ticks.time.tolist() == [11 * 10**9]
    assert seconds(reader) == []


def test_the_past_of_a_late_tick(small: None) -> None:
    market = Market(MemoryLog(), max_ticks=10)
    for second in range(0, 60, 2):
        send(market, second)
    send(market, 9)
    found = market.past("X", 9 * 10**9, 13 * 10**9, 30)
    assert (found.ticks.time // 10**9).tolist() == [8, 10, 12]
    recent = market.past("X", 57 * 10**9, 59 * 10**9, 30)
    assert (recent.ticks.time // 10**9).tolist() == [56, 58]
    assert np.array_equal(market.arrivals_at("X", 58 * 10**9).index, [29])
