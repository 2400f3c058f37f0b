"""Files that mean harm or are broken: bounded in memory and size, refused in words."""

from __future__ import annotations

import gc
import gzip
import io
import stat
import tarfile
import weakref
import zipfile
import zlib
from pathlib import Path
from unittest.mock import Mock

import pyarrow as pa
import pytest
from pyarrow import feather

from orderflow.errors import BadInput, TooLarge
from orderflow.formats.files.archives import TarArchive
from orderflow.formats.files.arrow_tables import ArrowTable
from orderflow.formats.sniff import Sample
from orderflow.runtime.workers import Workers
from orderflow.workspace.uploads import candles as candle_reader
from orderflow.workspace.uploads import kinds, text_rows, tick_files
from orderflow.workspace.uploads.kinds import archive_members, guess_kind
from orderflow.workspace.uploads.options import ReadOptions, read_options
from orderflow.workspace.uploads.slots import Slots
from orderflow.workspace.uploads.source import AS_TEXT, MAX_LINE, open_text
from orderflow.workspace.uploads.tick_files import TickOptions, look_at_ticks
from tests.workspace.uploads.reading import candles, rows_of

TEXT = "timestamp,open,high,low,close,volume\n2024-01-01 00:00,10.5,11,10,10.75,100\n"
ROWS = [("2024-01-01 00:00:00", "10.5", "11", "10", "10.75", "100")]


def zipped(files: dict[str, bytes], links: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = ((stat.S_IFLNK if name in links else stat.S_IFREG) | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.csv")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(TEXT.encode()),
        gzip.compress(TEXT[:20].encode()) + gzip.compress(TEXT[20:].encode()),
        zipped({"bars.csv": TEXT.encode()}),
        zipped({"folder/": b"", "folder/bars.csv": TEXT.encode(), "__MACOSX/._bars.csv": b"x"}),
        gzip.compress(TEXT.encode("utf-16")),
    ],
    ids=["gz", "gz-parts", "zip", "zip-folder", "gz-utf16"],
)
def test_archives_are_unpacked(data: bytes) -> None:
    assert rows_of(candles(data)) == ROWS


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"a.csv": data})], ids=["gz", "zip"])
def test_a_bomb_stops_at_the_bound(pack: object, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack((TEXT + "\n" * 200).encode() * 40_000))  # type: ignore[operator]
    text = open_text(path, most=1 << 21)
    with pytest.raises(TooLarge, match="unpacks to more than 2,097,152 bytes"):
        for _ in text.pieces(1):
            pass
    text.close()


