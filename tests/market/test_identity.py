"""A trade id alone is no identity: only ticks with the same id, time, price and size are one trade."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.errors import StorageFailed
from orderflow.market import buffer, logged
from orderflow.market.columns import tick_columns
from orderflow.market.frames import Frame
from orderflow.market.identity import repeats
from orderflow.market.market import Market
from orderflow.market.tick_log import LogEntry
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from tests.market.memory_log import MemoryLog
from tests.market.ticks import START

MINUTE = Frame.parse("1min")


@dataclass(frozen=True)
class Trade:
    """Time in ns after START; price and size as decimal text."""

    id: int | None
    time: int
    price: str
    size: str

    @property
    def content(self) -> tuple[int, Decimal, Decimal]:
        return self.time, Decimal(self.price), Decimal(self.size)


def units(texts: Sequence[str]) -> tuple[np.ndarray[Any, np.dtype[np.int64]], int]:
    """Whole numbers of the smallest step that all of them need, and its decimals."""
    decimals = max(len(text.partition(".")[2]) for text in texts)
    return np.array([int(Decimal(text).scaleb(decimals)) for text in texts], np.int64), decimals


def batch_of(trades: Sequence[Trade], symbol: str = "X") -> TickBatch:
    price, price_decimals = units([trade.price for trade in trades])
    size, size_decimals = units([trade.size for trade in trades])
    return TickBatch(
        symbol,
        np.array([START + trade.time for trade in trades], np.int64),
        price,
        size,
        np.ones(len(trades), np.int8),
        np.full(len(trades), int(SideRule.FLAG), np.int8),
        np.array([NO_ID if trade.id is None else trade.id for trade in trades], np.int64),
        price_decimals,
        size_decimals,
    )


class Plain:
    """The definition in plain Python: the contents that were taken, by id."""

    def __init__(self) -> None:
        self.taken: list[Trade] = []
        self.duplicates = 0
        self.conflicts = 0
        self._known: defaultdict[int, set[tuple[int, Decimal, Decimal]]] = defaultdict(set)

    def take(self, trades: Sequence[Trade]) -> tuple[int, int, int]:
        """(accepted, duplicates, id conflicts) of a call."""
        accepted = duplicates = conflicts = 0
        for trade in trades:
            known = self._known[trade.id] if trade.id is not None else set()
            if trade.content in known:
                duplicates += 1
                continue
            conflicts += bool(known)
            known.add(trade.content)
            self.taken.append(trade)
            accepted += 1
        self.duplicates += duplicates
        self.conflicts += conflicts
        return accepted, duplicates, conflicts


def held(market: Market) -> list[tuple[int, Decimal, Decimal]]:
    columns = tick_columns(market.ticks("X"))
    times, price, size = columns["time"].ns, columns["price"].text(), columns["size"].text()  # type: ignore[union-attr]
    return sorted(
        (int(time) - START, Decimal(p), Decimal(s)) for time, p, s in zip(times.tolist(), price, size, strict=True)
    )


def agree(market: Market, plain: Plain) -> None:
    """The market holds what the plain program took, and its bars are made of it."""
    assert held(market) == sorted(trade.content for trade in plain.taken)
    bars = market.bars("X", MINUTE)
    assert int(bars.trades.sum()) == len(plain.taken)
    volume = Decimal(int(bars.volume.sum())).scaleb(-bars.grid.size_decimals)
    assert volume == sum((trade.content[2] for trade in plain.taken), Decimal(0))


# few ids, times, prices and sizes, so that every kind of agreement occurs; negative ids are hashes of text
ids = st.one_of(st.none(), st.integers(0, 6), st.integers(0, 60), st.sampled_from([-(2**62), -7, -3]))
times = st.one_of(st.integers(0, 5), st.integers(0, 40).map(lambda k: k * 7_000_000_000))
prices = st.sampled_from(["100.25", "100.5", "100", "100.125", "7"])
sizes = st.sampled_from(["1", "2", "0", "0.5", "0.00001"])
trades = st.builds(Trade, ids, times, prices, sizes)


@st.composite
def calls(draw: st.DrawFn) -> list[list[Trade]]:
    """Batches, some of which are sent again, whole or in part, and some in the order of their times and ids."""
    made = draw(st.lists(st.lists(trades, min_size=1, max_size=12), min_size=1, max_size=8))
    out: list[list[Trade]] = []
    for batch in made:
        out.append(sorted(batch, key=lambda t: (t.time, t.id or 0)) if draw(st.booleans()) else batch)
        if draw(st.booleans()):
            again = draw(st.sampled_from(out))
            out.append(again[draw(st.integers(0, len(again) - 1)) :])
    return out


@settings(max_examples=150, deadline=None)
@given(calls(), st.sampled_from([4, 16, 64, 4096]), st.booleans(), st.integers(0, 8))
def test_repetitions_and_conflicts_equal_those_of_a_plain_dict(
    batches: list[list[Trade]], segment: int, sorted_log: bool, restart: int
) -> None:
    """For any ids, contents, batches, sizes of segments, and with a restart in between."""
    before = buffer.SEGMENT
    buffer.SEGMENT = segment
    try:
        log, plain = MemoryLog(), Plain()
        market = Market(log)
        for number, batch in enumerate(batches):
            if number == restart:
                market = Market(log)
                market.load()
            receipt = market.ingest([batch_of(batch)])
            assert (receipt.accepted, receipt.duplicates, receipt.id_conflicts) == plain.take(batch)
        agree(market, plain)
        assert market.stats("X")["id_conflicts"] == plain.conflicts
        if restart == 0 or restart >= len(batches):
            assert market.stats("X")["duplicates"] == plain.duplicates
        again = Market(log)
        again.load()
        agree(again, plain)
        assert (again.stats("X")["id_conflicts"], again.stats("X")["duplicates"]) == (plain.conflicts, 0)
    finally:
        buffer.SEGMENT = before


@settings(max_examples=100, deadline=None)
@given(calls(), st.sampled_from([2, 4, 16]), st.integers(1, 30), st.integers(0, 8))
def test_repetitions_of_trades_that_only_the_log_has(
    batches: list[list[Trade]], segment: int, most: int, restart: int
) -> None:
    """Memory holds a few ticks. Conflicts are counted among those."""
    before = buffer.SEGMENT
    buffer.SEGMENT = segment
    try:
        log, plain = MemoryLog(), Plain()
        market = Market(log, max_ticks=most)
        for number, batch in enumerate(batches):
            if number == restart:
                market = Market(log, max_ticks=most)
                market.load()
            receipt = market.ingest([batch_of(batch)])
            accepted, duplicates, conflicts = plain.take(batch)
            assert (receipt.accepted, receipt.duplicates) == (accepted, duplicates)
            assert receipt.id_conflicts <= conflicts
        agree(market, plain)
    finally:
        buffer.SEGMENT = before


def test_a_finer_size_is_stored_while_late_ticks_are_not_aggregated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their bar is computed anew from ticks that only the log has, before the log goes on with the finer ones."""
    monkeypatch.setattr(buffer, "SEGMENT", 2)
    log, plain = MemoryLog(), Plain()
    market = Market(log, max_ticks=2)
    one = Trade(None, 0, "100.25", "1")
    twelve = [one] * 11 + [replace(one, id=0)]
    for batch in ([one], twelve, [one], [one, replace(one, size="0.5"), replace(one, time=1)]):
        receipt = market.ingest([batch_of(batch)])
        assert receipt.accepted == plain.take(batch)[0]
    agree(market, plain)


