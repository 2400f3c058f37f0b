"""The place in a series is found again: after a restart, in a log that was shortened, after a reset as a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from orderflow.errors import StorageFailed
from orderflow.market.market import Market
from orderflow.market.tick_log import LogEntry
from orderflow.market.ticks import NO_ID
from orderflow.tickers.alerts.place import Place
from orderflow.tickers.alerts.store import Mark, Position
from tests.market.memory_log import MemoryLog
from tests.tickers.alerts.harness import START, SYMBOL, Tick, batch_of

SECOND = 10**9


def ticks(*seconds: int, price: int = 400) -> list[Tick]:
    return [Tick(second * SECOND, price + second % 3) for second in seconds]


def log_of(*batches: Sequence[Tick]) -> MemoryLog:
    log = MemoryLog()
    log.entries = [LogEntry([batch_of(batch)]) for batch in batches if batch]
    return log


def loaded(log: MemoryLog) -> Market:
    market = Market(log)
    market.load()
    return market


def passed(log: MemoryLog) -> Position:
    """The position after all ticks of a log."""
    place = Place(loaded(log), Position(SYMBOL))
    assert place.find()
    for piece in place.reader.pieces():
        place.passed(piece)
    return Position(SYMBOL, place.generation, place.ordinal, place.mark)


def rest(place: Place) -> list[tuple[int, int]]:
    """(ordinal, second) of the ticks that come next."""
    found = []
    for piece in place.reader.pieces():
        first = piece.first + place.offset
        found += [(first + i, (int(time) - START) // SECOND) for i, time in enumerate(piece.ticks.time)]
    return found


def test_it_goes_on_after_the_last_tick() -> None:
    before = passed(log_of(ticks(1, 2, 3)))
    assert (before.ordinal, before.mark) == (3, Mark(START + 3 * SECOND, "100", "1", NO_ID, 1))
    place = Place(loaded(log_of(ticks(1, 2, 3), ticks(4, 5))), before)
    assert place.find()
    assert rest(place) == [(3, 4), (4, 5)]
    assert place.generation == 1


def test_a_shortened_log_keeps_the_ordinals() -> None:
    before = passed(log_of(ticks(1, 2), ticks(3, 4, 5)))
    place = Place(loaded(log_of(ticks(3, 4, 5), ticks(6))), before)
    assert place.find()
    assert rest(place) == [(5, 6)]
    assert place.ordinal == 6
    place.passed(next(iter(Place(loaded(log_of(ticks(6))), Position(SYMBOL)).reader.pieces())))
    again = Position(SYMBOL, place.generation, place.ordinal, place.mark)
    later = Place(loaded(log_of(ticks(5, 6), ticks(7))), again)  # and shorter still
    assert later.find()
    assert rest(later) == [(6, 7)]


def test_a_late_tick_is_found_by_its_own_time() -> None:
    before = passed(log_of(ticks(1, 2), ticks(9, 5)))
    place = Place(loaded(log_of(ticks(9, 5), ticks(10))), before)
    assert place.find()
    assert rest(place) == [(4, 10)]


def test_of_ticks_with_one_time_it_is_the_one_with_that_price() -> None:
    one, other = Tick(5 * SECOND, 400), Tick(5 * SECOND, 404)
    before = passed(log_of(ticks(1, 2), [one]))
    place = Place(loaded(log_of([one, other], ticks(6))), before)
    assert place.find()
    assert rest(place) == [(3, 5), (4, 6)]


@pytest.mark.parametrize("evaluated", [1, 2, 3, 4])
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_of_equal_ticks_it_is_the_one_with_that_number(evaluated: int, lost: int) -> None:
    equal = [Tick(5 * SECOND, 400)] * 4
    before = passed(log_of(ticks(1, 2), equal[:evaluated]))
    place = Place(loaded(log_of(ticks(1, 2)[lost:], equal, ticks(6))), before)
    assert place.find()
    assert rest(place) == [(2 + n, 5) for n in range(evaluated, 4)] + [(6, 6)]


def test_a_mark_without_its_number_is_found_as_before() -> None:
    before = passed(log_of(ticks(1, 2), ticks(3)))
    assert before.mark is not None
    place = Place(loaded(log_of(ticks(3), ticks(4))), replace(before, mark=replace(before.mark, nth=0)))
    assert place.find()
    assert rest(place) == [(3, 4)]


@pytest.mark.parametrize("held", [ticks(1, 2, 7), ticks(3, 4, price=500), ticks(8, 9, 10, 11)])
def test_another_series_begins_with_its_first_tick(held: list[Tick]) -> None:
    before = passed(log_of(ticks(1, 2, 3)))
    place = Place(loaded(log_of(held)), before)
    assert not place.find()
    assert place.generation == 2
    assert rest(place) == [(i, tick.time // SECOND) for i, tick in enumerate(held)]


def test_a_series_without_ticks_is_a_new_one() -> None:
    place = Place(loaded(MemoryLog()), passed(log_of(ticks(1))))
    assert not place.find()
    assert (place.generation, place.ordinal, place.mark) == (2, 0, None)


def test_a_log_that_cannot_be_read_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    market = loaded(log_of(ticks(1, 2, 3), ticks(4)))
    place = Place(market, passed(log_of(ticks(1, 2, 3))))

    def broken(*words: object, **more: object) -> None:
        raise StorageFailed("the disk does not answer")

    with monkeypatch.context() as patch:
        patch.setattr("orderflow.tickers.alerts.place._equal", broken)
        with pytest.raises(StorageFailed):
            place.find()
        assert place.ordinal == 3
    assert place.find()
    assert rest(place) == [(3, 4)]


def test_equal_ticks_before_the_first_evaluated_one_count_too() -> None:
    equal = [Tick(5 * SECOND, 400)] * 3
    place = Place(loaded(log_of(ticks(1, 2), equal)), Position(SYMBOL))
    newest = place.reader.skip()
    assert newest is not None
    place.passed(newest)
    assert place.mark is not None
    assert place.mark.nth == 3


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.market.buffer.SEGMENT", 8)
    for module in ("market.arrival_reader", "tickers.alerts.place"):
        monkeypatch.setattr(f"orderflow.{module}.PIECE", 5)


@pytest.mark.parametrize("lost", [0, 3])
@pytest.mark.parametrize("evaluated", [1, 2])
def test_a_place_that_memory_has_dropped_is_found_in_the_log(small: None, lost: int, evaluated: int) -> None:
    equal = [[Tick(5 * SECOND, 400)]] * 2
    before = passed(log_of(ticks(1, 2, 3), *equal[:evaluated]))
    market = Market(log_of(ticks(1, 2, 3)[lost:], *equal, *[ticks(second) for second in range(6, 40)]), max_ticks=10)
    market.load()
    assert market.arrivals(SYMBOL, 0, 0).first > 8
    place = Place(market, before)
    assert place.find()
    assert rest(place) == [(2 + n, 5) for n in range(evaluated + 1, 3)] + [
        (second - 1, second) for second in range(6, 40)
    ]
    assert place.reader.lost == 0


def test_equal_ticks_that_memory_has_dropped_are_counted(small: None) -> None:
    late = Tick(5 * SECOND, 400)
    market = Market(log_of(ticks(1), [late], *[ticks(second) for second in range(6, 40)], [late]), max_ticks=10)
    market.load()
    place = Place(market, Position(SYMBOL))
    for piece in place.reader.pieces():
        place.passed(piece)
    assert place.mark is not None
    assert place.mark.nth == 2
