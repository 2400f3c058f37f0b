"""Property tests: the fast path and the row path give the same ticks and the same errors for any cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderflow.errors import BadInput
from orderflow.formats import ParsedTicks, json_rows, parse_body
from orderflow.formats.parsing import blocks, suspects
from tests.formats.suite import by_path, same

PLAIN_NUMBERS = st.one_of(
    st.integers(0, 10**7).map(str),
    st.decimals(0, 10**6, places=2).map(str),
    st.decimals(0, 1000, places=8).map(str),
)
ODD_NUMBERS = st.one_of(
    st.sampled_from(
        [
            "", "0", "-1", "+1", "-0", ".5", "5.", ".", "1e5", "1E-3", "1e", "nan", "NaN", "inf", "-Infinity",
            "abc", "1_0",
            "0x10", "1,5", "1.234,5", "1,234.5", "7 ", "٣", "1e400", "1e-400", "1e9999", "0.30000000000000004",
            "0.3000000000000000001", "1234567890.12345678", "9007199254740993", "9007199254740992", "12345678.00000000",
            "0.000000000001", "0.0000000000001", "100000000000000.5", "1.0000000000000000000000000000001", "1" * 30,
            "1" * 400, "0" * 30 + "1", "9" * 15 + ".9", "null", "None", "1 5", "$5", "5%", "true",
        ]
    ),
    st.floats().map(repr),
    st.integers().map(str),
    st.text(max_size=4),
)  # fmt: skip
ODD_TIMES = st.one_of(
    st.sampled_from(
        [
            "", "2025-10-09", "2025-10-09 18", "2025-10-09T18:00Z", "2025-10-09T18Z", "2025-10-09 18:00:00+02",
            "2025-10-09 18+02:00", "2025-10-09 18:00:00 UTC", "2025-10-09 18:00:00,032", "2025-10-09 18:00:60",
            "2025-10-09 24:00:00", "2025-02-30 18:00:00", "1979-12-31 23:59:59", "2100-01-01 00:00:00",
            "2099-12-31 23:30",
            "20251009 18:00:00", "2025/10/09 18:00:00", "2025.10.09 1:02", "2025-10-09 18:00:00.1234567891",
            "2025-10-09 18:00:00.1234567890", "1760032800", "1760032800.25", "1760032800.1234567",
            "1760032800.0000000001",
            "1760032800000.5", "1760032800000000", "1760032800000000000", "1760032800000000000.0", "1.7600328e9",
            "-1760032800", "+1760032800", "17600328", "99999999999999999999", "0x68e7f3a0", "now", "NaT", "18:00:00",
            "2025-03-09 02:30:00", "2025-11-02 01:30:00", "2025-11-02 00:59:59", "2025-11-02 02:00:00", "９/9/2025",
        ]
    ),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(repr),
    st.text(max_size=6),
)  # fmt: skip
ODD_SIDES = st.sampled_from(["b", "s", "a", "unknown", "none", "N/A", "1", "-1", "0", "2", "x", " buy", "İ", "BUY"])
ODD_IDS = st.one_of(
    st.sampled_from(
        ["", "007", "-1", "1.5", "1e5", "9223372036854775807", "9223372036854775808", "a b", "é", "nan", "x" * 129]
    ),
    st.uuids().map(str),
    st.text(max_size=4),
)
ODD_SYMBOLS = st.sampled_from(["", "BTC/USDT", ".BXBT", "...", "N Q", "é", "A" * 64, "A" * 65, "trades", "nan"])
UNSEEN = st.sampled_from([*"\ufeff\u00a0\u200b\u2060\u3000\u2028\0\x1f\v \t\n\r\"'_+-.,0", "0" * 70, '""'])
DIGITS = st.sampled_from(["\uff10", "\u0660", "\U0001d7ce"])


def placed(text: str, extra: str, place: int) -> str:
    """A text with another before it, after it or in it."""
    at = place if place >= 0 else len(text)
    return text[:at] + extra + text[at:]


def in_script(text: str, zero: str) -> str:
    """A text with the digits of another script."""
    return "".join(chr(ord(zero) + int(c)) if c in "0123456789" else c for c in text)


def spoilt(plain: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Usual cells with something unseen in them, or with other digits."""
    return st.one_of(
        st.builds(placed, plain, UNSEEN, st.sampled_from([0, 0, -1, 1, 4])), st.builds(in_script, plain, DIGITS)
    )


