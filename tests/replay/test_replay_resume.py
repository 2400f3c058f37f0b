"""A replay that is interrupted any number of times and resumed delivers every tick once, in order."""

from __future__ import annotations

import gzip
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

Fake = Any
Replay = Callable[..., Any]
TickFile = Callable[..., Path]
Client = Callable[..., subprocess.Popen[str]]

FATAL = ["unread", "unanswered", "half", "500", "503", "429"]
ROOT = Path(__file__).parents[2]


def hint(text: str) -> list[str]:
    """The arguments that a run prints for going on."""
    found = re.search(r"to resume: ((?:--[a-z-]+ \S+ ?)+)", text)
    assert found, text
    return shlex.split(found[1].replace(";", ""))


@pytest.mark.parametrize("seed", range(8))
def test_repeated_interruptions(fake: Fake, replay: Replay, tick_file: TickFile, seed: int) -> None:
    chance = random.Random(seed)
    count = chance.randrange(150, 400)
    bad = chance.sample(range(count), chance.choice([0, 5, 60]))
    file = tick_file(count, bad=bad)
    fake.faults = [chance.choice(["", "", *FATAL]) for _ in range(40)]
    common = [file, "--server", fake.url, "--velocity", "max", "--retry-for", 0, "--max-bad", 1]
    words: list[str] = []
    for _ in range(60):
        run = replay(*common, "--batch-ticks", chance.randrange(1, 60), *words)
        if run.code == 0:
            break
        assert run.code == 1
        words = hint(run.err)
    assert run.code == 0
    good = [i for i in range(count) if i not in bad]
    assert [tick[1] for tick in fake.ticks] == [(1_760_032_800_000 + i * 10) * 1_000_000 for i in good]


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_two_ticks_and_a_limit(fake: Fake, replay: Replay, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    lines = ["timestamp,price,bid_volume,ask_volume"]
    ticks = []
    for i in range(200):
        time, bid, ask = 1_760_032_800_000 + i, chance.randrange(3), chance.randrange(3)
        lines.append(f"{time},5000,{bid},{ask}")
        ticks += [(time * 1_000_000, -1)] * (bid > 0) + [(time * 1_000_000, 1)] * (ask > 0)
        ticks += [(time * 1_000_000, 0)] * (bid == ask == 0)
    file = tmp_path / "bars.csv.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    limit = chance.randrange(100, 150)
    words = ["--max-ticks", str(limit)]
    fake.faults = [chance.choice(["", *FATAL]) for _ in range(30)]
    for _ in range(60):
        most = chance.randrange(2, 50)
        run = replay(file, "--server", fake.url, "--velocity", "max", "--retry-for", 0, "--batch-ticks", most, *words)
        if run.code == 0:
            break
        words = hint(run.err)
        assert "--max-ticks" in words
    sent = [(tick[1], tick[5]) for tick in fake.ticks]
    assert [time for time, _ in sent] == [time for time, _ in ticks[: len(sent)]]
    assert limit - 1 <= len(sent) <= limit  # a row of two is not divided


def test_within_one_run_nothing_is_lost_or_doubled(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    fake.faults = ["unread", "", "unanswered", "half", "", "429 0", "503", "unanswered", "unread"]
    run = replay(tick_file(400), "--server", fake.url, "--velocity", "max", "--batch-ticks", 50)
    assert run.code == 0, run.err
    assert len(fake.ticks) == len(set(fake.ticks)) == 400
    assert "waiting for the server" in run.err
    assert "the server is back" in run.err


@pytest.fixture
def run_client() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Run the client in a process of its own."""
    with ExitStack() as stack:

        def start(*words: object) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "orderflow.replay.cli", *map(str, words)]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows are sent to whole consoles")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_process_interrupted_by_a_signal(
    fake: Fake, replay: Replay, tick_file: TickFile, run_client: Client, kind: signal.Signals
) -> None:
    file = tick_file(3_000, step=2, bad=[1, 700])
    arrived = threading.Event()
    fake.on_ticks = lambda: arrived.set() if len(fake.ticks) > 200 else None
    process = run_client(file, "--server", fake.url, "--velocity", 1)
    assert arrived.wait(60)
    process.send_signal(kind)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    words = hint(err)
    assert words[0] == "--start-from"
    assert "--resume" not in words  # the last answer was heard
    sent = len(fake.ticks)
    assert 200 < sent < 2_900
    assert f"{sent:,} ticks sent" in out
    assert int(words[1]) == sent + (2 if sent > 700 else 1)
    assert replay(file, "--server", fake.url, "--velocity", "max", *words).code == 0
    assert [tick[1] // 2_000_000 - 880_016_400_000 for tick in fake.ticks] == [
        i for i in range(3_000) if i not in (1, 700)
    ]


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows are sent to whole consoles")
def test_interrupted_while_the_server_is_away(tick_file: TickFile, run_client: Client) -> None:
    process = run_client(tick_file(10), "--server", "http://127.0.0.1:1", "--start-from", 3)
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "waiting for the server: nothing listens there" in first
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert hint(err) == ["--start-from", "3"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows are sent to whole consoles")
def test_interrupted_twice_names_the_batch_in_doubt(
    fake: Fake, replay: Replay, tick_file: TickFile, run_client: Client
) -> None:
    arrived = threading.Event()
    fake.on_ticks = arrived.set
    fake.faults = ["silent"]
    file = tick_file(500)
    process = run_client(file, "--server", fake.url, "--velocity", "max", "--batch-ticks", 100)
    assert arrived.wait(60)
    process.send_signal(signal.SIGINT)
    threading.Event().wait(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    words = hint(err)
    assert words[:2] == ["--start-from", "0"]
    assert words[2] == "--resume"
    assert replay(file, "--server", fake.url, "--velocity", "max", "--batch-ticks", 77, *words).code == 0
    assert len(fake.ticks) == len(set(fake.ticks)) == 500
