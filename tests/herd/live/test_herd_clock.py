"""The wall clock jumps, with and without a restart: sessions, rounds, fills and reports stay right."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.export import export
from orderflow.herd.debrief.frames import frames
from orderflow.herd.live.names import next_number, session_order
from orderflow.herd.rules.wall_time import wall_times
from orderflow.runtime.workers import Workers
from tests.herd.jumps import Server
from tests.herd.play import SECOND, START

HOUR = 3_600
DAY = 86_400
MS = 10**6


@pytest.fixture
def server(tmp_path: Path, workers: Workers) -> Server:
    return Server(tmp_path, workers)


def test_the_running_session_is_found_after_the_clock_went_back(server: Server) -> None:
    server.game.control("end")
    server.game.control("start")
    ann = server.game.join("Ann")
    session = server.game.session_id
    server.restart(-2 * HOUR)
    assert server.game.session_id == session
    assert server.game.participant(ann.id) is not None
    server.game.control("reset")
    server.game.join("Bea")
    second = server.game.session_id
    server.restart(-2 * HOUR)
    assert server.game.session_id == second, "the later one, although its name is of an earlier hour"
    assert [line["id"] for line in server.game.sessions()][:2] == [second, session]


def test_sessions_of_older_versions_come_before_all_others() -> None:
    old, wrong = "20261118-093000-4f00a1", "20280101-000000-a1b2c3"
    names = [wrong, f"{old}-9", f"{old}-10", old]
    assert sorted(names, key=session_order) == [old, wrong, f"{old}-9", f"{old}-10"]
    assert next_number(names) == 11
    assert next_number(["20280101-000000-a1b2c3", "torn"]) == 1


@pytest.mark.parametrize("restart", [False, True])
def test_a_year_that_was_wrong_does_not_stay(server: Server, restart: bool, caplog: pytest.LogCaptureFixture) -> None:
    ann = server.game.join("Ann").id
    server.trade(ann)
    for jump in (400 * DAY, -400 * DAY):
        if restart:
            server.restart(jump)
        else:
            server.clock.jump(jump)
        server.trade(ann)
    times = server.ticks()
    assert len(times) == 3
    assert times == sorted(times), "the order of the fills"
    assert all(START <= time <= server.clock.now() for time in times), "none is of another year, or in the future"
    assert "wall clock is -400.0 d" in caplog.text
    log = server.game.events()
    exported = [line.split(",")[0] for line in b"".join(export("ticks.csv", lambda: log)[0]).decode().splitlines()[1:]]
    assert exported == sorted(exported)
    assert {stamp[:4] for stamp in exported} == {"2026"}


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("jump", [400 * DAY, -2 * HOUR, -400 * DAY])
def test_a_round_lasts_as_long_as_it_should(server: Server, jump: int, restart: bool) -> None:
    server.game.control("round", rounds=2, seconds=20)
    server.run(5)
    server.game.join()
    if restart:
        server.restart(jump)
    else:
        server.clock.jump(jump)
    server.run(14.75)
    assert server.game.round is not None
    assert server.game.round["round"] == 1
    server.run(0.25)
    assert server.game.round["round"] == 2
    server.run(20)
    assert (server.game.round, server.game.phase) == (None, "frozen")


def test_a_session_that_an_older_version_left_in_another_year_comes_back(server: Server) -> None:
    server.clock.jump(400 * DAY)
    ann = server.game.join("Ann").id
    server.game.control("round", seconds=20)
    server.trade(ann)
    server.restart(-400 * DAY)
    assert server.game.participant(ann) is not None
    server.trade(ann)
    assert server.ticks()[-1] == server.clock.now()
    assert server.ticks()[0] <= server.clock.now()
    server.run(20)
    assert server.game.round is None


def test_time_that_the_machine_slept_is_not_time_of_a_round(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.game.control("round", seconds=20)
    server.run(5)
    server.clock.suspend(HOUR)
    server.run(14.75)
    assert server.game.round is not None
    assert server.game.feed[-1]["text"] == "The server came back"
    server.run(0.5)
    assert server.game.round is None
    assert "clock" not in caplog.text


def test_what_a_screen_shows_does_not_jump(server: Server) -> None:
    ann = server.game.join().id
    server.trade(ann)
    before = server.game.now()
    server.clock.jump(-2 * HOUR)
    server.trade(ann)
    assert server.game.now() - before == SECOND // 4
    times = [time for time, _ in server.game.history]
    assert times == sorted(times)
    assert server.game.meter == 1.0
    assert server.game.stats()["active"] == 1


def test_reports_of_a_session_with_jumps(server: Server) -> None:
    ann = server.game.join().id
    server.trade(ann)
    server.clock.jump(-2 * HOUR)
    server.trade(ann)
    server.game.control("end")
    log = server.game.events()
    record = build_record(log)
    assert record.started == START - 2 * HOUR * SECOND
    assert record.last - record.started == SECOND // 2, "durations are those of the monotonic clock"
    assert (record.orders.filled - record.orders.time == SECOND // 4).all()
    assert frames(lambda: log)["t"][0] == record.started // MS
    line = server.game.sessions()[0]
    assert (line["started"], line["ended"]) == (record.started // MS, record.last // MS)
    server.restart()
    assert next(one for one in server.game.sessions() if not one["current"]) == line | {"current": False}


def test_an_empty_session_moves_without_a_log(server: Server) -> None:
    code = server.game.code
    server.clock.jump(-2 * HOUR)
    server.run(0.25)
    assert (server.game.code, server.game.now()) == (code, server.clock.now())
    assert server.game._names() == []


def test_a_full_disk_at_a_jump_stops_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann = server.game.join().id
    server.trade(ann)
    server.clock.jump(-2 * HOUR)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("orderflow.storage.journal.os.write", full)
        server.run(1)
    server.trade(ann)
    assert server.ticks()[-1] == server.clock.now()


def test_times_of_several_runs_keep_their_order() -> None:
    """Runs from 10 to 20, from 1000 (a year too late) to 1010, and from 1011, which is the time 30."""
    offsets = [(1000, 20, 0), (1011, 1010, -981)]
    assert wall_times([10, 20, 1000, 1010, 1011, 1021], offsets) == [10, 20, 20, 30, 30, 40]
    assert wall_times([10, 20, 1000], [(1000, 20, -990)]) == [0, 10, 10], "the clock went back between two runs"
    assert wall_times([10, 20], [(10, 10, -5)]) == [5, 15], "and during one"
    assert wall_times([10, 20], []) == [10, 20]
