"""The progress display of a replay, with a manual clock."""

from __future__ import annotations

import io

import pytest

from orderflow.formats.summary.wording import moment, span
from orderflow.replay.progress import Bar, Lines, Silent, Tally
from orderflow.replay.session import summary


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(progress: Lines | Bar, clock: Clock, tally: Tally, seconds: float, rate: int) -> None:
    """Let `seconds` pass at `rate` ticks a second, told ten times a second."""
    for _ in range(round(seconds * 10)):
        clock.now += 0.1
        tally.sent += rate // 10
        tally.next_row += rate // 10
        progress.update(tally)


@pytest.fixture
def tally() -> Tally:
    return Tally(first_row=1_000, next_row=1_000, file_rows=11_000, market_last=1_760_032_800_123_000_000)


def test_a_line_every_five_seconds(tally: Tally) -> None:
    out, clock = io.StringIO(), Clock()
    run(Lines(out, tally, clock=clock), clock, tally, 16.05, 100)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("5")
    assert lines[0].endswith("0 ticks · 100/s · at 2025-10-09 18:00:00.123 UTC · lag 0.0 s · about 5% done · ETA 1:35")


def test_the_rate_is_that_of_the_last_seconds(tally: Tally) -> None:
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, tally, clock=clock)
    run(lines, clock, tally, 30, 100)
    run(lines, clock, tally, 12, 1_000)
    assert "1,000/s" in out.getvalue().splitlines()[-1]


def test_counts_above_zero_are_shown(tally: Tally) -> None:
    out, clock = io.StringIO(), Clock()
    tally.skipped, tally.duplicates, tally.id_conflicts, tally.lag = 7, 12_345, 6, 3.21
    run(Lines(out, tally, clock=clock), clock, tally, 6, 10)
    assert "lag 3.2 s · 12,345 duplicates · 6 id conflicts · 7 rows skipped" in out.getvalue()


def test_without_a_known_size_there_is_no_eta(tally: Tally) -> None:
    out, clock = io.StringIO(), Clock()
    tally.file_rows = None
    run(Lines(out, tally, clock=clock), clock, tally, 6, 10)
    assert "ETA" not in out.getvalue()
    assert "%" not in out.getvalue()


def test_waiting_is_reported_but_not_too_often(tally: Tally) -> None:
    out, clock = io.StringIO(), Clock()
    lines = Lines(out, tally, clock=clock)
    for left in range(12, 0, -1):
        lines.waiting("nothing listens there", left)
        clock.now += 1
    lines.back()
    lines.waiting("nothing listens there", 60)
    assert out.getvalue().splitlines() == [
        "waiting for the server: nothing listens there; trying for another 12 s",
        "waiting for the server: nothing listens there; trying for another 7 s",
        "waiting for the server: nothing listens there; trying for another 2 s",
        "the server is back",
        "waiting for the server: nothing listens there; trying for another 60 s",
    ]


def test_the_bar_shows_the_same_on_a_terminal(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    out, clock = Terminal(), Clock()
    bar = Bar(out, tally, clock=clock)
    run(bar, clock, tally, 3, 1_000)
    bar.note("skipped line 7: [bold]oops[/bold]")
    bar.waiting("it does not answer", 9)
    bar.back()
    bar.close()
    shown = out.getvalue()
    assert "3,000 ticks · 1,000/s · at 18:00:00 · lag 0.0 s · ETA 7.0 s" in shown.splitlines()[-2]
    assert "30%" in shown
    assert "skipped line 7: [bold]oops[/bold]" in shown
    assert "waiting for the server: it does not answer" in shown
    assert "the server is back" in shown


def test_quiet_prints_only_notes(tally: Tally) -> None:
    out = io.StringIO()
    silent = Silent(out)
    silent.update(tally)
    silent.waiting("x", 1)
    silent.back()
    silent.note("skipped line 7")
    silent.close()
    assert out.getvalue() == "skipped line 7\n"


@pytest.mark.parametrize(
    ("tally", "goal"),
    [
        (Tally(), None),
        (Tally(limit=5), 5),
        (Tally(10, 10, file_rows=100), 90),
        (Tally(10, 10, file_rows=100, limit=20), 20),
        (Tally(10, 150, file_rows=100), 140),
    ],
)
def test_the_goal(tally: Tally, goal: int | None) -> None:
    assert tally.goal == goal


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (10, "0:10"), (187, "3:07"), (7387, "2:03:07"), (266587, "3 d 02:03:07")],
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_moments() -> None:
    assert moment(1_760_032_800_123_999_999) == "2025-10-09 18:00:00.123 UTC"
    assert moment(1_760_032_800_123_999_999, short=True) == "18:00:00"


def test_a_summary_tells_only_what_happened() -> None:
    assert summary(Tally(), 2.0) == "0 ticks sent in 2.0 s (0/s), 0 batches"
    full = Tally(
        sent=1_000,
        batches=3,
        duplicates=4,
        id_conflicts=6,
        skipped=5,
        waited=2.5,
        worst_lag=0.25,
        market_first=0,
        market_last=10**9,
    )
    assert summary(full, 2.0) == (
        "1,000 ticks sent in 2.0 s (500/s), 3 batches, 4 of them duplicates, "
        "6 id conflicts (the id of another trade; kept), 5 bad rows skipped, "
        "waited 2.5 s for the server\n"
        "market time 1970-01-01 00:00:00.000 UTC to 1970-01-01 00:00:01.000 UTC, at most 0.25 s behind schedule"
    )
