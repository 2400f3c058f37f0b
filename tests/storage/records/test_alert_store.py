"""Alerts in the tables: what an evaluation changes is kept whole or not at all; events are kept once, for good."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orderflow.errors import StorageFailed
from orderflow.market.frames import Frame
from orderflow.storage.records import alert_store
from orderflow.storage.records.alert_store import AlertTables
from orderflow.storage.records.delivery_store import DeliveryStore, Filter
from orderflow.storage.records.notice_store import NoticeStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.target_store import StoredTarget, TargetStore
from orderflow.tickers.alerts.alert import Alert, AlertEvent, Frequency, Kind, Source, State, Watch
from orderflow.tickers.alerts.record_store import RecordStore
from orderflow.tickers.alerts.store import Changes, Mark, Position
from tests.storage.records.watched import plans, statements, transactions

ALERT = Alert(
    "a1",
    "BTC",
    ("sim:BTC", "X"),
    "crossing_up",
    (Fraction("100.125"),),
    5,
    Source(Kind.STUDY, "vwap", "vwap", (("bands", (1, 2)),)),
    Frequency.BAR,
    Frame.parse("5min"),
    cooldown=3,
    intrabar=True,
    expires=99,
    woken=98,
    note="<b>",
    message="{{price}}",
    targets=("1",),
    why="",
)
WATCH = Watch(ALERT, "sim:BTC", 7, 8, Fraction(1, 3), 9, False)
OTHER = Watch(ALERT, "X", done=True)
POSITION = Position(
    "sim:BTC",
    2,
    10,
    Mark(4, "100.5", "1", -1),
    (4, "100.5"),
    {"5min": {"start": 0, "level": "1", "before": None}},
    True,
)


def event(number: int, **more: object) -> AlertEvent:
    made = AlertEvent(f"e{number}", "a1", "sim:BTC", 2, "BTC", "100.5", 4, 6, 1.5, 60, number, "title", "message")
    return replace(made, **more)


@pytest.fixture
def store(records: Records) -> RecordStore:
    return RecordStore(records, lambda alert_id: ALERT.targets)


def test_what_is_stored_comes_back(store: RecordStore) -> None:
    store.save(Changes(alerts=[(ALERT, [WATCH, OTHER])], positions=[POSITION], events=[event(1)]))
    stored = store.load()
    ((alert, watches),) = stored.alerts
    assert alert == ALERT
    assert sorted(watches, key=lambda watch: watch.symbol) == [OTHER, replace(WATCH, bars={60})]
    assert list(stored.positions) == [POSITION]
    assert list(stored.found) == [("a1", 6)]
    assert store.events() == [(1, event(1))]


def test_changes_replace_rows(store: RecordStore) -> None:
    store.save(Changes(alerts=[(ALERT, [WATCH, OTHER])], positions=[POSITION]))
    changed = replace(ALERT, state=State.PAUSED, why="fired too often")
    store.save(Changes(alerts=[(changed, [replace(WATCH, alert=changed, since=70), OTHER])]))
    store.save(Changes(watches=[replace(OTHER, alert=changed, since=71)], positions=[replace(POSITION, ordinal=11)]))
    stored = store.load()
    ((alert, watches),) = stored.alerts
    assert alert == changed
    assert sorted((watch.symbol, watch.since) for watch in watches) == [("X", 71), ("sim:BTC", 70)]
    assert stored.positions[0].ordinal == 11


def test_an_event_is_kept_once(store: RecordStore) -> None:
    assert store.save(Changes(events=[event(1), event(2)])) == ["e1", "e2"]
    assert store.save(Changes(events=[event(2, value="7"), event(3)])) == ["e3"]
    assert [each.id for _, each in store.events(after=0)] == ["e1", "e2", "e3"]
    assert [each.id for _, each in store.events(limit=2)] == ["e3", "e2"]
    assert store.events(after=0)[1][1].value == "100.5"


def test_events_outlive_their_alert(store: RecordStore) -> None:
    store.save(Changes(alerts=[(ALERT, [WATCH])], events=[event(1)]))
    store.save(Changes(removed=["a1"]))
    assert store.load().alerts == []
    assert [each.alert_id for _, each in store.events(alert_id="a1")] == ["a1"]


def test_a_failure_keeps_nothing(store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(Changes(alerts=[(ALERT, [WATCH])], positions=[POSITION]))
    monkeypatch.setattr(store, "_deliver", _fail)
    with pytest.raises(StorageFailed, match="no outbox"):
        store.save(Changes(events=[event(1)], positions=[replace(POSITION, ordinal=99)]))
    assert store.events() == []
    assert store.load().positions[0].ordinal == 10


def _fail(*_: object) -> None:
    raise OSError("no outbox")


def test_the_outbox_is_written_with_the_event(store: RecordStore, records: Records) -> None:
    targets = TargetStore(records)
    made = targets.add(StoredTarget(0, "", "hook", "webhook", {"url": "https://example.com"}, {}, True, 1), 9)
    chosen = RecordStore(records, lambda alert_id: (str(made.id),))
    for _ in range(2):
        chosen.save(Changes(events=[event(1)]))
    (delivery,) = DeliveryStore(records).list(Filter())
    assert (delivery.event, delivery.title, delivery.text) == ("e1", "BTC: title", "message")


def test_the_statements_of_many_events_are_those_of_one(file_records: Records) -> None:
    """Each of 300 events with 20 deliveries had statements of its own, while everybody waited."""
    targets = TargetStore(file_records)
    made = [targets.add(StoredTarget(0, "operator", f"t{n}", "webhook", {}, {}, True, 1), 9) for n in range(3)]
    store = RecordStore(file_records, lambda alert_id: tuple(str(each.id) for each in made))
    counts = []
    for first, count in ((0, 1), (1, 40)):
        with statements(file_records) as run:
            store.save(Changes(events=[event(number) for number in range(first, first + count)]))
        counts.append(len(run))
    assert counts[0] == counts[1]
    assert DeliveryStore(file_records).waiting() == 3 * 41


@pytest.fixture
def filled(file_records: Records, monkeypatch: pytest.MonkeyPatch) -> RecordStore:
    """Ten events of the operator and ten of ann, by turns; two are deleted at a time."""
    monkeypatch.setattr(alert_store, "MOST_DELETED", 2)
    store = RecordStore(file_records, lambda alert_id: ())
    store.save(Changes(events=[event(n, owner="ann" if n % 2 else "") for n in range(20)]))
    NoticeStore(file_records).acknowledge([f"e{n}" for n in range(20)], 1)
    return store


def numbers(store: RecordStore, owner: str) -> list[int]:
    return [each.ordinal for _, each in store.events(after=0, owner=owner)]


def test_the_newest_events_of_each_owner_are_kept(filled: RecordStore, file_records: Records) -> None:
    tables = AlertTables(file_records)
    with transactions(file_records) as writes:
        assert tables.prune(7, 3) == {"": 3, "ann": 7}
    assert max(writes) == 2  # others write in between
    assert (numbers(filled, ""), numbers(filled, "ann")) == ([6, 8, 10, 12, 14, 16, 18], [15, 17, 19])
    kept = [*range(6, 15, 2), *range(15, 20)]
    assert NoticeStore(file_records).acknowledged([f"e{n}" for n in range(20)]) == {f"e{n}" for n in kept}
    assert tables.prune(7, 3) == {}


def test_the_events_of_a_user_are_deleted_in_pieces(filled: RecordStore, file_records: Records) -> None:
    with transactions(file_records) as writes:
        filled.forget("ann")
    assert max(writes) == 2
    assert (len(numbers(filled, "")), numbers(filled, "ann")) == (10, [])
    assert len(NoticeStore(file_records).acknowledged([f"e{n}" for n in range(20)])) == 10


def test_a_number_is_never_given_again(store: RecordStore) -> None:
    """Who asked for events after the last one would not see the next one, when the last one was deleted meanwhile."""
    store.save(Changes(events=[event(1), event(2, owner="ann")]))
    ((number, _), *_) = store.events(owner="ann")
    store.forget("ann")
    store.save(Changes(events=[event(3)]))
    assert [each.id for _, each in store.events(after=number)] == ["e3"]


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"alert_id": "a1"}, "ix_alert_events_alert_number (alert=?)"),
        ({"alert_id": "a1", "after": 5}, "ix_alert_events_alert_number (alert=? AND number>?)"),
        ({"alert_id": "a1", "owner": "ann"}, "ix_alert_events_alert_number (alert=?)"),
        ({"owner": "ann"}, "ix_alert_events_owner_number (owner=?)"),
        ({"owner": "ann", "after": 5}, "ix_alert_events_owner_number (owner=? AND number>?)"),
        ({"after": 5}, "PRIMARY KEY (rowid>?)"),
    ],
)
def test_events_are_found_in_order_by_an_index(file_records: Records, asked: dict[str, Any], index: str) -> None:
    with statements(file_records) as run:
        RecordStore(file_records, lambda alert_id: ()).events(**asked)
    (plan,) = plans(file_records, run)
    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_a_start_looks_at_new_events_only(file_records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_store, "MOST_BARS", 3)
    store = RecordStore(file_records, lambda alert_id: ())
    store.save(Changes(events=[event(number) for number in range(8)]))
    with statements(file_records) as run:
        assert len(store.load().found) == 3
    assert not [plan for plan in plans(file_records, run) if "SCAN alert_events" in plan and "LIMIT" not in plan]