MILLIS = st.integers(1_577_836_800_000, 1_767_225_600_000).map(str)
STAMPS = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2026, 1, 1)).map(str)
QUOTES = st.one_of(PLAIN_NUMBERS, st.just(""))
VOLUMES = st.sampled_from(["0", "1", "2.5"])
KINDS: dict[str, tuple[list[st.SearchStrategy[str]], st.SearchStrategy[str]]] = {
    "time": (
        [MILLIS, STAMPS, STAMPS.map(lambda text: text + "Z"), MILLIS.map(lambda text: text[:10] + ".25")],
        ODD_TIMES,
    ),
    "price": ([PLAIN_NUMBERS.filter(lambda text: float(text) > 0)], ODD_NUMBERS),
    "size": ([PLAIN_NUMBERS], ODD_NUMBERS),
    "side": ([st.sampled_from(["buy", "sell"]), st.sampled_from(["bid", "ASK", ""])], ODD_SIDES),
    "bid": ([QUOTES], ODD_NUMBERS),
    "ask": ([QUOTES], ODD_NUMBERS),
    "id": ([st.integers(-(10**6), 10**6).map(str), st.uuids().map(str)], ODD_IDS),
    "symbol": ([st.just("ES"), st.sampled_from(["ES", "NQ", ""])], ODD_SYMBOLS),
    "bid_volume": ([VOLUMES], ODD_NUMBERS),
    "ask_volume": ([VOLUMES], ODD_NUMBERS),
}
"""For each column the usual kinds of cells, of which a table has one, and the unusual cells, of which it has few."""

Draw = Callable[[st.SearchStrategy[Any]], Any]


def shaped(line: str, delimiter: str, shape: int) -> str:
    """A line, mostly unchanged, sometimes with something unusual."""
    return {
        0: line.rpartition(delimiter)[0],
        1: line + delimiter,
        2: line + delimiter + "x",
        3: f" {line} ",
        4: line + "\r",
        5: line + "\n\n \t",
        6: line.replace(delimiter, delimiter + " ", 1),
        7: line.replace(delimiter, "\r" + delimiter, 1),
        8: '"' + line,
        9: "\ufeff" + line,
        10: f'{delimiter}"'.join(line.rsplit(delimiter, 1)),
    }.get(shape, line)


@st.composite
def tables(draw: Draw) -> str:
    """A table with usual columns, up to two columns with unusual cells, and up to two unusual lines."""
    chosen = draw(st.sets(st.sampled_from(list(KINDS)), max_size=6)) | {"time", "price", "size"}
    names = draw(st.permutations([name for name in KINDS if name in chosen]))
    odd = draw(st.sets(st.sampled_from(names), max_size=2))
    columns = []
    for name in names:
        kinds, oddity = KINDS[name]
        plain = draw(st.sampled_from(kinds))
        oddity = oddity | spoilt(plain)
        columns.append(st.one_of(plain, plain, plain, oddity) if name in odd else plain)
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    quoted = draw(st.booleans())
    lines = [delimiter.join(names)]
    for row in draw(st.lists(st.tuples(*columns), max_size=10)):
        cells = [cell.replace("\n", "").replace("\r", "") for cell in row]
        lines.append(
            delimiter.join(
                '"' + cell.replace('"', '""') + '"' if quoted or delimiter in cell else cell for cell in cells
            )
        )
    for at, shape in draw(st.lists(st.tuples(st.integers(1, 10), st.integers(0, 10)), max_size=2)):
        if at < len(lines):
            lines[at] = shaped(lines[at], delimiter, shape)
    return "\n".join(lines) + "\n"


