"""Binary files: Databento's DBN, Sierra Chart's .scid, and NautilusTrader's Parquet."""

from __future__ import annotations

import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import databento_dbn as dbn
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats import open_ticks
from orderflow.formats.files import dbn as dbn_files
from orderflow.formats.files.streams import Peekable
from orderflow.formats.sierra_scid import _RECORD
from tests.formats.suite import read, tick, ticks_of

SCID_1970 = 25_569 * 86_400 * 10**6


def dbn_file(count: int) -> bytes:
    """A file of `count` trades a second apart, sold and bought in turn."""
    day = datetime.date(2023, 9, 29)
    interval = SimpleNamespace(start_date=day, end_date=day + datetime.timedelta(1), symbol="7051")
    mapping: Any = SimpleNamespace(raw_symbol="ESZ3", intervals=[interval])
    head = dbn.Metadata(
        "GLBX.MDP3", 1696000000000000000, dbn.SType.from_str("raw_symbol"), dbn.SType.from_str("instrument_id"),
        dbn.Schema.from_str("trades"), ["ESZ3"], [], [], [mapping], 1696032000000000000,
    ).encode()  # fmt: skip
    trade, sides = dbn.Action.from_str("T"), [dbn.Side.from_str("A"), dbn.Side.from_str("B")]
    return head + b"".join(
        bytes(
            dbn.TradeMsg(
                1, 7051, 1696000000527194909 + k * 10**9, 4523250000000 + k * 250000000, k + 1, trade, sides[k % 2], 0,
                1696000000527428009 + k * 10**9,
            )
        )
        for k in range(count)
    )  # fmt: skip


