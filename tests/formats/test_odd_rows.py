"""A few bad or unusual rows among many good ones: only these are read one by one, with the same result and errors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.formats.bodies import parse_body
from orderflow.formats.parsing import rows as row_path
from orderflow.formats.parsing.context import Cell
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.result import ParsedTicks

ROWS = 2_400
EVERY = 60
"""In every block of rows there is an odd one: splitting blocks would not get around them."""

GOOD = {"timestamp": 1_760_032_800_000, "price": 100.25, "size": 1, "side": "buy", "id": 7, "symbol": "ES"}
ODD: dict[str, dict[str, Any]] = {
    "price of 0": {"price": 0},
    "price below 0": {"price": -1},
    "price in words": {"price": "x"},
    "no price": {"price": None},
    "size below 0": {"size": -2},
    "time in words": {"timestamp": "noon"},
    "time of another day": {"timestamp": 5},
    "time in seconds": {"timestamp": 1_760_032_800},
    "time in ISO": {"timestamp": "2025-10-09T18:00:00Z"},
    "no such day": {"timestamp": "2025-02-30T18:00:00Z"},
    "unknown side": {"side": "up"},
    "text as id": {"id": "a7"},
    "id below 0": {"id": -7},
    "symbol with a space": {"symbol": "E S"},
    "another symbol": {"symbol": "NQ"},
}
JSON_ONLY: dict[str, Any] = {
    "price of a kind": {**GOOD, "price": True},
    "price not a number": {**GOOD, "price": float("nan")},
    "price with many digits": {**GOOD, "price": 0.12345678901234567},
    "other keys": {"Timestamp": 1_760_032_800_000, "Precio": "25,5", "Volumen": 1, "Lado": "ASK"},
    "both keys": {**GOOD, "Precio": 5},
    "an array": [1],
    "nothing": {},
}
LINES = {
    "few fields": b"1760032800000,1",
    "many fields": b"1760032800000,1,1,buy,7,ES,8",
    "quotes": b'1760032800000,"1",1,buy,7,ES',
    "not ASCII": "1760032800000,1,1,büy,7,ES".encode(),
    "not UTF-8": b"1760032800000,1,1,b\xffy,7,ES",
    "lone carriage return": b"1760032800000,1,1\r,buy,7,ES",
    "blank": b" \t",
}


def table(odd: bytes) -> bytes:
    good = ",".join(map(str, GOOD.values())).encode()
    lines = [odd if row % EVERY == 5 else good for row in range(ROWS)]
    return b"\n".join([",".join(GOOD).encode(), *lines])


def array(odd: Any, lines: bool) -> bytes:
    rows = [json.dumps(odd if row % EVERY == 5 else GOOD) for row in range(ROWS)]
    return ("\n".join(rows) if lines else f"[{','.join(rows)}]").encode()


def read(body: bytes, kind: str, monkeypatch: pytest.MonkeyPatch) -> tuple[ParsedTicks, int]:
    """The result of the fast path, which equals that of the row path, and how many rows it read one by one."""
    plain = parse_body(body, kind, fast=False)
    read_alone = 0
    add, refuse = row_path.RowReader.add, row_path.RowReader.refuse

    def counted_add(self: row_path.RowReader, row: int, line: int | None, cells: dict[Role, Cell]) -> None:
        nonlocal read_alone
        read_alone += 1
        add(self, row, line, cells)

    def counted_refuse(self: row_path.RowReader, row: int, line: int | None, reason: str) -> None:
        nonlocal read_alone
        read_alone += 1
        refuse(self, row, line, reason)

    monkeypatch.setattr(row_path.RowReader, "add", counted_add)
    monkeypatch.setattr(row_path.RowReader, "refuse", counted_refuse)
    fast = parse_body(body, kind, fast=True)
    assert (fast.errors, fast.rejected, fast.rows) == (plain.errors, plain.rejected, plain.rows)
    assert [batch.symbol for batch in fast.batches] == [batch.symbol for batch in plain.batches]
    for one, other in zip(fast.batches, plain.batches, strict=True):
        for name in ("time", "price", "size", "side", "rule", "id"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        assert (one.price_decimals, one.size_decimals) == (other.price_decimals, other.size_decimals)
    assert all(map(np.array_equal, fast.origins, plain.origins))
    return fast, read_alone


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["text/csv", "application/json", "application/x-ndjson"])
def test_only_odd_rows_are_read_one_by_one(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = {**GOOD, **ODD[name]}
    if kind == "text/csv":
        body = table(",".join("" if cell is None else str(cell) for cell in odd.values()).encode())
    else:
        body = array(odd, kind == "application/x-ndjson")
    _, alone = read(body, kind, monkeypatch)
    assert alone <= ROWS // EVERY


@pytest.mark.parametrize("name", JSON_ONLY)
@pytest.mark.parametrize("lines", [False, True])
def test_only_odd_rows_of_json_are_read_one_by_one(name: str, lines: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = "application/x-ndjson" if lines else "application/json"
    _, alone = read(array(JSON_ONLY[name], lines), kind, monkeypatch)
    assert alone == ROWS // EVERY


@pytest.mark.parametrize("name", LINES)
def test_only_odd_lines_are_read_one_by_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, alone = read(table(LINES[name]), "text/csv", monkeypatch)
    assert alone == (0 if name in ("blank", "quotes") else ROWS // EVERY)  # these are read on the fast path


def test_a_line_that_is_not_json_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    body = array(GOOD, True).replace(b'"ES"}\n', b'"ES"\n', 1)
    found, alone = read(body, "application/x-ndjson", monkeypatch)
    assert (found.rejected, alone) == (1, 1)
    assert found.errors[0].line == 1


def test_a_body_that_ends_too_early_is_refused_without_reading_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    body = array(GOOD, False)[:-1]
    with pytest.raises(BadInput) as plain:
        parse_body(body, "application/json", fast=False)
    monkeypatch.setattr(row_path.RowReader, "add", None)
    with pytest.raises(BadInput) as fast:
        parse_body(body, "application/json", fast=True)
    assert str(fast.value) == str(plain.value)
