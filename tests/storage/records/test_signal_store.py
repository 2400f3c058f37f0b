from __future__ import annotations

from collections.abc import Callable

import pytest

from orderflow.errors import Conflict, NotFound, TooLarge
from orderflow.market.signal import BUY, NEUTRAL, SELL, Signal
from orderflow.storage.records import mapping_store
from orderflow.storage.records.mapping_store import MappingStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.signal_store import SignalStore

ALL = 1_000_000
TEXTS = ("type", "price", "label", "color", "icon", "stop", "target")


@pytest.fixture
def store(records: Records) -> SignalStore:
    clock = iter(range(1, 10_000))
    return SignalStore(records, lambda: next(clock))


def signals(*times: int) -> list[Signal]:
    return [Signal(time, (BUY, NEUTRAL, SELL)[time % 3], "buy", f"{time}.10") for time in times]


def test_signals_are_kept_exactly_and_there_after_a_restart(
    records: Records, store: SignalStore, open_records: Callable[..., Records]
) -> None:
    given = [
        Signal(-1, SELL, "x", "0.000000000001", "<b>'; --\U0001f680", "#ff0000", "arrow-down", "1", "99999999999.5"),
        Signal(1_700_000_000_123_456_789, BUY, "exhaustion"),
    ]
    made = store.replace("ann", "bot", given, "bot.csv")
    assert (made.rows, made.first, made.last, made.source, made.previous) == (2, -1, given[1].time, "bot.csv", None)
    assert SignalStore(open_records(), lambda: 0).read("ann", "bot", limit=ALL) == given
    texts = [getattr(each, name) for each in given for name in TEXTS]
    assert store.size(made) == 2 * 9 + len("".join(texts).encode())


def test_owners_do_not_see_each_other(store: SignalStore) -> None:
    store.replace("ann", "bot", signals(1), "a")
    store.replace("bob", "bot", signals(2, 3), "b")
    assert store.read("ann", "bot", limit=ALL) == signals(1)
    assert [(each.owner, each.rows) for each in store.sets("bob")] == [("bob", 2)]
    with pytest.raises(NotFound):
        store.read("eve", "bot", limit=ALL)
    assert store.find("eve", "bot") is None
    assert not store.delete("eve", "bot")
    with pytest.raises(NotFound):
        store.undo("eve", "bot")
    assert store.delete("ann", "bot")
    assert store.sets("ann") == ()
    assert store.read("bob", "bot", limit=ALL) == signals(2, 3)


def test_a_replacement_is_undone_once_and_again(store: SignalStore) -> None:
    for times in ((1,), (2, 3), (4, 5, 6)):
        store.replace("ann", "bot", signals(*times), "x")
    assert store.undo("ann", "bot").rows == 2
    assert store.read("ann", "bot", limit=ALL) == signals(2, 3)
    assert store.undo("ann", "bot").rows == 3
    assert store.read("ann", "bot", limit=ALL) == signals(4, 5, 6)
    store.replace("bob", "new", signals(1), "x")
    with pytest.raises(Conflict, match="nothing to undo"):
        store.undo("bob", "new")


def test_what_is_added_is_after_the_others_and_is_undone(store: SignalStore) -> None:
    store.replace("ann", "bot", signals(1, 2), "x", append=True)
    assert store.replace("ann", "bot", signals(2, 5), "y", append=True).rows == 4
    assert store.read("ann", "bot", limit=ALL) == signals(1, 2, 2, 5)
    with pytest.raises(Conflict, match="must not be before the last"):
        store.replace("ann", "bot", signals(4), "z", append=True)
    assert store.read("ann", "bot", limit=ALL) == signals(1, 2, 2, 5)
    store.undo("ann", "bot")
    assert store.read("ann", "bot", limit=ALL) == signals(1, 2)


def test_more_than_the_owner_may_have_changes_nothing(store: SignalStore) -> None:
    store.replace("ann", "a", signals(1, 2), "x", most_rows=3)
    store.replace("bob", "a", signals(1, 2, 3), "x", most_rows=3)
    with pytest.raises(TooLarge, match="would make 4 signals, and the limit is 3"):
        store.replace("ann", "b", signals(3, 4), "x", most_rows=3)
    with pytest.raises(TooLarge):
        store.replace("ann", "a", signals(3, 4, 5), "x", append=True, most_rows=3)
    assert [(each.name, each.rows, each.previous) for each in store.sets("ann")] == [("a", 2, None)]
    assert store.replace("ann", "a", signals(1, 2, 3), "x", most_rows=3).rows == 3


def test_a_part_is_read_by_time_and_place(store: SignalStore) -> None:
    store.replace("ann", "bot", signals(*range(100)), "x")
    assert store.read("ann", "bot", start=10, end=20, limit=ALL) == signals(*range(10, 20))
    assert store.read("ann", "bot", skip=95, limit=3) == signals(95, 96, 97)


def test_more_signals_than_a_piece(store: SignalStore) -> None:
    assert store.replace("ann", "bot", signals(*range(5_100)), "x").rows == 5_100
    assert store.read("ann", "bot", skip=5_099, limit=10) == signals(5_099)


def test_mappings_are_of_a_user_a_kind_and_a_header(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping_store, "MOST", 4)
    clock = iter(range(1, 10_000))
    store = MappingStore(records, lambda: next(clock))
    store.put("ann", "ohlcv", "h", "{1}")
    store.put("ann", "ohlcv", "h", "{2}")
    assert store.get("ann", "ohlcv", "h") == "{2}"
    assert store.get("ann", "signals", "h") == store.get("bob", "ohlcv", "h") == store.get("ann", "ohlcv", "g") == ""
    for number in range(4):
        store.put("ann", "ohlcv", f"h{number}", "{}")
    assert (store.get("ann", "ohlcv", "h"), store.deleted) == ("", 1)
    assert store.get("ann", "ohlcv", "h0") == "{}"
    store.put("ann", "ohlcv", "h0", "")
    assert store.get("ann", "ohlcv", "h0") == ""
