"""A real server that is killed while alerts fire, on prices and on studies of bars of time and of trades: after the
restart every event is there once, and is delivered."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import RunningServer
from tests.tickers.delivery.conftest import Receiver
from tests.tickers.delivery.conftest import receive as receive  # a fixture

COUNT = 20
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")


def send(server: RunningServer, numbers: range) -> None:
    """Ticks at 100.00, 100.01, ...: number n crosses the alert of n."""
    rows = [f"{1_790_000_000 + n},X,{100 + n / 100:.2f},1,buy" for n in numbers]
    server.post("/ticks", "\n".join(["time,symbol,price,size,side", *rows]).encode(), "text/csv")


def test_killed_while_alerts_fire(
    launch: Callable[..., RunningServer], receive: Callable[..., Receiver], tmp_path: Path
) -> None:
    flags = ("--no-browser", "--data-dir", str(tmp_path / "data"))
    environ = {"WEBHOOK_ALLOW_HTTP": "1", "WEBHOOK_ALLOW_PRIVATE": "1", "ORDERFLOW_FEEDS": ""}
    server, receiver = launch(*flags, environ=environ), receive()
    target = {"name": "hook", "kind": "webhook", "url": f"http://127.0.0.1:{receiver.port}/"}
    hook = server.post("/delivery/targets", json.dumps(target).encode())["id"]
    send(server, range(1))
    made = {}
    for number in range(1, COUNT + 1):
        body = {"ticker": "X", "operator": "crossing_up", "price": round(100 + number / 100 - 0.005, 3)}
        body |= {"targets": [hook], "message": "{{price}}"}
        made[server.post("/alerts", json.dumps(body).encode())["id"]] = round(100 + number / 100, 2)
        study = {"study": "cvd", "column": "close", "operator": "crossing_up", "value": number + 0.5}
        study |= {"ticker": "X", "interval": ("1s", "ticks:1")[number % 2], "targets": [hook], "message": "{{price}}"}
        made[server.post("/alerts", json.dumps(study).encode())["id"]] = number + 1
    send(server, range(1, 8))
    until = time.monotonic() + 60
    while not server.get("/alerts/events") and time.monotonic() < until:
        time.sleep(0.01)
    send(server, range(8, 15))  # acknowledged, but perhaps not evaluated
    server.stop(signal.SIGKILL)
    again = launch(*flags, environ=environ)
    send(again, range(15, COUNT + 2))  # the last one closes the bar before it
    until = time.monotonic() + 60
    while len(events := again.get("/alerts/events?after=0")) < 2 * COUNT and time.monotonic() < until:
        time.sleep(0.02)
    assert {event["alert_id"]: float(event["value"]) for event in events} == made
    assert set(Counter(event["id"] for event in events).values()) == {1}
    assert {alert["state"] for alert in again.get("/alerts")} == {"fired"}
    until = time.monotonic() + 60
    while len({got.headers["x-orderflow-event"] for got in receiver.got}) < 2 * COUNT and time.monotonic() < until:
        time.sleep(0.02)
    sent = {got.headers["x-orderflow-event"]: (got.headers["x-orderflow-id"], float(got.body)) for got in receiver.got}
    assert {event["id"]: float(event["value"]) for event in events} == {key: price for key, (_, price) in sent.items()}
    assert len({got.headers["x-orderflow-id"] for got in receiver.got}) == 2 * COUNT
