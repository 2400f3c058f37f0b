"""Timelines do not jump; jumps of the wall clock are logged."""

from __future__ import annotations

import pytest

from orderflow.runtime.clock import JumpWatch, SystemClock, Timeline, span
from tests.clocks import ManualClock

NOW = 1_790_000_000 * 10**9
SECOND = 10**9


def test_a_timeline_counts_what_passes_and_nothing_else() -> None:
    clock = ManualClock(NOW)
    line = Timeline(clock)
    clock.advance(2.5)
    clock.jump(400 * 86_400)
    assert line.now() == NOW + 2.5 * SECOND
    assert line.ahead() == 400 * 86_400 * SECOND
    clock.jump(-400 * 86_400 - 7_200)
    clock.suspend(60)
    assert line.now() == NOW + 62.5 * SECOND, "the time in which the machine slept has passed too"
    assert line.ahead() == -7_200 * SECOND
    line.begin(NOW)
    clock.advance(1)
    assert (line.begun, line.now()) == (NOW, NOW + SECOND)


def test_jumps_are_logged_once_and_drift_is_not(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock(NOW)
    watch = JumpWatch(clock)
    for _ in range(100):
        clock.advance(1)
        clock.jump(0.1)
        assert watch.check() == 0
    clock.suspend(3_600)
    assert watch.check() == 0
    clock.jump(-7_200)
    assert watch.check() == -7_200 * SECOND
    assert watch.check() == 0
    clock.jump(400 * 86_400)
    watch.check()
    assert [record.message for record in caplog.records] == [
        "the wall clock jumped by -2.0 h", "the wall clock jumped by +400.0 d",
    ]  # fmt: skip
    assert watch.jumps == 2


def test_spans_in_words() -> None:
    found = [span(ns * SECOND) for ns in (-5, 90, -7_200, 172_800, 0)]
    assert found == ["-5.0 s", "+1.5 min", "-2.0 h", "+2.0 d", "+0.0 s"]


def test_the_system_clock_knows_how_long_the_machine_slept() -> None:
    clock = SystemClock()
    first = clock.asleep()
    assert first + 1e-3 >= 0
    assert clock.asleep() == pytest.approx(first, abs=1e-3)
    assert abs(Timeline(clock).ahead()) < SECOND