def test_late_ticks_that_are_published_while_finer_ones_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their bar needs the log, which ends with the others by then, also with those that fit the coarser grid."""
    monkeypatch.setattr(buffer, "SEGMENT", 2)
    log, plain = MemoryLog(), Plain()
    market = Market(log, max_ticks=8)
    one = Trade(None, 0, "100.25", "1")
    first, late = [one] + [replace(one, time=time) for time in range(0, 10**12, 10**11)], [replace(one, time=1)]
    finer = [replace(one, price="100.125", time=10**12), replace(one, time=2)]
    for batch in (first, late, finer):
        plain.take(batch)
    market.ingest([batch_of(first)])
    append = log.append

    def others_first(entry: LogEntry, publish: Callable[[], object]) -> None:
        monkeypatch.setattr(log, "append", append)
        market.ingest([batch_of(late)])
        append(entry, publish)

    monkeypatch.setattr(log, "append", others_first)
    assert market.ingest([batch_of(finer)]).accepted == 2
    agree(market, plain)


def many(n: int) -> TickBatch:
    """n trades, one a second."""
    return batch_of([Trade(k, k * 1_000_000_000, "100.25", "1") for k in range(n)])


def test_a_file_that_is_sent_again_is_not_stored_twice_and_the_log_is_read_in_long_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    log, reads = MemoryLog(), list[tuple[int, int]]()
    read = log.read
    monkeypatch.setattr(log, "read", lambda *span: (reads.append(span[1:]), read(*span))[1])
    market, batch = Market(log, max_ticks=100), many(6_000)
    monkeypatch.setattr(logged, "AHEAD", 2_000)
    for at in range(0, 6_000, 100):
        market.ingest([batch.take(slice(at, at + 100))])
    assert not reads  # what comes in order needs none
    receipts = [market.ingest([batch.take(slice(at, at + 100))]) for at in range(0, 6_000, 100)]
    assert sum(receipt.duplicates for receipt in receipts) == 6_000
    assert 0 < len(reads) <= 4
    assert market.stats("X")["ticks"] == 6_000


def test_ticks_that_leave_memory_while_the_log_is_read_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    log, batch = MemoryLog(), many(700)
    market = Market(log, max_ticks=100)
    market.ingest([batch.take(slice(0, 300))])
    read, rest = log.read, [batch.take(slice(300, None))]

    def slow(symbol: str, start: int, end: int) -> TickBatch | None:
        found = read(symbol, start, end)
        while rest:
            market.ingest([rest.pop()])  # the ticks of memory are in the log now
        return found

    monkeypatch.setattr(log, "read", slow)
    receipt = market.ingest([batch])
    assert (receipt.accepted, receipt.duplicates) == (0, 700)


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), max_size=30))
def test_equal_rows_are_those_of_a_set(rows: list[tuple[int, ...]]) -> None:
    seen: set[tuple[int, ...]] = set()
    expected = [row in seen or seen.add(row) is not None for row in rows]
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    assert repeats(*columns).tolist() == expected


class Slow(MemoryLog):
    """A log during whose write something else happens, once."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    def append(self, entry: LogEntry, then: Callable[[], None]) -> None:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        super().append(entry, then)