def alike(fast: ParsedTicks | str, plain: ParsedTicks | str) -> None:
    """Assert that two paths give the same ticks, or the same reason why there are none."""
    if isinstance(fast, str) or isinstance(plain, str):
        assert fast == plain
    else:
        same(fast, plain)


def table(text: str, *, fast: bool, **options: Any) -> ParsedTicks | str:
    """The ticks of a table, or why it is none."""
    try:
        return by_path(text, fast=fast, format="generic", **options)
    except BadInput as error:
        return str(error)


@settings(max_examples=60, deadline=None)
@given(text=tables(), tz=st.sampled_from(["UTC", "America/New_York"]), infer=st.booleans())
def test_csv(text: str, tz: str, infer: bool) -> None:
    alike(table(text, fast=True, tz=tz, side=infer), table(text, fast=False, tz=tz, side=infer))


@settings(max_examples=40, deadline=None)
@given(text=tables())
@example("size,time,price\n1,18:00:00,1\n")
def test_csv_cut_into_small_parts(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_FEW_LINES", 1)
        patch.setattr(blocks, "_PARTS", 3)
        fast = table(text, fast=True, tz="America/New_York")
    alike(fast, table(text, fast=False, tz="America/New_York"))


@settings(max_examples=60, deadline=None)
@given(text=tables(), infer=st.booleans())
def test_csv_with_odd_lines_read_one_by_one(text: str, infer: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_FEW_LINES", 1)
        patch.setattr(suspects, "NEARLY_ALL", 1.0)
        fast = table(text, fast=True, side=infer)
    alike(fast, table(text, fast=False, side=infer))


NUMBER_TOKENS = st.one_of(
    st.integers(0, 10**7).map(str),
    st.floats(0, 10**7).map(repr),
    st.decimals(0, 10**6, places=2).map(str),
    st.decimals(0, 10**6, places=2).map(lambda number: f'"{number}"'),
)
ODD_TOKENS = st.one_of(
    st.sampled_from(
        [
            "null", "true", "false", "NaN", "-Infinity", "[]", "{}", '{"a": [1]}', '""', "0", "-0", "-1", "1e5",
            "1E-05", "1e400",
            "0.30000000000000004", "0.3000000000000000001", "12345678901234567e-16", "1234567890123456789",
            "9007199254740993",
            "123456789012345678901234567890", "1.7600328e12", "1760032800.0000000001", '"25263,5"', '"1,234.5"',
            '"nan"', '"1e5"',
            '" 5"', '"\\u0035"', '"\\ud800"', '"x"', "1.0", "0.1", "100000000.1", "0.00000001",
        ]
    ),
    ODD_NUMBERS.map(json.dumps),
    ODD_TIMES.map(json.dumps),
    st.floats().map(json.dumps),
    st.integers().map(str),
)  # fmt: skip
TOKENS: dict[str, tuple[list[st.SearchStrategy[str]], st.SearchStrategy[str]]] = {
    "timestamp": ([MILLIS, STAMPS.map(json.dumps), MILLIS.map(lambda text: text[:10] + ".25")], ODD_TOKENS),
    "price": ([NUMBER_TOKENS], ODD_TOKENS),
    "size": ([NUMBER_TOKENS], ODD_TOKENS),
    "side": ([st.sampled_from(['"buy"', '"sell"', "null"])], st.one_of(ODD_SIDES.map(json.dumps), ODD_TOKENS)),
    "bid": ([NUMBER_TOKENS], ODD_TOKENS),
    "ask": ([NUMBER_TOKENS], ODD_TOKENS),
    "id": ([st.integers(0, 10**6).map(str)], st.one_of(ODD_IDS.map(json.dumps), ODD_TOKENS)),
    "symbol": (
        [st.just('"ES"'), st.sampled_from(['"ES"', '"NQ"'])],
        st.one_of(ODD_SYMBOLS.map(json.dumps), ODD_TOKENS),
    ),
}
SOURCE = {"timestamp": "Timestamp", "price": "Precio", "size": "Volumen", "side": "Lado", "bid": "Bid", "ask": "Ask"}


@st.composite
def objects(draw: Draw) -> list[str]:
    """JSON objects as texts with one set of keys; a few columns have unusual values, a few rows unusual keys."""
    chosen = draw(st.sets(st.sampled_from(list(TOKENS)), max_size=5)) | {"timestamp", "price", "size"}
    names = [name for name in TOKENS if name in chosen]
    odd = draw(st.sets(st.sampled_from(names), max_size=2))
    source = draw(st.booleans())
    columns = []
    for name in names:
        kinds, oddity = TOKENS[name]
        plain = draw(st.sampled_from(kinds))
        oddity = oddity | spoilt(plain.map(lambda token: token.strip('"'))).map(json.dumps)
        columns.append(st.one_of(plain, plain, plain, oddity) if name in odd else plain)
    keys = [SOURCE.get(name, name) if source else name for name in names]
    changes = dict(draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=2)))
    rows = []
    for at, row in enumerate(draw(st.lists(st.tuples(*columns), min_size=1, max_size=10))):
        pairs = list(zip(keys, row, strict=True))
        change = changes.get(at)
        if change == 0:
            pairs.pop()
        elif change == 1:
            pairs.append(("price" if source else "Precio", draw(NUMBER_TOKENS)))
        elif change == 2:
            pairs.append(pairs[0])
        elif change == 3:
            pairs.append(("venue", draw(NUMBER_TOKENS)))
        body = "{" + ", ".join(f'"{key}": {token}' for key, token in pairs) + "}"
        rows.append(draw(st.sampled_from(["[1]", "5", '"x"', "null"])) if change == 4 else body)
    return rows


