"""Files: compression, members, line numbers over blank lines and chunk borders, error messages."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from orderflow.errors import BadInput, FieldError, UnknownFormat
from orderflow.formats import names, open_ticks
from tests.formats.suite import read, tick, ticks_of

ROW = "2025-10-09 18:00:{:02d},100.5,1\n"
HEADER = "time,price,size\n"


def write(folder: Path, text: str | bytes, name: str = "trades.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


class TestLines:
    def test_line_numbers_count_blank_lines_and_cross_chunks(self, tmp_path: Path) -> None:
        lines = ["", "time,price,size", "", ""]
        for k in range(10):
            lines += [f"2025-10-09 18:00:0{k},{'oops' if k % 4 == 3 else '100.5'},1", " " * (k % 3)]
        path = write(tmp_path, "\n".join(lines) + "\n")
        for chunk_rows in (1, 2, 3, 5, 100):
            reader, chunks = read(path, chunk_rows=chunk_rows)
            errors = [error for chunk in chunks for error in chunk.errors]
            assert [(error.row, error.line) for error in errors] == [(3, 11), (7, 19)]
            assert [lines[error.line - 1].split(",")[1] for error in errors if error.line] == ["oops", "oops"]
            assert sum(chunk.rows for chunk in chunks) == reader.rows == 10
            assert [row for chunk in chunks for origin in chunk.origins for row in origin.tolist()] == [
                0, 1, 2, 4, 5, 6, 8, 9,
            ]  # fmt: skip

    def test_one_bad_row_does_not_affect_others(self, tmp_path: Path) -> None:
        rows = [f"{1_760_032_800_000 + k},100.{k % 100:02d},{k % 7}" for k in range(20_000)]
        rows[7777] = "1760032800000,100.5"
        rows[15_000] = "1760032800000,100.5,1,2,3"
        rows[19_999] = ",,"
        _, (chunk,) = read(write(tmp_path, HEADER + "\n".join(rows)))
        assert [str(error) for error in chunk.errors] == [
            "line 7779: has 2 fields, but 3 are needed",
            "line 15002: has 5 fields, but 3 are needed",
            "line 20001, time: is empty; it must be a time",
            "line 20001, price: is empty; it must be a number",
            "line 20001, size: is empty; it must be a number",
        ]
        assert (chunk.rows, chunk.ticks, chunk.rejected) == (20_000, 19_997, 3)
        (batch,) = chunk.batches
        assert batch.price.tolist() == [10_000 + k % 100 for k in range(19_999) if k not in (7777, 15_000)]

    def test_extra_empty_fields_at_the_end_are_accepted(self, tmp_path: Path) -> None:
        _, (chunk,) = read(write(tmp_path, HEADER + ROW.format(1) + ROW.format(2).strip() + ",,\n" + ROW.format(3)))
        assert (chunk.ticks, chunk.errors) == (3, [])

    def test_rows_can_end_with_a_delimiter(self, tmp_path: Path) -> None:
        _, (chunk,) = read(write(tmp_path, HEADER + "".join(ROW.format(k).strip() + ",\n" for k in range(3))))
        assert (chunk.ticks, chunk.errors) == (3, [])

    def test_quotes(self, tmp_path: Path) -> None:
        text = '"time","price","size"\n"2025-10-09 18:00:00","1.234,5","1"\n"2025-10-09 18:00:01","1234,5","1"\n'
        _, (chunk,) = read(write(tmp_path, text))
        assert ticks_of(chunk) == [tick("2025-10-09T18:00:01", "1234.5", "1", "", "tick")]
        assert str(chunk.errors[0]) == (
            "line 2, price: '1.234,5' has a dot; the decimal mark here is the comma, without thousands separators"
        )

    def test_a_quoted_line_break_is_two_bad_lines(self, tmp_path: Path) -> None:
        text = HEADER + ROW.format(1) + '"2025-10-09\n18:00:02",100.5,1\n' + ROW.format(3)
        _, (chunk,) = read(write(tmp_path, text))
        assert chunk.errors[0].line == 3
        assert [one.time[-2:] for one in ticks_of(chunk)] == ["01", "03"]

    def test_carriage_return_line_ends(self, tmp_path: Path) -> None:
        _, (chunk,) = read(write(tmp_path, (HEADER + ROW.format(1) + ROW.format(2)).replace("\n", "\r")))
        assert chunk.ticks == 2

    def test_sep_line_sets_the_delimiter(self, tmp_path: Path) -> None:
        reader, (chunk,) = read(write(tmp_path, "sep=;\n" + (HEADER + ROW.format(1)).replace(",", ";")))
        assert (reader.delimiter, chunk.ticks) == (";", 1)

    def test_skipping_counts_rows_not_lines(self, tmp_path: Path) -> None:
        path = write(tmp_path, HEADER + "\n".join(ROW.format(k) for k in range(6)) + "nonsense\n")
        for chunk_rows in (1, 2, 4, 100):
            reader, chunks = read(path, skip_rows=4, chunk_rows=chunk_rows)
            assert [one.time[-2:] for one in ticks_of(*chunks)] == ["04", "05"]
            assert [error for chunk in chunks for error in chunk.errors] == [
                FieldError(6, None, "has 1 fields, but 3 are needed", 13)
            ]
            assert chunks[0].first_row == 4
            assert reader.rows == 7
        assert read(path, skip_rows=100)[1] == []

    def test_header_without_rows_gives_no_ticks(self, tmp_path: Path) -> None:
        reader, chunks = read(write(tmp_path, HEADER))
        assert (reader.format, chunks, reader.progress) == ("generic", [], 1.0)


class TestDecimalMark:
    def test_decimal_mark_is_detected_from_the_prices(self, tmp_path: Path) -> None:
        path = write(tmp_path, "time;price;size\n2025-10-09 18:00:00;100;1,5\n2025-10-09 18:00:01;100,5;2\n")
        reader, (chunk,) = read(path)
        assert reader.decimal == ","
        assert [str(one.size) for one in ticks_of(chunk)] == ["1.5", "2.0"]

    def test_thousands_separators_are_refused_not_read_as_decimals(self, tmp_path: Path) -> None:
        _, (chunk,) = read(write(tmp_path, "time;price;size\n2025-10-09 18:00:00;100.5;1,234\n" * 1))
        assert "'1,234' has a comma; the decimal mark here is the dot" in chunk.errors[0].reason

    def test_first_decimal_mark_can_come_late(self, tmp_path: Path) -> None:
        rows = "".join(f"2025-10-09 18:00:00;{100 + k};1\n" for k in range(300))
        for late in ("100,25", "100.25"):
            reader, (chunk,) = read(write(tmp_path, f"time;price;size\n{rows}2025-10-09 18:00:01;{late};1\n"))
            assert reader.decimal is None
            assert (chunk.errors, ticks_of(chunk)[-1].price * 100) == ([], 10025)


class TestPacking:
    def test_file_type_is_detected_from_the_content(self, tmp_path: Path) -> None:
        text = (HEADER + ROW.format(1)).encode()
        assert read(write(tmp_path, gzip.compress(text), "a.csv"))[1][0].ticks == 1
        assert read(write(tmp_path, text, "b.csv.gz"))[1][0].ticks == 1
        packed = pa.compress(text, codec="zstd", asbytes=True)
        assert read(write(tmp_path, packed, "c.csv.zst"))[1][0].ticks == 1

    @pytest.mark.parametrize(
        ("name", "symbol"),
        [
            ("LTCUSDT.csv.gz", "LTCUSDT"),
            ("ES 12-06.Last.txt", "ES_12-06.Last"),
            ("x.parquet.csv", "x"),
            ("¿?.csv", "DEFAULT"),
            ("a" * 80 + ".csv", "a" * 64),
        ],
    )
    def test_the_symbol_is_the_stem(self, name: str, symbol: str, tmp_path: Path) -> None:
        with open_ticks(write(tmp_path, HEADER + ROW.format(1), name)) as reader:
            assert reader.symbol == symbol
        with open_ticks(tmp_path / name, symbol="NQ") as reader:
            assert reader.symbol == "NQ"

    def test_a_member_is_named_by_its_path_and_names_the_symbol(self, tmp_path: Path) -> None:
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("day/one.csv", HEADER + ROW.format(1))
            archive.writestr("day/two.csv", HEADER + ROW.format(2))
        reader, (chunk,) = read(path, member="day/two.csv")
        assert (reader.symbol, ticks_of(chunk)[0].time[-2:]) == ("two", "02")
        with pytest.raises(BadInput, match=r"has no member 'six.csv'; it holds day/one\.csv, day/two\.csv"):
            open_ticks(path, member="six.csv")

    def test_damaged_files_raise(self, tmp_path: Path) -> None:
        packed = gzip.compress((HEADER + "".join(ROW.format(k % 60) for k in range(5000))).encode())
        with pytest.raises(BadInput, match="damaged or cut off"):
            read(write(tmp_path, packed[: len(packed) // 2], "cut.csv.gz"))
        with pytest.raises(BadInput, match="damaged zip"):
            open_ticks(write(tmp_path, b"PK\x03\x04nothing", "bad.zip"))
        with pytest.raises(BadInput, match="damaged Parquet"):
            open_ticks(write(tmp_path, b"PAR1nothing", "bad.parquet"))

    def test_progress_goes_to_one(self, tmp_path: Path) -> None:
        path = write(tmp_path, HEADER + "".join(ROW.format(k % 60) for k in range(60_000)))
        with open_ticks(path, chunk_rows=10_000) as reader:
            seen = [reader.progress for _ in reader]
        assert seen == sorted(seen)
        assert 0 < seen[0] < 1
        assert seen[-1] == 1.0


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"tz": "Mars/Base"}, "tz: 'Mars/Base' is not an IANA time zone"),
            ({"tz": "America"}, "tz: 'America' is not an IANA time zone"),
            ({"side": "guess"}, "side: 'guess' is unknown; use auto or flag"),
            (
                {"symbol": "N Q"},
                "symbol: 'N Q' is not a symbol; use 1 to 64 letters, digits and . _ - / : without spaces",
            ),
            ({"format": "csv"}, "unknown format 'csv'; the formats are timesales, databento,"),
            ({"member": "a.csv"}, "is no archive, so it has no member 'a.csv'"),
            ({"chunk_rows": 0}, "chunk_rows must be at least 1"),
            ({"skip_rows": -1}, "skip_rows must not be negative"),
        ],
    )
    def test_options(self, options: dict[str, object], message: str, tmp_path: Path) -> None:
        path = write(tmp_path, HEADER + ROW.format(1))
        with pytest.raises(BadInput) as error:
            read(path, **options)
        assert message in str(error.value)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the text is empty"),
            ("\n \n", "the text is empty"),
            ("hello\nworld\n", "no delimiter found (one of comma, semicolon, tab, bar) in the first line: 'hello'"),
            ('[{"price": 1}]\n', "it needs a header with a time, a price and a size column; found columns price"),
            ('{"a": 1}\n', "it needs a header with a time, a price and a size column; found columns a"),
            ("[[[1]]]\n", "no known format fits"),
            ("[]\n", "is JSON without rows"),
            (
                "a,b\n1,2\n",
                "it needs a header with a time, a price and a size column; found columns a, b (delimiter ',')",
            ),
            ("1,2,3\n4,5,6\n", "no known format fits: found no header line, and a first row 1, 2, 3 (delimiter ',')"),
            ("time,price\n1,2\n", "found columns time, price"),
        ],
    )
    def test_texts_without_ticks_raise(self, text: str, message: str, tmp_path: Path) -> None:
        with pytest.raises(UnknownFormat) as error:
            read(write(tmp_path, text))
        assert message in str(error.value)

    def test_missing_file_raises(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="cannot be read: No such file"):
            open_ticks(tmp_path / "none.csv")
        with pytest.raises(BadInput, match="cannot be read"):
            open_ticks(tmp_path)

    def test_bytes_that_are_not_text_raise(self, tmp_path: Path) -> None:
        path = write(tmp_path, HEADER.encode() + b"\xff\xfe\x00,1,2\n" + ROW.format(1).encode())
        _, (chunk,) = read(path)
        assert (chunk.ticks, len(chunk.errors)) == (1, 1)
        with pytest.raises(UnknownFormat):
            read(write(tmp_path, bytes(range(256)) * 50, "noise.csv"))

    def test_format_names_are_unique(self) -> None:
        assert len(set(names())) == len(names()) >= 28


def test_zip_with_damaged_data_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ticks.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ticks.csv", "timestamp,price,size\n" + "1700000000000,1.5,2\n" * 500)
    data = bytearray(path.read_bytes())
    data[39:49] = b"\xff" * 10  # after the header of 30 bytes and the name of 9
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"ticks.csv in ticks.zip cannot be unpacked: .*; unzip it, or save it anew"):
        open_ticks(path)


LONG = 200_000
"""Rows of a file of which a part is still on the disk when the first chunk has been read."""


def after_one_chunk(path: Path, act: Callable[[Path], object]) -> tuple[int, list[str]]:
    """(ticks, warnings) of a file to which something happens while it is read."""
    with open_ticks(path, chunk_rows=10_000) as reader:
        chunks = iter(reader)
        count = next(chunks).ticks
        act(path)
        return count + sum(chunk.ticks for chunk in chunks), reader.warnings


@pytest.mark.parametrize("left", [0, 3_000_003])
def test_a_file_that_is_cut_while_it_is_read_is_not_taken_for_whole(left: int, tmp_path: Path) -> None:
    path = write(tmp_path, "timestamp,price,size\n" + "1760032800,100.5,1250\n" * LONG)
    with pytest.raises(BadInput, match=r"trades.csv was cut from 4,400,021 to [0-9,]+ bytes while it was read"):
        after_one_chunk(path, lambda path: os.truncate(path, left))


def test_a_line_that_is_being_written_is_not_taken(tmp_path: Path) -> None:
    def grow(path: Path) -> None:
        with path.open("a") as file:
            file.write("1760032801,100.5,1250\n1760032802,100.5,12")  # and then 50

    path = write(tmp_path, "timestamp,price,size\n" + "1760032800,100.5,1250\n" * LONG)
    count, warnings = after_one_chunk(path, grow)
    assert count == LONG + 1
    assert "trades.csv was written to while it was read" in warnings[0]
    assert after_one_chunk(path, Path.unlink) == (LONG + 2, [])