def test_ticks_that_are_being_written_are_compared_too() -> None:
    log = Slow()
    market, plain = Market(log), Plain()
    first = [Trade(1, 0, "100.25", "1"), Trade(2, 1, "100.5", "1")]
    second = [
        Trade(1, 0, "100.25", "1"),
        Trade(1, 0, "100.25", "0.5"),
        Trade(2, 9, "100.5", "1"),
        Trade(3, 0, "7", "1"),
    ]
    found = []
    other = threading.Thread(target=lambda: found.append(market.ingest([batch_of(second)])), daemon=True)
    log.meanwhile = other.start  # it waits for the end of the write
    whole = market.ingest([batch_of(first)])
    other.join(60)
    assert (whole.accepted, whole.duplicates, whole.id_conflicts) == plain.take(first)
    assert [(r.accepted, r.duplicates, r.id_conflicts) for r in found] == [plain.take(second)]
    agree(market, plain)


def test_a_second_day_with_the_ids_of_the_first() -> None:
    """As feeds number them that begin anew each day; in order, so nothing repeats."""
    market = Market()
    day = 86_400_000_000_000
    for start in (0, day):
        receipt = market.ingest([batch_of([Trade(k, start + k, "100.25", "1") for k in range(1, 51)])])
        assert (receipt.accepted, receipt.duplicates) == (50, 0)
    assert receipt.id_conflicts == 50
    assert market.bars("X", MINUTE).volume.tolist() == [50, 50]
    again = market.ingest([batch_of([Trade(k, day + k, "100.25", "1") for k in range(1, 51)])])
    assert (again.accepted, again.duplicates, again.id_conflicts) == (0, 50, 0)
    assert (market.stats("X")["duplicates"], market.stats("X")["id_conflicts"]) == (50, 50)


def test_one_placeholder_for_all_ids() -> None:
    market = Market()
    receipt = market.ingest([batch_of([Trade(0, k, "100.25", "1") for k in range(120)])])
    assert (receipt.accepted, receipt.duplicates, receipt.id_conflicts) == (120, 0, 119)


