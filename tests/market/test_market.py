"""`Market`: calls are atomic, idempotency keys and venue ids count once, and ticks survive a restart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from orderflow.errors import BadInput, Conflict, NotFound, StorageFailed
from orderflow.market import buffer
from orderflow.market.columns import tick_columns
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.row_size import MOST_SIZES
from orderflow.market.tape import MAX_ACTIVITY
from orderflow.market.ticks import NO_ID, SideRule, TickBatch
from tests.market.memory_log import MemoryLog
from tests.market.ticks import draw, rows, same

MINUTE = Frame.parse("1min")


def ticks(
    *trades: tuple[float, int, int, int], symbol: str = "X", ids: list[int] | None = None, price_decimals: int = 2
) -> TickBatch:
    """(seconds, price in cents, size, side) trades."""
    seconds, price, size, side = (np.array(column) for column in zip(*trades, strict=True))
    return TickBatch(
        symbol,
        (seconds * 1e9).astype(np.int64) + 1_790_000_000_000_000_000,
        price.astype(np.int64),
        size.astype(np.int64),
        side.astype(np.int8),
        np.where(side == 0, int(SideRule.NONE), int(SideRule.FLAG)).astype(np.int8),
        np.array(ids if ids is not None else [NO_ID] * len(trades), np.int64),
        price_decimals,
        0,
    )


def test_the_worked_example_of_the_definitions() -> None:
    """Levels as bid x ask: 100.50 2x40, 100.25 10x35, 100.00 12x33, 99.75 11x9, 99.50 30x0."""
    ladder = {10050: (2, 40), 10025: (10, 35), 10000: (12, 33), 9975: (11, 9), 9950: (30, 0)}
    sided = [(price, side, both[side > 0]) for price, both in ladder.items() for side in (-1, 1)]
    trades = [(1.0, price, volume, side) for price, side, volume in sided if volume]
    market = Market()
    market.configure("X", tick_size=Decimal("0.25"))
    market.ingest([ticks(*trades)])
    table = market.bars("X", MINUTE)
    bar = rows(table)[0]
    assert (bar["volume"], bar["delta"]) == (182, 52)
    assert (bar["poc"], bar["val"], bar["vah"]) == (Decimal("100"), Decimal("100"), Decimal("100.5"))
    marks = {row["price"]: row["imbalance"] for row in rows(table, "footprint")}
    assert marks == {
        Decimal("100.5"): "buy",
        Decimal("100.25"): "",
        Decimal("100"): "",
        Decimal("99.75"): "",
        Decimal("99.5"): "sell",
    }


def test_identical_rows_are_separate_trades_and_with_equal_ids_one() -> None:
    market = Market()
    same_trade = (1.0, 10000, 2, 1)
    assert market.ingest([ticks(same_trade, same_trade)]).accepted == 2
    assert market.ingest([ticks(same_trade)]).accepted == 1
    receipt = market.ingest([ticks(same_trade, same_trade, same_trade, ids=[7, 7, 8])])
    assert (receipt.accepted, receipt.duplicates) == (2, 1)
    again = market.ingest([ticks(same_trade, ids=[8])])
    assert (again.accepted, again.duplicates) == (0, 1)
    assert market.stats("X")["duplicates"] == 2
    assert market.bars("X", MINUTE).volume.tolist() == [10]
    other = market.ingest([ticks((1.0, 10000, 3, 1), (2.0, 10000, 2, 1), ids=[8, 8])])
    assert (other.accepted, other.duplicates, other.id_conflicts) == (2, 0, 2)


def test_ids_that_only_hash_find_duplicates_across_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    market = Market()
    rng = np.random.default_rng(5)
    ids = (-rng.integers(2, 2**62, 300)).tolist()
    for at in range(0, 300, 7):
        market.ingest([ticks(*[(float(i), 10000, 1, 1) for i in range(at, min(300, at + 7))], ids=ids[at : at + 7])])
    held = [(0.0, 10000, 1, 1), (150.0, 10000, 1, 1), (299.0, 10000, 1, 1)]
    receipt = market.ingest([ticks(*held, (1.0, 10000, 1, 1), ids=[ids[0], ids[150], ids[299], -1])])
    assert (receipt.accepted, receipt.duplicates, receipt.id_conflicts) == (1, 3, 0)
    moved = market.ingest([ticks(*held[::-1], ids=[ids[0], ids[150], ids[299]])])
    assert (moved.accepted, moved.duplicates, moved.id_conflicts) == (2, 1, 2)


def test_a_repeated_key_gives_the_stored_answer_also_after_a_restart() -> None:
    log = MemoryLog()
    market = Market(log)
    first = market.ingest([ticks((1, 10000, 1, 1))], key="k", digest="d")
    second = market.ingest([ticks((1, 10000, 1, 1))], key="k", digest="d")
    assert second == replace(first, repeated=True)
    with pytest.raises(Conflict, match="another body"):
        market.ingest([ticks((2, 10000, 1, 1))], key="k", digest="other")
    restarted = Market(log)
    assert restarted.load() == 1
    assert restarted.ingest([ticks((1, 10000, 1, 1))], key="k", digest="d").repeated
    assert restarted.stats("X")["ticks"] == 1


def test_a_failed_write_keeps_nothing_and_may_be_tried_again() -> None:
    log = MemoryLog()
    market = Market(log)
    log.fail = True
    with pytest.raises(StorageFailed):
        market.ingest([ticks((1, 10000, 1, 1), ids=[5])], key="k")
    log.fail = False
    with pytest.raises(NotFound):
        market.bars("Y", MINUTE)
    receipt = market.ingest([ticks((1, 10000, 1, 1), ids=[5])], key="k")
    assert (receipt.accepted, receipt.duplicates, receipt.repeated) == (1, 0, False)


def test_a_batch_of_several_symbols_is_taken_whole_or_not_at_all() -> None:
    market = Market()
    market.ingest([ticks((1, 1, 1, 1), symbol="A", price_decimals=12)])
    with pytest.raises(BadInput, match="price"):
        market.ingest([ticks((1, 10000, 1, 1), symbol="B"), ticks((2, 9_000_000, 1, 1), symbol="A", price_decimals=0)])
    assert [info.symbol for info in market.symbols()] == ["A"]
    assert market.stats("A")["ticks"] == 1


def test_the_grid_is_the_coarsest_that_holds_every_price_and_refines_without_rounding() -> None:
    market = Market()
    sizes = []
    for second, price in enumerate((10050, 10100, 10025, 10002, 10001)):
        market.ingest([ticks((second, price, 1, 1))])
        sizes.append(market.symbols()[0].tick_size)
        market.changed("X", MINUTE, 0, None, 1)
    assert sizes == ["0.5", "0.5", "0.25", "0.01", "0.01"]
    prices = [row["price"] for row in rows(market.bars("X", MINUTE), "footprint")]
    assert prices == [Decimal(p) / 100 for p in (10001, 10002, 10025, 10050, 10100)]
    at_once = Market()
    at_once.ingest([ticks(*[(s, p, 1, 1) for s, p in enumerate((10001, 10002, 10025, 10100, 10050))])])
    assert at_once.symbols()[0].tick_size == "0.01"


def test_a_finer_tick_size_may_be_set_and_a_coarser_one_is_refused() -> None:
    market = Market()
    market.ingest([ticks((1, 10025, 3, 1))])
    market.configure("X", tick_size=Decimal("0.05"))
    assert market.symbols()[0].tick_size == "0.05"
    with pytest.raises(Conflict, match="reset"):
        market.configure("X", tick_size=Decimal("1"))
    with pytest.raises(BadInput, match="above 0"):
        market.configure("X", tick_size=Decimal("0"))


def test_instrument_settings_survive_a_restart() -> None:
    log = MemoryLog()
    Market(log).configure("NQ", tick_size=Decimal("0.25"), session="America/Chicago 17:00")
    market = Market(log)
    market.load()
    market.ingest([ticks((1, 10000, 1, 1), symbol="NQ")])
    assert (market.symbols()[0].tick_size, market.symbols()[0].session) == ("0.25", "America/Chicago 17:00")


def test_late_ticks_amend_their_own_bar_and_bump_its_revision() -> None:
    market = Market()
    market.ingest([ticks((5, 10000, 1, 1), (65, 10100, 1, 1))])
    before = market.changed("X", MINUTE, 0, None, 1)
    market.ingest([ticks((3, 9900, 4, -1))])
    after = market.changed("X", MINUTE, before["rev"], before["epoch"], 1)
    assert not after["full"]
    assert [bar["t"] for bar in after["bars"]] == [before["bars"][0]["t"]]
    assert (after["bars"][0]["o"], after["bars"][0]["l"], after["bars"][0]["d"]) == (99, 99, [-3, -4, 0])
    assert [(row[0], row[1]) for row in after["run"]] == [(before["bars"][1]["t"], -2)]
    assert after["stats"]["late"] == 1


def test_changes_are_only_what_changed_and_an_old_revision_gets_everything() -> None:
    market = Market()
    for minute in range(40):
        market.ingest([ticks((60.0 * minute, 10000 + minute, 1, 1))])
    whole = market.changed("X", MINUTE, 0, None, 1)
    assert (whole["full"], len(whole["bars"])) == (True, 40)
    market.ingest([ticks((60.0 * 39 + 1, 10000, 1, -1))])
    change = market.changed("X", MINUTE, whole["rev"], whole["epoch"], 1)
    assert (change["full"], len(change["bars"]), change["rev"]) == (False, 1, whole["rev"] + 1)
    assert market.changed("X", MINUTE, change["rev"], change["epoch"], 1)["bars"] == []
    assert market.changed("X", MINUTE, whole["rev"], "another", 1)["full"]


def test_reset_forgets_ticks_log_and_keys() -> None:
    log = MemoryLog()
    market = Market(log)
    market.ingest([ticks((1, 10000, 1, 1))], key="k")
    epoch = market.epoch_of("X")
    market.reset("X")
    assert market.symbols() == []
    assert log.read("X", 0, 2**62) is None
    with pytest.raises(NotFound):
        market.reset("X")
    market.ingest([ticks((1, 10000, 1, 1))])
    assert market.epoch_of("X") != epoch


def test_symbols_are_bounded_and_the_refusal_says_how() -> None:
    market = Market(max_symbols=1)
    market.ingest([ticks((1, 10000, 1, 1), symbol="A")])
    with pytest.raises(BadInput, match="MAX_SYMBOLS"):
        market.ingest([ticks((1, 10000, 1, 1), symbol="B")])


def test_memory_is_bounded_and_what_it_lets_go_stays_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    drawn = draw(11, most=3_000, sides="flag")
    market = Market(MemoryLog(), max_candles=5, max_ticks=128)
    for at in range(0, len(drawn.batch), 50):
        market.ingest([drawn.batch.take(slice(at, at + 50))])
    assert market.stats("X")["evicted"] >= len(drawn.batch) - 128 - 64
    reference = Market(max_candles=10**6)
    reference.ingest([drawn.batch])
    same(reference.bars("X", MINUTE), market.bars("X", MINUTE), "bars")
    shown = market.changed("X", MINUTE, 0, None, 1)
    assert len(shown["bars"]) <= 5
    assert len(market.ticks("X").ticks) == len(drawn.batch)


def test_many_symbols_with_few_ticks_each_let_go_of_their_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them has as many ticks as the largest segment; what each lets go stays readable."""
    monkeypatch.setattr(buffer, "FIRST_SEGMENT", 16)
    market = Market(MemoryLog(), max_ticks=2_000)
    sent = [draw(seed, most=600, sides="flag").batch for seed in range(12)]
    sent = [replace(batch, symbol=f"S{number}") for number, batch in enumerate(sent)]
    for at in range(0, 600, 50):
        market.ingest([batch.take(slice(at, at + 50)) for batch in sent if at < len(batch)])
    total = sum(len(batch) for batch in sent)
    assert total > 3_000
    assert total - sum(market.stats(batch.symbol)["evicted"] for batch in sent) <= 2_000
    reference = Market(max_candles=10**6)
    for batch in sent:
        reference.ingest([batch])
        same(reference.bars(batch.symbol, MINUTE), market.bars(batch.symbol, MINUTE), batch.symbol)
        assert market.ticks(batch.symbol).ticks.time.tolist() == reference.ticks(batch.symbol).ticks.time.tolist()


