"""Notices: every fired alert is open until it is acknowledged, also over a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from orderflow.errors import StorageFailed
from orderflow.tickers.alerts.alert import AlertEvent
from orderflow.tickers.notices import MOST, RECENT_NS, Notices

EVENT = AlertEvent("e1", "a1", "X", 1, "X", "1", 0, 0, 0.0, None, 1, "X", "up!")


class FakeAlerts:
    """Events of before, and a listener that a test calls."""

    def __init__(self, events: Sequence[AlertEvent] = ()) -> None:
        self.kept = list(events)
        self.tell: Callable[[Sequence[AlertEvent]], object] = lambda events: None

    def listen(self, listener: Callable[[Sequence[AlertEvent]], object]) -> None:
        self.tell = listener

    def events(self, *, limit: int) -> list[tuple[int, AlertEvent]]:
        return list(enumerate(reversed(self.kept)))[:limit]


class FakeStore:
    """Acknowledgements in memory."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.broken = False

    def acknowledged(self, events: Iterable[str]) -> set[str]:
        self._check()
        return self.known & set(events)

    def acknowledge(self, events: Iterable[str], time: int) -> None:
        self._check()
        self.known |= set(events)

    def _check(self) -> None:
        if self.broken:
            raise StorageFailed("the disk is full")


class FakeClock:
    """A clock that stands."""

    time = 10 * RECENT_NS

    def now(self) -> int:
        return self.time


def events(*numbers: int, found: int = 0) -> list[AlertEvent]:
    return [replace(EVENT, id=f"e{number}", found=found) for number in numbers]


def made(alerts: Any, store: Any) -> Notices:
    notices = Notices(alerts, store, FakeClock())  # type: ignore[arg-type]  # it uses nothing but `now`
    notices.start()
    return notices


def ids(notices: Notices) -> list[str]:
    return [event.id for event in notices.open()]


def test_new_events_are_open_until_they_are_acknowledged() -> None:
    alerts, store = FakeAlerts(), FakeStore()
    notices = made(alerts, store)
    alerts.tell(events(1, 2))
    alerts.tell(events(3))
    assert ids(notices) == ["e3", "e2", "e1"]
    notices.acknowledge(["e2", "unknown"])
    assert ids(notices) == ["e3", "e1"]
    assert store.known == {"e2"}
    notices.acknowledge(None)
    assert (ids(notices), len(notices.open()), store.known) == ([], 0, {"e1", "e2", "e3"})


def test_a_restart_shows_what_was_not_acknowledged() -> None:
    store = FakeStore()
    store.known = {"e2"}
    assert ids(made(FakeAlerts(events(1, 2, 3)), store)) == ["e3", "e1"]


def test_a_failed_acknowledgement_leaves_the_notice() -> None:
    store = FakeStore()
    notices = made(FakeAlerts(events(1)), store)
    store.broken = True
    with pytest.raises(StorageFailed):
        notices.acknowledge(None)
    assert ids(notices) == ["e1"]
    assert ids(made(FakeAlerts(events(1)), store)) == []  # what was told cannot be read: new ones are shown


def test_only_what_was_found_just_now_is_news_and_only_so_many_are_kept() -> None:
    alerts = FakeAlerts()
    notices = made(alerts, FakeStore())
    alerts.tell(events(1, found=FakeClock.time - 2 * RECENT_NS))
    alerts.tell(events(2, found=FakeClock.time - 1))
    assert [event.id for event in notices.recent()] == ["e2"]
    alerts.tell(events(*range(10, 10 + MOST)))
    assert len(notices.open()) == MOST


def test_each_owner_has_notices_of_the_own_and_a_busy_one_hides_nobodys() -> None:
    store = FakeStore()
    notices = made(FakeAlerts(), store)
    ann, bob = replace(EVENT, id="ann's", owner="ann"), replace(EVENT, id="bob's", owner="bob")
    notices.add([ann, bob])
    notices.add([replace(EVENT, id=f"ann {n}", owner="ann") for n in range(MOST)])
    assert [event.id for event in notices.open("bob")] == ["bob's"]
    assert len(notices.open("ann")) == MOST
    assert len(notices.open()) == MOST + 1
    notices.acknowledge(["bob's"], "ann")
    assert [event.id for event in notices.open("bob")] == ["bob's"]
    notices.acknowledge(None, "bob")
    assert (notices.open("bob"), store.known, len(notices.open("ann"))) == ((), {"bob's"}, MOST)
    notices.forget("ann")
    assert notices.open() == ()
