"""The test suite of all formats: a test class inherits `FormatSuite` and gives a few rows and the expected ticks."""

from __future__ import annotations

import gzip
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orderflow.errors import UnknownFormat
from orderflow.formats import ParsedTicks, TickReader, open_ticks
from orderflow.formats.files.text_lines import first_lines
from orderflow.formats.instrument import instrument
from orderflow.formats.parsing.blocks import TextTable
from orderflow.formats.parsing.context import ParseContext
from orderflow.formats.parsing.lines import Block
from orderflow.formats.parsing.zones import Zone
from orderflow.formats.registry import find_layout
from orderflow.formats.sniff import decimal_mark, take_sample
from orderflow.market.ticks import NO_ID, Side, SideRule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class T(NamedTuple):
    """One tick in plain values. time: ISO-8601 UTC, with nine digits of fraction if it has a fraction."""

    time: str
    price: Decimal
    size: Decimal
    side: str
    rule: str
    id: int | None
    symbol: str


def tick(time: str, price: str, size: str, side: str, rule: str, id: int | None = None, symbol: str = "trades") -> T:
    """An expected tick."""
    return T(time, Decimal(price), Decimal(size), side, rule, id, symbol)


def iso(time: int) -> str:
    """ns as ISO-8601 UTC."""
    text = (EPOCH + timedelta(seconds=time // 10**9)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{time % 10**9:09d}".removesuffix(".000000000").rstrip("0") if time % 10**9 else text


def ticks_of(*chunks: ParsedTicks) -> list[T]:
    """All ticks in the order of their rows."""
    found = []
    for chunk in chunks:
        rows: list[tuple[int, T]] = []
        for batch, origin in zip(chunk.batches, chunk.origins, strict=True):
            assert len(batch) == len(origin)
            for k in range(len(batch)):
                price = Decimal(int(batch.price[k])).scaleb(-batch.price_decimals)
                size = Decimal(int(batch.size[k])).scaleb(-batch.size_decimals)
                side = {Side.BUY: "buy", Side.SELL: "sell", Side.UNKNOWN: ""}[Side(int(batch.side[k]))]
                rule = SideRule(int(batch.rule[k])).name.lower()
                id = None if batch.id[k] == NO_ID else int(batch.id[k])
                rows.append((int(origin[k]), T(iso(int(batch.time[k])), price, size, side, rule, id, batch.symbol)))
        found += [one for _, one in sorted(rows, key=lambda row: row[0])]
    return found


def read(path: Path, **options: object) -> tuple[TickReader, list[ParsedTicks]]:
    """Read a file to its end."""
    with open_ticks(path, **options) as reader:  # type: ignore[arg-type]  # options are passed through
        return reader, list(reader)


def by_path(
    text: str, *, fast: bool, name: str = "trades.csv", format: str | None = None, tz: str = "UTC", side: bool = True
) -> ParsedTicks:
    """Parse a text as one block, with the fast path or with the row path only."""
    data = text.encode()
    sample = take_sample(first_lines(data, 101, complete=True), (name,))
    layout = find_layout(sample, format)
    body = b"\n".join(data.split(b"\n")[sample.data_line - 1 :])
    table = TextTable(
        layout,
        sample.delimiter or ",",
        decimal_mark(sample, layout),
        ParseContext(Zone(tz), side, instrument(name)),
        sample.spaced,
    )
    return table.parse(Block(body, sample.data_line, 0, len(body.rstrip(b"\n").split(b"\n"))), fast=fast)


def same(one: ParsedTicks, other: ParsedTicks) -> None:
    """Assert that two results are the same in every value, decimals and errors included."""
    assert one.errors == other.errors
    assert one.rows == other.rows
    assert ticks_of(one) == ticks_of(other)
    assert [(b.symbol, b.price_decimals, b.size_decimals) for b in one.batches] == [
        (b.symbol, b.price_decimals, b.size_decimals) for b in other.batches
    ]


class FormatSuite:
    """Tests of one format; inherit and set the class variables.

    format: its name. text: a file. ticks: the expected ticks. bad: a row that must be rejected, with the field's name
    and a part of the reason. file: the file's name, where it matters.
    """

    format: str
    text: str
    ticks: tuple[T, ...]
    bad: tuple[str, str, str]
    file: str = "trades.csv"

    def write(self, folder: Path, data: bytes | None = None, name: str | None = None) -> Path:
        path = folder / (name or self.file)
        path.write_bytes(self.text.encode() if data is None else data)
        return path

    def test_format_is_detected_and_read(self, tmp_path: Path) -> None:
        reader, chunks = read(self.write(tmp_path))
        assert reader.format == self.format
        assert not [error for chunk in chunks for error in chunk.errors]
        assert ticks_of(*chunks) == [*self.ticks]

    def test_format_can_be_forced(self, tmp_path: Path) -> None:
        reader, chunks = read(self.write(tmp_path), format=self.format)
        assert reader.format == self.format
        assert ticks_of(*chunks) == [*self.ticks]

    def test_forced_on_another_table_reports_needed_and_found_columns(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, b"colour,shape\nred,round\nblue,square\n", "other.csv")
        with pytest.raises(UnknownFormat) as error:
            open_ticks(path, format=self.format)
        assert f"does not fit format {self.format}" in str(error.value)
        assert "needs" in str(error.value)
        assert "found columns colour, shape" in str(error.value)

    def test_both_paths_agree(self) -> None:
        fast = by_path(self.text, fast=True, name=self.file)
        same(fast, by_path(self.text, fast=False, name=self.file))
        assert ticks_of(fast) == [*self.ticks]

    @pytest.mark.parametrize("form", ["gz", "zip", "bom", "crlf", "blank lines", "utf-16", "no last newline"])
    def test_compression_does_not_change_the_result(self, form: str, tmp_path: Path) -> None:
        data = self.text.encode()
        if form == "gz":
            path = self.write(tmp_path, gzip.compress(data), self.file + ".gz")
        elif form == "zip":
            path = tmp_path / (self.file + ".zip")
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("__MACOSX/" + self.file, b"junk")
                archive.writestr(self.file, data)
        else:
            packed = {
                "bom": b"\xef\xbb\xbf" + data,
                "crlf": data.replace(b"\n", b"\r\n"),
                "blank lines": b"\n" + data.replace(b"\n", b"\n\n  \n"),
                "utf-16": self.text.encode("utf-16"),
                "no last newline": data.rstrip(b"\n"),
            }[form]
            path = self.write(tmp_path, packed)
        reader, chunks = read(path)
        assert reader.format == self.format
        assert ticks_of(*chunks) == [*self.ticks]

    @pytest.mark.parametrize("delimiter", ["\t", "|"])
    def test_other_delimiters(self, delimiter: str, tmp_path: Path) -> None:
        own = max(",;\t", key=self.text.count)
        reader, chunks = read(self.write(tmp_path, self.text.replace(own, delimiter).encode()))
        assert (reader.format, reader.delimiter) == (self.format, delimiter)
        assert ticks_of(*chunks) == [*self.ticks]

    def test_bad_row_is_reported_by_line_and_field_and_others_are_kept(self, tmp_path: Path) -> None:
        row, field, reason = self.bad
        text = self.text + "\n" + row + "\n"
        _, chunks = read(self.write(tmp_path, text.encode()))
        (error,) = [error for chunk in chunks for error in chunk.errors]
        lines = text.split("\n")
        assert error.line == lines.index(row) + 1
        assert error.field == field
        assert reason in error.reason
        assert error.row == len(self.text.strip().split("\n")) - (1 if self._has_header() else 0)
        assert ticks_of(*chunks) == [*self.ticks]

    def test_the_first_rows_can_be_skipped(self, tmp_path: Path) -> None:
        _, chunks = read(self.write(tmp_path), skip_rows=1, chunk_rows=1)
        rows = {row for chunk in chunks for origin in chunk.origins for row in origin.tolist()}
        assert min(rows) == 1
        assert ticks_of(*chunks) == [*self.ticks[-len(ticks_of(*chunks)) :]]

    def _has_header(self) -> bool:
        return self.text.lstrip('"')[:1].isalpha()


class NamedColumnsSuite(FormatSuite):
    """For formats that are known by column names: the same table as Parquet."""

    def test_as_parquet_with_texts(self, tmp_path: Path) -> None:
        lines = [line for line in self.text.split("\n") if line.strip()]
        delimiter = ";" if ";" in lines[0] else ","
        rows = [[cell.strip().replace(",", ".") for cell in line.split(delimiter)] for line in lines]
        columns = {name: [row[k] or None for row in rows[1:]] for k, name in enumerate(rows[0])}
        path = tmp_path / "trades.parquet"
        pq.write_table(pa.table(columns), path)
        reader, chunks = read(path)
        assert (reader.format, reader.delimiter) == (self.format, None)
        assert ticks_of(*chunks) == [*self.ticks]