def test_a_symbol_being_put_in_order_does_not_keep_others_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "FIRST_SEGMENT", 16)
    market = Market(MemoryLog(), max_ticks=200)
    market.ingest([ticks(*((float(k), 10000, 1, 1) for k in range(199)), symbol="BUSY")])
    monkeypatch.setattr(market._symbols["BUSY"].tape, "evict", lambda: 0)
    market.ingest([ticks(*((float(k), 10000, 1, 1) for k in range(100)), symbol="OTHER")])
    assert market.stats("BUSY")["evicted"] == 0
    assert market.stats("OTHER")["evicted"] >= 80


def test_without_a_log_a_late_tick_for_a_bar_that_left_memory_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "SEGMENT", 64)
    market = Market(max_ticks=64)
    for second in range(200):
        market.ingest([ticks((float(second), 10000, 1, 1))])
    market.bars("X", MINUTE)
    market.ingest([ticks((0.5, 10000, 1, 1))])
    market.bars("X", MINUTE)
    assert market.stats("X")["lost"] == 1


def test_bars_page_through_everything() -> None:
    drawn = draw(3, most=2_000)
    market = Market(MemoryLog(), max_candles=4)
    market.ingest([drawn.batch])
    every = market.bars("X", MINUTE)
    pages, start = [], None
    while True:
        page = market.bars("X", MINUTE, start=start, limit=3)
        if not len(page):
            break
        pages += page.time.tolist()
        start = int(page.time[-1]) + 1
    assert pages == every.time.tolist()


