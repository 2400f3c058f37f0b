"""The client against a real server process: the server has exactly the ticks of the file."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orderflow import candles, read_ticks
from orderflow.formats import open_ticks
from orderflow.formats.samples import sample_path

ROOT = Path(__file__).parents[2]
Replay = Callable[..., Any]
TickFile = Callable[..., Path]


def held(url: str, symbol: str) -> list[tuple[str, str, str, str, str]]:
    """time, price, size, side_rule, id of the server's ticks, in its order."""
    with urllib.request.urlopen(f"{url}/api/v1/ticks/{symbol}?format=csv&limit=100000", timeout=60) as answer:
        rows = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))
    return [(row["time"], row["price"], row["size"], row["side_rule"], row["id"]) for row in rows]


def test_a_recording_arrives_tick_by_tick(server: Any, replay: Replay) -> None:
    path = sample_path("LTCUSDT")
    run = replay(path, "--server", server.url, "-v", "max", "--symbol", "replay-LTC", "--tick-size", "0.01")
    assert run.code == 0, run.err
    with open_ticks(path) as reader:
        batch = next(iter(reader)).batches[0]
    ticks = held(server.url, "replay-LTC")
    assert [int(row[4]) for row in ticks] == batch.id.tolist()
    assert {row[3] for row in ticks} == {"flag"}
    units = [round(float(price) * 10**batch.price_decimals) for _, price, *_ in ticks]
    assert units == batch.price.tolist()
    assert server.get("/api/v1/symbols")["symbols"][0]["symbol"] == "replay-LTC"
    again = replay(path, "--server", server.url, "-v", "max", "--symbol", "replay-LTC")
    assert "20,061 of them duplicates" in again.out


PER_VENUE = """timestamp,exchange,price,size,id
1709562600000111000,4,31.95,100,135
1709562600000222000,12,31.96,40,135
1709562600000333000,4,31.94,20,136
1709562601000333000,12,31.97,60,136
1709562601000333000,12,31.97,60,136
"""
EACH_DAY = """timestamp,price,size,id
2024-03-04 14:30:00.000111+00:00,175.1,100,1
2024-03-04 14:30:01.000222+00:00,175.12,50,2
2024-03-05 14:30:00.000111+00:00,176.1,70,1
2024-03-05 14:30:02.000111+00:00,176.2,30,2
"""
PLACEHOLDER = "timestamp,price,size,side,id\n" + "".join(
    f"2024-03-04T14:3{k % 7}:00Z,{100 + k % 5},{k},{'buy' if k % 3 else 'sell'},trade\n" for k in range(1, 41)
)


@pytest.mark.parametrize(
    ("text", "duplicates", "conflicts"), [(PER_VENUE, 1, 2), (EACH_DAY, 0, 2), (PLACEHOLDER, 0, 39)]
)
def test_trades_that_share_an_id_all_arrive(
    server: Any, replay: Replay, tmp_path: Path, text: str, duplicates: int, conflicts: int
) -> None:
    """Also in batches of two, and a second time; the notebook has the same bars."""
    name = f"replay-ids-{duplicates}-{conflicts}"
    file = tmp_path / f"{name}.csv"
    file.write_text(text)
    rows = text.count("\n") - 1
    run = replay(file, "--server", server.url, "-v", "max", "--batch-ticks", "2", "--symbol", name)
    assert run.code == 0, run.err
    assert (f"{duplicates} of them duplicates" in run.out) == bool(duplicates)
    assert f"{conflicts} id conflicts" in run.out
    stats = server.get(f"/stats?symbol={name}")
    assert (stats["ticks"], stats["duplicates"], stats["id_conflicts"]) == (rows - duplicates, duplicates, conflicts)
    bars = server.get(f"/api/v1/bars/{name}")["bars"]
    table = candles(read_ticks(file))
    for column in ("open", "high", "low", "close", "volume", "delta", "min_delta", "max_delta", "trades", "poc"):
        assert [bar[column] for bar in bars] == table[column].tolist()
    again = replay(file, "--server", server.url, "-v", "max", "--symbol", name)
    assert f"{rows} of them duplicates" in again.out
    assert "conflicts" not in again.out
    assert server.get(f"/api/v1/bars/{name}")["bars"] == bars
    told = replay(file, "--dry-run").out
    assert f"{duplicates} duplicates, {conflicts} id conflicts" in told


