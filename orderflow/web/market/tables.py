"""Writes the public columns (`orderflow.market.columns`) as CSV, JSON or Arrow arrays. Independent of HTTP.

CSV and JSON have exact decimals, made from the scaled integers. Arrow and Parquet have the nearest float64 (int64 for
whole numbers); its shortest decimal text is the same number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orderflow.arrays import Ints
from orderflow.market.columns import Column, Fixed, Times
from orderflow.market.decimals import unit_text

PIECE = 20_000
"""Rows formatted at a time."""
Unit = Literal["s", "ms", "us", "ns"]
UNITS: dict[Unit, int] = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


class Table:
    """Named columns of n rows, which can be written in each format.

    time_unit: resolution of times in text. By default the coarsest one that is exact for all rows; give it when the
    table is part of a larger one.
    """

    def __init__(self, columns: Mapping[str, Column], time_unit: Unit | None = None) -> None:
        self.columns = dict(columns)
        self.n = min((_length(column) for column in self.columns.values()), default=0)
        times = [column.ns for column in self.columns.values() if isinstance(column, Times)]
        self._unit = time_unit or finest(times)

    def csv(self, header: bool = True) -> Iterator[bytes]:
        """CSV text as chunks of whole lines."""
        if header:
            yield (",".join(self.columns) + "\n").encode()
        for begin in range(0, self.n, PIECE):
            rows = slice(begin, begin + PIECE)
            texts = [self._text(column, rows) for column in self.columns.values()]
            yield ("\n".join(map(",".join, zip(*texts, strict=True))) + "\n").encode()

    def json(self) -> bytes:
        """A JSON array of objects, with null for missing values."""
        template = "{" + ",".join(f'"{name}":%s' for name in self.columns) + "}"
        pieces = []
        for begin in range(0, self.n, PIECE):
            rows = slice(begin, begin + PIECE)
            literals = [self._literals(name, column, rows) for name, column in self.columns.items()]
            pieces.append(",".join(map(template.__mod__, zip(*literals, strict=True))))
        return f"[{','.join(pieces)}]".encode()

    def _text(self, column: Column, rows: slice) -> list[str]:
        if isinstance(column, Times):
            part: npt.NDArray[np.datetime64] = column.ns[rows].astype("M8[ns]")
            return list(np.datetime_as_string(part, unit=self._unit, timezone="UTC").tolist())
        return _decimals(column, rows) if isinstance(column, Fixed) else column[rows]

    def _literals(self, name: str, column: Column, rows: slice) -> list[str]:
        texts = self._text(column, rows)
        if isinstance(column, Fixed):
            return [text or "null" for text in texts]
        if name == "id":  # a number if the venue's id is a number
            return [text if text.isdecimal() else f'"{text}"' if text else "null" for text in texts]
        return [f'"{text}"' if text else "null" for text in texts]

    def arrow_table(self) -> pa.Table:
        """The columns as Arrow arrays."""
        return pa.table({name: _arrow(column) for name, column in self.columns.items()})


def finest(times: list[Ints]) -> Unit:
    """The coarsest unit in which all of these times (ns) are whole numbers."""
    return next(unit for unit, step in UNITS.items() if not any((ns % step).any() for ns in times))


def _length(column: Column) -> int:
    return (
        len(column.ns) if isinstance(column, Times) else len(column.units) if isinstance(column, Fixed) else len(column)
    )


def _decimals(column: Fixed, rows: slice) -> list[str]:
    # format each distinct number once: prices and sizes repeat a lot
    values, where = np.unique(column.units[rows], return_inverse=True)
    words = np.array([unit_text(value, column.decimals) for value in values.tolist()], object)
    texts = words[where] if len(values) else words
    if column.missing is not None:
        texts = np.where(column.missing[rows], "", texts)
    return list(texts.tolist())


def _arrow(column: Column) -> pa.Array:
    if isinstance(column, Times):
        return pa.array(column.ns.astype("M8[ns]"), pa.timestamp("ns", "UTC"))
    if isinstance(column, Fixed):
        if column.decimals:
            return pa.array(column.floats(), mask=column.missing)
        return pa.array(column.units, mask=column.missing)
    return pa.array([text or None for text in column], pa.string())
