"""Files and studies are worked through a few at a time, and one user and one client leave room for the others."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections.abc import Callable

import pytest

from orderflow.errors import BadInput, Busy
from orderflow.runtime.shares import CLIENT
from orderflow.runtime.workers import Workers
from orderflow.workspace.uploads.slots import MOST_OF_A_CLIENT, Slots

SECONDS = 60.0


@pytest.fixture
def start(workers: Workers) -> Callable[..., threading.Event]:
    """start(user, go, client): something of a user that ends after `go`; the event that it has begun."""
    slots = Slots(workers, apart=True)

    def begin(user: str, go: threading.Event, client: str = "") -> threading.Event:
        begun = threading.Event()

        def work() -> None:
            begun.set()
            assert go.wait(SECONDS)

        def run() -> None:
            CLIENT.set(client)
            slots.run(user, work)

        threading.Thread(target=run, daemon=True).start()
        return begun

    return begin


def test_one_client_with_many_users_leaves_a_place_to_others(start: Callable[..., threading.Event]) -> None:
    go, other = threading.Event(), threading.Event()
    other.set()
    begun = [start(f"user {number}", go, "flood") for number in range(6)]
    assert begun[0].wait(SECONDS)
    assert start("b", other, "another").wait(SECONDS)
    assert sum(each.is_set() for each in begun) <= 2
    go.set()
    assert all(each.wait(SECONDS) for each in begun)


def test_one_client_leaves_room_to_wait(workers: Workers) -> None:
    slots = Slots(workers)
    with contextlib.ExitStack() as stack:
        slots._lanes = [contextlib.nullcontext() for _ in slots._lanes]  # type: ignore[misc]
        begun = CLIENT.set("flood")
        for number in range(MOST_OF_A_CLIENT):
            stack.enter_context(slots._lane(f"user {number}"))
        with pytest.raises(Busy):
            slots.run("one more", lambda: None)
        CLIENT.set("another")
        assert slots.run("b", lambda: 1) == 1
        CLIENT.reset(begun)
    assert not slots._clients


def test_one_user_leaves_a_place_to_others(start: Callable[..., threading.Event]) -> None:
    go, other = threading.Event(), threading.Event()
    other.set()
    assert start("a", go).wait(SECONDS)
    waiting = [start("a", go) for _ in range(2)]
    assert start("b", other).wait(SECONDS)
    assert not any(each.is_set() for each in waiting)
    go.set()
    assert all(each.wait(SECONDS) for each in waiting)


def test_a_failed_upload_leaves_nothing_in_memory(workers: Workers) -> None:
    """The rows of a refused table, 720 MB, stayed until Python looked for cycles, which a frozen server seldom does."""

    class Rows:
        pass

    held: list[weakref.ref[Rows]] = []

    def read(rows: Rows) -> None:
        try:
            raise ValueError("a cell")
        except ValueError as error:
            problem = BadInput("refused")
            problem.__cause__ = error
            raise problem from error

    def work() -> None:
        rows = Rows()
        held.append(weakref.ref(rows))
        read(rows)

    gc.disable()
    try:
        with pytest.raises(BadInput):
            Slots(workers).run("a", work)
        assert held[0]() is None
    finally:
        gc.enable()