def test_tick_columns_print_exactly() -> None:
    market = Market()
    market.ingest([ticks((0.25, 10050, 3, 1), (0.5, 10000, 1, -1), ids=[9, NO_ID])])
    columns = tick_columns(market.ticks("X"))
    text = {name: column if isinstance(column, list) else column.text() for name, column in columns.items()}
    assert text == {
        "time": ["2026-09-21T14:13:20.250Z", "2026-09-21T14:13:20.500Z"],
        "price": ["100.5", "100"],
        "size": ["3", "1"],
        "side": ["buy", "sell"],
        "side_rule": ["flag", "flag"],
        "id": ["9", ""],
    }


def test_simulated_trades_are_seen_but_never_the_default_nor_in_the_log() -> None:
    log = MemoryLog()
    market = Market(log)
    market.simulate([ticks((1, 100, 1, 1), symbol="B"), ticks((1, 100, 1, 1), (2, 101, 2, -1), symbol="A")])
    assert (market.active(), [info.symbol for info in market.symbols()]) == (None, ["A", "B"])
    market.ingest([ticks((1, 5, 1, 1), symbol="REAL")])
    assert market.simulate([ticks((3, 99, 4, -1), symbol="A")]) == 1
    assert (market.active(), [info.symbol for info in market.symbols()]) == ("REAL", ["REAL", "A", "B"])
    assert (market.stats("A")["ticks"], market.bars("A", MINUTE).volume.tolist()) == (3, [7])
    assert [batch.symbol for entry in log.entries for batch in entry.batches] == ["REAL"]
    market.reset("A")
    assert market.revision("A") == 0
    with pytest.raises(BadInput, match="more than the 1 symbols"):
        Market(max_symbols=1).simulate([ticks((1, 5, 1, 1), symbol="A"), ticks((1, 5, 1, 1), symbol="B")])


