"""Seeded random numbers: uniform, and the same on every platform and version."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from orderflow.herd.rules.seeded_random import SeededRandom, seeded_int, seeded_uuid


def test_seeded_integers_are_uniform_and_stable() -> None:
    counts = Counter(seeded_int(7, "dice", i, below=6) for i in range(6_000))
    assert set(counts) == set(range(6))
    assert sum((n - 1_000) ** 2 / 1_000 for n in counts.values()) < 20.5, "chi square, 5 degrees, 0.1%"
    assert [seeded_int(7, "dice", i, below=10**6) for i in range(3)] == [578_960, 595_000, 19_181]


def test_sequences_are_uniform_and_depend_on_the_seed() -> None:
    sequence = SeededRandom(7, "bots")
    numbers = [sequence.random() for _ in range(4_000)]
    assert all(0 <= number < 1 for number in numbers)
    assert abs(sum(numbers) / 4_000 - 0.5) < 4 / (12 * 4_000) ** 0.5
    assert [SeededRandom(7, "bots").random() for _ in range(2)] == [numbers[0]] * 2
    assert SeededRandom(8, "bots").random() != numbers[0]
    assert {sequence.randrange(3) for _ in range(100)} == {0, 1, 2}


def test_seeded_uuids_are_distinct_and_valid() -> None:
    names = {seeded_uuid(7, "order", i) for i in range(1_000)}
    assert len(names) == 1_000
    assert {UUID(name).version for name in names} == {8}
    assert all(str(UUID(name)) == name for name in names)
