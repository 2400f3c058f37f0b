"""The sum of a file: counts, reasons, sides, order, gaps."""

from __future__ import annotations

from pathlib import Path

from orderflow.formats import ReadSummary
from orderflow.market.ticks import SideRule
from tests.formats.suite import read

MINUTE = 60_000


def summed(folder: Path, rows: list[str], chunk_rows: int = 50_000) -> ReadSummary:
    path = folder / "trades.csv"
    path.write_text("time,price,size,side,bid,ask\n" + "\n".join(rows) + "\n")
    summary = ReadSummary()
    for chunk in read(path, chunk_rows=chunk_rows)[1]:
        summary.add(chunk)
    return summary


def test_everything_is_counted_however_it_is_chunked(tmp_path: Path) -> None:
    start = 1_760_032_800_000
    rows = [
        f"{start},1,1,buy,,",
        f"{start + MINUTE},1,1,,1,2",
        f"{start + 7 * MINUTE},1.5,1,,1,2",
        f"{start + 6 * MINUTE},1,1,unknown,,",
        f"{start + 13 * MINUTE},1,1,sell,,",
        "bad,1,1,,,",
        "worse,1,-1,,,",
    ]
    for chunk_rows in (1, 2, 100):
        summary = summed(tmp_path, rows, chunk_rows)
        assert (summary.rows, summary.accepted, summary.skipped) == (7, 5, 2)
        assert (summary.first, summary.last) == (start * 10**6, (start + 13 * MINUTE) * 10**6)
        assert summary.sides == {SideRule.FLAG: 2, SideRule.QUOTE: 1, SideRule.TICK: 1, SideRule.NONE: 1}
        assert (summary.late, summary.gap_count) == (1, 2)
        assert [(gap.end - gap.start) // (MINUTE * 10**6) for gap in summary.gaps] == [6, 6]
        assert [count for _, count in summary.reasons.most_common()] == [2, 1]
        assert [name for (name, _), _ in summary.reasons.most_common()] == ["time", "size"]
    assert list(summary.lines()) == [
        "7 rows, 5 ticks, 2 rows skipped",
        "from 2025-10-09 18:00:00.000 UTC to 2025-10-09 18:13:00.000 UTC",
        "sides: flagged 40.0%, by quote 20.0%, left to the tick rule 20.0%, unknown 20.0%",
        "1 ticks are older than one before them",
        "2 gaps of 5 minutes or more",
        "  trades: 2025-10-09 18:01:00.000 UTC to 2025-10-09 18:07:00.000 UTC",
        "  trades: 2025-10-09 18:07:00.000 UTC to 2025-10-09 18:13:00.000 UTC",
        "skipped 2 × time: is not a time; write ISO-8601 like 2025-10-09T18:00:00.032Z, or an epoch in s, ms, µs or ns",
        "skipped 1 × size: is below 0; a size cannot be",
        "  line 7, time: 'bad' is not a time; write ISO-8601 like 2025-10-09T18:00:00.032Z, "
        "or an epoch in s, ms, µs or ns",
        "  line 8, time: 'worse' is not a time; write ISO-8601 like 2025-10-09T18:00:00.032Z, "
        "or an epoch in s, ms, µs or ns",
        "  line 8, size: '-1' is below 0; a size cannot be",
    ]


def test_examples_are_few_and_the_rest_is_a_number(tmp_path: Path) -> None:
    summary = summed(tmp_path, [f"x{k},1,1,,," for k in range(100)])
    assert (summary.skipped, len(summary.examples), len(summary.reasons)) == (100, 20, 1)
    assert list(summary.lines())[-1] == "  … 100 rows in all"
    assert list(ReadSummary().lines()) == ["0 rows, 0 ticks, 0 rows skipped"]
