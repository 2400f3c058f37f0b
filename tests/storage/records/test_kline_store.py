from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from orderflow.errors import BadInput, Conflict, NotFound, StorageFailed, TooLarge
from orderflow.market.kline_columns import MAX_STORED, KlineColumns
from orderflow.storage.records.kline_rows import PIECE
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.models import KLINES, SERIES_GENERATIONS
from orderflow.storage.records.records import Records
from orderflow.storage.records.series import STALE_NS, Series, SeriesKey, Usage
from orderflow.workspace.store import Klines
from tests.storage.records.klines import KEY, MINUTE, T0, klines, ohlcv, same

MINE = SeriesKey("ann", "ohlcv", "btc", "1m")


class Clock:
    ns = 1_000

    def now(self) -> int:
        self.ns += 1
        return self.ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(records: Records, clock: Clock) -> KlineStore:
    return KlineStore(records, clock.now)


@pytest.fixture
def series(store: KlineStore) -> Series:
    return store.ensure(KEY, "binance")


def stored(records: Records) -> tuple[int, int]:
    """(klines, generations) in the tables, whoever they belong to."""
    counts = [select(func.count()).select_from(table) for table in (KLINES, SERIES_GENERATIONS)]
    first, second = (records.read(lambda connection, c=count: connection.scalar(c)) for count in counts)  # type: ignore[misc]
    return first or 0, second or 0


def test_the_store_has_the_methods_of_the_port(store: KlineStore) -> None:
    port: Klines = store
    assert port.list("") == ()


def test_klines_are_exact_and_there_after_a_restart(
    store: KlineStore, series: Series, open_records: Callable[..., Records], clock: Clock
) -> None:
    given = klines(range(50), open=MAX_STORED, closed=False)
    assert store.upsert(series.id, given) == 50
    again = KlineStore(open_records(), clock.now)
    found = again.find(KEY)
    assert found is not None
    assert (found.rows, found.first, found.last) == (50, T0, T0 + 49 * MINUTE)
    assert (found.source, found.price_decimals, found.size_decimals) == ("binance", 2, 3)
    assert same(again.read(found.id), given)


def test_trades_and_takers_volume_may_be_unknown_in_any_row(store: KlineStore, series: Series) -> None:
    given = klines(range(6), trades=[5, -1, 6, -1, 0, 7], taker_buy_volume=[-1, -1, 3, 4, 0, -1])
    store.upsert(series.id, given)
    assert same(store.read(series.id), given)
    store.upsert(series.id, given)
    assert same(store.read(series.id), given)


def test_an_upsert_changes_the_klines_of_its_times_and_counts_the_new_ones(store: KlineStore, series: Series) -> None:
    store.upsert(series.id, klines(range(0, 20, 2)))
    assert store.upsert(series.id, klines(range(5, 15), base=900)) == 5
    expected = [100, 102, 104, *range(905, 915), 116, 118]
    assert store.read(series.id).open.tolist() == expected
    assert store.get(series.id).rows == 15


def test_a_closed_kline_is_not_changed_by_an_open_one(store: KlineStore, series: Series) -> None:
    store.upsert(series.id, klines([1], closed=False))
    store.upsert(series.id, klines([1], base=200, closed=False))
    assert store.read(series.id).open.tolist() == [201]
    store.upsert(series.id, klines([1], base=300))
    store.upsert(series.id, klines([1], base=400, closed=False))
    assert same(store.read(series.id), klines([1], base=300))
    store.upsert(series.id, klines([1], base=500))
    assert store.read(series.id).open.tolist() == [501]


def test_an_earlier_piece_goes_before_what_is_there(store: KlineStore, series: Series) -> None:
    store.upsert(series.id, klines(range(100, 110)))
    assert store.upsert(series.id, klines(range(-20, 5))) == 25
    found = store.get(series.id)
    assert (found.rows, found.first, found.last) == (35, T0 - 20 * MINUTE, T0 + 109 * MINUTE)


