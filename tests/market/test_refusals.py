"""A refused write changes neither the log nor memory, and what is memory's is always what a restart reads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from orderflow.errors import BadInput, Conflict, StorageFailed
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.tick_log import LogEntry
from orderflow.market.ticks import NO_ID, TickBatch
from tests.market.memory_log import MemoryLog

MINUTE = Frame.parse("1min")
START = 1_790_000_000_000_000_000


def batch(
    *trades: tuple[int, int, int], ids: list[int] | None = None, symbol: str = "X", decimals: int = 2
) -> TickBatch:
    """(seconds, price, size) trades bought at a price with `decimals` decimals."""
    seconds, price, size = (np.array(column, np.int64) for column in zip(*trades, strict=True))
    n = len(trades)
    flags = np.ones(n, np.int8)
    return TickBatch(
        symbol, START + seconds * 10**9, price, size, flags, flags, np.array(ids or [NO_ID] * n, np.int64), decimals, 0
    )


def contents(market: Market) -> dict[str, Any]:
    """What a user can see that a restart must give again."""
    found: dict[str, Any] = {}
    for info in sorted(market.symbols(), key=lambda info: info.symbol):
        ticks = market.ticks(info.symbol)
        columns = [getattr(ticks.ticks, name).tolist() for name in ("time", "level", "size", "id")]
        found[info.symbol] = (info.tick_size, info.session, columns, market.bars(info.symbol, MINUTE).volume.tolist())
    settings = {name: market.settings_of(name) for name in ("X", "Y", "NEW")}
    return {"symbols": found, "settings": settings, "keys": list(market._keys._done)}


def restarted(log: MemoryLog) -> dict[str, Any]:
    market = Market(log)
    market.load()
    return contents(market)


def filled() -> tuple[MemoryLog, Market]:
    log = MemoryLog()
    market = Market(log)
    market.configure("X", session="America/Chicago 17:00")
    market.ingest([batch((1, 10025, 2), (70, 10050, 3), ids=[1, 2])], key="k", digest="d")
    market.ingest([batch((5, 200, 1), symbol="Y")])
    return log, market


WRITES: dict[str, Callable[[Market], object]] = {
    "ticks": lambda m: m.ingest([batch((80, 10075, 1), ids=[3])]),
    "ticks on a finer grid": lambda m: m.ingest([batch((80, 100751, 1), decimals=3)]),
    "ticks of a new symbol": lambda m: m.ingest([batch((80, 10075, 1), symbol="NEW")]),
    "ticks of two symbols": lambda m: m.ingest([batch((80, 1, 1)), batch((80, 1, 1), symbol="NEW")]),
    "repetitions with a key": lambda m: m.ingest([batch((1, 10025, 2), ids=[1])], key="other", digest="e"),
    "a tick size": lambda m: m.configure("X", tick_size=Decimal("0.05")),
    "a session": lambda m: m.configure("X", session="UTC 12:00"),
    "settings of a new symbol": lambda m: m.configure("NEW", tick_size=Decimal("0.5"), size_step=Decimal("0.1")),
    "a reset of one symbol": lambda m: m.reset("X"),
    "a reset of everything": lambda m: m.reset(),
    "a reset with settings": lambda m: m.reset(None, {"X": {"tick_size": "0.25"}}),
}


@pytest.mark.parametrize("what", WRITES)
def test_refused_write_changes_nothing_and_is_possible_again(what: str) -> None:
    log, market = filled()
    before, epochs = contents(market), (market.epoch, market.epoch_of("X"))
    log.fail = True
    with pytest.raises(StorageFailed):
        WRITES[what](market)
    assert contents(market) == before == restarted(log)
    assert (market.epoch, market.epoch_of("X")) == epochs
    log.fail = False
    WRITES[what](market)
    assert contents(market) == restarted(log)
    assert contents(market) != before or what.startswith("repetitions")


def test_nobody_hears_of_a_refused_change() -> None:
    heard: list[tuple[str, int]] = []
    log = MemoryLog()
    market = Market(log, on_change=lambda symbol, revision: heard.append((symbol, revision)))
    market.ingest([batch((1, 10025, 2))])
    heard.clear()
    log.fail = True
    for write in WRITES.values():
        with pytest.raises((StorageFailed, Conflict)):
            write(market)
    assert heard == []


def test_settings_that_are_already_stored_are_not_written() -> None:
    log, market = filled()
    log.fail = True
    market.configure("X", session="America/Chicago 17:00")
    with pytest.raises(StorageFailed):
        market.configure("X", session="UTC")
    market.configure("X", session="UTC", stored=False)
    assert market.settings_of("X") == {"session": "UTC"}
    assert restarted(log)["settings"]["X"] == {"session": "America/Chicago 17:00"}


def test_a_refused_symbol_does_not_count_among_those_held() -> None:
    log = MemoryLog()
    market = Market(log, max_symbols=1)
    log.fail = True
    with pytest.raises(StorageFailed):
        market.ingest([batch((1, 1, 1), symbol="A")])
    log.fail = False
    assert market.ingest([batch((1, 1, 1), symbol="B")]).accepted == 1


def test_a_tick_size_that_the_ticks_held_do_not_fit_is_refused() -> None:
    market = Market()
    market.ingest([batch((1, 9_000_000, 1))])
    with pytest.raises(Conflict, match="so small"):
        market.configure("X", tick_size=Decimal("0.0000000001"))
    assert market.settings_of("X") == {}


# two calls at a time


class SlowLog(MemoryLog):
    """Lets a write wait before it is stored: `entered` is set when it waits, and it goes on when `go` is."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = False
        self.entered, self.go = threading.Event(), threading.Event()

    def append(self, entry: LogEntry, then: Callable[[], None]) -> None:
        if self.slow:
            self.slow = False
            self.entered.set()
            assert self.go.wait(60)
        super().append(entry, then)


