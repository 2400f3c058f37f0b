"""A real server whose files may not grow, as on a full disk: every write is refused with the reason, what is in memory
is what a restart reads, and writing goes on when there is room, without a restart."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.running import RunningServer
from tests.storage.disks import limit_files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limit that stands for a full disk is Linux's")

Launch = Callable[..., RunningServer]
CSV = (
    "timestamp,price,size,side,id\n2025-10-09T18:0{0}:00Z,10.{0},1,buy,{0}1\n2025-10-09T18:0{0}:30Z,10.2,1,sell,{0}2\n"
)
SETTING = "/api/v1/symbols/DEFAULT"


class Person:
    """A participant of the herd game, by their cookie."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        status, _, headers = call(server, "POST", "/herd/join", {"nickname": "Ann"})
        assert status == 200
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def order(self) -> tuple[int, Any]:
        body = {"client_id": str(uuid4()), "side": "buy", "quantity": 1}
        return call(self.server, "POST", "/herd/orders", body, Cookie=self.cookie)[:2]


def call(server: RunningServer, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    """(status, JSON, headers) of any answer."""
    kind = "text/csv" if isinstance(body, str) else "application/json"
    data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, {"Content-Type": kind, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), error.headers


def shown(server: RunningServer) -> dict[str, Any]:
    """What a restart must give again."""
    paths = ("/api/v1/ticks/DEFAULT", "/api/v1/bars/DEFAULT", SETTING)
    found = {path: {**server.get(path), "revision": None, "epoch": None} for path in paths}
    stats = server.get("/herd/stats")
    names = ("participants", "trades", "net_position", "phase", "price")
    return {**found, "herd": {name: stats[name] for name in names}}


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_every_write_is_refused_with_the_reason_and_goes_on_later(launch: Launch, tmp_path: Path) -> None:
    server = launch("--data-dir", str(tmp_path))
    for minute in (1, 2):
        server.post("/ticks", CSV.format(minute).encode(), "text/csv")
    assert call(server, "PUT", SETTING, {"session": "America/Chicago 17:00"})[0] == 200
    ann = Person(server)
    assert ann.order()[0] == 202
    wait_for(lambda: server.get("/herd/stats")["trades"] == 1)
    wait_for(lambda: "HERD" in [each["symbol"] for each in server.get("/api/v1/symbols")["symbols"]])
    before = shown(server)
    limit_files(server.process.pid, 1)
    refused = {
        "ticks": lambda: call(server, "POST", "/ticks", CSV.format(3)),
        "one tick": lambda: call(server, "POST", "/tick", {"timestamp": "2025-10-09T18:09:00Z", "price": 1, "size": 1}),
        "with a key": lambda: call(server, "POST", "/ticks", CSV.format(4), **{"Idempotency-Key": "k"}),
        "a new symbol": lambda: call(server, "POST", "/ticks?symbol=NEW", CSV.format(4)),
        "settings": lambda: call(server, "PUT", SETTING, {"tick_size": "0.05"}),
        "reset of one": lambda: call(server, "POST", "/reset?symbol=DEFAULT"),
        "reset": lambda: call(server, "POST", "/reset"),
        "join": lambda: call(server, "POST", "/herd/join", {}),
        "order": ann.order,
        "control": lambda: call(server, "POST", "/herd/control", {"action": "freeze"}),
        "round": lambda: call(server, "POST", "/herd/control", {"action": "round", "rounds": 2, "preset": "ssw"}),
        "end": lambda: call(server, "POST", "/herd/control", {"action": "end"}),
    }
    for name, write in refused.items():
        status, answer, *_ = write()
        assert (name, status, "the disk is full" in answer["detail"]) == (name, 507, True), answer
    assert shown(server) == before
    assert server.get("/stats?symbol=DEFAULT")["problems"] != []
    assert all("the disk is full" in problem for problem in server.get("/stats?symbol=DEFAULT")["problems"])
    limit_files(server.process.pid, None)
    wait_for(lambda: server.get("/stats?symbol=DEFAULT")["problems"] == [])
    assert shown(server) == before
    assert call(server, "POST", "/ticks", CSV.format(4), **{"Idempotency-Key": "k"})[0] == 202
    assert ann.order()[0] == 202
    wait_for(lambda: server.get("/herd/stats")["trades"] == 2)
    after = shown(server)
    server.stop(signal.SIGKILL)
    assert shown(launch("--data-dir", str(tmp_path))) == after


def test_no_write_is_acknowledged_after_the_files_were_deleted(launch: Launch, tmp_path: Path) -> None:
    server = launch("--data-dir", str(tmp_path))
    server.post("/ticks", CSV.format(1).encode(), "text/csv")
    ann = Person(server)
    assert server.get("/stats?symbol=DEFAULT")["problems"] == []
    (tmp_path / "ticks").rename(tmp_path / "away")
    shutil.rmtree(tmp_path / "herd")
    wait_for(lambda: len(server.get("/stats?symbol=DEFAULT")["problems"]) == 2)  # nobody has written yet
    for status, answer, *_ in (
        call(server, "POST", "/ticks", CSV.format(2)),
        call(server, "POST", "/reset"),
        call(server, "PUT", SETTING, {"tick_size": "0.05"}),
        ann.order(),
        call(server, "POST", "/herd/control", {"action": "freeze"}),
    ):
        assert (status, "deleted, moved or replaced" in answer["detail"]) == (507, True)
    assert not (tmp_path / "ticks").exists()
    assert server.get("/stats?symbol=DEFAULT")["ticks"] == 2
    shutil.rmtree(tmp_path / "away")
    before = shown(server)
    assert call(server, "POST", "/storage/rewrite")[:2] == (200, {"problems": []})
    assert ann.order()[0] == 202
    assert call(server, "POST", "/ticks", CSV.format(2))[0] == 202
    wait_for(lambda: server.get("/herd/stats")["trades"] == 1)
    after = shown(server)
    assert after != before
    server.stop(signal.SIGKILL)
    assert shown(launch("--data-dir", str(tmp_path))) == after