def test_a_price_that_does_not_fit_the_grid_is_another_trade() -> None:
    """A number that must be rounded, or that overflows the comparison, equals no held one."""
    market, plain = Market(), Plain()
    for trade in (
        Trade(1, 0, "0.001", "1"),
        Trade(1, 0, "0.001000000001", "1"),
        Trade(1, 0, "0.001", "1.000000000001"),
        Trade(1, 0, "0.0010", "1.0"),
    ):
        receipt = market.ingest([batch_of([trade])])
        assert (receipt.accepted, receipt.duplicates, receipt.id_conflicts) == plain.take([trade])
    assert (plain.duplicates, plain.conflicts) == (1, 2)
    agree(market, plain)


def test_symbols_do_not_share_ids() -> None:
    market = Market()
    one = [Trade(1, 0, "100.25", "1")]
    receipt = market.ingest([batch_of(one, "A"), batch_of(one, "B")])
    assert (receipt.accepted, receipt.duplicates, receipt.id_conflicts) == (2, 0, 0)
    more = market.ingest([batch_of([*one, Trade(1, 5, "100.5", "1")], "B")])
    assert (more.accepted, more.duplicates, more.id_conflicts) == (1, 1, 1)
    assert [market.stats(name)["id_conflicts"] for name in "AB"] == [0, 1]


def test_what_was_not_stored_is_not_counted() -> None:
    log = MemoryLog()
    market = Market(log)
    market.ingest([batch_of([Trade(1, 0, "100.25", "1")])])
    batch = batch_of([Trade(1, 0, "100.25", "1"), Trade(1, 1, "100.5", "1")])
    log.fail = True
    with pytest.raises(StorageFailed):
        market.ingest([batch])
    assert (market.stats("X")["duplicates"], market.stats("X")["id_conflicts"]) == (0, 0)
    log.fail = False
    market.ingest([batch])
    assert (market.stats("X")["duplicates"], market.stats("X")["id_conflicts"]) == (1, 1)


def test_a_repeated_key_says_the_conflicts_again_and_an_older_log_has_none() -> None:
    log = MemoryLog()
    market = Market(log)
    batch = batch_of([Trade(1, 0, "100.25", "1"), Trade(1, 1, "100.5", "1")])
    assert market.ingest([batch], key="k", digest="d").id_conflicts == 1
    restarted = Market(log)
    restarted.load()
    assert restarted.ingest([batch], key="k", digest="d").id_conflicts == 1
    (entry,) = log.entries
    log.entries = [LogEntry(entry.batches, "k", b'["d", 2, 0]')]
    older = Market(log)
    older.load()
    receipt = older.ingest([batch], key="k", digest="d")
    assert (receipt.accepted, receipt.duplicates, receipt.id_conflicts, receipt.repeated) == (2, 0, 0, True)


def test_a_reset_forgets_the_ids() -> None:
    market = Market()
    one = batch_of([Trade(1, 0, "100.25", "1")])
    market.ingest([one])
    market.reset("X")
    receipt = market.ingest([one])
    assert (receipt.accepted, receipt.duplicates, receipt.id_conflicts) == (1, 0, 0)


def test_statistics_say_among_how_many_trades_conflicts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids that restart with each day: of the second day's, only those that memory still has are conflicts."""
    monkeypatch.setattr(buffer, "SEGMENT", 4)
    market, whole = Market(MemoryLog(), max_ticks=6), Market(MemoryLog())
    first = [Trade(number, number, "1", "1") for number in range(1, 13)]
    second = [Trade(number, 86_400 * 10**9 + number, "1", "1") for number in (1, 2, 12)]
    for each in (market, whole):
        for trade in [*first, *second]:
            each.ingest([batch_of([trade])])
    some, every = market.stats("X"), whole.stats("X")
    assert (every["ticks"], every["evicted"], every["id_conflicts"], every["id_conflicts_among"]) == (15, 0, 3, 15)
    assert some["ticks"] == 15
    assert some["evicted"] >= 8
    assert some["id_conflicts_among"] == 15 - some["evicted"]
    assert some["id_conflicts"] == 1
