"""The buckets of tokens."""

from __future__ import annotations

import contextlib

import pytest

from orderflow.errors import Busy
from orderflow.herd.rules.rate_limit import JOIN_BURST, JOINS, Floods


def test_a_burst_and_then_the_steady_rate() -> None:
    floods = Floods(4.0)
    for _ in range(12):
        floods.take("a", 0.0)
    with pytest.raises(Busy) as caught:
        floods.take("a", 0.0)
    assert caught.value.retry_after == 1
    floods.take("b", 0.0)
    floods.take("a", 0.26)
    with pytest.raises(Busy):
        floods.take("a", 0.3)
    assert floods.count == 2
    taken = 0
    for step in range(1, 1_000):
        try:
            floods.take("a", 0.3 + step / 100)
            taken += 1
        except Busy:
            pass
    assert 39 <= taken <= 41
    floods.forget()
    assert floods.count == 0
    floods.take("a", 10.5)


def test_slow_rates_say_when_to_come_back() -> None:
    floods = Floods(0.1)
    floods.take("a", 0.0)
    with pytest.raises(Busy) as caught:
        floods.take("a", 1.0)
    assert caught.value.retry_after == 9


def test_a_room_gets_in_and_a_script_does_not_fill_the_seats() -> None:
    hall = Floods(JOINS, JOIN_BURST)
    for i in range(1_000):  # within a minute, 300 of them in two seconds, three times
        hall.take("", 20.0 * (i // 333) + 2.0 * (i % 333) / 333)
    assert hall.count == 0
    script, seats = Floods(JOINS, JOIN_BURST, "not now"), 0
    for i in range(10_000):  # a thousand a second
        with contextlib.suppress(Busy):
            script.take("", i / 1_000)
            seats += 1
    with pytest.raises(Busy, match="not now"):
        script.take("", 9.999)
    assert 880 <= seats <= 920
