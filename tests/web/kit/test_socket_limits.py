"""Limits of open sockets and of the bytes that wait for slow ones, alone and on real connections."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
import websocket

from orderflow.errors import Busy
from orderflow.web.kit.fanout_client import MAX_OUTBOX, Client
from orderflow.web.kit.socket_limits import MOST_PER_ADDRESS, Places, SocketLimits, Waiting
from tests.exchange.inprocess import SimulatedExchange

ROOM = 5_000
"""Phones in one room, behind one address."""


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    """Clients whose other side reads nothing. now: their clock."""
    made: list[socket.socket] = []

    def make(limit: Waiting, address: str = "a", now: float = 0.0) -> Client:
        mine, other = socket.socketpair()
        mine.setblocking(False)
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        made.extend((mine, other))
        return Client(mine, lambda: now, address, limit)

    yield make
    for each in made:
        each.close()


def test_a_room_behind_one_address_has_places_twice_and_leaves_some_to_others() -> None:
    places = Places()
    assert places.each == MOST_PER_ADDRESS
    with ExitStack() as stack:
        for _ in range(2 * ROOM):  # the sockets of before a lost network have not ended yet
            stack.enter_context(places.take("room"))
        with pytest.raises(Busy, match="from this address"):
            stack.enter_context(places.take("room"))
        with places.take("another"):
            assert places.open == 2 * ROOM + 1
    assert (places.open, places.refused) == (0, 1)


def test_one_address_never_takes_all_places_of_a_small_server() -> None:
    places = Places(8)
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(places.take("greedy"))
        with pytest.raises(Busy, match="this address"):
            stack.enter_context(places.take("greedy"))
        for _ in range(2):
            stack.enter_context(places.take("another"))
        with pytest.raises(Busy, match="the server has as many"):
            stack.enter_context(places.take("third"))


def test_bytes_count_while_they_wait(make_client: Callable[..., Client]) -> None:
    waiting = Waiting()
    client = make_client(waiting)
    client.enqueue(b"x" * 98)
    assert waiting.size == client.held == 100
    client.keep(50)
    assert waiting.size == 150
    client.push(b"y" * 100_000)
    assert 50_000 < waiting.size == client.held < 100_150
    client.keep(-50)
    client.kill()
    assert (waiting.size, client.held, waiting.closed) == (0, 0, 0)
    client.enqueue(b"z")
    client.control(b"z")
    client.keep(1)
    assert waiting.size == 0, "nothing is kept for a connection that has ended"


def test_an_overflowing_outbox_is_not_counted_on(make_client: Callable[..., Client]) -> None:
    waiting = Waiting()
    client = make_client(waiting)
    for _ in range(MAX_OUTBOX + 1):
        client.enqueue(b"x" * 98)
    assert (client.outbox, waiting.size) == ([], 0)


def test_the_slowest_sockets_of_an_address_make_room(make_client: Callable[..., Client]) -> None:
    waiting = Waiting(total=10_000, each=1_000)
    stranger = make_client(waiting, "b", now=0)
    stranger.enqueue(b"x" * 498)
    clients = [make_client(waiting, now=number) for number in range(11)]
    for client in reversed(clients):
        client.enqueue(b"x" * 98)  # 1,100 bytes at the end: two too many for nine tenths of the limit
    assert [client.closed for client in clients] == [True] * 2 + [False] * 9
    assert (waiting.closed, waiting.size) == (2, 900 + stranger.held)
    assert not stranger.closed


def test_in_total_the_address_with_most_bytes_makes_room(make_client: Callable[..., Client]) -> None:
    waiting = Waiting(total=2_000, each=1_500)
    few = make_client(waiting, "few", now=0)
    few.enqueue(b"x" * 98)
    many = [make_client(waiting, "many", now=9) for _ in range(10)]
    for client in many:
        client.enqueue(b"x" * 98)
    assert waiting.size == 1_100
    others = [make_client(waiting, f"o{number}", now=5) for number in range(10)]
    for client in others:
        client.enqueue(b"x" * 98)
    assert waiting.size <= 2_000
    assert 0 < sum(client.closed for client in many) == waiting.closed
    assert not any(client.closed for client in (few, *others))


def test_a_room_that_stops_reading_stays_within_the_limit(make_client: Callable[..., Client]) -> None:
    waiting = Waiting(total=200_000, each=100_000)
    frame = b"x" * 60_000
    clients = [make_client(waiting, now=number) for number in range(50)]
    for client in clients:
        client.push(frame)
        assert waiting.size <= 100_000
    assert waiting.closed > 40
    assert not clients[-1].closed


def closing(ws: websocket.WebSocket) -> tuple[int, str]:
    while True:
        kind, data = ws.recv_data()
        if kind == websocket.ABNF.OPCODE_CLOSE:
            return struct.unpack("!H", data[:2])[0], data[2:].decode()


def test_a_socket_too_many_is_refused_with_the_reason_and_counted() -> None:
    limits = SocketLimits(Places(4, 2))
    with SimulatedExchange(limits=limits) as venue:
        held = [websocket.create_connection(f"{venue.ws}/ws", timeout=60) for _ in range(2)]
        try:
            for ws in held:
                ws.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
                assert json.loads(ws.recv())["id"] == 1
            refused = websocket.create_connection(f"{venue.ws}/ws", timeout=60)
            held.append(refused)
            code, reason = closing(refused)
            assert (code, "from this address" in reason) == (1013, True)
            stats = venue.fanout.stats()
            assert (stats["open"], stats["refused"]) == (2, 1)
        finally:
            for ws in held:
                ws.shutdown()
        wait_for(lambda: limits.places.open == 0)
        again = websocket.create_connection(f"{venue.ws}/ws", timeout=60)
        again.send('{"method":"LIST_SUBSCRIPTIONS","id":2}')
        assert json.loads(again.recv())["id"] == 2
        again.shutdown()


def test_unfinished_messages_count_and_make_room() -> None:
    limits = SocketLimits(waiting=Waiting(total=200_000, each=100_000))
    with SimulatedExchange(limits=limits) as venue, ExitStack() as stack:
        for _ in range(8):
            ws = websocket.create_connection(f"{venue.ws}/ws", timeout=60)
            stack.callback(ws.shutdown)
            ws.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            ws.recv()
            with suppress(OSError):
                ws.send_frame(websocket.ABNF.create_frame("x" * 30_000, websocket.ABNF.OPCODE_TEXT, 0))
                ws.send_frame(websocket.ABNF.create_frame("x", websocket.ABNF.OPCODE_CONT, 0))
        wait_for(lambda: limits.waiting.closed >= 4)
        assert limits.waiting.size <= 100_000


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
