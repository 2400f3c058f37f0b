"""Klines kept of the simulated exchange are its own, whatever its fault script does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from orderflow.errors import StorageFailed
from orderflow.exchange.exchange import Exchange
from orderflow.feeds.venues.venue import Kline, Request
from orderflow.market.market import Market
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.runtime.workers import Workers
from orderflow.storage.records.address import address_of
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.records import Records
from orderflow.workspace.klines.kept_series import open_series
from tests.clocks import ManualClock
from tests.exchange.trades import BEGIN, Fill, send, some
from tests.feeds.test_connection import FAULTS
from tests.workspace.klines.rig import KlineRig


@pytest.fixture
def rig(tmp_path: object) -> Iterator[KlineRig]:
    workers = Workers(1)
    clock = ManualClock(BEGIN)
    records = Records(address_of(tmp_path, ephemeral=True), workers)  # type: ignore[arg-type]
    records.start()
    exchange = Exchange(Market(), workers, clock)
    send(exchange.market, Fill(0.0, 10_000, 1_000))  # the exchange has no symbols without trades
    made = KlineRig(exchange, clock, KlineStore(records, clock.now))
    yield made
    records.close()
    workers.stop()


def test_undisturbed(rig: KlineRig) -> None:
    rig.trade(100.0, 300, 1)
    rig.settle()
    rig.assert_exact()
    for kept in rig.kept.values():
        assert (kept.backfill.state, kept.backfill.missing, kept.refused) == ("done", [], 0)


@pytest.mark.parametrize("name", FAULTS)
def test_the_klines_are_the_exchanges_own_after(rig: KlineRig, name: str) -> None:
    rig.trade(5.0, 50, 3)
    rig.exchange.add_faults(FAULTS[name])
    rig.trade(35.0, 300, 4)
    rig.run(24.0, step=1.0)  # longer than the limit of silence
    rig.exchange.clear_faults()
    rig.trade(10.0, 100, 5)
    rig.settle()
    rig.assert_exact()
    assert all(kept.backfill.missing == [] for kept in rig.kept.values())


def test_after_a_restart_only_what_is_missing_is_requested(rig: KlineRig) -> None:
    rig.trade(130.0, 300, 1)
    rig.settle()
    rig.connection.close()
    rig.wires.calls.clear()
    now = (rig.clock.now() - BEGIN) / 1e9
    fills = [replace(fill, at=now + fill.at) for fill in some(2, 200, span=100.0)]
    rig.clock.advance(100.0)
    send(rig.exchange.market, *fills)
    rig.connect()
    rig.settle()
    rig.assert_exact()
    asked = [query for _, url, query in rig.wires.calls if url.endswith("klines") and query["interval"] == "1s"]
    assert sum(int(query["limit"]) for query in asked) < 120


def test_klines_that_the_venue_does_not_have_are_marked_and_not_asked_for_again(rig: KlineRig) -> None:
    rig.trade(100.0, 300, 1)
    gone = range(BEGIN // 10**6 + 30_000, BEGIN // 10**6 + 61_000, 1_000)
    request, read, limits = rig.venue.klines_request, rig.venue.read_klines, []

    def ask_for_more(pair: str, interval: str, end: int, limit: int) -> Request:
        limits.append(limit)
        return request(pair, interval, end, limit + len(gone))

    def leave_out(pair: str, interval: str, body: bytes) -> list[Kline]:
        rows = [row for row in read(pair, interval, body) if interval != "1s" or row.start not in gone]
        return rows[-limits[-1] :]

    rig.venue.klines_request, rig.venue.read_klines = ask_for_more, leave_out  # type: ignore[method-assign]
    rig.store.delete(rig.kept["1s"].series.id)
    rig.connection.close()
    rig.connect()
    rig.settle()
    asked = len(rig.wires.calls)
    rig.run(30.0, step=0.5)
    assert len(rig.wires.calls) == asked
    backfill = rig.kept["1s"].backfill
    assert (backfill.state, backfill.missing) == ("done", [(gone.start, gone.stop)])
    assert rig.store.holes(rig.kept["1s"].series.id) == [(gone.start, gone.stop)]
    rig.clock.advance(86_400 * 2)
    rig.connection.close()
    rig.connect()
    rig.wires.calls.clear()
    rig.run(5.0)
    assert gone.start not in {int(query.get("endTime", 0)) + 1 - 1_000 for _, _, query in rig.wires.calls}
    assert rig.kept["1s"].backfill.missing[0] == (gone.start, gone.stop)


def test_a_venue_out_of_reach_leaves_what_is_stored_and_says_so(rig: KlineRig) -> None:
    rig.trade(30.0, 100, 1)
    rig.settle()
    rig.connection.close()
    rig.wires.down = True
    rig.connect()
    rig.run(120.0, step=1.0)
    backfill = rig.kept["1s"].backfill
    assert backfill.state == "offline"
    assert "nothing listens there" in backfill.reason
    assert backfill.end is not None
    rig.wires.down = False
    rig.settle()
    rig.assert_exact()


def test_a_pair_that_the_venue_does_not_have_is_offline_and_the_others_go_on(rig: KlineRig) -> None:
    wrong = open_series(rig.venue, rig.connection, rig.store, "NOUSDT", TIMEFRAMES["1m"], BEGIN // 10**6)
    rig.trade(30.0, 100, 1)
    rig.settle()
    wrong.look(rig.connection)
    assert (wrong.backfill.state, wrong.backfill.end) == ("offline", None)
    assert wrong.backfill.reason
    rig.assert_exact()


def test_what_the_records_refuse_is_stored_later(rig: KlineRig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.trade(10.0, 30, 1)
    kept = rig.kept["1s"]
    with monkeypatch.context() as full:

        def refuse(*args: object) -> int:
            raise StorageFailed("the disk is full")

        full.setattr(KlineStore, "upsert", refuse)
        rig.clock.advance(3.0)
        rig.hub.poll()
        rig.connection.step()
        for _ in range(2):
            with pytest.raises(StorageFailed):
                kept.save()
    rig.settle()
    rig.assert_exact()


def test_what_has_come_is_missing_until_it_is_stored(rig: KlineRig) -> None:
    rig.trade(10.0, 30, 1)
    rig.settle()
    rig.connection.close()
    now = (rig.clock.now() - BEGIN) / 1e9
    rig.clock.advance(200.0)
    send(rig.exchange.market, *(replace(fill, at=now + fill.at) for fill in some(2, 200, span=200.0)))
    rig.connect()
    kept, stop, waited, known = rig.kept["1s"], rig.clock.now() // 10**6 - 1000, 0, False
    for _ in range(60):
        rig.clock.advance(0.1)
        rig.hub.poll()
        rig.connection.step()
        for each in rig.kept.values():
            each.save(rig.clock.monotonic())
            each.look(rig.connection)
        held, missing = set(rig.ours("1s").time.tolist()), kept.backfill.missing
        known = known or bool(missing)  # what is missing is not known at first
        if not known:
            continue
        waited += kept._sequence.waiting > 0
        times = range(BEGIN // 10**6, stop, 1000)
        assert [time for time in times if time not in held and not any(a <= time < b for a, b in missing)] == []
    assert waited
    assert not missing


def test_a_kline_that_cannot_be_kept_is_counted_and_the_others_are_kept(rig: KlineRig) -> None:
    rig.trade(10.0, 30, 1)
    kept = rig.kept["1s"]
    rig.settle()
    at = rig.clock.now() // 10**6 // 1000 * 1000 - 5_000
    for number, price in enumerate(("100.5", "x", "99999999999999999999")):
        row = Kline("BTCUSDT", "1s", at + number * 1000, at + number * 1000 + 999, *[price] * 4, "1", 1, "1", True)
        kept._sequence.live(row, rig.clock.monotonic())
    kept.save()
    assert kept.refused == 2
