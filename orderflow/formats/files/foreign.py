"""Name files that cannot be read, by their first bytes, and say what to do instead."""

from __future__ import annotations

import re

_BOOKS = "open it in the spreadsheet program and export it as CSV"
_UNPACK = "unpack it first"
_COLUMNS = "export it as CSV or Parquet"

_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _BOOKS),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 file", _UNPACK),
    (b"\x1f\x9d", "a compress (.Z) file", _UNPACK),
    (b"\xff\x06\x00\x00sNaPpY", "a Snappy file", _UNPACK),
    (b"\x89HDF", "an HDF5 file", _COLUMNS),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (b"\x93NUMPY", "a NumPy array", _COLUMNS),
    (b"FEA1", "a Feather file of version 1", "write it again with a current pandas or pyarrow"),
    (b"ORC", "an ORC file", _COLUMNS),
    (b"Obj\x01", "an Avro file", _COLUMNS),
    (b"%PDF", "a PDF document", "ask for the table as CSV"),
    (b"\x89PNG", "a picture", "it holds no ticks"),
    (b"\xff\xd8\xff", "a picture", "it holds no ticks"),
    (b"GIF8", "a picture", "it holds no ticks"),
    (b"\x7fELF", "a program", "it holds no ticks"),
    (b"MZ", "a program", "it holds no ticks"),
)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r")
_LEAST_TEXT = 0.9
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_PAGE = re.compile(rb"\s*<(?:!doctype html|html|\?xml|head|body)", re.IGNORECASE)
_OFFICE = (
    ("xl/", "an xlsx workbook", _BOOKS),
    ("word/", "a Word document", "export the table as CSV"),
    ("content.xml", "an OpenDocument file", _BOOKS),
)


def foreign(head: bytes, name: str) -> str | None:
    """What a file is that begins with these bytes and cannot be read, as a sentence; None if it may be ticks."""
    if name.lower().endswith(".bi5"):
        return f"{name} is a Dukascopy .bi5 file: it holds quotes, no trades"
    if name.lower().endswith((".hcc", ".tkc", ".fxt", ".hst")):
        return f"{name} is a file of MetaTrader's own: export the ticks as CSV in the terminal"
    if _PAGE.match(head):
        return f"{name} is a web page or XML, perhaps the error of a download: fetch the file again"
    for start, kind, instead in _STARTS:
        if head.startswith(start):
            return f"{name} is {kind}: {instead}"
    if _PICKLE.match(head):
        return f"{name} is a Python pickle, which could run code: {_COLUMNS}"
    if len(head.translate(None, _CONTROLS)) < _LEAST_TEXT * len(head):
        return f"{name} is a binary file of an unknown kind: {_COLUMNS}"
    return None


def office(members: list[str]) -> tuple[str, str] | None:
    """(kind, what to do) of a zip with these members that is an office document."""
    for member in members:
        for start, kind, instead in _OFFICE:
            if member.startswith(start):
                return kind, instead
    if members and all(member.endswith(".npy") for member in members):
        return "a NumPy archive (.npz)", _COLUMNS
    return None
