"""Bodies that are made to take long or much memory: they are refused, or read in bounded memory and beside the loop."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats import TakesLong, parse_body
from orderflow.formats.bodies import FEW_BYTES
from orderflow.formats.parsing.lines import MAX_LINE
from orderflow.formats.parsing.result import MAX_ERRORS
from orderflow.formats.sniff import MAX_COLUMNS, MAX_NAME
from tests.formats.suite import ticks_of

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
HEADER = b"timestamp,price,size\n"
ROW = b"1760032800,10.5,1\n"
TICK = b'{"timestamp":1760032800,"price":10.5,"size":1}'
LARGE = 1 << 20


def array(row: bytes, size: int) -> bytes:
    """A JSON array of one row again and again."""
    return b"[" + b",".join([row] * (size // (len(row) + 1))) + b"]"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (array(b'{"timestamp":1760032800,"price":-1,"size":"x"}', 150_000), JSON),
        ((b'{"timestamp":1760032800,"price":-1,"size":"x"}\n') * 3_000, NDJSON),
        (HEADER + b"1760032800,-1,x\n" * 3_000, CSV),
        (HEADER + (ROW + b"1760032800,-1,x\n") * 2_000, CSV),
        (HEADER + b"too,few\n" * 3_000, CSV),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_errors_are_listed_up_to_a_bound_and_the_rest_is_counted(body: bytes, kind: str, fast: bool) -> None:
    parsed = parse_body(body, kind, fast=fast)
    assert len(parsed.errors) == MAX_ERRORS
    assert parsed.rejected == parsed.rows - parsed.ticks
    assert parsed.rejected >= 2_000
    listed = [error.row for error in parsed.errors]
    assert listed == sorted(listed, key=lambda row: -1 if row is None else row)


def test_rows_without_a_common_grid_are_counted_once() -> None:
    rows = [f"1760032800,{price},{size}" for price, size in [("0.00000001", "1"), ("99999999999", "1")] * 3]
    parsed = parse_body(HEADER + "\n".join(rows).encode(), CSV)
    assert (parsed.rows, parsed.rejected, len(parsed.errors)) == (6, 3, 3)


def test_bad_rows_are_read_in_bounded_memory() -> None:
    """15 MB of [{},{},…] kept 1.6 GB of errors."""
    body = array(b'{"timestamp":0,"a":[1,[],{}]}', 600_000)
    tracemalloc.start()
    try:
        assert parse_body(body, JSON, fast=False).rejected > 18_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * len(body)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (array(b"{}", LARGE), JSON, "too many values"),
        (array(b"[]", LARGE), JSON, "too many values"),
        (array(b"1", LARGE), JSON, "too many values"),
        (b'{"a":' + array(b"{}", LARGE) + b"}", JSON, "too many values"),
        (b"{}\n" * (LARGE // 2), NDJSON, "too many values"),
        (b"[" * LARGE, JSON, "too many values"),
        (HEADER + b"\n" * LARGE, CSV, "too many lines"),
        (HEADER + b"a\n" * LARGE, CSV, "too many lines"),
    ],
)
def test_many_values_or_lines_of_nothing_are_refused(body: bytes, kind: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_body(body, kind)


@pytest.mark.parametrize(
    ("row", "kind"), [(TICK, JSON), (TICK + b"\n", NDJSON), (b"1760032800,1,1\n", CSV), (ROW + b"\n", CSV)]
)
def test_the_shortest_ticks_are_not_too_many(row: bytes, kind: str) -> None:
    body = array(row, 4 * LARGE) if kind == JSON else HEADER * (kind == CSV) + row * (4 * LARGE // len(row))
    parsed = parse_body(body, kind)
    assert (parsed.ticks, parsed.rejected) == (parsed.rows, 0)
    assert parsed.rows > 80_000


@pytest.mark.parametrize("first", [b",a" * MAX_COLUMNS, b"," + b"a" * MAX_LINE])
def test_a_first_line_without_end_is_refused(first: bytes) -> None:
    with pytest.raises(UnknownFormat, match="the first line has more than") as caught:
        parse_body(b"timestamp,price,size" + first + b"\n" + ROW, CSV)
    assert len(str(caught.value)) < 200


def test_a_row_without_end_costs_itself() -> None:
    long = b"1760032800,1" + b",1" * MAX_LINE
    parsed = parse_body(HEADER + ROW + long + b"\n" + ROW, CSV)
    assert ([str(error) for error in parsed.errors], parsed.ticks) == (["line 3: is longer than 65,536 bytes"], 2)


def test_messages_stay_short() -> None:
    header = b"p" + b"-" * 10_000 + b"rice"
    with pytest.raises(UnknownFormat) as unknown:
        parse_body(b"x," * 500 + b"y\n" + b"1," * 500 + b"2\n", CSV)
    assert len(str(unknown.value)) < 2_000
    with pytest.raises(UnknownFormat) as unknown:
        parse_body(b"timestamp,size," + header + b"\n1760032800,1,-1\n", CSV)
    assert len(str(unknown.value)) < 2_000
    short = b"p" + b"-" * (MAX_NAME - 5) + b"rice"
    errors = parse_body(b"timestamp,size," + short + b"\n1760032800,1,-1\n", CSV).errors
    assert [error.field for error in errors] == [short.decode()]


@pytest.mark.parametrize("name", ["price", "timestamp", "id", "size", "bid"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_numbers_of_many_digits_are_refused(name: str, quote: str) -> None:
    row = {"timestamp": 1760032800, "price": 1, "size": 1, name: "?"}
    body = json.dumps(row).replace('"?"', quote + "9" * 5_000 + quote).encode()
    for fast in (True, False):
        parsed = parse_body(body, JSON, fast=fast)
        assert [error.field for error in parsed.errors] == [name]


SLOW = [
    (array(TICK, 20_000)[:-1] + b',{"price":-1}]', JSON),
    (HEADER + ROW * 1000 + b"1760032800,-1,1\n", CSV),
    (HEADER + b"1760032800,-1,1\n" * 1000, CSV),
    (b"timestamp,price,size,symbol\n" + b"".join(b"1760032800,1,1,S%d\n" % n for n in range(1000)), CSV),
    (TICK + b"\n" + b"[" * 10_000, NDJSON),
]


@pytest.mark.parametrize(("body", "kind"), SLOW)
def test_a_quick_parse_leaves_to_others_what_takes_long(body: bytes, kind: str) -> None:
    with pytest.raises(TakesLong):
        parse_body(body, kind, quick=True)
    assert parse_body(body, kind).rows > 1


@pytest.mark.parametrize(
    ("body", "kind"), [(array(TICK, 20_000), JSON), ((TICK + b"\n") * 500, NDJSON), (HEADER + ROW * 1000, CSV)]
)
def test_a_quick_parse_takes_what_is_good(body: bytes, kind: str) -> None:
    quick, whole = parse_body(body, kind, quick=True), parse_body(body, kind)
    assert ticks_of(quick) == ticks_of(whole)
    with pytest.raises(TakesLong):
        parse_body(body, kind, quick=True, tz="America/New_York")


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n \r\n", b"\n\t\n "])
@pytest.mark.parametrize("between", [b"\n", b"\n\n", b"\r\n", b"\n \n", b"\n  "])
@pytest.mark.parametrize("begin", [b"", b"\n", b"  ", b" \n"])
def test_blank_lines_are_no_rows(begin: bytes, between: bytes, end: bytes) -> None:
    body = begin + TICK + between + TICK + end
    for fast in (True, False):
        parsed = parse_body(body, NDJSON, fast=fast)
        assert (parsed.rows, parsed.ticks) == (2, 2)
    two = parse_body(begin + TICK + b" " + TICK + between + TICK + end, NDJSON, fast=True)
    assert (two.rows, two.ticks, two.rejected) == (2, 1, 1)


def test_a_small_body_is_always_quick() -> None:
    body = b'{"timestamp":0}'
    assert len(body) <= FEW_BYTES
    assert parse_body(body, JSON, quick=True, tz="America/New_York").rejected == 1
