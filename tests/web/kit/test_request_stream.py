"""Bodies as they are read from a connection: framing, deadlines, and the budget of bytes that have come."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from orderflow.errors import BadInput, Busy, TooLarge
from orderflow.web.kit import request_stream
from orderflow.web.kit.budget import LARGE, Budget, client_of
from orderflow.web.kit.handler import Waiting, add_field
from orderflow.web.kit.request_body import MAX_MEMBERS, TooSlow, inflate, read_body
from orderflow.web.kit.request_stream import BODY_RATE, BODY_SECONDS, BadChunk, Body, Wire

MIB = 1 << 20


class Socket:
    """A socket that has these pieces; each takes `seconds` of the clock to arrive."""

    timeout: float | None = 75.0

    def __init__(self, clock: Clock, pieces: list[bytes], seconds: float = 0.0) -> None:
        self._clock = clock
        self._pieces = pieces
        self._seconds = seconds
        self.sent = b""

    def recv_into(self, buffer: memoryview) -> int:
        assert self.timeout is not None
        self._clock.now += min(self._seconds, self.timeout)
        if self._seconds > self.timeout:
            raise TimeoutError
        piece = self._pieces.pop(0) if self._pieces else b""
        if piece[len(buffer) :]:
            self._pieces.insert(0, piece[len(buffer) :])
        buffer[: len(piece)] = piece[: len(buffer)]
        return min(len(piece), len(buffer))

    def sendall(self, data: bytes) -> None:
        self.sent += data


class Clock:
    """A clock that only a test moves."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(request_stream, "time", clock)
    return clock


@pytest.fixture
def body_of(clock: Clock) -> Callable[..., Body]:
    """body_of(pieces, length, seconds=0.0, budget=…): a body that comes in these pieces."""

    def make(
        pieces: list[bytes], length: int | None, seconds: float = 0.0, budget: Budget | None = None, asked: Any = None
    ) -> Body:
        stream = io.BufferedReader(Wire(Socket(clock, pieces, seconds)))
        return Body(stream, {"REMOTE_ADDR": "1.2.3.4"}, budget or Budget(64 * MIB), length, asked)

    return make


def test_a_body_ends_where_it_is_announced(body_of: Callable[..., Body]) -> None:
    body = body_of([b"abcd", b"efGET /"], 6)
    assert body.unread
    assert (body.read(3), body.read(), body.read(), body.unread) == (b"abc", b"def", b"", False)
    assert body.rfile.read(3) == b"GET"
    assert not body_of([], 0).unread


def test_lines_are_read_too(body_of: Callable[..., Body]) -> None:
    assert list(body_of([b"a\nbc\n\nd"], 7)) == [b"a\n", b"bc\n", b"\n", b"d"]
    assert body_of([b"a\nb"], 3).readlines() == [b"a\n", b"b"]
    assert body_of([b"abc"], 3).readline(2) == b"ab"


CHUNKED = b"3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET"


@pytest.mark.parametrize("size", [-1, 1, 2, 5, 100])
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_chunks_are_joined(body_of: Callable[..., Body], size: int, step: int) -> None:
    body = body_of([CHUNKED[at : at + step] for at in range(0, len(CHUNKED), step)], None)
    assert b"".join(iter(lambda: body.read(size), b"")) == b"abc0123456789"
    assert not body.unread
    assert body.rfile.read(3) == b"GET"


def test_a_body_of_small_chunks_takes_no_more_memory_than_its_bytes(body_of: Callable[..., Body]) -> None:
    body = body_of([b"2\r\nab\r\n" * 50_000 + b"0\r\n\r\n"], None)
    tracemalloc.start()
    try:
        assert body.read() == b"ab" * 50_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # it was 2.3 MB, and 650 MB of 16
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        b"zz\r\n", b"\r\n", b"-1\r\n", b"0x1\r\na\r\n", b"1\na\n", b"1\r\nab\r\n", b"1\r\na\n", b"1" * 16 + b"\r\n",
        b"1" + b" " * 300 + b"\r\n", b"1;" + b"a" * 300 + b"\r\na\r\n", b"1;a\x00\r\na\r\n", b"+1\r\na\r\n",
        b"0\r\nno colon\r\n\r\n", b"0\r\n" + b"A: b\r\n" * 21 + b"\r\n", b"0\r\nA: b\x00\r\n\r\n",
        b"0\r\n folded\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_chunk_is_refused_and_nothing_follows_it(body_of: Callable[..., Body], data: bytes) -> None:
    body = body_of([data], None)
    with pytest.raises(BadChunk):
        body.read()
    assert body.unread  # so the connection is closed
    body._discard()  # and nothing is waited for


