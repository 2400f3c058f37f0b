"""The command line: flags, exit codes, what is printed where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Server = Any
Replay = Callable[..., Any]
TickFile = Callable[..., Path]


def test_sends_a_file_as_it_is(server: Server, replay: Replay, tick_file: TickFile) -> None:
    run = replay(tick_file(250), "--server", server.url, "--velocity", "max", "--batch-ticks", 100)
    assert run.code == 0, run.err
    assert server.sizes == [100, 100, 50]
    assert [tick[1] for tick in server.ticks] == [(1_760_032_800_000 + i * 10) * 1_000_000 for i in range(250)]
    assert {tick[0] for tick in server.ticks} == {"es"}
    assert "250 ticks sent" in run.out
