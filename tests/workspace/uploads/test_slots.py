"""Files and studies are worked through two at a time, and one user leaves room for the others."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import pytest

from orderflow.errors import BadInput
from orderflow.runtime.workers import Workers
from orderflow.workspace.uploads.slots import Slots

SECONDS = 60.0


@pytest.fixture
def start(workers: Workers) -> Callable[[str, threading.Event], threading.Event]:
    """start(user, go): something of a user that ends after `go`; the event that it has begun."""
    slots = Slots(workers, apart=True)

    def begin(user: str, go: threading.Event) -> threading.Event:
        begun = threading.Event()

        def work() -> None:
            begun.set()
            assert go.wait(SECONDS)

        threading.Thread(target=slots.run, args=(user, work), daemon=True).start()
        return begun

    return begin


def test_one_user_leaves_a_place_to_others(start: Callable[[str, threading.Event], threading.Event]) -> None:
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