def test_ids_that_are_texts_and_rows_that_are_split_are_known_again(
    server: Any, replay: Replay, tmp_path: Path
) -> None:
    """From a file, from the same file again, and from a program that sends its lines itself."""
    file = tmp_path / "replay-texts.csv"
    lines = ["timestamp,price,size,bid_volume,ask_volume,id"]
    lines += [f"{1760032800 + k},100,4,2,2,trade-{k}" for k in range(5)]
    lines += [f"{1760032900 + k},100,3,,,trade-{k % 2}" for k in range(4)]
    file.write_text("\n".join(lines) + "\n")
    assert replay(file, "--server", server.url, "-v", "max").code == 0
    bars = server.get("/api/v1/bars/replay-texts")["bars"]
    assert [(bar["volume"], bar["trades"]) for bar in bars] == [(20, 10), (12, 4)]
    again = replay(file, "--server", server.url, "-v", "max")
    assert "14 of them duplicates" in again.out
    receipt = server.post("/ticks?symbol=replay-texts", file.read_bytes(), "text/csv")
    assert (receipt["accepted"], receipt["duplicates"]) == (0, 14)
    assert server.get("/api/v1/bars/replay-texts")["bars"] == bars


def test_the_rules_of_the_sides_survive(server: Any, replay: Replay, tmp_path: Path) -> None:
    file = tmp_path / "replay-rules.csv"
    file.write_text(
        "timestamp,price,size,side,bid,ask,bid_volume,ask_volume\n"
        "1760032800,100,3,buy,,,,\n"
        "1760032801,100,3,unknown,,,,\n"
        "1760032802,100,3,,100,101,,\n"
        "1760032803,100,3,,,,1,2\n"
        "1760032804,101,3,,,,,\n"
    )
    assert replay(file, "--server", server.url, "-v", "max").code == 0
    rows = [(row[2], row[3]) for row in held(server.url, "replay-rules")]
    assert rows == [
        ("3", "flag"),
        ("3", "none"),
        ("3", "quote"),
        ("1", "volumes"),
        ("2", "volumes"),
        ("3", "tick"),
    ]


def test_a_server_killed_and_started_again_loses_and_doubles_nothing(
    launch: Callable[..., Any], tick_file: TickFile, tmp_path: Path
) -> None:
    file = tick_file(4_000, step=1)
    data = tmp_path / "data"
    first = launch("--no-browser", "--data-dir", str(data))
    command = [sys.executable, "-m", "orderflow.replay.cli", str(file), "--server", first.url, "-v", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as client:
        until = time.monotonic() + 60
        while not first.get("/api/v1/symbols")["symbols"]:
            assert client.poll() is None, client.communicate()
            assert time.monotonic() < until, "the client has sent nothing in 20 s"
            time.sleep(0.02)
        time.sleep(0.3)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        second = launch("--no-browser", "--data-dir", str(data), "--port", str(first.port))
        out, err = client.communicate(timeout=60)
    assert client.returncode == 0, err
    assert "the server is back" in err
    assert "4,000 ticks sent" in out
    times = [row[0] for row in held(second.url, "es")]
    assert len(times) == len(set(times)) == 4_000


@pytest.mark.parametrize("velocity", ["max", "500"])
def test_any_velocity_gives_the_same_bars(server: Any, replay: Replay, tick_file: TickFile, velocity: str) -> None:
    file = tick_file(5_000, step=100)
    symbol = f"replay-{velocity}"
    words = ["--server", server.url, "--symbol", symbol, "-v", velocity, "--batch-ticks", 700]
    assert replay(file, *words).code == 0
    with urllib.request.urlopen(f"{server.url}/api/v1/bars/{symbol}?format=csv", timeout=60) as answer:
        bars = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))
    assert len(bars) == 9
    assert sum(int(bar["volume"]) for bar in bars) == sum(i % 9 + 1 for i in range(5_000))
    assert sum(int(bar["trades"]) for bar in bars) == 5_000
