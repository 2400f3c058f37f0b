"""Containers: compressions, archives, several files in a row, JSON; and files that are refused by their name."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from orderflow import read_ticks
from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats import open_ticks
from orderflow.formats.instrument import instrument
from tests.formats.suite import read, ticks_of

HEADER = "timestamp,price,size,side,id\n"
ROWS = [f"{1760032800 + k},{100 + k % 7}.25,{k % 5 + 1},{'buy' if k % 3 else 'sell'},{k}" for k in range(500)]
TEXT = (HEADER + "\n".join(ROWS) + "\n").encode()
OBJECTS = [
    dict(zip(["timestamp", "price", "size", "side", "id"], [int(t), float(p), int(s), side, int(i)], strict=True))
    for t, p, s, side, i in (row.split(",") for row in ROWS)
]


def write(folder: Path, data: bytes | str, name: str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def tar(members: dict[str, bytes], mode: str = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]  # one of its modes
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def packed_zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


WANTED = 500
PACKED = {
    "ticks.csv.gz": gzip.compress(TEXT),
    "two.csv.gz": gzip.compress(TEXT[:3000]) + gzip.compress(TEXT[3000:]),
    "ticks.csv.bz2": bz2.compress(TEXT),
    "two.csv.bz2": bz2.compress(TEXT[:3000]) + bz2.compress(TEXT[3000:]),
    "ticks.csv.xz": lzma.compress(TEXT),
    "two.csv.xz": lzma.compress(TEXT[:3000]) + b"\0" * 8 + lzma.compress(TEXT[3000:]),
    "ticks.csv.lzma": lzma.compress(TEXT, format=lzma.FORMAT_ALONE),
    "ticks.csv.zst": pa.compress(TEXT, codec="zstd", asbytes=True),
    "two.csv.zst": pa.compress(TEXT[:3000], codec="zstd", asbytes=True)
    + pa.compress(TEXT[3000:], codec="zstd", asbytes=True),
    "ticks.csv.gz.bz2": bz2.compress(gzip.compress(TEXT)),
    "ticks.tar": tar({"a/ticks.csv": TEXT, "._ticks.csv": b"junk"}),
    "ticks.tar.gz": tar({"ticks.csv": TEXT}, "w:gz"),
    "ticks.tar.xz": tar({"ticks.csv": TEXT}, "w:xz"),
    "ticks.tgz": gzip.compress(tar({"ticks.csv.bz2": bz2.compress(TEXT)})),
    "ticks.tar.zst": pa.compress(tar({"ticks.csv": TEXT}), codec="zstd", asbytes=True),
    "ticks.zip": packed_zip({"ticks.csv": TEXT, "__MACOSX/._ticks.csv": b"junk"}),
    "xz.zip": packed_zip({"ticks.csv.xz": lzma.compress(TEXT)}),
    "utf16.csv.bz2": bz2.compress(TEXT.decode().encode("utf-16")),
    "ticks.json": json.dumps(OBJECTS),
    "pretty.json": json.dumps(OBJECTS, indent=2),
    "answer.json": json.dumps({"status": "OK", "results": OBJECTS, "more": {"list": [[1], {"a": [2]}]}}),
    "deep.json": json.dumps({"result": {"trades": OBJECTS, "has_more": False}, "usIn": 1}),
    "lines.ndjson": "\n".join(json.dumps(row) for row in OBJECTS),
    "lines.jsonl.gz": gzip.compress("\r\n".join(json.dumps(row) for row in OBJECTS).encode()),
    "stream.jsonl": "\n".join(json.dumps({"stream": "xyz@trade", "data": row}) for row in OBJECTS),
    "pages.json": "\n".join(json.dumps(OBJECTS[at : at + 100]) for at in range(0, 500, 100)),
    "messages.ndjson": "\n".join(
        json.dumps({"topic": "trades", "data": OBJECTS[at : at + 10]}) for at in range(0, 500, 10)
    ),
    "texts.json": json.dumps([{**row, "note": '}] "\\', "price": str(row["price"])} for row in OBJECTS]),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_is_inside_is_read_whatever_it_is_packed_in(name: str, tmp_path: Path) -> None:
    plain = ticks_of(*read(write(tmp_path, TEXT, "plain.csv"), symbol="X")[1])
    assert len(plain) == WANTED
    path = write(tmp_path, PACKED[name], name)
    assert ticks_of(*read(path, symbol="X")[1]) == plain
    assert ticks_of(*read(path, symbol="X", skip_rows=123, chunk_rows=50)[1]) == plain[123:]


def frame() -> pd.DataFrame:
    made = pd.DataFrame(OBJECTS).drop(columns="timestamp")
    made.index = pd.to_datetime([int(row.split(",")[0]) for row in ROWS], unit="s")
    return made


def test_frames_of_pandas_with_an_unnamed_index_of_times(tmp_path: Path) -> None:
    plain = ticks_of(*read(write(tmp_path, TEXT, "plain.csv"), symbol="X")[1])
    frame().to_parquet(tmp_path / "a.parquet")
    table = pa.Table.from_pandas(frame())
    feather.write_feather(table, tmp_path / "a.feather", chunksize=70)
    write(tmp_path, arrow_stream(table), "a.arrows")
    for name in ("a.parquet", "a.feather", "a.arrows"):
        assert ticks_of(*read(tmp_path / name, symbol="X")[1]) == plain
        assert ticks_of(*read(tmp_path / name, symbol="X", chunk_rows=33, skip_rows=45)[1]) == plain[45:]


def test_a_damaged_arrow_file_is_refused(tmp_path: Path) -> None:
    feather.write_feather(pa.Table.from_pandas(frame()), tmp_path / "a.feather")
    whole = (tmp_path / "a.feather").read_bytes()
    with pytest.raises(BadInput, match="damaged Feather"):
        read(write(tmp_path, whole[: len(whole) // 2], "half.feather"))


DAYS = {f"XYZ-trades-2025-10-{day:02d}.csv": (HEADER + "\n".join(ROWS[day % 3 :: 3])).encode() for day in (9, 10, 11)}


class TestSeries:
    def test_files_are_read_in_the_given_order_as_one(self, tmp_path: Path) -> None:
        paths = [write(tmp_path, data, name) for name, data in DAYS.items()]
        with open_ticks(paths, chunk_rows=100) as reader:
            assert reader.parts == tuple(DAYS)
            chunks = list(reader)
            assert (reader.rows, reader.progress, reader.symbol) == (500, 1.0, "XYZ")
        assert [tick.id for tick in ticks_of(*chunks)] == [k for first in range(3) for k in range(first, 500, 3)]
        assert {tick.symbol for tick in ticks_of(*chunks)} == {"XYZ"}
        assert len(read_ticks(paths)) == 500

    def test_row_numbers_go_on_so_that_a_replay_resumes_at_any_of_them(self, tmp_path: Path) -> None:
        paths = [write(tmp_path, data, name) for name, data in DAYS.items()]
        whole = ticks_of(*read_all(paths))
        for skip in (0, 1, 166, 167, 168, 400, 499):
            assert ticks_of(*read_all(paths, skip_rows=skip, chunk_rows=60)) == whole[skip:]

    @pytest.mark.parametrize("pack", [packed_zip, tar])
    def test_members_are_read_in_the_natural_order_of_their_names(self, pack: Any, tmp_path: Path) -> None:
        members = {f"day{number}.csv": (HEADER + ROWS[number]).encode() for number in (10, 2, 1)}
        path = write(tmp_path, pack(members), "days.zip")
        assert [tick.id for tick in ticks_of(*read(path)[1])] == [1, 2, 10]
        assert [tick.id for tick in ticks_of(*read(path, member="day2.csv")[1])] == [2]

    def test_a_long_series_keeps_one_file_open(self, tmp_path: Path) -> None:
        paths = [write(tmp_path, f"{HEADER}{ROWS[k]}\n", f"day{k}.csv") for k in range(100)]
        with open_ticks(paths) as reader:
            seen = [(sum(not file.closed for file in reader._files), chunk.ticks) for chunk in reader]
            assert reader.progress == 1.0
        assert seen == [(1, 1)] * 100

    def test_an_error_names_the_part(self, tmp_path: Path) -> None:
        paths = [write(tmp_path, HEADER + ROWS[0], "a.csv"), write(tmp_path, HEADER + "1760032800,x,1,buy,1", "b.csv")]
        (error,) = [error for chunk in read_all(paths) for error in chunk.errors]
        assert (error.row, error.line) == (1, 2)
        assert str(error).endswith("(in b.csv)")

    def test_a_part_that_is_no_ticks_is_refused_before_anything_is_read(self, tmp_path: Path) -> None:
        path = write(tmp_path, packed_zip({"a.csv": TEXT, "b.txt": b"how to read this"}), "a.zip")
        with pytest.raises(UnknownFormat, match="how to read this"):
            open_ticks(path)


def read_all(paths: list[Path], **options: Any) -> list[Any]:
    with open_ticks(paths, **options) as reader:
        return list(reader)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.xlsx", packed_zip({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "an xlsx workbook: .*CSV"),
        ("a.ods", packed_zip({"mimetype": b"", "content.xml": b""}), "an OpenDocument file"),
        ("a.npz", packed_zip({"x.npy": b"\x93NUMPY"}), "a NumPy archive"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "an Excel workbook"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\0", "a 7z archive: unpack it first"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("a.db", b"SQLite format 3\0", "an SQLite database"),
        ("a.pkl", b"\x80\x04\x95\x10\0\0", "a Python pickle"),
        ("a.pdf", b"%PDF-1.7", "a PDF document"),
        ("a.csv", b"<!DOCTYPE html><html>Sign in", "a web page"),
        ("a.csv.gz", gzip.compress(b"<?xml version='1.0'?><Error>AccessDenied", mtime=0), "a web page"),
        ("a.bi5", lzma.compress(b"\0" * 200, format=lzma.FORMAT_ALONE), "it holds quotes, no trades"),
        ("a.bin", bytes(range(256)) * 4, "a binary file of an unknown kind"),
        ("a.csv.gz", gzip.compress(packed_zip({"a.csv": TEXT})), "an archive inside another file"),
        ("a.zip", packed_zip({"a.parquet": b"PAR1"}), "a.parquet in a.zip is a Parquet file: unpack it first"),
        ("a.csv.xz", lzma.compress(TEXT)[:-20], "damaged or cut off"),
        ("a.csv.bz2", bz2.compress(TEXT)[:-20], "damaged or cut off"),
        ("a.tar.gz", gzip.compress(tar({"a.csv": TEXT})[:3000]), "damaged"),
        ("a.json", json.dumps(OBJECTS)[:-1], "cut off"),
        ("a.json", json.dumps(OBJECTS)[:-20], "cut off"),
        ("a.gz", gzip.compress(gzip.compress(gzip.compress(gzip.compress(TEXT)))), "compressed more than 3 times"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, data: bytes | str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=message):
        read(write(tmp_path, data, name))


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lambda zeros: lzma.compress(zeros, preset=0),
    "zst": lambda zeros: bytes(pa.compress(zeros, codec="zstd", asbytes=True)),
    "tar.gz": lambda zeros: gzip.compress(tar({"a.csv": zeros})),
    "zip": lambda zeros: packed_zip({"a.csv": zeros}),
    "json.gz": lambda zeros: gzip.compress(b'[{"price":"' + zeros),
}


@pytest.mark.parametrize("suffix", BOMBS)
def test_a_bomb_is_refused_in_bounded_memory(suffix: str, tmp_path: Path) -> None:
    """96 MiB of zeros in a few kilobytes: one line, or one text, that does not end."""
    path = write(tmp_path, BOMBS[suffix](b"0" * (96 << 20)), f"bomb.{suffix}")
    tracemalloc.start()
    try:
        with pytest.raises(BadInput):
            read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80 << 20


def test_a_header_of_a_tar_file_cannot_take_all_memory(tmp_path: Path) -> None:
    header = bytearray(tar({"a": b""})[:512])
    header[156:157] = b"x"
    header[124:136] = b"%011o\0" % (1 << 32)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(BadInput, match="too large for a tar file"):
        open_ticks(write(tmp_path, bytes(header) + b"\0" * 4096, "bomb.tar"))


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSDT-trades-2021-04-24.csv.gz", "BTCUSDT"),
        ("BTCUSDT-aggTrades-2021-04.zip", "BTCUSDT"),
        ("BTCUSDT2024-01-01.csv.gz", "BTCUSDT"),
        ("XYZUSDT_2024-01-01.csv", "XYZUSDT"),
        ("LTCUSDT_2025-06-21_15h.csv.gz", "LTCUSDT"),
        ("20131007_gc_tick_trade_201312.csv", "gc_201312"),
        ("20131008_bac_Trade_Tick.csv", "bac"),
        ("XYZ_USDT-trades.feather", "XYZ_USDT"),
        ("BTCUSD_210625-trades-2021-04-24.csv", "BTCUSD_210625"),
        ("NQ_20251001-20251009.csv", "NQ"),
        ("NQ_2025-10-01_to_2025-10-09.csv", "NQ"),
        ("ABC-trades-2025-10-1.csv", "ABC"),
        ("ABC-trades-2025-9-12.csv", "ABC"),
        ("NQ 12-25.Last.txt", "NQ 12-25.Last"),
        ("ESZ24.csv", "ESZ24"),
        ("BTC_USDT-202608.csv.gz", "BTC_USDT"),
        ("20140606_xyz_tick_trade_american_call_400000_20140614.csv", "xyz_american_call_400000_20140614"),
        ("trades.csv", "trades"),
        ("2024-03-04.csv", "2024-03-04"),
        ("rb2310_ticks.csv", "rb2310_ticks"),
    ],
)
def test_the_symbol_is_the_instrument_in_the_name(name: str, symbol: str) -> None:
    assert instrument(name) == symbol


def test_parquet_is_written_as_it_was(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(OBJECTS), tmp_path / "a.parquet", row_group_size=100)
    assert len(read_ticks(tmp_path / "a.parquet")) == 500