def test_a_body_that_stops_is_given_up(body_of: Callable[..., Body], clock: Clock) -> None:
    body = body_of([b"abc"] * 1000, 16 * MIB, seconds=BODY_SECONDS / 5)
    with pytest.raises(TooSlow):
        read_body({"wsgi.input": body, "CONTENT_LENGTH": str(16 * MIB)}, 16 * MIB)
    assert clock.now == BODY_SECONDS
    body._discard()
    assert clock.now == BODY_SECONDS


def test_chunks_of_one_byte_do_not_lengthen_the_deadline(body_of: Callable[..., Body], clock: Clock) -> None:
    body = body_of([b"1\r\na\r\n"] * 1000, None, seconds=1.0)
    with pytest.raises(TimeoutError):
        body.read()
    assert clock.now == BODY_SECONDS


def test_a_body_over_a_bad_network_takes_its_time(body_of: Callable[..., Body], clock: Clock) -> None:
    count = 100
    step = BODY_SECONDS * 1400 / BODY_RATE * 0.9
    body = body_of([b"x" * 1400] * count, 1400 * count, seconds=step)
    assert len(body.read()) == 1400 * count
    assert clock.now > 3 * BODY_SECONDS


def test_a_client_that_asks_is_told_to_go_on(body_of: Callable[..., Body], clock: Clock) -> None:
    asked = Socket(clock, [])
    body = body_of([b"ab"], 2, asked=asked)
    assert asked.sent == b""
    body.read()
    assert asked.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    never = Socket(clock, [])
    body_of([], 2, asked=never)._discard()
    assert never.sent == b""


def test_only_what_has_come_counts_and_it_is_given_back(body_of: Callable[..., Body]) -> None:
    budget = Budget(4 * MIB)
    waiting = [body_of([b"abc"], MIB, budget=budget) for _ in range(12)]
    for body in waiting:
        assert body.read(3) == b"abc"
    assert budget.held == 36
    other = body_of([b"x" * 4096] * 256, MIB, budget=budget)
    assert len(other.read()) == MIB
    for body in [*waiting, other]:
        body.close()
        body.close()
    assert budget.held == 0


