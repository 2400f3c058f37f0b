"""What users leave on charts: kept by user and series, one part without the other, and the least used are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from orderflow.storage.records import mapping_store, view_store
from orderflow.storage.records.mapping_store import MappingStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.view_store import ViewStore


def test_drawings_and_views_are_kept_by_user_and_series(records: Records, open_records: Callable[..., Records]) -> None:
    clock = count(1)
    store = ViewStore(records, lambda: next(clock))
    assert store.get("ann", "live:BTC:1m") == ("", "")
    store.put("ann", "live:BTC:1m", drawings="[1]")
    store.put("ann", "live:BTC:1m", view="{}")
    store.put("bob", "live:BTC:1m", view="{2}")
    again = ViewStore(open_records(), lambda: next(clock))
    assert again.get("ann", "live:BTC:1m") == ("[1]", "{}")
    assert again.all("bob") == {"live:BTC:1m": ("", "{2}")}
    assert again.owners() == {"ann", "bob"}
    store.forget("ann")
    assert (store.get("ann", "live:BTC:1m"), store.owners()) == (("", ""), {"bob"})


def test_charts_that_were_not_used_for_the_longest_time_are_forgotten(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_store, "MOST", 3)
    clock = count(1)
    store = ViewStore(records, lambda: next(clock))
    for series in ("a", "b", "c", "a", "d"):
        store.put("ann", series, view=series)
    assert sorted(store.all("ann")) == ["a", "c", "d"]


@pytest.mark.parametrize("store", [ViewStore, MappingStore])
def test_what_is_stored_after_the_clock_was_ahead_stays(
    records: Records, store: type[ViewStore] | type[MappingStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (view_store, mapping_store):
        monkeypatch.setattr(module, "MOST", 3)
    times = iter((1_000, 2_000, 3_000, 5, 6))
    made = store(records, lambda: next(times))

    def put(name: str) -> None:
        if isinstance(made, ViewStore):
            made.put("ann", name, view=name)
        else:
            made.put("ann", "ohlcv", name, name)

    for name in ("a", "b", "c", "d", "e"):
        put(name)
    kept = made.all("ann")
    found = sorted(kept) if isinstance(kept, dict) else sorted(options for _, options in kept)
    assert found == ["c", "d", "e"]
