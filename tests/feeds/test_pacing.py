"""The schedule keeps absolute deadlines, whatever sending costs; no tick is lost, repeated or reordered."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.arrays import Ints
from orderflow.feeds.pacing import MAX, Pacer

T0 = 1_760_032_800_000_000_000


class FakeTime:
    """A clock that advances only by sleep and work; every sleep returns a little late."""

    def __init__(self, overshoot: float = 0.0003) -> None:
        self.now = 100.0
        self.overshoot = overshoot
        self.naps: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.naps.append(seconds)
        self.now += seconds + self.overshoot

    def pacer(self, velocity: float, **options: object) -> Pacer:
        return Pacer(velocity, clock=self.clock, sleep=self.sleep, **options)  # type: ignore[arg-type]  # test options


def every(step_ms: float, count: int) -> Ints:
    return T0 + (np.arange(count) * step_ms * 1e6).astype(np.int64)


def sent(pacer: Pacer, fake: FakeTime, *chunks: Ints, cost: float = 0.0) -> list[tuple[float, Ints]]:
    """(clock reading, times) of each slice; sending one costs `cost` seconds."""
    out = []
    for chunk in chunks:
        for part in pacer.slices(chunk):
            out.append((fake.now, chunk[part]))
            fake.now += cost
    return out


@pytest.mark.parametrize("velocity", [0.5, 1, 10, 100])
def test_late_sleeps_and_sends_do_not_drift(velocity: float) -> None:
    fake = FakeTime(overshoot=0.002)
    times = every(step_ms=40 * velocity, count=20_000)
    start = fake.now
    out = sent(fake.pacer(velocity), fake, times, cost=0.004)
    planned = (int(times[-1]) - T0) / 1e9 / velocity
    elapsed = out[-1][0] - start
    assert planned > 700
    assert 0 <= elapsed - planned <= planned * 0.001
    late = [now - start - (int(part[-1]) - T0) / 1e9 / velocity for now, part in out]
    assert max(late) <= 0.025 + 0.002 + 0.004 + 1e-6
    assert min(late) >= -1e-6


@given(
    gaps=st.lists(st.integers(-300, 3000), min_size=1, max_size=60),
    cuts=st.sets(st.integers(1, 59)),
    velocity=st.sampled_from([0.5, 1.0, 10.0, 333.0, MAX]),
    most=st.integers(1, 20),
    max_gap=st.sampled_from([None, 0.5]),
)
def test_every_tick_is_sent_once_in_order_and_never_early(
    gaps: list[int], cuts: set[int], velocity: float, most: int, max_gap: float | None
) -> None:
    fake = FakeTime()
    times = T0 + np.cumsum(np.array(gaps, np.int64)) * 1_000_000
    chunks = np.split(times, sorted(c for c in cuts if c < len(times)))
    start = fake.now
    out = sent(fake.pacer(velocity, most=most, max_gap=max_gap), fake, *chunks)
    assert np.concatenate([part for _, part in out]).tolist() == times.tolist()
    assert all(1 <= len(part) <= most for _, part in out)
    if max_gap is None and not math.isinf(velocity):
        for now, part in out:
            assert now - start >= (int(part.max()) - int(times[0])) / 1e9 / velocity - 1e-6


def test_at_most_one_slice_per_interval_on_schedule() -> None:
    fake = FakeTime()
    out = sent(fake.pacer(1, interval=0.025), fake, every(step_ms=1, count=5_000))
    moments = np.array([now for now, _ in out])
    assert np.diff(moments).min() >= 0.025
    assert 150 <= len(out) <= 201


def test_max_never_waits() -> None:
    fake = FakeTime()
    out = sent(fake.pacer(MAX, most=1_000), fake, every(step_ms=1e6, count=2_500))
    assert [len(part) for _, part in out] == [1_000, 1_000, 500]
    assert fake.naps == []


def test_overdue_ticks_are_sent_in_full_slices_at_once() -> None:
    fake = FakeTime()
    pacer = fake.pacer(1, most=100)
    times = every(step_ms=1, count=2_000)
    slices = pacer.slices(times)
    next(slices)
    fake.now += 1.0  # the send took a second
    sizes, moment = [], fake.now
    for part in slices:
        if fake.now > moment:
            break
        sizes.append(part.stop - part.start)
    assert sizes == [100] * 10
    assert pacer.lag < 0.05


def test_lag_is_the_delay_in_seconds() -> None:
    fake = FakeTime()
    pacer = fake.pacer(1, most=10)
    slices = pacer.slices(every(step_ms=100, count=100))
    next(slices)
    fake.now += 5.0
    next(slices)
    assert pacer.lag == pytest.approx(4.0)  # ten of the fifty that are due


def _second_slice_at(between: Callable[[Pacer, FakeTime], None], velocity: float = 1) -> float:
    fake = FakeTime(overshoot=0)
    pacer = fake.pacer(velocity)
    start = fake.now
    slices = pacer.slices(every(step_ms=10_000, count=2))
    next(slices)
    between(pacer, fake)
    next(slices)
    return fake.now - start


def test_a_pause_moves_the_schedule() -> None:
    def between(pacer: Pacer, fake: FakeTime) -> None:
        pacer.pause()
        pacer.pause()
        fake.now += 60
        pacer.resume()
        pacer.resume()

    assert _second_slice_at(between) == pytest.approx(70)


def test_slices_hold_while_paused() -> None:
    fake = FakeTime(overshoot=0)
    pacer = fake.pacer(1)
    slices = pacer.slices(every(step_ms=100, count=2))
    next(slices)
    pacer.pause()
    began, naps = fake.now, 0

    def sleep(seconds: float) -> None:
        nonlocal naps
        naps += 1
        fake.now += seconds
        if naps == 8:
            pacer.resume()

    pacer._sleep = sleep
    next(slices)
    assert fake.now - began == pytest.approx(8 * 0.5 + 0.1)


def test_shift_delays_everything() -> None:
    assert _second_slice_at(lambda pacer, fake: pacer.shift(7)) == pytest.approx(17)


def test_a_new_velocity_applies_from_now_on() -> None:
    def between(pacer: Pacer, fake: FakeTime) -> None:
        fake.now += 5
        pacer.set_velocity(10)  # the five market seconds that are left take half a second

    assert _second_slice_at(between) == pytest.approx(5.5)


def test_from_max_to_a_pace_continues_after_the_last_tick() -> None:
    fake = FakeTime(overshoot=0)
    pacer = fake.pacer(MAX, most=10)
    slices = pacer.slices(every(step_ms=1_000, count=100))
    next(slices)
    pacer.set_velocity(1)
    began = fake.now
    assert next(slices) == slice(10, 11)
    assert fake.now - began == pytest.approx(1.0)


def test_suspended_process_does_not_burst() -> None:
    fake = FakeTime(overshoot=0)
    asleep = iter([300.0])  # Ctrl+Z during the first nap

    def sleep(seconds: float) -> None:
        fake.now += seconds + next(asleep, 0.0)

    slices = Pacer(1, clock=fake.clock, sleep=sleep).slices(every(step_ms=1_000, count=1_000))
    start = fake.now
    assert [next(slices), next(slices), next(slices)] == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert fake.now - start == pytest.approx(302)


def test_long_gaps_are_shortened() -> None:
    fake = FakeTime(overshoot=0)
    hour = 3600_000_000_000
    times = np.array([T0, T0 + 1_000_000_000, T0 + hour, T0 + hour + 1_000_000_000])
    start = fake.now
    sent(fake.pacer(1, max_gap=30), fake, times[:2], times[2:])
    assert fake.now - start == pytest.approx(32)


def test_sleep_can_end_the_replay() -> None:
    fake = FakeTime()
    pacer = Pacer(1, clock=fake.clock, sleep=lambda _: True)
    assert list(pacer.slices(every(step_ms=1_000, count=5))) == [slice(0, 1)]


def test_no_ticks_no_slices() -> None:
    fake = FakeTime()
    pacer = fake.pacer(1)
    assert list(pacer.slices(np.zeros(0, np.int64))) == []
    assert list(pacer.slices(every(1, 1))) == [slice(0, 1)]


@pytest.mark.parametrize("velocity", [0, -1, math.nan])
def test_a_velocity_is_above_zero(velocity: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pacer(velocity)
    pacer = Pacer(1)
    with pytest.raises(ValueError, match="above 0"):
        pacer.set_velocity(velocity)


@pytest.mark.parametrize("velocity", [1e9, 1e300, 1.7e308])
def test_an_extreme_velocity_sends_all_that_is_there(velocity: float) -> None:
    fake = FakeTime()
    times = every(step_ms=10**9, count=50)
    out = sent(fake.pacer(velocity), fake, times, times, cost=30.0)
    assert sum(len(part) for _, part in out) == 100


@pytest.mark.parametrize("gap", [1e10, 1e300])
def test_a_gap_of_centuries_is_no_bound(gap: float) -> None:
    fake = FakeTime()
    assert sum(len(part) for _, part in sent(fake.pacer(1e6, max_gap=gap), fake, every(10**6, 20))) == 20
