"""The command line: flags and defaults, exit codes, what is printed where."""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orderflow.formats import open_ticks
from orderflow.formats.samples import sample_path
from orderflow.replay.cli import add_arguments, main

Fake = Any
Replay = Callable[..., Any]
TickFile = Callable[..., Path]

T0 = 1_760_032_800_000_000_000


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(["ticks.csv", *words])


def test_the_defaults_of_the_contract() -> None:
    args = parse()
    assert (args.velocity, args.start_from, args.max_ticks, args.reset) == (10.0, 0, None, False)
    assert (args.server, args.tz, args.side, args.retry_for) == ("http://localhost:8765", "UTC", "auto", 60.0)
    assert [args.loop, args.dry_run, args.strict, args.quiet] == [False] * 4
    assert args.symbol is args.format is args.tick_size is args.key is args.member is args.max_gap is None


def test_the_short_flags() -> None:
    args = parse("-v", "0.5", "-s", "1000", "-m", "5000", "-r")
    assert (args.velocity, args.start_from, args.max_ticks, args.reset) == (0.5, 1000, 5000, True)
    assert parse("--velocity", "max").velocity == math.inf


@pytest.mark.parametrize(
    "words",
    [
        ["-v", "0"],
        ["-v", "-1"],
        ["-v", "nan"],
        ["-v", "inf"],
        ["-v", "fast"],
        ["-s", "-1"],
        ["-s", "1.5"],
        ["-m", "0"],
        ["--tick-size", "0"],
        ["--tick-size", "a quarter"],
        ["--tz", "Mars/Olympus"],
        ["--side", "maker"],
        ["--symbol", "two words"],
        ["--resume", "nonsense"],
        ["--retry-for", "-1"],
        ["--server", "localhost"],
        ["--format", "ebcdic"],
        ["--unheard-of"],
    ],
)
def test_bad_arguments_are_2(replay: Replay, tick_file: TickFile, words: list[str]) -> None:
    run = replay(tick_file(3), *words)
    assert run.code == 2
    assert run.err
    assert "Traceback" not in run.err


def test_no_file_is_2_and_an_unusable_one_is_1(fake: Fake, replay: Replay, tick_file: TickFile, tmp_path: Path) -> None:
    assert replay(tmp_path / "none.csv").code == 2
    text = tmp_path / "poem.csv"
    text.write_text("shall I compare thee\nto a summer's day\n")
    assert replay(text, "--server", fake.url, "--reset").code == 1
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert replay(empty, "--server", fake.url, "--reset").code == 1
    assert fake.calls == []  # a file that cannot be read does not cost the server's data
    broken = replay(tick_file(3, bad=[0, 1, 2]), "--server", fake.url, "-v", "max")
    assert broken.code == 1
    assert "no usable rows: 3 of 3 are bad" in broken.err
    beyond = replay(tick_file(3), "--server", fake.url, "-v", "max", "--start-from", 3)
    assert beyond.code == 1
    assert "has no rows from row 3 on" in beyond.err


