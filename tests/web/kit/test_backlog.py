"""What answers hold in memory is bounded, and the clients that read nothing make room for the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from orderflow.errors import Busy
from orderflow.web.kit.backlog import GRACE, LARGE, MAKING, MAKING_PER_CLIENT, WAIT, Backlog, Share


@dataclass(eq=False)
class Client:
    """A reader, stalled for so many seconds."""

    address: str = "a"
    stalled: float = 0.0
    left: bool = False
    dropped: list[float] = field(default_factory=list)

    def stalled_for(self) -> float:
        return self.stalled

    def gone(self) -> bool:
        return self.left

    def drop(self) -> None:
        self.dropped.append(self.stalled)


class Time:
    """A clock that goes on with each pause."""

    def __init__(self) -> None:
        self.now = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds


def make(total: int = 100, each: int = 60, time: Time | None = None) -> Backlog:
    time = time or Time()
    return Backlog(total, each, pause=time.pause, clock=lambda: time.now)


def reserve(backlog: Backlog, reader: Client, size: int) -> Share:
    share = backlog.reserve(reader, size)
    share.made()
    return share


def test_shares_are_counted_until_they_are_closed() -> None:
    backlog = make()
    with backlog.add(Client(), 30), reserve(backlog, Client(), 20):
        assert backlog.size == 50
    share = backlog.add(Client(), 10)
    share.close()
    share.close()
    assert backlog.size == 0


def test_one_client_s_slowest_reader_makes_room_for_its_next_answer() -> None:
    backlog = make()
    slow, slower, other = Client(stalled=3), Client(stalled=9), Client("b", stalled=99)
    for reader in (slow, slower, other):
        backlog.add(reader, 25)
    backlog.add(Client(), 25)
    assert (slow.dropped, slower.dropped, other.dropped) == ([], [9], [])
    assert backlog.size == 75


def test_where_all_hold_too_much_the_slowest_of_all_is_dropped() -> None:
    backlog = make()
    readers = [Client(f"{i}", stalled=i) for i in range(1, 5)]
    for reader in readers:
        backlog.add(reader, 25)
    backlog.add(Client("new"), 20)
    assert [len(reader.dropped) for reader in readers] == [0, 0, 0, 1]
    assert backlog.dropped == 1


def test_what_is_in_memory_already_is_counted_even_if_all_read() -> None:
    backlog = make()
    reading = [Client(f"{i}") for i in range(10)]
    for reader in reading:
        backlog.add(reader, 20)
    assert not any(reader.dropped for reader in reading)


def test_an_answer_waits_while_others_read_and_is_refused_in_the_end() -> None:
    time = Time()
    backlog = make(time=time)
    reader = Client()
    share = reserve(backlog, reader, 50)
    with pytest.raises(Busy, match="too many large answers"):
        backlog.reserve(Client(), 20)
    assert WAIT <= time.now < WAIT + 1
    assert not reader.dropped
    share.close()
    assert reserve(backlog, Client(), 20).size == 20


def test_a_reader_that_stalls_gives_way_after_some_seconds() -> None:
    time = Time()
    backlog = make(time=time)
    slow = Client(stalled=GRACE)
    reserve(backlog, slow, 50)
    with pytest.raises(Busy):
        backlog.reserve(Client(), 20)
    slow.stalled += 0.1
    assert reserve(backlog, Client(), 20)
    assert len(slow.dropped) == 1


def test_who_has_left_does_not_wait() -> None:
    time = Time()
    backlog = make(time=time)
    reserve(backlog, Client(), 50)
    with pytest.raises(Busy):
        backlog.reserve(Client(left=True), 20)
    assert time.now < 1


def test_an_answer_larger_than_a_client_may_hold_is_made_alone() -> None:
    backlog = make()
    share = reserve(backlog, Client(), 10_000)
    assert share.size == 60
    with pytest.raises(Busy):
        backlog.reserve(Client(), 1)


def test_a_client_has_few_answers_made_at_a_time_and_a_worker_is_left_for_others() -> None:
    backlog = make()
    mine = [backlog.reserve(Client(), 1) for _ in range(MAKING_PER_CLIENT)]
    with pytest.raises(Busy):
        backlog.reserve(Client(), 1)
    theirs = [backlog.reserve(Client("b"), 1) for _ in range(MAKING - MAKING_PER_CLIENT)]
    with pytest.raises(Busy):
        backlog.reserve(Client("c"), 1)
    mine[0].made()
    assert backlog.reserve(Client("c"), 1).making
    theirs[0].close()
    assert backlog.reserve(Client("b"), 1).making


def test_memory_is_given_back_when_the_last_large_answer_ends() -> None:
    backlog = Backlog()
    calls: list[int] = []
    backlog.idle = lambda: calls.append(backlog.size)
    backlog.add(Client(), LARGE - 1).close()
    large, small = backlog.add(Client(), LARGE), backlog.add(Client(), 1)
    large.close()
    assert not calls
    small.close()
    small.close()
    backlog.add(Client(), 1).close()
    assert calls == [0]
