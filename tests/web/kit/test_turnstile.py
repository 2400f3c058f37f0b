"""Turns of the event loop: a client with many connections holds up neither the others nor its other work."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest

from orderflow.web.kit import turnstile
from orderflow.web.kit.turnstile import TURN, TURNSTILE, Turns, Turnstile, take_turn

A, B = ("1.2.3.4", "request"), ("5.6.7.8", "request")


class Clock:
    """A clock that only work moves."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[..., gevent.Greenlet]:
    """work(turns, place, done, parts=1, at_hand=False): a greenlet that takes turns, half as long as one may take."""
    clock = Clock()
    monkeypatch.setattr(turnstile, "time", clock)

    def spawn(
        turns: Turnstile, place: tuple[str, str], done: list[str], parts: int = 1, at_hand: bool = False
    ) -> gevent.Greenlet:
        def run() -> None:
            for _ in range(parts):
                turns.enter(place, at_hand=at_hand)
                clock.now += TURN / 2
                done.append(place[0])

        return gevent.spawn(run)

    return spawn


def test_another_client_does_not_wait_for_all_connections_of_one(work: Callable[..., gevent.Greenlet]) -> None:
    turns, done = Turnstile(), list[str]()
    crowd = [work(turns, A, done) for _ in range(40)]
    work(turns, B, done).join()
    assert done.count(A[0]) <= 4
    gevent.joinall(crowd)
    assert done.count(A[0]) == 40


def test_those_who_wait_for_something_else_get_their_turn(work: Callable[..., gevent.Greenlet]) -> None:
    turns, done = Turnstile(), list[str]()
    crowd = [work(turns, A, done) for _ in range(40)]
    gevent.sleep(0.0001)  # a timer, as the loop looks at sockets
    assert len(done) < 20
    gevent.joinall(crowd)


def test_a_connection_with_one_request_is_not_behind_all_of_another(work: Callable[..., gevent.Greenlet]) -> None:
    turns, done = Turnstile(), list[str]()
    busy = work(turns, A, done, parts=20)
    work(turns, A, done).join()
    assert len(done) <= 4
    busy.join()


def test_requests_of_those_who_wait_for_answers_pass_those_at_hand(work: Callable[..., gevent.Greenlet]) -> None:
    turns, done = Turnstile(), list[str]()
    pushing = [work(turns, A, done, at_hand=True) for _ in range(40)]
    gevent.sleep(0)  # they are in the queue
    others = [work(turns, A, done) for _ in range(3)]
    gevent.joinall(others)
    assert len(done) <= 12
    gevent.joinall(pushing)
    assert len(done) == 43


def test_requests_at_hand_are_not_left_behind(work: Callable[..., gevent.Greenlet]) -> None:
    turns, done = Turnstile(), list[str]()
    others = [work(turns, A, done) for _ in range(40)]
    gevent.sleep(0)
    work(turns, A, done, at_hand=True).join()
    assert len(done) <= 6
    gevent.joinall(others)


def test_a_connection_that_ends_while_it_waits_is_left_out(work: Callable[..., gevent.Greenlet]) -> None:
    turns, done = Turnstile(), list[str]()
    first, second, third = (work(turns, A, done) for _ in range(3))
    for each in (first, second, third):
        each.start()
    gevent.get_hub().loop.run_callback(lambda: None)
    gevent.spawn(second.kill, block=False).join()
    gevent.joinall([first, second, third])
    assert len(done) >= 2
    assert not turns._queues


def test_requests_and_handshakes_wait_in_queues_of_their_own() -> None:
    places: list[object] = []

    class Noted(Turnstile):
        def enter(self, place: object, *, at_hand: bool = False) -> None:
            places.append(place)

    application = Turns(lambda environ, start: [b"answer"])
    environ = {"REMOTE_ADDR": "1.2.3.4", TURNSTILE: Noted()}
    assert application(environ, print) == [b"answer"]
    assert application(environ | {"HTTP_UPGRADE": "WebSocket"}, print) == [b"answer"]
    take_turn(environ, "messages")
    assert places == [("1.2.3.4", "request"), ("1.2.3.4", "socket"), ("1.2.3.4", "messages")]
    assert application({"REMOTE_ADDR": "1.2.3.4"}, print) == [b"answer"]  # without a turnstile nothing is waited for
