"""The token buckets of the rate limiter."""

from __future__ import annotations

import contextlib

import pytest

from orderflow.errors import Busy
from orderflow.herd.rules import rate_limit
from orderflow.herd.rules.rate_limit import JOIN_BURST, JOIN_RATE, RateLimiter


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    limiter = RateLimiter(4.0)
    for _ in range(12):
        limiter.take("a", 0.0)
    with pytest.raises(Busy) as caught:
        limiter.take("a", 0.0)
    assert caught.value.retry_after == 1
    limiter.take("b", 0.0)
    limiter.take("a", 0.26)
    with pytest.raises(Busy):
        limiter.take("a", 0.3)
    assert limiter.refused == 2
    taken = 0
    for step in range(1, 1_000):
        try:
            limiter.take("a", 0.3 + step / 100)
            taken += 1
        except Busy:
            pass
    assert 39 <= taken <= 41
    limiter.reset()
    assert limiter.refused == 0
    limiter.take("a", 10.5)


def test_full_buckets_are_forgotten_before_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MOST", 3)
    limiter = RateLimiter(1.0, 1.0)
    for number in range(3):
        limiter.take(f"{number}", 0.5 * number)
    limiter.take("new", 1.2)
    assert list(limiter._buckets) == ["1", "2", "new"]


def test_a_refusal_says_when_to_retry() -> None:
    limiter = RateLimiter(0.1)
    limiter.take("a", 0.0)
    with pytest.raises(Busy) as caught:
        limiter.take("a", 1.0)
    assert caught.value.retry_after == 9


def test_a_hall_of_people_can_join_and_a_script_cannot_fill_the_game() -> None:
    hall = RateLimiter(JOIN_RATE, JOIN_BURST)
    for i in range(1_000):  # within a minute, 300 of them in two seconds, three times
        hall.take("", 20.0 * (i // 333) + 2.0 * (i % 333) / 333)
    assert hall.refused == 0
    script, joined = RateLimiter(JOIN_RATE, JOIN_BURST, "not now"), 0
    for i in range(10_000):  # a thousand a second
        with contextlib.suppress(Busy):
            script.take("", i / 1_000)
            joined += 1
    with pytest.raises(Busy, match="not now"):
        script.take("", 9.999)
    assert 880 <= joined <= 920
