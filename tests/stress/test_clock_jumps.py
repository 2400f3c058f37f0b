"""A herd game through many jumps of the clock, sleeps and restarts in random order: nothing is lost, nothing hangs, and
every time in the market is one that was."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from orderflow.herd.debrief.columns import build_record
from orderflow.runtime.workers import Workers
from tests.herd.jumps import Server

SECOND = 10**9
JUMPS = (-2 * 3_600, 3_600, 400 * 86_400, -400 * 86_400, 30 * 86_400, -5, 0.5)


@pytest.mark.parametrize("seed", range(6))
def test_a_game_survives_any_clock(tmp_path: Path, workers: Workers, seed: int) -> None:
    draw = random.Random(seed)
    server = Server(tmp_path, workers)
    ann = server.game.join("Ann").id
    session, fills = server.game.session_id, 0
    for step in range(40):
        jump = draw.choice(JUMPS) if draw.random() < 0.5 else 0.0
        match draw.randrange(3):
            case 0:
                server.restart(jump)
            case 1:
                server.clock.jump(jump)
                server.clock.suspend(draw.choice((0, 2, 600)))
            case _:
                server.clock.jump(jump)
        server.trade(ann)
        fills += 1
        if step % 10 == 5:
            server.game.control("round", seconds=5)
            server.run(draw.choice((1, 2)))
            server.restart(draw.choice(JUMPS))
            server.run(5.25)
            assert server.game.round is None, "a round of 5 seconds is over"
            server.game.control("resume")
    server.restart(0)
    server.run(0.5)
    game = server.game
    assert game.session_id == session
    person = game.participant(ann)
    assert person is not None
    assert person.trades == fills
    times = server.ticks()
    assert len(times) == fills
    assert times == sorted(times)
    assert times[-1] <= server.clock.now()
    record = build_record(game.events())
    assert (record.path_time[1:] >= record.path_time[:-1]).all()
    assert record.last <= server.clock.now()
    assert [event.n for event in game.events()] == list(range(len(game.events())))
    assert game._session.state.imbalance() == (0, 0)
