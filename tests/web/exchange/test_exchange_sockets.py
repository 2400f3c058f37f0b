"""Sockets of the exchange over real connections: subscriptions, errors, pings, limits, injected faults."""

from __future__ import annotations

import json
import signal
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import websocket

from orderflow.exchange.exchange import Rules
from orderflow.exchange.recording import Recording
from tests.exchange.inprocess import SimulatedExchange
from tests.running import RunningServer

Open = Callable[..., websocket.WebSocket]


@pytest.fixture
def venue() -> Iterator[SimulatedExchange]:
    with SimulatedExchange() as made:
        made.trade("ITEM_00", (-2.0, "100.5", "2", "buy"))
        yield made
        assert made.workers.errors() == {}


@pytest.fixture
def connect(venue: SimulatedExchange) -> Iterator[Open]:
    made: list[websocket.WebSocket] = []

    def opened(path: str, *, ready: bool = True) -> websocket.WebSocket:
        """A connection that the server knows of."""
        made.append(websocket.create_connection(venue.ws + path, timeout=60))
        if ready:
            assert ask(made[-1], "LIST_SUBSCRIPTIONS", id="ready")["id"] == "ready"
        return made[-1]

    yield opened
    for ws in made:
        with suppress(OSError):
            ws.shutdown()


def read(ws: websocket.WebSocket) -> Any:
    return json.loads(ws.recv())


def ask(ws: websocket.WebSocket, method: str, *params: Any, id: Any = 1) -> Any:
    ws.send(json.dumps({"method": method, **({"params": list(params)} if params else {}), "id": id}))
    return read(ws)


def closing(ws: websocket.WebSocket) -> tuple[int, str] | None:
    """Code and reason of the close frame, None if there was none."""
    while True:
        try:
            kind, data = ws.recv_data()
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return None
        if kind == websocket.ABNF.OPCODE_CLOSE:
            return struct.unpack("!H", data[:2])[0], data[2:].decode()


def trades(venue: SimulatedExchange, count: int, first: int = 0) -> None:
    """Trades of different prices, told one by one."""
    for number in range(first, first + count):
        venue.trade("ITEM_00", (0.0, f"{100 + number}.5", "1", "sell"))


def test_raw_streams_by_address(venue: SimulatedExchange, connect: Open) -> None:
    ws = connect("/ws/item00@trade/item00@aggTrade")
    venue.trade("ITEM_00", (0.0, "101", "1", "sell"))
    found = [read(ws), read(ws)]
    assert [event["e"] for event in found] == ["trade", "aggTrade"]
    assert [(event["s"], event["p"], event["m"]) for event in found] == [("ITEM00", "101.00000000", True)] * 2


def test_number_in_the_path_is_not_a_stream(connect: Open) -> None:
    assert ask(connect("/ws/0", ready=False), "LIST_SUBSCRIPTIONS")["result"] == []


def test_combined_streams_have_their_names(venue: SimulatedExchange, connect: Open) -> None:
    ws = connect("/stream?streams=item00@trade/item00@miniTicker")
    venue.trade("ITEM_00", (0.0, "101", "1", "sell"))
    found = {message["stream"]: message["data"]["e"] for message in (read(ws) for _ in range(2))}
    assert {"item00@trade", "item00@miniTicker"} >= found.keys() > set()
    assert found.items() <= {("item00@trade", "trade"), ("item00@miniTicker", "24hrMiniTicker")}


def test_connection_subscribes_and_unsubscribes(venue: SimulatedExchange, connect: Open) -> None:
    venue.exchange.rules = Rules(messages=20)
    ws = connect("/ws", ready=False)
    assert ask(ws, "SUBSCRIBE", "item00@trade", "item00@aggTrade", id=7) == {"result": None, "id": 7}
    assert ask(ws, "LIST_SUBSCRIPTIONS", id=8)["result"] == ["item00@trade", "item00@aggTrade"]
    assert ask(ws, "UNSUBSCRIBE", "item00@aggTrade", "item00@none", id="a-1") == {"result": None, "id": "a-1"}
    trades(venue, 2)
    assert [read(ws)["t"] for _ in range(2)] == [1, 2]
    assert ask(ws, "GET_PROPERTY", "combined")["result"] is False
    assert ask(ws, "SET_PROPERTY", "combined", True)["result"] is None
    trades(venue, 1)
    assert read(ws)["stream"] == "item00@trade"


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        ('{"method":"SUBSCRIBE","params":["nope@trade"],"id":1}', 2, "invalid stream"),
        ('{"method":"SUBSCRIBE","params":["item00@trade","item00@bookTicker"],"id":1}', 2, "invalid stream"),
        ('{"method":"SUBSCRIBE","params":"item00@trade","id":1}', 2, "params must be a list"),
        ('{"method":"SUBSCRIBE","params":[],"id":1}', 2, "params must be a list"),
        ('{"method":"BUY","id":1}', 2, "unknown variant `BUY`"),
        ('{"id":1}', 2, "missing field `method`"),
        ('{"method":"LIST_SUBSCRIPTIONS","id":1,"x":2}', 2, "too many parameters"),
        ('{"method":"LIST_SUBSCRIPTIONS","id":[1]}', 2, "request ID must be an unsigned integer"),
        ('{"method":"GET_PROPERTY","params":["x"],"id":1}', 0, "Unknown property"),
        ('{"method":"SET_PROPERTY","params":["combined",1],"id":1}', 1, "expected Boolean"),
        ('{"method":"SET_PROPERTY","params":[1,true],"id":1}', 2, "property name must be a string"),
        ("[]", 2, "must be an object"),
        ("{", 3, "Invalid JSON"),
    ],
)
def test_invalid_request_gets_an_error(connect: Open, message: str, code: int, says: str) -> None:
    ws = connect("/ws", ready=False)
    ws.send(message)
    answer = read(ws)
    assert answer["error"]["code"] == code
    assert says in answer["error"]["msg"]
    assert answer["id"] == (1 if '"id":1' in message and "[1]" not in message else None)
    assert ask(ws, "LIST_SUBSCRIPTIONS")["result"] == []


