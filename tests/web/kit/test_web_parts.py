"""Unit tests of small parts: parameters, times, request bodies, tables, pagination."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.formats import parse_body
from orderflow.market.columns import Fixed, Times
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.web.kit.params import choice, integer, read_params, read_time, text
from orderflow.web.kit.request_body import ClientGone, read_body
from orderflow.web.market.coalesce import can_group
from orderflow.web.market.pagination import Cursor, Span, all_ticks, bars_page, tick_runs, ticks_page
from orderflow.web.market.tables import Table, finest

SECOND = 1_000_000_000
NOON = 1760011200 * SECOND  # 2025-10-09T12:00:00Z


@pytest.mark.parametrize(
    ("said", "ns"),
    [
        ("2025-10-09T12:00:00Z", NOON),
        ("2025-10-09T12:00:00", NOON),
        ("2025-10-09 12:00", NOON),
        ("2025-10-09T14:00:00+02:00", NOON),
        ("2025-10-09T14:00:00 02:00", NOON),
        ("2025-10-09T07:00:00-0500", NOON),
        ("2025-10-09", NOON - 43200 * SECOND),
        ("2025-10-09T12:00:00.000000001Z", NOON + 1),
        ("2025-10-09T12:00:00.5", NOON + SECOND // 2),
        ("1760011200", NOON),
        ("1760011200000", NOON),
        ("1760011200000000", NOON),
        ("1760011200000000001", NOON + 1),
        ("0", 0),
        ("1970-01-01", 0),
    ],
)
def test_times_are_read_to_the_nanosecond(said: str, ns: int) -> None:
    assert read_time(said) == ns


@pytest.mark.parametrize(
    "said",
    ["", "noon", "2025-02-30", "2025-10-09T25:00", "1969-12-31", "-1", "9999-01-01", "2025-10-09T12:00:00.0000000001",
     "99999999999999999999", "1e9", "2025-10-09T12:00:00+99:99", "٣"],
)  # fmt: skip
def test_invalid_times_are_refused(said: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        read_time(said)


def test_all_wrong_parameters_are_named_at_once() -> None:
    params = [integer("n", "N.", 1, 5), choice("c", "C.", ("a", "b"), default="a"), text("s", "S.", place="path")]
    with pytest.raises(BadInput) as caught:
        read_params(params, [("n", "9"), ("c", "x"), ("m", "1"), ("n", "1")], {})
    assert sorted(str(error.loc) for error in caught.value.errors) == [
        "['path', 's']", "['query', 'c']", "['query', 'm']", "['query', 'n']",
    ]  # fmt: skip
    assert read_params(params, [("n", "5")], {"s": "x"}) == {"n": 5, "c": "a", "s": "x"}


@pytest.mark.parametrize("chunked", [False, True])
def test_an_incomplete_body_is_a_client_that_left(chunked: bool) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("unexpected end of file")

    environ: dict[str, Any] = {"wsgi.input": Broken()}
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked"} if chunked else {"CONTENT_LENGTH": "9"}
    with pytest.raises(ClientGone):
        read_body(environ, 100)
    with pytest.raises(ClientGone):
        read_body({"wsgi.input": io.BytesIO(b"abc"), "CONTENT_LENGTH": "9"}, 100)


@pytest.mark.parametrize(
    ("body", "joins"),
    [
        (b'{"a":1}', True), (b' {"a": {"b": []}}\n', True), (b"{}", True), (b"[]", False), (b"1", False), (b"", False),
        (b'{"a":1},{"b":2}', False), (b'{"a":[', False), (b"]}", False), (b'{"a":NaN}', False), (b"\xff", False),
        (b'{"id":1}', False), (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, False),
    ],
)  # fmt: skip
def test_only_a_complete_object_can_be_grouped(body: bytes, joins: bool) -> None:
    assert can_group(body) is joins


def test_a_table_is_exact_and_has_null_for_missing_values() -> None:
    missing = np.array([False, True, False])
    table = Table(
        {
            "time": Times(np.array([NOON, NOON + SECOND, NOON + 2 * SECOND])),
            "price": Fixed(np.array([8101, 8110, -5]), 2),
            "vwap": Fixed(np.array([1, 2, 3]), 1, missing),
            "side": ["buy", "", "sell"],
            "id": ["12", "", "#a1"],
        }
    )
    assert b"".join(table.csv()).decode().splitlines() == [
        "time,price,vwap,side,id",
        "2025-10-09T12:00:00Z,81.01,0.1,buy,12",
        "2025-10-09T12:00:01Z,81.1,,,",
        "2025-10-09T12:00:02Z,-0.05,0.3,sell,#a1",
    ]
    assert table.json().decode() == (
        '[{"time":"2025-10-09T12:00:00Z","price":81.01,"vwap":0.1,"side":"buy","id":12},'
        '{"time":"2025-10-09T12:00:01Z","price":81.1,"vwap":null,"side":null,"id":null},'
        '{"time":"2025-10-09T12:00:02Z","price":-0.05,"vwap":0.3,"side":"sell","id":"#a1"}]'
    )


def test_a_long_table_is_written_in_pieces_that_fit_together() -> None:
    n = 50_001
    table = Table({"time": Times(np.arange(n) * SECOND), "n": Fixed(np.arange(n))})
    pieces = list(table.csv())
    assert len(pieces) == 4
    lines = b"".join(pieces).decode().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [str(i) for i in range(n)]
    assert table.json().count(b"{") == n


@pytest.mark.parametrize(("ns", "unit"), [(SECOND, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns"), (0, "s")])
def test_the_coarsest_unit_that_is_exact(ns: int, unit: str) -> None:
    assert finest([np.array([5 * SECOND, ns])]) == unit


def test_cursors_print_and_parse() -> None:
    for cursor in (Cursor(0), Cursor(NOON), Cursor(NOON, 7)):
        assert Cursor.parse(str(cursor)) == cursor
    for wrong in ("", "a", "1.", "-1", "1.2.3", str(2**63)):
        with pytest.raises(ValueError, match="must be"):
            Cursor.parse(wrong)


@pytest.fixture
def spread(market: Market) -> Market:
    """Ticks with gaps from a nanosecond to years, three of each time."""
    times = [NOON + step for step in (0, 1, SECOND, 3600 * SECOND, 40 * 86400 * SECOND, 3 * 365 * 86400 * SECOND)]
    rows = "".join(f"{time},{10 + i % 3},1,buy\n" for time in times for i in range(3))
    market.ingest(parse_body(f"timestamp,price,size,side\n{rows}".encode(), "text/csv", default_symbol="X").batches)
    return market


def test_runs_give_every_tick_once_whatever_the_gaps(spread: Market) -> None:
    times = np.concatenate([window.ticks.time for window in tick_runs(spread, "X", Span(), 4)])
    assert len(times) == 18
    assert (np.diff(times) >= 0).all()


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 17, 18, 19])
def test_pages_of_ticks_cut_through_equal_times(spread: Market, limit: int) -> None:
    found: list[tuple[int, int]] = []
    cursor: Cursor | None = None
    while True:
        table, cursor = ticks_page(spread, "X", Span(cursor=cursor, limit=limit))
        assert len(table.ticks) <= limit
        found += zip(table.ticks.time.tolist(), table.ticks.level.tolist(), strict=True)
        if cursor is None:
            break
    whole = spread.ticks("X").ticks
    assert found == list(zip(whole.time.tolist(), whole.level.tolist(), strict=True))


def test_the_stream_of_ticks_begins_at_its_cursor_and_never_loses_digits(spread: Market) -> None:
    _, cursor = ticks_page(spread, "X", Span(limit=2))
    lines = b"".join(all_ticks(spread, "X", Span(cursor=cursor)).csv()).decode().splitlines()
    assert len(lines) == 1 + 16
    assert lines[1].startswith("2025-10-09T12:00:00.000000000Z,12,1,buy")


def test_a_cursor_before_the_start_does_not_widen_the_span(spread: Market) -> None:
    bars, _ = bars_page(spread, "X", Frame.parse("1min"), Span(start=NOON + SECOND * 3600, cursor=Cursor(0, 5)))
    assert bars.time.tolist()[0] == NOON + SECOND * 3600


def test_sizes_beyond_what_floats_hold_print_exactly(market: Market) -> None:
    body = b"timestamp,price,size,side\n2025-10-09T12:00:00Z,0.00000001,90071992.54740991,buy\n"
    market.ingest(parse_body(body, "text/csv", default_symbol="X").batches)
    text_ = b"".join(all_ticks(market, "X", Span()).csv()).decode()
    assert Decimal(text_.splitlines()[1].split(",")[2]) == Decimal("90071992.54740991")
    assert ",0.00000001," in text_