def test_memory_is_given_back_when_large_bodies_have_ended() -> None:
    budget = Budget(64 * MIB)
    calls: list[int] = []
    budget.idle = lambda: calls.append(budget.held)
    small, large = budget.open("a"), budget.open("b")
    small.add(1)
    large.add(LARGE)
    large.close()
    assert not calls
    small.close()
    small.close()
    assert calls == [0]
    for _ in range(8):
        many = budget.open("a")
        many.add(LARGE // 4)
        many.close()
    assert calls == [0, 0, 0]


def test_memory_is_given_back_after_bodies_that_are_passed_on(body_of: Callable[..., Body]) -> None:
    budget = Budget(64 * MIB)
    calls: list[int] = []
    budget.idle = lambda: calls.append(budget.held)
    body = body_of([bytes(4096)] * (LARGE // 4096), LARGE, budget=budget)
    body.pass_on()
    body.read()
    assert budget.held == 0
    assert not calls
    body.close()
    body.close()
    assert calls == [0]


def test_a_client_leaves_room_for_others() -> None:
    budget = Budget(1000)
    greedy = budget.open("greedy")
    greedy.add(750)
    with pytest.raises(Busy) as caught:
        greedy.add(1)
    assert caught.value.retry_after == 1
    with pytest.raises(Busy):
        budget.open("greedy").add(1)
    second = budget.open("second")
    second.add(187)
    with pytest.raises(Busy):
        second.add(1)
    budget.open("third").add(40)
    greedy.close()
    second.add(100)
    assert budget.held == 327


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("1.2.3.4", "1.2.3.4"), ("::ffff:1.2.3.4", "1.2.3.4"), ("2001:db8:1:2:3::4", "20010db800010002"),
        ("2001:db8:1:2::9", "20010db800010002"), ("fe80::1%eth0", "fe80000000000000"), ("a:b", "a:b"), ("", ""),
    ],
)  # fmt: skip
def test_a_client_is_an_address_or_a_network(address: str, client: str) -> None:
    assert client_of({"REMOTE_ADDR": address}) == client


def test_of_too_many_idle_connections_the_oldest_ends() -> None:
    ended = []

    class Connection:
        def __init__(self, name: str) -> None:
            self.name = name

        def drop(self) -> None:
            ended.append(self.name)

    waiting, a, b, c = Waiting(2), Connection("a"), Connection("b"), Connection("c")
    for connection in (a, b):
        waiting.add(connection)
    waiting.remove(a)  # it sends a request
    waiting.add(a)
    waiting.add(c)
    assert ended == ["b"]
    waiting.remove(b)


def test_fields_become_the_environ() -> None:
    environ: dict[str, Any] = {}
    for name, value in [
        ("content-type", "a"), ("content-length", "1"), ("x-a", "1"), ("x_a", "2"), ("x-a", "3"), ("cookie", "a=1"),
        ("cookie", "b=2"), ("content_length", "9"),
    ]:  # fmt: skip
        add_field(environ, name, value)
    assert environ == {"CONTENT_TYPE": "a", "CONTENT_LENGTH": "1", "HTTP_X_A": "1,3", "HTTP_COOKIE": "a=1; b=2"}


def test_many_small_gzip_parts_are_refused_after_a_bounded_number() -> None:
    part = gzip.compress(b"", mtime=0)
    with pytest.raises(BadInput, match="parts"):
        inflate(part * (4 * MIB // len(part)), "gzip", 16 * MIB)
    part = gzip.compress(b"a", mtime=0)
    assert inflate(part * MAX_MEMBERS, "gzip", 16 * MIB) == b"a" * MAX_MEMBERS


def test_unpacking_is_linear() -> None:
    """The bytes that are copied: twice the parts, twice the bytes."""
    rng = random.Random(1)
    parts = [rng.randbytes(3000) for _ in range(400)]
    packed = [gzip.compress(part, mtime=0) for part in parts]
    assert inflate(b"".join(packed), "gzip", 16 * MIB) == b"".join(parts)
    peaks = []
    for count in (200, 400):
        data = b"".join(packed[:count])
        tracemalloc.start()
        inflate(data, "gzip", 16 * MIB)
        peaks.append(tracemalloc.get_traced_memory()[1] / len(data))
        tracemalloc.stop()
    assert max(peaks) < 4


@pytest.mark.parametrize("limit", [1, 99, 100, 101])
def test_a_body_unpacks_to_the_limit_and_not_beyond(limit: int) -> None:
    for coding, data in (("gzip", gzip.compress(b"x" * 100)), ("deflate", zlib.compress(b"x" * 100))):
        if limit < 100:
            with pytest.raises(TooLarge):
                inflate(data, coding, limit)
        else:
            assert inflate(data, coding, limit) == b"x" * 100
        with pytest.raises(BadInput, match="too early"):
            inflate(data[:-1], coding, 1000)
    assert inflate(b"", "gzip", limit) == b""


def test_large_packed_bodies_are_unpacked_in_a_worker_and_counted() -> None:
    ran, counted = [], []

    def run(fn: Callable[[], bytes]) -> bytes:
        ran.append(fn)
        return fn()

    for size in (10, 5 * MIB):
        data = gzip.compress(random.Random(2).randbytes(size // 2) * 2)
        environ = {
            "wsgi.input": io.BytesIO(data),
            "CONTENT_LENGTH": str(len(data)),
            "HTTP_CONTENT_ENCODING": "gzip",
            request_stream.COUNT: counted.append,
        }
        assert len(read_body(environ, 16 * MIB, run)) == size
    assert len(ran) == 1
    assert counted == [10, 5 * MIB]