def test_a_range_is_read_from_either_end(store: KlineStore, series: Series) -> None:
    store.upsert(series.id, klines(range(100)))

    def minutes(**options: object) -> list[int]:
        found = store.read(series.id, **options).time  # type: ignore[arg-type]
        return ((found - T0) // MINUTE).tolist()  # type: ignore[no-any-return]

    assert minutes(limit=3) == [0, 1, 2]
    assert minutes(limit=3, newest=True) == [97, 98, 99]
    assert minutes(start=T0 + 10 * MINUTE, limit=2) == [10, 11]
    assert minutes(end=T0 + 10 * MINUTE, limit=2, newest=True) == [8, 9]
    assert minutes(start=T0 + 10 * MINUTE - 1, end=T0 + 12 * MINUTE + 1) == [10, 11, 12]
    assert minutes(start=T0 + 200 * MINUTE) == []


@pytest.mark.parametrize("finer", [(4, 3), (2, 5), (6, 8)])
def test_finer_numbers_refine_what_is_stored_and_coarser_ones_are_refined(
    store: KlineStore, series: Series, finer: tuple[int, int]
) -> None:
    first, second, third = klines(range(5), taker_buy_volume=[1, -1, 2, 3, 4]), klines([5], places=finer), klines([6])
    for each in (first, second, third):
        store.upsert(series.id, each)
    assert same(store.read(series.id), KlineColumns.joined([first, second, third]))
    assert (store.get(series.id).price_decimals, store.get(series.id).size_decimals) == finer


def test_what_cannot_be_refined_is_refused_and_changes_nothing(store: KlineStore, series: Series) -> None:
    given = klines(range(3), high=MAX_STORED // 5)
    store.upsert(series.id, given)
    with pytest.raises(BadInput, match="a number in high is too large to be kept exactly"):
        store.upsert(series.id, klines([9], places=(3, 3)))
    with pytest.raises(BadInput, match="a number in volume is too large"):
        store.upsert(series.id, klines([9], places=(2, 0), volume=MAX_STORED // 900))
    assert same(store.read(series.id), given)


def test_times_that_do_not_ascend_are_refused(store: KlineStore, series: Series) -> None:
    with pytest.raises(BadInput, match=f"the time of kline 2, {T0 + MINUTE}, is not after"):
        store.upsert(series.id, klines([0, 1, 1, 2]))
    with pytest.raises(BadInput, match="the time of kline 0"):
        store.replace(MINE, [klines([0, 1]), klines([1, 2])], "file")
    assert store.find(MINE) is None


def test_append_takes_later_klines_only_and_all_or_none(store: KlineStore, series: Series) -> None:
    assert store.append(series.id, klines(range(5))) == 5
    with pytest.raises(Conflict, match="must be after the last one"):
        store.append(series.id, klines(range(4, 8)))
    assert store.append(series.id, klines(range(5, 5 + PIECE + 10))) == PIECE + 10
    assert store.append(series.id, klines([])) == 0
    assert store.get(series.id).rows == PIECE + 15


def test_a_replacement_is_undone_and_redone(store: KlineStore, records: Records) -> None:
    made = store.replace(MINE, [ohlcv(range(5)), ohlcv(range(5, 9), places=(5, 3))], "old.csv")
    new = ohlcv(range(20), base=500)
    replaced = store.replace(MINE, [new], "new.csv")
    assert (made.id, made.rows, replaced.rows, replaced.source) == (replaced.id, 9, 20, "new.csv")
    assert made.generation != replaced.generation
    back = store.undo(made.id)
    assert (back.rows, back.price_decimals, back.first) == (9, 5, T0)
    assert same(store.read(made.id), KlineColumns.joined([ohlcv(range(5)), ohlcv(range(5, 9), places=(5, 3))]))
    assert store.undo(made.id).rows == 20
    assert same(store.read(made.id), new)
    assert stored(records) == (29, 2)
    store.replace(MINE, [ohlcv([1])], "third.csv")
    assert stored(records) == (21, 2)
    store.forget_previous(made.id)
    assert stored(records) == (1, 1)
    with pytest.raises(Conflict, match="there is nothing to undo for btc 1m"):
        store.undo(made.id)


def test_a_replacement_that_fails_leaves_what_was_there(store: KlineStore, records: Records) -> None:
    given = ohlcv(range(9))
    made = store.replace(MINE, [given], "old.csv")

    def parts() -> Iterator[KlineColumns]:
        yield ohlcv(range(PIECE + 5))
        assert same(store.read(made.id), given)
        raise StorageFailed("the file is gone")

    with pytest.raises(StorageFailed, match="the file is gone"):
        store.replace(MINE, parts(), "new.csv")
    assert same(store.read(made.id), given)
    assert stored(records) == (9, 1)


def test_a_reader_of_pages_is_told_that_the_rows_were_replaced(store: KlineStore) -> None:
    made = store.replace(MINE, [ohlcv(range(9))], "a.csv")
    page = store.read(made.id, limit=5, generation=made.generation)
    store.replace(MINE, [ohlcv(range(9), base=7)], "b.csv")
    with pytest.raises(Conflict, match="the rows of btc 1m were replaced meanwhile"):
        store.read(made.id, start=int(page.time[-1]) + 1, generation=made.generation)


def test_quotas_are_of_an_owner_and_refuse_the_whole_write(store: KlineStore, records: Records) -> None:
    first = store.replace(MINE, [ohlcv(range(60))], "a.csv", most_rows=100)
    with pytest.raises(TooLarge, match="that would make 120 rows, and the limit is 100"):
        store.replace(replace(MINE, name="eth"), [ohlcv(range(60))], "b.csv", most_rows=100)
    with pytest.raises(TooLarge):
        store.append(first.id, ohlcv(range(60, 120)), most_rows=100)
    store.replace(replace(MINE, owner="bob"), [ohlcv(range(100))], "c.csv", most_rows=100)
    assert (store.usage("ann"), store.usage("bob"), store.usage("eve")) == (Usage(1, 60), Usage(1, 100), Usage(0, 0))
    store.replace(MINE, [ohlcv(range(100))], "d.csv", most_rows=100)
    assert store.usage("ann") == Usage(1, 100)


def test_series_are_listed_by_owner_and_kind_and_deleted(store: KlineStore, series: Series, records: Records) -> None:
    other = store.replace(MINE, [ohlcv(range(PIECE + 3))], "a.csv")
    store.replace(MINE, [ohlcv(range(3))], "b.csv")
    assert [each.id for each in store.list("ann")] == [other.id]
    assert [each.id for each in store.list("", "klines")] == [series.id]
    assert store.list("", "ohlcv") == ()
    assert store.ensure(KEY, "other") == series
    store.delete(other.id)
    assert stored(records) == (0, 1)
    for call in (store.get, store.read, store.delete, store.undo, store.forget_previous):
        with pytest.raises(NotFound, match=f"there is no series {other.id}"):
            call(other.id)
    with pytest.raises(NotFound):
        store.upsert(other.id, klines([1]))


def test_what_a_crash_left_over_is_swept_later(
    store: KlineStore, clock: Clock, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store.replace(MINE, [ohlcv(range(5))], "a.csv")
    with monkeypatch.context() as crash:
        crash.setattr(KlineStore, "_remove", lambda store, generation: None)
        with pytest.raises(BadInput):
            store.replace(MINE, [ohlcv(range(50)), ohlcv([0])], "b.csv")
    assert stored(records) == (55, 2)
    assert store.sweep() == 0
    clock.ns += STALE_NS
    assert store.sweep() == 1
    assert stored(records) == (5, 1)
    assert same(store.read(made.id), ohlcv(range(5)))


def test_runs_of_closed_klines_are_found(store: KlineStore, series: Series) -> None:
    def minutes(**options: int) -> list[tuple[int, int]]:
        found = store.spans(series.id, **{"step": MINUTE, **options})
        return [((a - T0) // MINUTE, (b - T0) // MINUTE) for a, b in found]

    assert minutes() == []
    store.upsert(series.id, klines([0, 1, 4, 5, 9, 10], closed=[True, True, True, True, True, False]))
    assert minutes() == [(0, 1), (4, 5), (9, 9)]
    assert minutes(start=T0 + 5 * MINUTE) == [(5, 5), (9, 9)]
    assert minutes(step=4 * MINUTE) == [(0, 9)]


def test_holes_are_remembered(store: KlineStore, series: Series) -> None:
    store.set_holes(series.id, [(50, 60), (10, 20)])
    assert store.holes(series.id) == [(10, 20), (50, 60)]
    store.set_holes(series.id, [(10, 30)])
    assert store.holes(series.id) == [(10, 30)]
    store.delete(series.id)
    assert store.holes(series.id) == []
    with pytest.raises(Conflict, match="refers to one that does not exist"):
        store.set_holes(series.id, [(10, 30)])


def test_more_klines_than_a_piece_over_many_months(store: KlineStore, series: Series) -> None:
    hours = klines(range(0, 60 * (PIECE + 2_000), 60))
    assert store.upsert(series.id, hours) == len(hours)
    assert store.upsert(series.id, hours) == 0
    assert same(store.read(series.id, limit=len(hours)), hours)
