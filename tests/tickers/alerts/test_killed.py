"""A real server that is killed while alerts fire: after the restart every event is there once."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import RunningServer

COUNT = 20
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")


def send(server: RunningServer, numbers: range) -> None:
    """Ticks at 100.00, 100.01, ...: number n crosses the alert of n."""
    rows = [f"{1_790_000_000 + n},X,{100 + n / 100:.2f},1,buy" for n in numbers]
    server.post("/ticks", "\n".join(["time,symbol,price,size,side", *rows]).encode(), "text/csv")


def test_killed_while_alerts_fire(launch: Callable[..., RunningServer], tmp_path: Path) -> None:
    flags = ("--no-browser", "--data-dir", str(tmp_path / "data"))
    server = launch(*flags)
    send(server, range(1))
    made = {}
    for number in range(1, COUNT + 1):
        body = {"ticker": "X", "operator": "crossing_up", "price": round(100 + number / 100 - 0.005, 3)}
        made[server.post("/alerts", json.dumps(body).encode())["id"]] = round(100 + number / 100, 2)
    send(server, range(1, 8))
    until = time.monotonic() + 20
    while not server.get("/alerts/events") and time.monotonic() < until:
        time.sleep(0.01)
    send(server, range(8, 15))  # acknowledged, but perhaps not evaluated
    server.stop(signal.SIGKILL)
    again = launch(*flags)
    send(again, range(15, COUNT + 1))
    until = time.monotonic() + 20
    while len(events := again.get("/alerts/events?after=0")) < COUNT and time.monotonic() < until:
        time.sleep(0.02)
    assert {event["alert_id"]: event["price"] for event in events} == made
    assert set(Counter(event["id"] for event in events).values()) == {1}
    assert {alert["state"] for alert in again.get("/alerts")} == {"fired"}