def test_only_the_last_used_activity_frames_are_held() -> None:
    """Whoever may read can ask for any number of them: 40 of 600,000 ticks took 1.5 GB, for good."""
    market = Market()
    market.ingest([ticks(*((float(k), 10000 + k % 7, 1, 1) for k in range(50)))])
    frames = [Frame.parse(f"ticks:{n}") for n in range(1, 30)]

    def shown(frame: Frame) -> object:
        return market.changed("X", frame, 0, None, wait=True)["bars"]

    first = shown(frames[0])
    for frame in frames:
        shown(frame)
    held = market._symbols["X"].tape._bars.activity
    assert list(held) == [frame.name for frame in frames[-MAX_ACTIVITY:]]
    shown(frames[-MAX_ACTIVITY])  # it was used last now
    assert shown(frames[0]) == first
    assert frames[-MAX_ACTIVITY].name in held
    assert frames[1 - MAX_ACTIVITY].name not in held


def test_the_row_sizes_of_a_bounded_number_of_frames_are_kept() -> None:
    market = Market(MemoryLog())
    market.ingest([ticks(*((float(k), 10000 + k % 7, 1, 1) for k in range(50)))])
    sizes = [market.row_size("X", Frame.parse(f"ticks:{n}")) for n in range(1, MOST_SIZES + 20)]
    assert len(market._symbols["X"].row_sizes) == MOST_SIZES
    assert market.row_size("X", Frame.parse("ticks:1")) == sizes[0]


def test_many_symbols_with_few_ticks_each_do_not_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.market.market.MOST_HELD", 30)
    market = Market(MemoryLog(), max_ticks=10)
    for number in range(41):
        market.ingest([ticks((1.0, 10000, 1, 1), symbol=f"S{number}")])
    with pytest.raises(Conflict, match="memory holds 41 ticks of so many symbols that none has a segment to let go"):
        market.ingest([ticks((1.0, 10000, 1, 1), symbol="S41")])
    market.reset("S0")
    market.ingest([ticks((1.0, 10000, 1, 1), symbol="S41")])
