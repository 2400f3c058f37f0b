"""Back-off, weight, Retry-After, and messages a second."""

from __future__ import annotations

import random

from orderflow.feeds.requests_gate import DEFAULT_RETRY, Backoff, MessageRate, RequestGate


def test_full_jitter_is_below_a_bound_that_doubles() -> None:
    waits = [Backoff(random.Random(seed)) for seed in range(300)]
    for number in range(9):
        round_ = [each.next() for each in waits]
        bound = min(60.0, 2.0**number)
        assert 0 <= min(round_) < bound * 0.05
        assert bound * 0.95 < max(round_) <= bound
    waits[0].reset()
    assert waits[0].next() <= 1.0


def test_a_refusal_is_obeyed_and_weight_is_left_to_others() -> None:
    gate = RequestGate(6000, random.Random(1))
    gate.refused(10.0, 429, "7")
    assert not gate.free(16.9)
    assert gate.free(17.0)
    assert "asks to wait 7 s" in gate.reason
    gate.refused(20.0, 418, None)
    assert not gate.free(20.0 + DEFAULT_RETRY - 0.1)
    gate.refused(20.0, 429, "soon")
    assert gate.free_at == 20.0 + DEFAULT_RETRY
    gate.answered(100.0, 120 * 10**9, 4799)
    assert gate.free(100.0)
    gate.answered(100.0, (120 + 50) * 10**9, 4800)
    assert gate.free_at == 110.0  # the next minute of the venue
    gate.failed(200.0, "gone")
    assert 200.0 <= gate.free_at <= 201.0


def test_messages_are_spread() -> None:
    rate = MessageRate(4)
    sent = [at for at in range(24) if rate.take(at / 8)]
    assert sent == [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19]