def outcome(body: bytes, kind: str, fast: bool, tz: str) -> ParsedTicks | str:
    try:
        return parse_body(body, kind, fast=fast, tz=tz)
    except BadInput as error:
        return str(error)


def agree(body: bytes, kind: str, tz: str = "America/New_York") -> None:
    alike(outcome(body, kind, True, tz), outcome(body, kind, False, tz))


@settings(max_examples=60, deadline=None)
@given(rows=objects())
def test_json(rows: list[str]) -> None:
    agree(("[" + ",\n".join(rows) + "]").encode(), "application/json")


@settings(max_examples=40, deadline=None)
@given(rows=objects())
def test_json_cut_into_small_parts(rows: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "_FEW_ROWS", 1)
        patch.setattr(json_rows, "_PARTS", 3)
        agree(("[" + ",".join(rows) + "]").encode(), "application/json")


@settings(max_examples=80, deadline=None)
@given(rows=objects(), lines=st.booleans(), broken=st.integers(0, 10))
def test_json_with_odd_rows_read_one_by_one(rows: list[str], lines: bool, broken: int) -> None:
    if broken == 0:
        rows.insert(len(rows) // 2, '{"price": 1')
    body = "\n".join(rows) if lines else "[" + ",".join(rows) + "]"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "_FEW_ROWS", 1)
        patch.setattr(suspects, "NEARLY_ALL", 1.0)
        agree(body.encode(), "application/x-ndjson" if lines else "application/json", "UTC")


@settings(max_examples=40, deadline=None)
@given(rows=objects(), blank=st.integers(0, 10), broken=st.integers(0, 10))
def test_ndjson(rows: list[str], blank: int, broken: int) -> None:
    rows.insert(min(blank, len(rows)), " ")
    if broken == 0:
        rows.insert(len(rows) // 2, '{"price": 1')
    agree("\n".join(rows).encode(), "application/x-ndjson")