class Call(threading.Thread):
    """A call in a thread of its own; `outcome` is its result, or its error."""

    def __init__(self, fn: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._fn = fn
        self.outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self._fn()
        except Exception as error:
            self.outcome = error

    def end(self) -> Any:
        self.join(60)
        assert not self.is_alive()
        return self.outcome


def twice(fail: bool, second: TickBatch) -> tuple[SlowLog, Market, Any, Any]:
    """A call whose write waits, then one that sends `second`; then the first write succeeds or fails."""
    log = SlowLog()
    market = Market(log)
    log.slow = True
    first = Call(lambda: market.ingest([batch((1, 10025, 2), (2, 10050, 1), ids=[7, 8])]))
    assert log.entered.wait(60)
    other = Call(lambda: market.ingest([second], key="second", digest="d"))
    other.join(0.05)
    log.fail = fail
    log.go.set()
    return log, market, first.end(), other.end()


REPEATED = batch((2, 10050, 1), (3, 10075, 4), ids=[8, 9])


def test_a_repetition_of_ticks_being_written_is_known_when_they_are() -> None:
    log, market, first, second = twice(False, REPEATED)
    assert (first.accepted, first.duplicates) == (2, 0)
    assert (second.accepted, second.duplicates) == (1, 1)
    assert contents(market) == restarted(log)
    assert market.stats("X")["ticks"] == 3


def test_a_repetition_of_ticks_whose_write_fails_is_not_acknowledged() -> None:
    log, market, first, second = twice(True, REPEATED)
    assert isinstance(first, StorageFailed)
    assert isinstance(second, StorageFailed)
    log.fail = False
    again = market.ingest([REPEATED], key="second", digest="d")
    assert (again.accepted, again.duplicates, again.repeated) == (2, 0, False)
    assert contents(market) == restarted(log)


def test_another_trade_with_the_id_of_one_being_written_does_not_wait() -> None:
    log = SlowLog()
    market = Market(log)
    log.slow = True
    first = Call(lambda: market.ingest([batch((1, 10025, 2), ids=[7])]))
    assert log.entered.wait(60)
    other = market.ingest([batch((1, 10025, 3), ids=[7])])
    assert (other.accepted, other.duplicates, other.id_conflicts) == (1, 0, 1)
    log.go.set()
    assert first.end().accepted == 1


def test_ticks_that_are_written_after_a_reset_are_in_memory_too() -> None:
    log = SlowLog()
    market = Market(log)
    market.ingest([batch((1, 10025, 2))])
    log.slow = True
    first = Call(lambda: market.ingest([batch((2, 100505, 1), decimals=3)]))
    assert log.entered.wait(60)
    market.reset("X")
    log.go.set()
    receipt = first.end()
    assert (receipt.accepted, receipt.revision) == (1, 1)
    assert market.stats("X")["ticks"] == 1
    assert contents(market) == restarted(log)


def test_a_finer_tick_size_is_only_in_force_when_its_ticks_are() -> None:
    log = SlowLog()
    market = Market(log)
    market.ingest([batch((1, 10025, 2))])
    log.slow = True
    first = Call(lambda: market.ingest([batch((2, 100251, 1), decimals=3)]))
    assert log.entered.wait(60)
    assert market.info("X").tick_size == "0.25"
    market.ingest([batch((3, 10050, 1))])
    assert market.info("X").tick_size == "0.25"
    with pytest.raises(BadInput, match="beyond"):
        market.ingest([batch((4, 3_000_000, 1), decimals=0)])  # alone it fits the ticks held, not those in flight
    log.go.set()
    first.end()
    assert market.info("X").tick_size == "0.001"
    assert market.bars("X", MINUTE).volume.tolist() == [4]
    assert contents(market) == restarted(log)


def test_prices_below_zero_must_not_be_too_far_from_the_others() -> None:
    """Levels are of 32 bits, and so are their differences."""
    log = MemoryLog()
    market = Market(log)
    far = 2**31 - 1
    with pytest.raises(BadInput, match=r"row 1: price -7 is more than 2147483647 ticks of 1 from others") as error:
        market.ingest([batch((1, far - 2, 2), (2, -7, 1), (3, far, 1), decimals=0)])
    assert [(one.row, one.field) for one in error.value.errors] == [(1, "price")]
    market.ingest([batch((1, far - 4, 2), decimals=0)])
    market.ingest([batch((2, -4, 1), decimals=0)])
    with pytest.raises(BadInput, match=r"row 0: price -5 is more than"):
        market.ingest([batch((3, -5, 1), decimals=0)])
    with pytest.raises(BadInput, match=rf"row 1: price {far} is more than"):
        market.ingest([batch((3, 5, 1), (4, far, 1), decimals=0)])
    assert market.stats("X")["ticks"] == 2
    assert market.bars("X", MINUTE).volume.tolist() == [3]
    assert contents(market) == restarted(log)


def test_a_tick_size_that_ticks_being_written_do_not_fit_is_refused() -> None:
    log = SlowLog()
    market = Market(log)
    market.ingest([batch((1, 10, 2))])
    log.slow = True
    first = Call(lambda: market.ingest([batch((2, 10025, 1))]))
    assert log.entered.wait(60)
    with pytest.raises(Conflict, match="being written do not fit"):
        market.configure("X", tick_size=Decimal("0.00000001"))
    log.go.set()
    first.end()
    assert contents(market) == restarted(log)


# the row that is named


@pytest.mark.parametrize("field", ["price", "size"])
def test_the_row_named_is_that_of_the_whole_batch(field: str) -> None:
    market = Market()
    market.ingest([batch((1, 1, 1), (2, 2, 1), ids=[1, 2], decimals=12)])
    wrong = (4, 2**61, 1) if field == "price" else (4, 2, 2**62)
    known = [(1, 1, 1), (2, 2, 1), (3, 3, 1), wrong]
    with pytest.raises(BadInput) as caught:
        market.ingest([batch(*known, ids=[1, 2, 3, 4], decimals=12)])
    (error,) = caught.value.errors
    assert (error.row, error.field) == (3, field)
    assert "row 3" in str(caught.value)
