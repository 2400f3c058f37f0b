"""Bad candles: each refused row is named by its physical line, its column and the reason, and the others are taken."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from orderflow.errors import BadInput
from orderflow.workspace.uploads import candles as reading
from tests.workspace.uploads.reading import candles, refused, rows_of

HEADER = "timestamp,open,high,low,close,volume\n"
GOOD = ("2024-01-01 00:00,10,12,9,11,5", "2024-01-01 00:01,11,12,10,11,5", "2024-01-01 00:05,11,13,10,12,5")


def with_row(row: str) -> str:
    """A file whose third line is `row`."""
    return HEADER + "\n".join([GOOD[0], row, GOOD[2]])


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        ("2024-01-01 00:01,11,10.5,10,11,5", "high", "10.5 is below open or close 11"),
        ("2024-01-01 00:01,11,9,10,11,5", "high", "9 is below the low 10"),
        ("2024-01-01 00:01,11,12,11.5,12,5", "low", "11.5 is above open or close 11"),
        ("2024-01-01 00:01,nan,12,10,11,5", "open", "is missing"),
        ("2024-01-01 00:01,,12,10,11,5", "open", "is missing"),
        ("2024-01-01 00:01,11,inf,10,11,5", "high", "'inf' is not a finite number"),
        ("2024-01-01 00:01,11,-Infinity,10,11,5", "high", "'-Infinity' is not a finite number"),
        ("2024-01-01 00:01,11,12,10,1o,5", "close", "'1o' is not a number"),
        ("2024-01-01 00:01,11,12,10,11,-5", "volume", "is negative"),
        ("2024-01-01 00:01,-11,12,-12,11,5", "low", "-12 is negative; allow `negative` prices"),
        ("2024-01-01 00:01,11,12,0,11,5", "low", "is 0, which is not a price"),
        ("2024-01-01 00:00,11,12,10,11,5", "timestamp", "has the same time as line 2"),
        ("2023-12-31 00:01,11,12,10,11,5", "timestamp", "is out of order"),
        ("2024-01-01 25:01,11,12,10,11,5", "timestamp", "is not a time of day"),
        ("2024-02-30 00:01,11,12,10,11,5", "timestamp", "is not a date in the calendar"),
        ("1704067260,11,12,10,11,5", "timestamp", "is an epoch; the other rows have a time without a zone"),
        ("2024-01-01T00:01:00Z,11,12,10,11,5", "timestamp", "is a time with a zone; the other rows have"),
        ("2024-01-01 00:01:00.0001,11,12,10,11,5", "timestamp", "is finer than a millisecond"),
        ("2024-01-01 00:01,11,12,10", None, "has 4 fields, but 6 are needed"),
        ("2024-01-01 00:01,11,12,10,11,5,extra", None, "has 7 fields, but 6 are needed"),
        ("total", None, "has 1 fields, but 6 are needed"),
        ("' OR 1=1 --,11,12,10,11,5", "timestamp", "is not a time"),
        ("<script>alert(1)</script>,11,12,10,11,5", "timestamp", "is not a time"),
        ("2024-01-01 00:01,11,12,10,11,\u0661", "volume", "is not a number"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_taken(row: str, column: str | None, why: str) -> None:
    found = candles(with_row(row))
    assert [(error.line, error.field) for error in found.refused] == [(3, column)]
    assert why in found.refused[0].reason
    assert len(found.klines) == 2
    assert found.rows == 3


@pytest.mark.parametrize("line", [2, 3, 4])
def test_a_byte_order_mark_is_part_of_a_cell_in_every_row(line: int) -> None:
    rows = [("\ufeff" if number == line else "") + row for number, row in enumerate(GOOD, 2)]
    found = candles("\ufeff" + HEADER + "\n".join(rows))
    assert [(error.line, error.field) for error in found.refused] == [(line, "timestamp")]
    assert "is not a time" in found.refused[0].reason


def test_negative_prices_are_taken_on_request() -> None:
    text = with_row("2024-01-01 00:01,-37.63,12,-40.32,11,5")
    assert rows_of(candles(text, negative=True))[1][1:4] == ("-37.63", "12", "-40.32")


def test_a_blank_volume_is_none() -> None:
    assert [row[5] for row in rows_of(candles(with_row("2024-01-01 00:01,11,12,10,11,")))] == ["5", "0", "5"]


def test_lines_that_arrow_refuses_shift_the_numbers_of_those_after_them() -> None:
    lines = [
        GOOD[0],
        "short",
        "",
        "a,b,c,d,e,f,g,h",
        "  ",
        '"2024-01-01 00:02,1',
        GOOD[1],
        "2024-01-01 00:04,11,9,10,11,5",
    ]
    found = candles(HEADER + "\n".join([*lines, GOOD[2]]))
    assert [line for line, _ in refused(found)] == [3, 5, 7, 9]
    assert [row[0] for row in rows_of(found)] == [f"2024-01-01 00:0{minute}:00" for minute in (0, 1, 5)]
    assert found.rows == 7


def test_epochs_whose_units_change_more_than_once_are_refused() -> None:
    times = ["1704067200", "1704067260", "1704067320000", "1704067380"]
    found = candles(HEADER + "\n".join(f"{time},1,1,1,1,1" for time in times))
    assert refused(found) == [(4, "is in ms among times in s")]


def test_too_many_bad_rows_stop_the_reading() -> None:
    rows = "".join(f"{1704067200 + 60 * row},x,1,1,1,1\n" for row in range(50_002))
    with pytest.raises(BadInput, match="more than 50,000 rows are refused") as caught:
        candles(HEADER + rows)
    assert caught.value.errors[0].line == 2


def many(rows: int, seed: int) -> Iterator[str]:
    """Rows of candles, of which one in 50 is bad in some way."""
    rng = random.Random(seed)
    for row in range(rows):
        price = rng.randrange(1000, 2000)
        cells = [
            str(1704067200 + 60 * row),
            *(f"{price + step}.{rng.randrange(100):02}" for step in (1, 3, 0, 2)),
            "7.25",
        ]
        if rng.random() < 0.02:
            cells[rng.randrange(6)] = rng.choice(["", "x", "nan", "1e-3", "-1", '"'])
        yield ",".join(cells) if rng.random() > 0.001 else rng.choice(["", "a", "1,2,3,4,5,6,7"])


@pytest.mark.parametrize("seed", [1, 2])
def test_both_ways_of_reading_agree_whatever_the_size_of_pieces(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HEADER + "\n".join(many(1200, seed))
    whole = candles(text)
    monkeypatch.setattr("orderflow.workspace.uploads.source.PIECE", 700)
    monkeypatch.setattr("orderflow.workspace.uploads.source.HEAD", 500)
    pieces = candles(text)
    monkeypatch.setattr(reading._Reader, "_by_types", lambda reader, piece: None)
    texts = candles(text)
    assert rows_of(whole) == rows_of(pieces) == rows_of(texts)
    assert whole.refused == pieces.refused == texts.refused
    assert len(whole.refused) > 10
    assert len(whole.klines) + len(whole.refused) == whole.rows == pieces.rows


@pytest.mark.parametrize("seed", range(3))
def test_decimals_are_exact(seed: int) -> None:
    rng = random.Random(seed)
    expected, lines = [], []
    for row in range(400):
        deep = rng.choice([0, 1, 2, 5, 8, 11])
        units = rng.randrange(1, 10 ** (deep + rng.choice([1, 3, 6])))
        text = f"{units // 10**deep}.{units % 10**deep:0{deep}}" if deep else str(units)
        text = text.rstrip("0").rstrip(".") if deep else text
        if text == "0":
            continue
        expected.append(text)
        lines.append(f"{1704067200 + 60 * row},{text},{text},{text},{text},{text}")
    found = candles(HEADER + "\n".join(lines))
    assert [row[1] for row in rows_of(found)] == [row[5] for row in rows_of(found)] == expected
