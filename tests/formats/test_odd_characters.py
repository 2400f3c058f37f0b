"""Characters that are not seen, or look like others, in the cells of bodies, files and typed tables."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from orderflow.errors import BadInput
from orderflow.formats import ParsedTicks, open_ticks, parse_body
from orderflow.formats.files.archives import natural
from orderflow.formats.parsing.context import ParseContext
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.parsing.numbers import DecimalMark, decimal_of
from orderflow.formats.parsing.parse_errors import NotVectorizable
from orderflow.formats.parsing.time_columns import counted_all, formatted_all
from orderflow.formats.parsing.times import formatted
from orderflow.formats.parsing.words import SIDE_WORDS
from orderflow.formats.parsing.zones import Zone
from orderflow.formats.tables import ColumnTable
from tests.formats.suite import same, ticks_of

MARK = "\ufeff"
GOOD = {
    "timestamp": "1760032800",
    "price": "25263.5",
    "size": "12",
    "side": "buy",
    "bid": "25263.25",
    "ask": "25263.75",
    "id": "17",
    "symbol": "ES5",
}
UNSEEN = {
    "byte order mark": MARK,
    "no-break space": "\u00a0",
    "narrow no-break space": "\u202f",
    "zero-width space": "\u200b",
    "word joiner": "\u2060",
    "left-to-right mark": "\u200e",
    "soft hyphen": "\u00ad",
    "ideographic space": "\u3000",
    "next line": "\u0085",
    "line separator": "\u2028",
    "nul": "\0",
    "unit separator": "\x1f",
}
ZEROS = {"full-width": "\uff10", "Arabic": "\u0660", "Devanagari": "\u0966", "mathematical": "\U0001d7ce"}
NUMBERS = ("timestamp", "price", "size", "bid", "ask")
CSV, JSON, LINES = "text/csv", "application/json", "application/x-ndjson"
KINDS = (CSV, JSON, LINES)
ROLES = {
    "timestamp": Role.TIME,
    "price": Role.PRICE,
    "size": Role.SIZE,
    "side": Role.SIDE,
    "bid": Role.BID,
    "ask": Role.ASK,
    "id": Role.ID,
    "symbol": Role.SYMBOL,
}


def body(kind: str, rows: list[dict[str, str]], first: str) -> bytes:
    """Rows as a body whose first field is `first`: Arrow treats the first cell of a text in its own way."""
    names = [first, *(name for name in GOOD if name != first)]
    if kind == CSV:
        return "\n".join([",".join(names), *(",".join(row[name] for name in names) for row in rows), ""]).encode()
    texts = [json.dumps({name: row[name] for name in names}, ensure_ascii=False) for row in rows]
    return ("\n".join(texts) if kind == LINES else f"[{','.join(texts)}]").encode()


def on_all_paths(kind: str, field: str, cell: str, name: str = "") -> ParsedTicks:
    """One tick with an odd cell, alone and between good ones: the same on both paths and in every place."""
    row = {**GOOD, field: cell}
    found = []
    for rows, at, first in (([row], 0, field), ([GOOD, row, GOOD], 1, "price" if field != "price" else "size")):
        one, other = (parse_body(body(kind, rows, first), kind, fast=fast) for fast in (True, False))
        same(one, other)
        refused = {error.row for error in one.errors}
        assert refused <= {at}, name
        assert one.ticks + len(refused) == len(rows), name
        found.append(one)
    assert bool(found[0].errors) == bool(found[1].errors), name
    return found[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", GOOD)
def test_unseen_characters_are_refused_in_every_field(kind: str, field: str) -> None:
    good = GOOD[field]
    for name, character in UNSEEN.items():
        cells = (character + good, good + character, good[:1] + character + good[1:], character)
        for cell in cells if character in (MARK, "\u00a0") else cells[:1]:
            (error,) = on_all_paths(kind, field, cell, name).errors
            assert (error.row, error.field) == (0, field), name
            assert repr(cell)[1:-1] in error.reason, name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", [*NUMBERS, "id", "symbol"])
def test_digits_of_other_scripts_are_refused(kind: str, field: str) -> None:
    for name, zero in ZEROS.items():
        cell = "".join(chr(ord(zero) + int(c)) if c.isdigit() else c for c in GOOD[field])
        (error,) = on_all_paths(kind, field, cell, name).errors
        assert (error.row, error.field) == (0, field), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", ["timestamp", "price", "bid"])
def test_what_other_programs_allow_in_numbers(kind: str, field: str) -> None:
    good = GOOD[field]
    for cell in (good[:2] + "_" + good[2:], "++" + good, "+-" + good, "0x" + good, good + "f", "'" + good, good + "%"):
        assert on_all_paths(kind, field, cell).errors[0].field == field, cell
    assert ticks_of(on_all_paths(kind, field, "+" + good)) == ticks_of(on_all_paths(kind, field, good))


@pytest.mark.parametrize("field", GOOD)
def test_blanks_and_quotes_around_cells_belong_to_csv_only(field: str) -> None:
    good = GOOD[field]
    wanted = ticks_of(on_all_paths(CSV, field, good))
    for cell in (f" {good}\t", f'"{good}"', f'" {good}"'):
        assert ticks_of(on_all_paths(CSV, field, cell)) == wanted, cell
        if field != "id" or " " in cell:
            assert on_all_paths(JSON, field, cell).errors[0].field == field, cell


@pytest.mark.parametrize("kind", KINDS)
def test_a_byte_order_mark_is_left_out_at_the_start_of_a_body_only(kind: str) -> None:
    data = body(kind, [GOOD, GOOD], "timestamp")
    for fast in (True, False):
        assert ticks_of(parse_body(MARK.encode() + data, kind, fast=fast)) == ticks_of(parse_body(data, kind))


def test_a_line_of_json_that_begins_with_a_byte_order_mark() -> None:
    data = body(LINES, [GOOD], "price")
    for fast in (True, False):
        parsed = parse_body(data + b"\n" + MARK.encode() + data, LINES, fast=fast)
        assert (parsed.ticks, [str(error) for error in parsed.errors]) == (
            1,
            ["line 2: the line begins with a byte order mark, which only a whole body may begin with"],
        )


def test_a_byte_order_mark_in_a_file_is_refused_wherever_its_chunk_begins(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    rows = [{**GOOD, "id": str(k), "timestamp": (MARK if k in (3, 4) else "") + GOOD["timestamp"]} for k in range(8)]
    path.write_bytes(MARK.encode() + body(CSV, rows, "timestamp"))
    for chunk_rows in (1, 2, 3, 4, 8):
        with open_ticks(path, chunk_rows=chunk_rows) as reader:
            chunks = list(reader)
        assert [(error.row, error.line) for chunk in chunks for error in chunk.errors] == [(3, 5), (4, 6)], chunk_rows
        assert [tick.id for tick in ticks_of(*chunks)] == [0, 1, 2, 5, 6, 7], chunk_rows


@pytest.mark.parametrize("kind", [JSON, LINES])
def test_a_symbol_does_not_end_in_a_line_break(kind: str) -> None:
    (error,) = on_all_paths(kind, "symbol", "ES5\n").errors
    assert error.field == "symbol"
    assert "'ES5\\n' is not a symbol" in error.reason
    with pytest.raises(BadInput, match="is not a symbol"):
        parse_body(body(kind, [GOOD], "price"), kind, default_symbol="ES5\n")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n \n"])
@pytest.mark.parametrize("field", ["side", "id", "symbol"])
def test_a_quote_that_is_not_closed_is_no_end_of_a_cell(field: str, end: str) -> None:
    row = {**GOOD, field: '"' + GOOD[field]}
    names = [*(name for name in GOOD if name != field), field]
    for rows in ([row], [GOOD, row]):
        data = "\n".join(",".join(values) for values in [names, *([row[n] for n in names] for row in rows)]) + end
        one, other = (parse_body(data.encode(), CSV, fast=fast) for fast in (True, False))
        same(one, other)
        if field != "id":
            assert [(error.row, error.field) for error in one.errors] == [(len(rows) - 1, field)]


@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_more_than_64_characters_are_no_numbers(kind: str) -> None:
    for field in NUMBERS:
        good = GOOD[field]
        for cell in (good + ("" if "." in good else ".") + "0" * 70, "0" * 70 + good):
            assert on_all_paths(kind, field, cell).errors[0].field == field, cell
    (tick,) = ticks_of(on_all_paths(kind, "id", "0" * 70 + "7"))
    assert tick.id < 0
    with pytest.raises(NotVectorizable):
        counted_all(pa.array(["0" * 70 + "1760032800"]), "s")


LAYOUT = Layout(
    "generic", {role: Column(at, name) for at, (name, role) in enumerate(ROLES.items())}, 8, 8, side_words=SIDE_WORDS
)


@pytest.mark.parametrize("word", ["", "nan", "NA", "None", "null", "N/A"])
def test_words_for_missing_values_in_typed_tables(word: str) -> None:
    columns = {role: pa.array([word if name in ("id", "symbol") else GOOD[name]]) for name, role in ROLES.items()}
    for fast in (True, False):
        table = ColumnTable(LAYOUT, ParseContext(Zone("UTC"), True, "DEFAULT"))
        (tick,) = ticks_of(table.parse(0, columns, 1, fast=fast))
        assert (tick.id, tick.symbol) == (None, "DEFAULT")


@pytest.mark.parametrize("text", ["now", "today", "\u0662\u0660\u0662\u0665-10-09 12:00"])
def test_a_time_format_reads_written_dates_only(text: str, tmp_path: Path) -> None:
    pattern, good = "%Y-%m-%d %H:%M", "2025-10-09 12:00"
    with pytest.raises(ValueError, match="does not fit the time format"):
        formatted(text, pattern, Zone("UTC"))
    with pytest.raises(NotVectorizable):
        formatted_all(pa.array([good, text]), pattern, Zone("UTC"))
    path = tmp_path / "trades.csv"
    path.write_text("\n".join(["time,price,size", *(f"{cell},1,1" for cell in (good, text, good))]), "utf-8")
    with open_ticks(path, time_format=pattern) as reader:
        (chunk,) = reader
    assert (chunk.ticks, [(error.row, error.field) for error in chunk.errors]) == (2, [(1, "time")])


@pytest.mark.parametrize(("root", "suffix"), [("-", "B"), ("BRK", "-"), ("A" * 60, "B" * 60), ("BRK", "B C")])
def test_a_symbol_of_two_columns_is_refused_if_a_part_or_the_whole_is_none(root: str, suffix: str) -> None:
    names = ("timestamp", "price", "size", "symbol")
    columns = {ROLES[name]: Column(at, name) for at, name in enumerate(names)} | {Role.SUFFIX: Column(4, "suffix")}
    rows = [["1760032800", "1", "1", *symbol] for symbol in (("BRK", "B"), (root, suffix))]
    cells = {role: pa.array(values, pa.string()) for role, values in zip(columns, zip(*rows, strict=True), strict=True)}
    for fast in (True, False):
        table = ColumnTable(Layout("taq", columns, 5, 5), ParseContext(Zone("UTC"), True, "DEFAULT"))
        parsed = table.parse(0, cells, 2, fast=fast)
        assert [tick.symbol for tick in ticks_of(parsed)] == ["BRK.B"]
        (error,) = parsed.errors
        assert (error.row, error.field) == (1, "suffix" if suffix in ("-", "B C") else "symbol")


@pytest.mark.parametrize("cell", ["nan", "NaN", "sNaN", "Infinity", "1e999999", "", "1_0"])
@pytest.mark.parametrize("column", ["bid", "ask", "price", "size"])
def test_what_is_no_number_is_no_evidence_and_ends_no_reading(column: str, cell: str, tmp_path: Path) -> None:
    """The first rows of a file are compared: sides with quotes, and prices with one another."""
    path = tmp_path / "trades.csv"
    rows = [{**GOOD, "id": str(k), **({column: cell} if k in (0, 3) else {})} for k in range(6)]
    path.write_bytes(body(CSV, rows, "timestamp"))
    with open_ticks(path) as reader:
        chunks = list(reader)
    assert [tick.id for tick in ticks_of(*chunks)][-2:] == [4, 5]


@pytest.mark.parametrize("cell", ["nan", "sNaN", "1e999999", "-Infinity", "1e-999999", "x", "", "1" * 65])
def test_what_is_no_number_is_not_compared_with_others(cell: str) -> None:
    assert decimal_of(cell) is None
    assert decimal_of("1,5", DecimalMark.COMMA) == Decimal("1.5")


@pytest.mark.parametrize("cell", ["\u00b2", "hello", "9" * 5000, "1e\u00b2"])
@pytest.mark.parametrize("first", ["1760032800", "1.76E+09"])
def test_odd_times_beside_epochs_are_bad_rows(first: str, cell: str, tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("\n".join(["time,price,size", f"{first},1,1", f"{cell},1,1"]), "utf-8")
    with open_ticks(path) as reader:
        chunks = list(reader)
        assert [(error.row, error.field) for chunk in chunks for error in chunk.errors] == [(1, "time")]


@pytest.mark.parametrize("options", [{"skip_lines": "\u00b2"}, {"skip_lines": "9" * 5000}, {"columns": "price=\u00b2"}])
def test_numbers_in_options_are_plain_digits(options: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("time,price,size\n1760032800,1,1\n")
    with pytest.raises(BadInput, match=r"is not a number of lines|there is no column"):
        open_ticks(path, **options)


def test_names_in_archives_with_other_digits() -> None:
    names = ["day10", "day2", "1\u00b22", "7" * 5000]
    assert sorted(names, key=natural)[-2:] == ["day2", "day10"]
