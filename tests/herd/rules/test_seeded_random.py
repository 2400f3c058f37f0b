"""Draws by hash: uniform, and the same for ever."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from orderflow.herd.rules.seeded_random import Stream, draw, uuid


def test_draws_are_even_and_apart() -> None:
    counts = Counter(draw(7, "dice", i, below=6) for i in range(6_000))
    assert set(counts) == set(range(6))
    assert sum((n - 1_000) ** 2 / 1_000 for n in counts.values()) < 20.5, "chi square, 5 degrees, 0.1%"
    assert [draw(7, "dice", i, below=10**6) for i in range(3)] == [578_960, 595_000, 19_181]


def test_streams_are_even_and_their_own() -> None:
    stream = Stream(7, "bots")
    numbers = [stream.uniform() for _ in range(4_000)]
    assert all(0 <= number < 1 for number in numbers)
    assert abs(sum(numbers) / 4_000 - 0.5) < 4 / (12 * 4_000) ** 0.5
    assert [Stream(7, "bots").uniform() for _ in range(2)] == [numbers[0]] * 2
    assert Stream(8, "bots").uniform() != numbers[0]
    assert {stream.below(3) for _ in range(100)} == {0, 1, 2}


def test_uuids_are_uuids() -> None:
    names = {uuid(7, "order", i) for i in range(1_000)}
    assert len(names) == 1_000
    assert {UUID(name).version for name in names} == {8}
    assert all(str(UUID(name)) == name for name in names)
