"""`kill -9` in the middle of a round: the next process has everybody's portfolio, the price, the round and every order
once, and the phones' cookies are as good as before."""

from __future__ import annotations

import json
import math
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.running import RunningServer
from tests.web.herd.phones import Phone, call

PRICE, IMPACT = 100.0, 0.001
CASH, SHARES = 5000.0, 50


def cost(position: int) -> float:
    """C(q) of the default curve."""
    return PRICE / IMPACT * (math.exp(IMPACT * position) - 1)


def log(server: RunningServer) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{server.url}/herd/export/events.jsonl", timeout=60) as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


def ticks(server: RunningServer) -> list[dict[str, Any]]:
    status, found, _ = call(server.url, "/api/v1/ticks/HERD")  # unknown until the first of them has come
    return list(found["ticks"]) if status == 200 else []


def becomes(what: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_killed_server_comes_back_in_the_middle_of_the_round(
    launch: Callable[..., RunningServer], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"environ": {"ORDERFLOW_HERD_RATE": "50", "ORDERFLOW_TICKER_COUNT": "0"}}
    first = launch("--data-dir", str(tmp_path), **options)
    phones = [Phone(first.url, f"Player {i}") for i in range(5)]
    status, _, _ = call(first.url, "/herd/control", {"action": "round", "rounds": 2, "seconds": 300})
    assert status == 200
    for i, phone in enumerate(phones):
        assert phone.trade("sell" if i == 4 else "buy", i + 1)["status"] == "filled"
    before = [phone.state() for phone in phones]
    accepted = [(phone, str(uuid4())) for phone in phones for _ in range(6)]
    for phone, name in accepted:
        assert phone.order("buy", 1, name)[0] == 202
    first.process.send_signal(signal.SIGKILL)  # some are cleared, some wait, some may be only just in the log
    first.process.wait()

    second = launch("--data-dir", str(tmp_path), **options)
    for phone in phones:
        phone.url = second.url
    events = log(second)
    logged = Counter(event["c"] for event in events if event["e"] == "order")
    assert {name: logged[name] for _, name in accepted} == {name: 1 for _, name in accepted}
    for phone, name in accepted:
        done = phone.settled(name)
        assert done["status"] == "filled"
        status, again = phone.order("buy", 1, name)
        assert (status, again) == (200, done)

    after = [phone.state() for phone in phones]
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        assert new["session"] == old["session"]
        assert new["version"] > old["version"]
        assert new["you"]["participant"] == old["you"]["participant"] == f"p{i + 1}"
        assert new["you"]["nick"] == f"Player {i}"
        assert new["you"]["shares"] == old["you"]["shares"] + 6
        assert new["you"]["cash"] < old["you"]["cash"]
    position = 1 + 2 + 3 + 4 - 5 + 30
    assert after[0]["price"] == round(PRICE * math.exp(IMPACT * position), 4)
    # nothing was lost and nothing made: what they paid is what the curve took
    paid = 5 * CASH - sum(state["you"]["cash"] for state in after)
    assert abs(paid - cost(position)) < 0.1
    assert sum(state["you"]["shares"] for state in after) == 5 * SHARES + position
    assert after[0]["round"]["round"] == before[0]["round"]["round"] == 1
    assert after[0]["round"]["ends"] >= before[0]["round"]["ends"]
    left = after[0]["round"]["ends"] / 1000 - time.time()
    assert 200 < left <= 300

    filled = [fill[0] for event in log(second) if event["e"] == "batch" for fill in event["fills"]]
    assert len(filled) == len(set(filled)) == 35
    becomes(lambda: len(ticks(second)) == 35)
    assert sorted(tick["id"] for tick in ticks(second)) == sorted(filled)

    back = phones[0].connect()
    assert back.kind("you")["participant"] == "p1"
    snapshot = back.kind("snapshot")
    assert snapshot["price"] == after[0]["price"]
    assert len(snapshot["history"]) >= 5
    assert back.trade("sell", 1)["status"] == "filled"
    assert back.kind("fill")["side"] == "sell"
    back.close()
    status, joined, _ = call(second.url, "/herd/join", {}, phones[2].cookie)
    assert (status, joined["participant"]) == (200, "p3")
    assert second.get("/herd/stats")["participants"] == 5
    assert second.stop() == 0


def test_a_reset_game_does_not_come_back(launch: Callable[..., RunningServer], tmp_path: Path) -> None:
    options: dict[str, Any] = {"environ": {"ORDERFLOW_TICKER_COUNT": "0"}}
    first = launch("--data-dir", str(tmp_path), **options)
    ada = Phone(first.url)
    ada.trade("buy", 5)
    old = ada.state()["session"]
    assert call(first.url, "/herd/control", {"action": "reset"})[0] == 200
    bob = Phone(first.url)
    bob.trade("sell", 2)
    becomes(lambda: [tick["side"] for tick in ticks(first)] == ["sell"])
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    second = launch("--data-dir", str(tmp_path), **options)
    ada.url = bob.url = second.url
    assert ada.order()[0] == 401
    assert bob.state()["you"]["shares"] == 48
    becomes(lambda: [tick["side"] for tick in ticks(second)] == ["sell"])
    kept = {session["id"]: session["orders"] for session in second.get("/herd/sessions")["sessions"]}
    assert kept[old] == 1
    assert second.stop() == 0