class TestDbn:
    def test_trades_with_the_symbols_of_the_metadata(self, tmp_path: Path) -> None:
        path = tmp_path / "glbx-mdp3-20230929.trades.dbn.zst"
        path.write_bytes(pa.compress(dbn_file(3), codec="zstd", asbytes=True))
        reader, chunks = read(path)
        assert reader.format == "databento"
        assert ticks_of(*chunks) == [
            tick("2023-09-29T15:06:40.527194909", "4523.25", "1", "sell", "flag", None, "ESZ3"),
            tick("2023-09-29T15:06:41.527194909", "4523.5", "2", "buy", "flag", None, "ESZ3"),
            tick("2023-09-29T15:06:42.527194909", "4523.75", "3", "sell", "flag", None, "ESZ3"),
        ]

    def test_many_chunks(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dbn"
        path.write_bytes(dbn_file(20_000))
        _, chunks = read(path, chunk_rows=3000, skip_rows=5000)
        assert sum(chunk.ticks for chunk in chunks) == 15_000
        assert int(chunks[-1].batches[0].size[-1]) == 20_000

    def test_damage_is_said(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dbn"
        path.write_bytes(dbn_file(3)[:-10])
        with pytest.raises(BadInput, match="cut off within its last record"):
            read(path)
        path.write_bytes(b"DBN\x03\x10\0\0\0" + b"a" * 200)
        with pytest.raises(BadInput, match="damaged DBN file"):
            read(path)

    def test_without_the_extra_it_says_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dbn_files, "dbn", None)
        path = tmp_path / "a.dbn"
        path.write_bytes(dbn_file(1))
        with pytest.raises(BadInput, match=r"install orderflow\[databento\]"):
            open_ticks(path)


def scid(*records: tuple[float, ...], record: int = 40) -> bytes:
    head = (b"SCID" + np.array([56, record], "<u4").tobytes()).ljust(56, b"\0")
    return head + np.array([*records], _RECORD).tobytes()


class TestScid:
    TIME = SCID_1970 + 1698240600001998
    ROWS = (
        (TIME, 0, 4200.5, 4200.25, 4200.25, 1, 1, 1, 0),
        (TIME + 1, -1.99900095e37, 4200.5, 4200.25, 4200.5, 1, 2, 0, 2),
        (TIME + 1, 0, 0, 0, 25263.55, 1, 3, 0, 3),
    )

    def test_ticks(self, tmp_path: Path) -> None:
        path = tmp_path / "ESZ3.scid"
        path.write_bytes(scid(*self.ROWS))
        reader, chunks = read(path, chunk_rows=2)
        assert reader.format == "sierra-scid"
        assert ticks_of(*chunks) == [
            tick("2023-10-25T13:30:00.001998", "4200.25", "1", "sell", "volumes", None, "ESZ3"),
            tick("2023-10-25T13:30:00.001999", "4200.5", "2", "buy", "volumes", None, "ESZ3"),
            tick("2023-10-25T13:30:00.001999", "25263.55", "3", "buy", "volumes", None, "ESZ3"),
        ]
        assert len(ticks_of(*read(path, skip_rows=1)[1])) == 2

    def test_times_of_old_files_are_days(self, tmp_path: Path) -> None:
        days = 25_569 + 1698240600.25 / 86_400
        path = tmp_path / "ESZ3.scid"
        path.write_bytes(scid((int(np.float64(days).view(np.int64)), *self.ROWS[0][1:])))
        assert ticks_of(*read(path)[1])[0].time == "2023-10-25T13:30:00.25"

    def test_bars_and_damage_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "ESZ3.scid"
        path.write_bytes(scid((self.TIME, 4200, 4201, 4199, 4200.5, 57, 100, 40, 60)))
        with pytest.raises(UnknownFormat, match="these look like bars"):
            open_ticks(path)
        path.write_bytes(scid(*self.ROWS)[:-1])
        with pytest.raises(BadInput, match="cut off within its last record"):
            read(path)
        path.write_bytes(scid(record=32))
        with pytest.raises(BadInput, match="records of 32 bytes"):
            open_ticks(path)


@pytest.mark.parametrize(("width", "scale"), [(8, 10**9), (16, 10**16)])
def test_a_nautilus_catalog(width: int, scale: int, tmp_path: Path) -> None:
    """Prices and sizes as integers of both widths; a spread below zero has its sign."""

    def raw(*values: float) -> pa.Array:
        units = [round(value * 100) * (scale // 100) for value in values]
        return pa.array([unit.to_bytes(width, "little", signed=True) for unit in units], pa.binary(width))

    table = pa.table(
        {
            "price": raw(100.1, 100.5, 25263.25),
            "size": raw(1000, 500, 0.25),
            "aggressor_side": pa.array([1, 2, 0], pa.uint8()),
            "trade_id": ["7", "8", "9"],
            "ts_event": pa.array([1698240600001998000 + k for k in range(3)], pa.uint64()),
            "ts_init": pa.array([1698240600001998000] * 3, pa.uint64()),
        }
    ).replace_schema_metadata({"instrument_id": "AAPL.XNAS", "price_precision": "2", "size_precision": "2"})
    path = tmp_path / "2023-10-25T13-30-00-001998000Z_2023-10-25T14-30-00-001998000Z.parquet"
    pq.write_table(table, path)
    reader, chunks = read(path)
    assert reader.format == "nautilus"
    assert ticks_of(*chunks) == [
        tick("2023-10-25T13:30:00.001998", "100.1", "1000", "buy", "flag", 7, "AAPL.XNAS"),
        tick("2023-10-25T13:30:00.001998001", "100.5", "500", "sell", "flag", 8, "AAPL.XNAS"),
        tick("2023-10-25T13:30:00.001998002", "25263.25", "0.25", "", "none", 9, "AAPL.XNAS"),
    ]
    assert ticks_of(*read(path, chunk_rows=1, skip_rows=1)[1])[0].id == 8


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (np.tile(np.array([0, 1], "<i4"), 8).tobytes(), np.full(16, 127, "<i4").tobytes()),  # sides that are not there
        (b"price", b"pri\xffe"),
    ],
    ids=["words", "name"],
)
@pytest.mark.parametrize("write", ["file", "stream"])
def test_damage_inside_an_arrow_file_is_refused(there: bytes, instead: bytes, write: str, tmp_path: Path) -> None:
    sides = pa.array(["buy", "sell"] * 8).dictionary_encode()
    times = list(range(1_760_032_800, 1_760_032_816))
    table = pa.table({"timestamp": times, "price": [1.5] * 16, "size": [1] * 16, "side": sides})
    out = pa.BufferOutputStream()
    with (pa.ipc.new_file if write == "file" else pa.ipc.new_stream)(out, table.schema) as writer:
        writer.write_table(table)
    data = out.getvalue().to_pybytes()
    assert there in data
    (tmp_path / "t.arrow").write_bytes(data.replace(there, instead))
    with pytest.raises(BadInput, match=r"t\.arrow is a damaged"):
        read(tmp_path / "t.arrow")


def test_a_table_that_wants_any_number_of_bytes_gets_them_in_pieces() -> None:
    class Short:
        def read(self, size: int = -1, /) -> bytes:
            assert size <= 1 << 24
            return b""

        def close(self) -> None:
            pass

    assert Peekable(Short()).read(1 << 40) == b""
