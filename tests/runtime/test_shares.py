"""Shares of the thread pool: one client's work leaves threads to the others."""

from __future__ import annotations

import gevent
from gevent.event import Event

from orderflow.errors import Busy
from orderflow.runtime.shares import WANTED, Shares


def test_what_a_client_has_beyond_its_share_waits_in_order() -> None:
    shares, done, go = Shares(2, Event), list[str](), Event()

    def work(client: str, name: str) -> None:
        with shares.take(client):
            done.append(name)
            go.wait(60)

    many = [gevent.spawn(work, "a", f"a{number}") for number in range(5)]
    other = gevent.spawn(work, "b", "b")
    gevent.sleep(0)
    assert done == ["a0", "a1", "b"]
    go.set()
    gevent.joinall([*many, other], timeout=60)
    assert done == ["a0", "a1", "b", "a2", "a3", "a4"]
    assert not shares._held
    assert not shares._waiting


def test_a_place_is_not_lost_with_a_request_that_ends_while_it_waits() -> None:
    shares, done, go = Shares(1, Event), list[str](), Event()

    def work(name: str) -> None:
        with shares.take("a"):
            done.append(name)
            go.wait(60)

    first, second, third, fourth = (gevent.spawn(work, name) for name in ("first", "second", "third", "fourth"))
    gevent.sleep(0)
    second.kill()
    go.set()
    first.join(60)  # the place is third's now, which has not begun
    third.kill()
    fourth.join(60)
    assert done[0] == "first"
    assert done[-1] == "fourth"
    assert not shares._held


def test_what_nobody_wants_any_more_is_left_out() -> None:
    """300 sockets that had left kept the threads of their address for 73 s."""
    shares, done, go, wanted = Shares(1, Event), list[str](), Event(), {"first", "second", "third"}

    def work(name: str) -> None:
        WANTED.set(lambda: name in wanted)
        try:
            with shares.take("a"):
                done.append(name)
                go.wait(60)
        except Busy:
            done.append(f"not {name}")

    each = [gevent.spawn(work, name) for name in ("first", "second", "third")]
    gevent.sleep(0)
    wanted.remove("second")
    go.set()
    gevent.joinall(each, timeout=60)
    assert done == ["first", "not second", "third"]
    assert not shares._held