def test_sends_a_file_as_it_is(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    run = replay(tick_file(250), "--server", fake.url, "--velocity", "max", "--batch-ticks", 100)
    assert run.code == 0, run.err
    assert fake.sizes == [100, 100, 50]
    assert [tick[1] for tick in fake.ticks] == [T0 + i * 10_000_000 for i in range(250)]
    assert {tick[0] for tick in fake.ticks} == {"es"}
    assert "250 ticks sent" in run.out
    keys = [headers["idempotency-key"] for _, _, headers in fake.calls]
    assert len(set(keys)) == 3
    assert len({key.rpartition("-")[0] for key in keys}) == 1


def test_a_real_recording_arrives_exactly(fake: Fake, replay: Replay) -> None:
    path = sample_path("LTCUSDT")
    assert replay(path, "--server", fake.url, "-v", "max", "--symbol", "LTC").code == 0
    with open_ticks(path, symbol="LTC") as reader:
        wanted = [batch for chunk in reader for batch in chunk.batches]
    assert [(t[1], t[4], t[5], t[6]) for t in fake.ticks] == [
        (int(time), int(side), int(rule), int(number))
        for batch in wanted
        for time, side, rule, number in zip(batch.time, batch.side, batch.rule, batch.id, strict=True)
    ]
    assert fake.ticks[0][2:4] == ("81.01", "0.495")


def test_reset_then_tick_size_then_ticks(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    file = tick_file(5)
    words = ["--server", fake.url, "-v", "max", "--reset", "--tick-size", "0.250", "--symbol", "ES/Z5"]
    assert replay(file, *words).code == 0
    assert fake.paths() == ["POST /reset", "PUT /api/v1/symbols/ES%2FZ5", "POST /ticks?symbol=ES%2FZ5"]


def test_start_from_and_max_ticks_count_data_rows(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    file = tick_file(100, bad=[3, 12])
    run = replay(file, "--server", fake.url, "-v", "max", "-s", 10, "-m", 5)
    assert run.code == 0
    assert [(tick[1] - T0) // 10_000_000 for tick in fake.ticks] == [10, 11, 13, 14, 15]
    assert "skipped line 14" in run.err
    assert "line 5" not in run.err


def test_the_first_bad_rows_are_named_then_only_counted(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    run = replay(tick_file(100, bad=range(0, 100, 2)), "--server", fake.url, "-v", "max", "--max-bad", "1")
    assert run.code == 0
    assert len(fake.ticks) == 50
    named = [line for line in run.err.splitlines() if line.startswith("skipped")]
    assert len(named) == 20
    assert named[0].startswith("skipped line 2, price: 'oops' is not a number")
    assert "further bad rows are only counted" in run.err
    assert "50 bad rows skipped" in run.out


def test_strict_sends_what_is_before_the_first_bad_row(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    file = tick_file(50, bad=[20, 30])
    run = replay(file, "--server", fake.url, "-v", "max", "--strict")
    assert run.code == 1
    assert len(fake.ticks) == 20
    assert "--strict: line 22, price" in run.err
    assert "--start-from 20" in run.err
    assert replay(file, "--server", fake.url, "-v", "max", "--strict", "-m", 5).code == 0


def test_the_sides_that_may_be_inferred(fake: Fake, replay: Replay, tmp_path: Path) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text("timestamp,price,size,bid,ask\n1760032800,100,1,99,100\n1760032801,99.5,1,99,100\n")
    assert replay(file, "--server", fake.url, "-v", "max").code == 0
    assert replay(file, "--server", fake.url, "-v", "max", "--side", "flag").code == 0
    assert [(tick[4], tick[5]) for tick in fake.ticks] == [(1, 3), (0, 4), (0, 5), (0, 5)]


def test_a_member_of_a_zip_and_a_time_zone(fake: Fake, replay: Replay, tmp_path: Path) -> None:
    file = tmp_path / "two.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("a", "b"):
            archive.writestr(f"{name}.csv", "time,price,size\n2025-10-09 18:00:00,100,1\n")
    assert replay(file, "--server", fake.url, "-v", "max", "--member", "c.csv").code == 1
    assert replay(file, "--server", fake.url, "-v", "max", "--member", "b.csv", "--tz", "America/New_York").code == 0
    assert fake.ticks[0][:2] == ("b", T0 + 4 * 3600 * 10**9)


def test_several_symbols_keep_their_order(fake: Fake, replay: Replay, tmp_path: Path) -> None:
    file = tmp_path / "mixed.csv"
    symbols = ["NQ", "ES", "ES", "NQ", "CL"] * 20
    rows = [f"{1760032800 + i},{100 + i},1,{symbol}" for i, symbol in enumerate(symbols)]
    file.write_text("\n".join(["timestamp,price,size,symbol", *rows]))
    assert replay(file, "--server", fake.url, "-v", "max", "--batch-ticks", 7).code == 0
    assert [(tick[0], tick[2]) for tick in fake.ticks] == [(s, str(100 + i)) for i, s in enumerate(symbols)]
    assert max(fake.sizes) == 7


def test_refused_rows_are_reported_by_data_row(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    fake.refuse_row = 3
    file = tick_file(30, bad=[11])
    run = replay(file, "--server", fake.url, "-v", "max", "-s", 10, "--batch-ticks", 10)
    assert run.code == 1
    assert "refused the request (400): bad rows" in run.err
    assert "data row 14 (3, price of the batch): no such price" in run.err
    assert "--start-from 10" in run.err
    assert fake.ticks == []


def test_a_server_that_is_away_for_too_long(replay: Replay, tick_file: TickFile) -> None:
    words = ["--server", "http://127.0.0.1:1", "--retry-for", "0.4", "--start-from", 2]
    run = replay(tick_file(9), *words)
    assert run.code == 1
    assert "nothing listens there" in run.err
    assert "--start-from 2" in run.err
    assert replay(tick_file(9), "--reset", *words).code == 1


def test_a_key_from_the_flag_or_the_environment(
    fake: Fake, replay: Replay, tick_file: TickFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tick_file(2)
    monkeypatch.setenv("ORDERFLOW_API_KEY", "from the environment")
    replay(file, "--server", fake.url, "-v", "max")
    replay(file, "--server", fake.url, "-v", "max", "--key", "from the flag")
    assert [headers["authorization"] for _, _, headers in fake.calls] == [
        "Bearer from the environment",
        "Bearer from the flag",
    ]


def test_loop_starts_again_with_an_empty_symbol(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    fake.refuse_row = None
    fake.on_ticks = lambda: setattr(fake, "refuse_row", 0 if len(fake.sizes) == 3 else None)
    run = replay(tick_file(4), "--server", fake.url, "-v", "max", "--loop", "-s", 1)
    assert run.code == 1
    assert fake.paths() == ["POST /ticks?symbol=es", *["POST /reset?symbol=es", "POST /ticks?symbol=es"] * 3]
    assert fake.sizes == [3, 3, 3]
    assert "9 ticks sent" in run.out
    assert "--start-from 1" in run.err


def test_a_truncated_file_reports_the_row(
    fake: Fake, replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderflow.replay.session.CHUNK_ROWS", 1_000)
    rows = "".join(f"{1_760_032_800_000 + i},{5000 + i % 97},1\n" for i in range(60_000))
    whole = gzip.compress(b"timestamp,price,size\n" + rows.encode(), 1)
    file = tmp_path / "cut.csv.gz"
    file.write_bytes(whole[: len(whole) * 9 // 10])
    run = replay(file, "--server", fake.url, "-v", "max")
    assert run.code == 1
    assert len(fake.ticks) >= 1_000
    assert "the file is corrupt" in run.err
    assert f"--start-from {len(fake.ticks)}" in run.err


def test_quiet_says_nothing_when_all_is_well(fake: Fake, replay: Replay, tick_file: TickFile) -> None:
    run = replay(tick_file(9), "--server", fake.url, "-v", "max", "--quiet")
    assert (run.code, run.out, run.err) == (0, "", "")


def test_dry_run_tells_what_is_in_a_file_and_sends_nothing(fake: Fake, replay: Replay) -> None:
    run = replay(sample_path("LTCUSDT"), "--dry-run", "--server", fake.url, "--reset", "--symbol", "LTC")
    assert run.code == 0
    assert fake.calls == []
    for line in (
        "format      generic",
        "columns     timestamp, price, quantity, side, tradeId",
        "rows        20,061 (0 bad)",
        "symbol      LTC",
        "  first     2025-06-21 20:00:00.955 UTC",
        "  last      2025-06-21 22:59:49.697 UTC (2:59:49 of market time)",
        "  prices    78.6 to 81.8, 2 decimals",
        "  sides     100.0% flagged by the venue",
        "  order     by time",
    ):
        assert line in run.out.splitlines()


def test_dry_run_tells_gaps_late_ticks_rules_and_bad_rows(replay: Replay, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    times = [0, 1, 100, 99, 4000, 4001]
    rows = [f"{1760032800 + t},{'' if t == 4001 else 100 + t / 8},1,{99 if t == 1 else ''},{100}" for t in times]
    file.write_text("\n".join(["timestamp,price,size,bid,ask", *rows]))
    run = replay(file, "--dry-run")
    assert run.code == 0
    lines = run.out.splitlines()
    assert "rows        6 (1 bad)" in lines
    assert "  order     1 ticks are older than one before them" in lines
    assert "  gaps      2 of 60 s or more" in lines
    assert "            2025-10-09 18:01:40.000 UTC → 2025-10-09 19:06:40.000 UTC (1:05:00)" in lines
    assert any(line.startswith("  line 7, price") for line in lines)
    assert replay(file, "--dry-run", "--strict").code == 1


def test_dry_run_compares_ids_up_to_a_limit(replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(0, 1), (1, 2), (0, 1), (2, 1), (3, None), (2, 1), (4, 9)]
    file = tmp_path / "x.csv"
    text = [f"{1760032800 + t},100,1,{'' if number is None else number}" for t, number in rows]
    file.write_text("\n".join(["timestamp,price,size,id", *text]))
    lines = replay(file, "--dry-run").out.splitlines()
    assert "  ids       2 duplicates, 1 id conflicts (the id of another trade; kept)" in lines
    monkeypatch.setattr("orderflow.formats.summary.counts.COMPARED", 3)
    lines = replay(file, "--dry-run").out.splitlines()
    assert "  ids       1 duplicates, 0 id conflicts (the id of another trade; kept) among the first 3" in lines
    file.write_text("timestamp,price,size,id\n1760032800,100,1,1\n1760032801,100,1,2\n")
    assert not [line for line in replay(file, "--dry-run").out.splitlines() if line.startswith("  ids")]


def test_formats_are_listed(replay: Replay, tick_file: TickFile) -> None:
    run = replay(tick_file(1), "--format", "list")
    assert run.code == 0
    assert "generic" in run.out.split()


def test_progress_is_plain_lines_where_there_is_no_terminal(
    fake: Fake, replay: Replay, tick_file: TickFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderflow.replay.progress.Lines.EVERY", 0.1)
    run = replay(tick_file(60, step=10), "--server", fake.url, "--velocity", 1)
    assert run.code == 0
    lines = run.err.splitlines()
    assert 1 <= len(lines) < 60  # not one for each tick: how many depends on the machine
    assert "\x1b" not in run.err
    assert all(re.search(r"^\d+ ticks · .* · lag \d+\.\d s · .*% done", line) for line in lines), lines
    assert json.dumps(run.out).count("60 ticks sent") == 1


def test_the_formats_are_listed_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--format", "list"]) == 0
    assert "timesales" in capsys.readouterr().out.split()


def test_no_file_at_all_is_2_and_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "name the file" in capsys.readouterr().err


class TestSeveralFiles:
    """Files and patterns in one call are one replay, with one clock."""

    def test_files_and_patterns_are_replayed_in_order(self, fake: Fake, replay: Replay, tmp_path: Path) -> None:
        for day in (2, 10, 9):
            (tmp_path / f"XYZ-trades-2025-10-{day:02d}.csv").write_text(
                f"timestamp,price,size\n2025-10-{day:02d}T10:00:00Z,{day},1\n2025-10-{day:02d}T10:00:01Z,{day},2\n"
            )
        run = replay(tmp_path / "XYZ-trades-2025-10-02.csv", tmp_path / "*-1?.csv", "--dry-run")
        assert run.code == 0
        assert "file        XYZ-trades-2025-10-02.csv\nfile        XYZ-trades-2025-10-10.csv\n" in run.out
        assert "ticks     4, with a trade id: 0" in run.out
        assert "symbol      XYZ\n" in run.out
        assert "2025-10-02 10:00:01.000 UTC → 2025-10-10 10:00:00.000 UTC" in run.out
        run = replay(tmp_path / "*.csv", "--server", fake.url, "--velocity", "max")
        assert run.code == 0
        assert "6 ticks sent" in run.out
        assert [tick[2] for tick in fake.ticks] == ["2", "2", "9", "9", "10", "10"]

    def test_a_replay_resumes_in_the_middle_of_a_later_file(
        self, fake: Fake, replay: Replay, tick_file: TickFile
    ) -> None:
        files = tick_file(50, name="a.csv"), tick_file(50, name="b.csv")
        run = replay(*files, "--server", fake.url, "--velocity", "max", "--start-from", 70, "--symbol", "ES")
        assert (run.code, "30 ticks sent" in run.out) == (0, True)

    def test_a_pattern_without_a_file_is_2(self, replay: Replay, tmp_path: Path) -> None:
        run = replay(tmp_path / "day*.zip")
        assert run.code == 2
        assert "no file has such a name" in run.err

    def test_a_file_that_is_named_twice_is_read_once(self, replay: Replay, tick_file: TickFile) -> None:
        file = tick_file(5, name="a.csv")
        run = replay(file, file.parent / "*.csv", file, "--dry-run")
        assert run.out.count("file        ") == 1
        assert "ticks       5\n" in run.out

    def test_a_pipe_is_read_to_its_end_first(self, replay: Replay, tick_file: TickFile, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "es.csv")
        content = gzip.compress(tick_file(5, name="a.csv").read_bytes())
        writer = threading.Thread(target=(tmp_path / "es.csv").write_bytes, args=(content,))
        writer.start()
        run = replay(tmp_path / "es.csv", "--dry-run")
        writer.join()
        assert "ticks       5\n" in run.out
        assert "reading es.csv to its end" in run.err

    def test_the_standard_input_is_a_file_too(self, tick_file: TickFile) -> None:
        with open(tick_file(5, name="a.csv"), "rb") as file:
            run = subprocess.run(
                [sys.executable, "-m", "orderflow.replay.cli", "-", "--dry-run"],
                stdin=file,
                capture_output=True,
                text=True,
                check=True,
            )
        assert "ticks       5\n" in run.stdout

    def test_an_empty_pipe_has_no_rows(self, replay: Replay) -> None:
        run = replay("/dev/null")
        assert run.code == 1
        assert "empty" in run.err

    def test_a_dry_run_says_that_there_is_no_trade(self, replay: Replay, tmp_path: Path) -> None:
        path = tmp_path / "quotes.csv"
        path.write_text("timestamp,event_type,price,size\n" + "1760032800,quote,10,1\n" * 3)
        run = replay(path, "--dry-run")
        assert run.code == 1
        assert "there is no trade in the file: its rows are 3 quotes" in run.err

    def test_the_reasons_of_all_bad_rows_are_counted(self, replay: Replay, tmp_path: Path) -> None:
        path = tmp_path / "bad.csv"
        path.write_text("ts,px,qty\n" + "1760032800,x,1\n1760032800,5,1\n" * 1500)
        for words in ((), ("--dry-run",)):
            assert "1,500 of 3,000 rows are bad (1,500 times px: is not a number" in replay(path, *words).err