@pytest.mark.parametrize("path", ["/ws/nope@trade", "/stream?streams=item00@nope", "/ws/item00@bookTicker"])
def test_invalid_stream_in_the_path_ends_the_connection(connect: Open, path: str) -> None:
    ws = connect(path, ready=False)
    assert read(ws)["error"]["code"] == 2
    assert closing(ws) == (1008, "Invalid request: invalid stream")


def test_too_many_streams(venue: SimulatedExchange, connect: Open) -> None:
    venue.exchange.rules = Rules(streams=2)
    ws = connect("/ws/item00@trade/item00@aggTrade")
    assert ask(ws, "SUBSCRIBE", "item00@miniTicker")["error"]["msg"].endswith("more than 2 streams on one connection")
    assert ask(ws, "SUBSCRIBE", "item00@trade")["result"] is None


def test_more_than_five_messages_per_second_end_the_connection(connect: Open) -> None:
    ws = connect("/ws", ready=False)
    for number in range(50):
        with suppress(OSError):
            ws.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
    end = closing(ws)
    assert end in ((1008, "more than 5 messages in a second"), None)  # what was sent after may reset it


def test_pings_must_be_answered(venue: SimulatedExchange, connect: Open) -> None:
    venue.exchange.rules = Rules(ping=0.2, pong=0.6)
    bad, unsolicited = (connect("/ws", ready=False) for _ in range(2))
    for ws in (bad, unsolicited):
        ws.pong = lambda payload: None  # the library answers a ping by calling this
    kind, payload = bad.recv_data(control_frame=True)
    assert kind == websocket.ABNF.OPCODE_PING
    assert abs(int(payload) / 1000 - time.time()) < 5
    websocket.WebSocket.pong(unsolicited, b"")
    assert closing(bad) == (1008, "no pong received in time")
    assert closing(unsolicited) == (1008, "no pong received in time")
    venue.exchange.rules = Rules(ping=0.4, pong=1.5)
    good = connect("/ws", ready=False)
    kinds = [good.recv_data(control_frame=True)[0] for _ in range(4)]  # answered by the library
    assert kinds == [websocket.ABNF.OPCODE_PING] * 4
    assert ask(good, "LIST_SUBSCRIPTIONS")["result"] == []


def test_connection_ends_at_its_maximum_lifetime(venue: SimulatedExchange, connect: Open) -> None:
    venue.exchange.rules = Rules(life=0.3)
    ws = connect("/ws", ready=False)
    assert closing(ws) == (1001, "the connection has reached its maximum age")


def test_script_drops_skips_and_duplicates(venue: SimulatedExchange, connect: Open) -> None:
    steps = [
        {"do": "skip", "after": 1},
        {"do": "duplicate", "after": 2},
        {"do": "swap", "after": 3},
        {"do": "malformed", "after": 5},
        {"do": "drop", "after": 7},
    ]
    venue.exchange.add_faults(steps)
    ws = connect("/ws/item00@trade")
    trades(venue, 9)
    found = [ws.recv() for _ in range(7)]
    with pytest.raises(json.JSONDecodeError):
        json.loads(found.pop(5))
    assert [json.loads(text)["t"] for text in found] == [1, 3, 3, 5, 4, 7]
    assert closing(ws) is None
    again = connect("/ws/item00@trade")
    trades(venue, 3, 9)
    assert [read(again)["t"] for _ in range(3)] == [10, 11, 12]


def test_script_holds_messages_back(venue: SimulatedExchange, connect: Open) -> None:
    venue.exchange.add_faults([{"do": "hold", "after": 1, "seconds": 0.6}])
    ws = connect("/ws/item00@trade")
    began = time.monotonic()
    trades(venue, 3)
    assert [read(ws)["t"] for _ in range(3)] == [1, 2, 3]
    assert time.monotonic() - began > 0.55


def test_script_shuts_the_exchange_down(venue: SimulatedExchange, connect: Open) -> None:
    raw, combined = connect("/ws/item00@trade"), connect("/stream?streams=item00@trade")
    venue.exchange.add_faults([{"do": "shutdown", "grace": 0.3}])
    event = read(raw)
    assert event.keys() == {"e", "E"}
    assert event["e"] == "serverShutdown"
    assert read(combined) == {"stream": "!serverShutdown", "data": event}
    assert closing(raw) == closing(combined) == (1001, "the server shuts down")
    assert connect("/ws/item00@trade") is not None


