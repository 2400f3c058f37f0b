"""Limits of failed attempts last as long as they should, whatever the wall clock does."""

from __future__ import annotations

import time

import pytest

from orderflow.accounts.attempts import PAIR, Attempts
from orderflow.errors import Busy
from tests.clocks import ManualClock

DAY = 86_400.0
WINDOW = PAIR.get_expiry()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of the attempts, and of the library that counts them."""
    clock = ManualClock(1_780_000_000 * 10**9)
    monkeypatch.setattr(time, "time", lambda: clock.now() / 1e9)
    return clock


@pytest.mark.parametrize("jump", [-400 * DAY, -7_200.0, 0.0, 400 * DAY])
def test_a_jump_of_the_clock_changes_no_limit(clock: ManualClock, jump: float) -> None:
    attempts = Attempts(clock=clock)
    for _ in range(PAIR.amount):
        attempts.begin("login", "ann", "127.0.0.1")
        clock.advance(1)
    clock.jump(jump)
    with pytest.raises(Busy) as refused:
        attempts.begin("login", "ann", "127.0.0.1")
    assert refused.value.retry_after == pytest.approx(WINDOW - PAIR.amount, abs=1)
    clock.advance(WINDOW - PAIR.amount - 1)
    with pytest.raises(Busy):
        attempts.begin("login", "ann", "127.0.0.1")
    clock.advance(2)
    attempts.begin("login", "ann", "127.0.0.1")


def test_what_is_over_is_forgotten_after_a_jump_too(clock: ManualClock) -> None:
    attempts = Attempts(clock=clock)
    for each in range(10):
        attempts.begin("login", str(each), "127.0.0.1")
    clock.jump(-DAY)
    attempts.sweep()
    assert len(attempts._storage.events) == 10
    clock.advance(WINDOW + 1)
    attempts.sweep()
    assert attempts._storage.events == {}