def test_a_line_without_end_stops_at_the_bound() -> None:
    with pytest.raises(BadInput, match="a line is longer"):
        candles(gzip.compress((TEXT + "x" * (MAX_LINE + (5 << 20))).encode()))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zipped({"a.csv": b"x", "b.csv": b"y"}), "holds 2 files; choose one as the member: a.csv, b.csv"),
        (zipped({"a.csv": b"/etc/passwd"}, links=("a.csv",)), "'a.csv' in the zip file is a symbolic link"),
        (zipped({"folder/": b""}), "holds no files"),
        (zipped({"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b""}), "xlsx workbook"),
        (zipped({f"{number}.csv": b"" for number in range(1001)}), "more than 1,000 files"),
        (zipped({"a.csv": TEXT.encode()})[:-30], "damaged or cut off"),
        (gzip.compress(TEXT.encode())[:-12], "damaged or cut off"),
        (zlib.compress(TEXT.encode()), "binary file"),
        (b"PAR1" + bytes(100), "Parquet"),
        (b"a,b\0c\n" * 100, "binary file"),
        (TEXT.encode() * 100 + b"a\0b", "NUL bytes"),
        (gzip.compress(tarred(TEXT.encode())), "tar archive"),
    ],
    ids=[
        "several",
        "symlink",
        "directory",
        "xlsx",
        "many",
        "cut-zip",
        "cut-gz",
        "zlib",
        "parquet",
        "nuls",
        "nul",
        "tar",
    ],
)
def test_what_cannot_be_read_is_refused_in_words(data: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        candles(data)


def test_a_member_of_a_zip_is_chosen_by_name() -> None:
    data = zipped({"a.csv": b"x,y\n", "b.csv": TEXT.encode()})
    assert rows_of(candles(data, member="b.csv")) == ROWS


def test_bytes_that_are_no_text_in_a_later_piece_are_refused_by_line() -> None:
    rows = "".join(f"{1704067200 + 60 * row},1,1,1,1,1\n" for row in range(20_000)).encode()
    found = candles(TEXT.splitlines()[0].encode() + b"\n" + rows + b"1705267200,1,1,1,1,\xff\xfe\n")
    assert [error.line for error in found.refused] == [20_002]
    assert len(found.klines) == 20_000


def test_the_encoding_can_be_given() -> None:
    text = TEXT.replace("timestamp", "日時").replace("open", "始値")
    assert rows_of(candles(text.encode("shift_jis"), encoding="shift_jis")) == ROWS


def test_options_are_read_from_texts_and_written_back() -> None:
    texts = {
        "columns": '{"time": "unix", "open": "2"}', "delimiter": "tab", "encoding": "latin-1", "decimal": "comma",
        "dates": "dmy", "tz": "Europe/Berlin", "skip": "3", "member": "a.csv", "decimals": "5", "negative": "true",
    }  # fmt: skip
    options = read_options(texts | {"name": "ignored"})
    assert options == ReadOptions(
        {"time": "unix", "open": "2"}, "\t", "latin-1", ",", "dmy", "Europe/Berlin", 3, "a.csv", 5, True
    )
    assert read_options(options.texts()) == options
    assert read_options({}) == ReadOptions()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("columns", "[1]"), ("columns", '{"a": {}}'), ("columns", "["), ("columns", "[" * 5000), ("delimiter", "x"),
        ("encoding", "rot13"), ("encoding", "\0"), ("dates", "ydm"), ("tz", "Mars/Base"), ("tz", "../../etc"),
        ("skip", "-1"), ("skip", "1e3"), ("decimals", "99"), ("negative", "maybe"), ("member", "a" * 301),
        ("decimal", "."),
    ],
)  # fmt: skip
def test_wrong_options_are_named(name: str, value: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_options({name: value})
    assert [error.field for error in caught.value.errors] == [name]


def test_blank_lines_take_no_memory_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million blank lines took seconds, and columns of a million empty texts."""
    split, sizes = text_rows._split, []
    monkeypatch.setattr(text_rows, "_split", lambda data, fields: sizes.append(len(data)) or split(data, fields))
    header, row = TEXT.splitlines()
    blank = "\n \n\t\r\n\r\n" * 250_000
    found = candles(f"{header}\n{row}\n{blank}{row.replace('00:00', '00:01')}\nbad\n{blank}  ")
    assert [time for time, *_ in rows_of(found)] == ["2024-01-01 00:00:00", "2024-01-01 00:01:00"]
    assert [error.line for error in found.refused] == [1_000_004]
    assert sum(sizes) < 500


def test_a_piece_of_bad_rows_is_refused_before_all_of_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    read, sizes = candle_reader.read_text, []
    monkeypatch.setattr(
        candle_reader, "read_text", lambda piece, *rest: sizes.append(len(piece.data)) or read(piece, *rest)
    )
    with pytest.raises(BadInput, match="more than 50,000 rows are refused"):
        candles(TEXT + "x,1,2,1,1,1\n" * 300_000)
    assert sum(sizes) < 2 * AS_TEXT


def fail(*args: object) -> None:
    raise AssertionError("this may take any memory or time")


def table(path: Path, names: tuple[str, ...]) -> Path:
    feather.write_feather(pa.table({name: [1, 2] for name in names}), path)
    return path


def test_rows_of_a_table_are_read_for_the_operator_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """7.6 MB of a Feather file took 700 MB, to guess what it is."""
    ticks = table(tmp_path / "ticks", ("timestamp", "price", "size"))
    with monkeypatch.context() as patch:
        patch.setattr(ArrowTable, "sample", fail)
        assert guess_kind(ticks, 1 << 20) == "ticks"
        assert guess_kind(table(tmp_path / "bars", ("Timestamp", "Open", "High", "Low", "Close")), 1 << 20) == "ohlcv"
        found = look_at_ticks(ticks, TickOptions(), trusted=False)
    assert found == {"format": "table", "symbols": [], "errors": []}
    table(ticks, ("price", "size"))
    with pytest.raises(BadInput):
        look_at_ticks(ticks, TickOptions(), trusted=True)


def test_a_look_at_text_without_rows_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1.5 MB of gzipped line ends took over 90 s."""
    path = tmp_path / "blank.csv.gz"
    path.write_bytes(gzip.compress(b"timestamp,price,size,aggressor\n" + b"\n" * (3 << 20)))
    for module in (kinds, tick_files):
        monkeypatch.setattr(module, "LOOKED_AT", 1 << 20)
    with pytest.raises(TooLarge):
        look_at_ticks(path, TickOptions(), trusted=False)
    assert guess_kind(path, 1 << 30) == "ohlcv"


def test_the_list_of_a_tar_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is all over the file: 1.5 MB took 5 s, and 512 MB half an hour."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(tarred(b"timestamp,price,size\n1704067200,10.5,1\n")))
    monkeypatch.setattr(TarArchive, "__init__", fail)
    assert guess_kind(path, 1 << 20) == "ohlcv"
    assert archive_members(path) == ()
    with pytest.raises(BadInput, match="tar archive"):
        look_at_ticks(path, TickOptions(), trusted=False)


def test_a_refused_table_is_gone_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: Workers) -> None:
    """Not when Python looks for cycles, which a server whose objects are frozen seldom does."""
    path, held = table(tmp_path / "ticks", ("timestamp", "price", "size")), list[weakref.ref[ArrowTable]]()
    sample = ArrowTable.sample

    def noted(self: ArrowTable) -> Sample:
        held.append(weakref.ref(self))
        return sample(self)

    monkeypatch.setattr(ArrowTable, "sample", noted)
    monkeypatch.setattr(tick_files, "MAX_REFUSED", 1)
    gc.disable()
    try:
        with pytest.raises(BadInput, match="more than 1 rows are refused"):
            Slots(workers).run("a", lambda: tick_files.take_ticks(None, path, TickOptions("A"), "a", None))  # type: ignore[arg-type]
        assert [each() for each in held] == [None]
    finally:
        gc.enable()


@pytest.mark.parametrize("price", ["1.0000000000000000001e-30000000", "1E-999999999"])
def test_a_power_far_below_zero_is_no_matter_for_arrow(price: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow's conversion to decimals reads outside of its memory for it, which ended the server."""
    monkeypatch.setattr(candle_reader, "pv", Mock(read_csv=Mock(side_effect=AssertionError("it would crash"))))
    found = candles(f"{TEXT}2024-01-01 00:01,{price},11,10,10.75,100\n")
    assert [(one.line, one.field) for one in found.refused] == [(3, "open")]