def test_script_drops_all_connections(venue: SimulatedExchange, connect: Open) -> None:
    ws, other = connect("/ws/item00@trade"), connect("/ws")
    venue.exchange.add_faults([{"do": "drop", "code": 1012, "stream": "item00@trade"}])
    assert closing(ws) == (1012, "scripted")
    assert ask(other, "LIST_SUBSCRIPTIONS")["result"] == []


def test_a_recording_is_played(venue: SimulatedExchange, connect: Open) -> None:
    lines = [
        json.dumps({"t": "recv", "ts": at, "data": json.dumps({"stream": "abc@trade", "data": {"e": "trade", "t": n}})})
        for n, at in enumerate((5.0, 5.5, 60.0))
    ]
    venue.exchange.play(Recording.parse([line.encode() for line in lines]), 100.0)
    ws = connect("/stream?streams=abc@trade", ready=False)
    assert [read(ws)["data"]["t"] for _ in range(3)] == [0, 1, 2]


def test_feeds_are_removed_with_the_last_connection(venue: SimulatedExchange, connect: Open) -> None:
    ws = connect("/ws/item00@trade/item00@kline_1m")
    assert venue.hub.listeners == 1
    ws.close()
    until = time.monotonic() + 60
    while (venue.hub.listeners or venue.fanout.clients) and time.monotonic() < until:
        time.sleep(0.02)
    assert (venue.hub.listeners, venue.fanout.clients) == (0, 0)
    trades(venue, 1)
    assert read(connect("/ws/item00@kline_1m", ready=False))["e"] == "kline"


def test_control_route(venue: SimulatedExchange) -> None:
    client = venue.app.test_client()
    answer = client.post("/exchange/control", json={"steps": [{"do": "fail", "status": 418}, {"do": "skip"}]})
    assert answer.status_code == 200
    assert [step["do"] for step in answer.get_json()["steps"]] == ["fail", "skip"]
    refused = client.get("/exchange/api/v3/ping")
    assert (refused.status_code, refused.headers["Retry-After"], refused.get_json()["code"]) == (418, "120", -1003)
    wrong = client.post("/exchange/control", json={"steps": [{"do": "skip"}, {"do": "skip", "count": "x"}]})
    assert wrong.status_code == 400
    assert wrong.get_json()["errors"] == [
        {"loc": ["body", 1, "count"], "msg": "must be a whole number from 1 to 1,000,000"}
    ]
    for body in (b"", b"{", b"[]", b'{"steps":1}', b'{"steps":[],"x":1}'):
        assert client.post("/exchange/control", data=body).status_code == 400
    assert client.delete("/exchange/control").get_json()["steps"] == []
    assert client.get("/exchange/control").get_json()["rules"]["weight"] == 6000


def test_on_a_real_server(server: RunningServer) -> None:
    kind = "text/csv"
    rows = "timestamp,price,size,side\n2025-10-09T18:00:00Z,{},1,buy\n"
    server.post("/ticks?symbol=EX_1", rows.format("10.5").encode(), kind)
    ws = websocket.create_connection(
        server.url.replace("http", "ws") + "/exchange/stream?streams=ex1@trade/ex1@kline_1m", timeout=60
    )
    ws.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 1}))
    messages = [read(ws)]
    while "result" not in messages[-1]:
        messages.append(read(ws))
    server.post("/ticks?symbol=EX_1", rows.format("11.25").encode(), kind)
    while messages[-1].get("stream") != "ex1@trade":
        messages.append(read(ws))
    assert (messages[-1]["data"]["t"], messages[-1]["data"]["p"]) == (1, "11.25000000")
    row = server.get("/exchange/api/v3/klines?symbol=EX1&interval=1m")[0]
    assert row[1:6] == ["10.50000000", "11.25000000", "10.50000000", "11.25000000", "2.00000000"]
    ws.send("x" * 70_000)
    assert closing(ws) in ((1009, "Message is too big"), None)
    ws.shutdown()


def test_listeners_are_told_of_a_shutdown(launch: Callable[..., RunningServer]) -> None:
    server = launch("--ephemeral", "--no-browser")
    ws = websocket.create_connection(server.url.replace("http", "ws") + "/exchange/ws", timeout=60)
    assert ask(ws, "LIST_SUBSCRIPTIONS")["result"] == []
    server.process.send_signal(signal.SIGTERM)
    assert read(ws)["e"] == "serverShutdown"
    assert closing(ws) == (1001, "the server is stopping")
    ws.shutdown()
    assert server.process.wait(60) == 0


def test_unknown_path_has_the_error_of_the_rest_of_the_server(venue: SimulatedExchange) -> None:
    client = venue.app.test_client()
    assert client.get("/exchange/api/v3/depth").get_json().keys() == {"detail"}
    assert client.post("/exchange/api/v3/ping").status_code == 405
    assert client.get("/exchange/ws").status_code == 426
