from __future__ import annotations

from orderflow.workspace.klines.recent import KEPT, RecentKlines, merged
from tests.storage.records.klines import MINUTE, T0, klines, same


def minutes(recent: RecentKlines) -> list[int]:
    return [(time - T0) // MINUTE for time in recent.columns.time.tolist()]


def test_the_newest_are_kept_in_order() -> None:
    recent = RecentKlines(klines(range(10)), complete=True)
    recent.merge(klines([12, 13]))
    recent.merge(klines([11]))
    assert minutes(recent) == [*range(10), 11, 12, 13]
    assert recent.complete
    recent.merge(klines(range(-KEPT, 0)))
    assert minutes(recent)[0] == 13 - KEPT
    assert not recent.complete
    assert len(recent.columns) == KEPT
    before = recent.columns
    recent.merge(klines([-KEPT]))
    assert same(recent.columns, before)


def test_a_closed_kline_is_replaced_by_a_closed_one_only() -> None:
    first = klines(range(3), closed=[True, True, False])
    assert same(merged(first, klines([1, 2], base=500, closed=False)).take(slice(0, 2)), first.take(slice(0, 2)))
    assert merged(first, klines([1, 2], base=500)).open.tolist() == [100, 501, 502]
    assert merged(first, klines([2], places=(4, 3))).open.tolist() == [10_000, 10_100, 102]


def test_every_change_of_the_newest_is_told_once_and_with_its_last_state() -> None:
    recent = RecentKlines(klines(range(10)), complete=True)
    version, newest = recent.changed_since(None)
    assert newest.time.tolist() == [T0 + 9 * MINUTE]
    assert not len(recent.changed_since(version)[1])
    recent.merge(klines([8, 9, 10], base=1, closed=[True, False, False]))
    recent.merge(klines([10], base=2, closed=False))
    recent.merge(klines([0], base=3))  # too old to be told
    told = []
    while len((step := recent.changed_since(version))[1]):
        version = step[0]
        told += list(zip(step[1].time.tolist(), step[1].open.tolist(), strict=True))
    assert told == [(T0 + 8 * MINUTE, 9), (T0 + 10 * MINUTE, 12)]
    assert version == recent.version
