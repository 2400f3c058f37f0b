"""The outbox: written with an event, taken target by target, and every attempt kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from orderflow.errors import Conflict, NotFound
from orderflow.storage.records import delivery_store, target_store
from orderflow.storage.records.delivery_store import (
    LONGEST_PAUSE,
    Attempt,
    DeliveryStore,
    Filter,
    Message,
    Posted,
    Result,
    delivery_id,
    enqueue,
)
from orderflow.storage.records.records import Records
from orderflow.storage.records.target_store import StoredTarget, TargetStore
from tests.storage.records.watched import plans, statements, transactions

SECOND = 10**9
DAY = 86_400 * SECOND
NOW = 1_800_000_000 * SECOND
HELLO = Message("BTC is above 65000", "BTC")


@pytest.fixture
def targets(records: Records) -> TargetStore:
    return TargetStore(records)


@pytest.fixture
def outbox(records: Records) -> DeliveryStore:
    return DeliveryStore(records)


def add(store: TargetStore, name: str, **values: object) -> StoredTarget:
    made = {"kind": "webhook", "config": {"host": "example.org"}, "secrets": {"url": "https://example.org/x"}}
    given = made | {"active": True, "owner": "operator"} | values
    return store.add(StoredTarget(id=0, name=name, created=NOW, **given), 100)  # type: ignore[arg-type]


def failed(number: int, at: int) -> Attempt:
    return Attempt(number, at, 20, False, 503, "answered 503")


def test_targets_are_kept_with_their_secrets(targets: TargetStore, open_records: Callable[..., Records]) -> None:
    one, two = add(targets, "one"), add(targets, "two", owner="ann", secrets={"key": "s3cret"})
    assert TargetStore(open_records()).list() == (one, two)
    assert targets.list("ann") == (two,)
    assert "s3cret" not in repr(two)
    with pytest.raises(Conflict, match="a target named 'one' already"):
        add(targets, "one")
    assert add(targets, "one", owner="ann").name == "one"
    with pytest.raises(Conflict, match="2 targets already"):
        targets.add(StoredTarget(0, "ann", "three", "webhook", {}, {}, True, NOW), 2)
    with pytest.raises(NotFound, match="no target 99"):
        targets.get(99)


def test_an_event_that_is_not_kept_leaves_nothing_in_the_outbox(
    records: Records, targets: TargetStore, outbox: DeliveryStore
) -> None:
    target = add(targets, "one")

    def fire(connection: Connection) -> None:
        assert enqueue(connection, [Posted("e1", [target.id], HELLO, NOW)]) == 1
        raise KeyError("the alert's own state could not be written")

    with pytest.raises(KeyError):
        records.write(fire)
    assert outbox.waiting() == 0


def test_a_delivery_is_made_once_for_each_event_and_active_target(targets: TargetStore, outbox: DeliveryStore) -> None:
    one, two, off = add(targets, "one"), add(targets, "two"), add(targets, "off", active=False)
    everywhere = [one.id, two.id, off.id, 77]
    assert outbox.enqueue("e1", everywhere, HELLO, NOW) == 2
    assert outbox.enqueue("e1", everywhere, HELLO, NOW + 1) == 0
    assert outbox.enqueue("e2", [one.id], HELLO, NOW + 2) == 1
    found = outbox.list(Filter())
    assert [(each.id, each.target_name, each.text) for each in found] == [
        (delivery_id("e2", one.id), "one", HELLO.text),
        *sorted(((delivery_id("e1", each.id), each.name, HELLO.text) for each in (one, two)), reverse=True),
    ]
    assert [each.event for each in outbox.list(Filter(limit=1))] == ["e2"]
    assert [each.event for each in outbox.list(Filter(before=NOW + 2, target=one.id))] == ["e1"]


def test_a_failed_attempt_moves_the_delivery_and_its_target(targets: TargetStore, outbox: DeliveryStore) -> None:
    one, two = add(targets, "one"), add(targets, "two")
    outbox.enqueue("e1", [one.id, two.id], HELLO, NOW)
    outbox.enqueue("e2", [one.id], HELLO, NOW + 1)
    assert [each.name for each in outbox.due_targets(NOW + 1)] == ["one", "two"]
    found = outbox.next_due(one.id, NOW + 1)
    assert found is not None
    target, delivery = found
    assert (target, delivery.event) == (one, "e1")
    outbox.record(delivery, failed(1, NOW), Result("pending", NOW + 9, 3, NOW, NOW + 5))
    assert [each.name for each in outbox.due_targets(NOW + 4)] == ["two"]
    assert targets.failing()[0].error == "answered 503"
    after = outbox.next_due(one.id, NOW + 5)
    assert after is not None
    assert after[1].event == "e2"
    outbox.record(after[1], Attempt(1, NOW + 5, 3, True, 204, ""), Result("delivered", NOW + 5, 0, None, 0))
    assert targets.failing() == ()
    again = outbox.next_due(one.id, NOW + 9)
    assert again is not None
    assert (again[1].event, again[1].attempts) == ("e1", 1)
    outbox.record(again[1], failed(2, NOW + 9), Result("failed", NOW + 9, 1, NOW, NOW + 20))
    states = {each.event: each for each in outbox.list(Filter(target=one.id))}
    assert [attempt.number for attempt in states["e1"].history] == [1, 2]
    assert (states["e1"].state, states["e2"].state) == ("failed", "delivered")


def test_the_newest_delivery_of_each_target(targets: TargetStore, outbox: DeliveryStore) -> None:
    one, two, none = add(targets, "one"), add(targets, "two"), add(targets, "none")
    for number in range(3):
        outbox.enqueue(f"e{number}", [one.id, two.id], HELLO, NOW + number)
    found = outbox.next_due(one.id, NOW + 3)
    assert found is not None
    outbox.record(found[1], Attempt(1, NOW + 5, 20, True, 204, ""), Result("delivered", NOW, 0, None, 0))
    newest = outbox.newest([one.id, two.id, none.id])
    assert {target: (each.event, each.state) for target, each in newest.items()} == {
        one.id: ("e2", "pending"),
        two.id: ("e2", "pending"),
    }


def test_a_clock_that_was_set_back_holds_nothing_up(targets: TargetStore, outbox: DeliveryStore) -> None:
    one = add(targets, "one")
    outbox.enqueue("e1", [one.id], HELLO, NOW)
    (delivery,) = outbox.list(Filter())
    outbox.record(delivery, failed(1, NOW), Result("pending", NOW + LONGEST_PAUSE, 1, NOW, NOW + LONGEST_PAUSE))
    assert outbox.due_targets(NOW) == ()
    assert [each.id for each in outbox.due_targets(NOW - DAY)] == [one.id]


def test_what_a_dead_target_got_too_long_ago_fails_at_once(targets: TargetStore, outbox: DeliveryStore) -> None:
    one = add(targets, "one")
    for number in range(3):
        outbox.enqueue(f"e{number}", [one.id], HELLO, NOW + number)
    found = outbox.next_due(one.id, NOW + DAY)
    assert found is not None
    result = Result("failed", NOW + DAY, 4, NOW, NOW + DAY, give_up_before=NOW + 2)
    outbox.record(found[1], failed(1, NOW + DAY), result)
    assert {each.event: each.state for each in outbox.list(Filter())} == {
        "e0": "failed",
        "e1": "failed",
        "e2": "pending",
    }


def test_a_removed_target_cancels_what_waits_and_keeps_the_past(targets: TargetStore, outbox: DeliveryStore) -> None:
    one = add(targets, "one")
    outbox.enqueue("e1", [one.id], HELLO, NOW)
    outbox.enqueue("e2", [one.id], HELLO, NOW)
    found = outbox.next_due(one.id, NOW)
    assert found is not None
    assert targets.remove(one.id, NOW + 1) == 2
    outbox.record(found[1], Attempt(1, NOW, 3, True, 200, ""), Result("delivered", NOW, 0, None, 0))
    assert [(each.state, each.target, each.target_name) for each in outbox.list(Filter())] == [
        ("cancelled", None, "one")
    ] * 2
    with pytest.raises(NotFound):
        targets.remove(one.id, NOW)


def test_deliveries_have_an_owner_when_their_target_has_gone(targets: TargetStore, outbox: DeliveryStore) -> None:
    one = add(targets, "one", owner="ann")
    add(targets, "two", owner="bob")
    outbox.enqueue("e1", [one.id], HELLO, NOW)
    targets.remove(one.id, NOW)
    assert targets.owners() == {"ann", "bob"}
    targets.forget("ann")
    assert targets.owners() == {"bob"}
    assert outbox.list(Filter()) == ()


def test_a_changed_target_begins_anew(targets: TargetStore, outbox: DeliveryStore) -> None:
    one = add(targets, "one")
    outbox.enqueue("e1", [one.id], HELLO, NOW)
    (delivery,) = outbox.list(Filter())
    outbox.record(delivery, failed(1, NOW), Result("pending", NOW, 1, NOW, NOW + SECOND))
    targets.change(StoredTarget(one.id, "operator", "uno", "webhook", {}, {"url": "https://b"}, True, NOW))
    assert targets.get(one.id).name == "uno"
    assert (targets.get(one.id).failures, targets.get(one.id).resume) == (0, 0)


def test_old_deliveries_are_removed_with_their_attempts(targets: TargetStore, outbox: DeliveryStore) -> None:
    one = add(targets, "one")
    outbox.enqueue("old", [one.id], HELLO, NOW)
    outbox.enqueue("waits", [one.id], HELLO, NOW)
    found = next(each for each in outbox.list(Filter()) if each.event == "old")
    outbox.record(found, Attempt(1, NOW, 3, True, 200, ""), Result("delivered", NOW, 0, None, 0))
    assert outbox.prune(NOW, 9, 9) == {}
    assert outbox.prune(NOW + 1, 9, 9) == {"operator": 1}
    assert [each.event for each in outbox.list(Filter())] == ["waits"]


def test_what_is_too_much_for_a_target_is_counted_and_not_made(
    targets: TargetStore, outbox: DeliveryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_store, "MOST_WAITING_OF_A_USER", 2)
    ann, bob, mine = add(targets, "ann", owner="ann"), add(targets, "bob", owner="bob"), add(targets, "mine")
    everywhere = [ann.id, bob.id, mine.id]
    assert outbox.enqueue("e0", [ann.id], HELLO, NOW) == 1
    assert [outbox.enqueue(f"e{number}", everywhere, HELLO, NOW) for number in range(1, 4)] == [3, 2, 1]
    assert [targets.get(target).dropped for target in everywhere] == [2, 1, 0]
    found = outbox.next_due(ann.id, NOW)
    assert found is not None
    outbox.record(found[1], Attempt(1, NOW, 3, True, 200, ""), Result("delivered", NOW, 0, None, 0))
    assert outbox.enqueue("e9", [ann.id], HELLO, NOW) == 1  # there is room again
    assert targets.get(ann.id).dropped == 2


@pytest.fixture
def long_history(file_records: Records, monkeypatch: pytest.MonkeyPatch) -> tuple[TargetStore, DeliveryStore]:
    """Seven deliveries to a target of the operator and seven to one of ann, of which the fourth waits; two rows are
    changed at a time."""
    monkeypatch.setattr(delivery_store, "MOST_PRUNED", 2)
    monkeypatch.setattr(target_store, "MOST_CHANGED", 2)
    targets, outbox = TargetStore(file_records), DeliveryStore(file_records)
    both = [add(targets, "mine").id, add(targets, "hers", owner="ann").id]
    for number in range(7):
        outbox.enqueue(f"e{number}", both, HELLO, NOW + number)
    for each in outbox.list(Filter()):
        if each.event != "e3":
            outbox.record(each, Attempt(1, NOW, 3, True, 200, ""), Result("delivered", NOW, 0, None, 0))
    return targets, outbox


def events_of(outbox: DeliveryStore, owner: str) -> list[str]:
    return [each.event for each in outbox.list(Filter(owner=owner))]


def test_the_newest_deliveries_of_each_owner_are_kept(
    long_history: tuple[TargetStore, DeliveryStore], file_records: Records
) -> None:
    _, outbox = long_history
    with transactions(file_records) as writes:
        assert outbox.prune(NOW, 5, 2) == {"operator": 2, "ann": 4}
    assert max(writes) == 2  # others write in between
    assert events_of(outbox, "operator") == ["e6", "e5", "e4", "e3", "e2"]
    assert events_of(outbox, "ann") == ["e6", "e5", "e3"]  # what waits is kept
    assert outbox.prune(NOW, 5, 3) == {}


def test_a_removed_target_lets_others_write_in_between(
    long_history: tuple[TargetStore, DeliveryStore], file_records: Records
) -> None:
    targets, outbox = long_history
    with transactions(file_records) as writes:
        assert targets.remove(1, NOW) == 1
    assert max(writes) == 2
    assert {(each.state, each.target) for each in outbox.list(Filter(owner="operator"))} == {
        ("delivered", None),
        ("cancelled", None),
    }
    with transactions(file_records) as writes:
        targets.forget("ann")
    assert max(writes) == 2
    assert (targets.list(), events_of(outbox, "ann"), len(events_of(outbox, "operator"))) == ((), [], 7)


@pytest.mark.parametrize(
    ("chosen", "index"),
    [
        (Filter(), "ix_deliveries_created"),
        (Filter(owner="ann"), "ix_deliveries_owner_created (owner=?)"),
        (Filter(owner="ann", state="pending", before=NOW), "ix_deliveries_owner_created (owner=? AND created<?)"),
        (Filter(target=1), "ix_deliveries_target_created (target=?)"),
    ],
    ids=["all", "owner", "owner and state", "target"],
)
def test_deliveries_are_listed_in_order_by_an_index(file_records: Records, chosen: Filter, index: str) -> None:
    with statements(file_records) as run:
        DeliveryStore(file_records).list(chosen)
    plan = plans(file_records, run)[0]
    assert index in plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def test_what_is_due_is_found_however_much_waits(file_records: Records) -> None:
    """All that waited for a target was read and sorted for each attempt, and all that waited at all every second."""
    outbox, one = DeliveryStore(file_records), add(TargetStore(file_records), "one")
    outbox.enqueue("e1", [one.id], HELLO, NOW)
    with statements(file_records) as run:
        assert [each.id for each in outbox.due_targets(NOW)] == [one.id]
        assert outbox.next_due(one.id, NOW) is not None
        assert len(outbox.newest([one.id])) == 1
    targets, *others = plans(file_records, run)
    assert "CORRELATED SCALAR SUBQUERY" in targets
    for plan in (targets, *others):
        assert "SCAN deliveries" not in plan
    for plan in others:
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan
