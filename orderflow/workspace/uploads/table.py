"""Find the header and the columns of a table of text: below a title, without a header, or as the user says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.parsing.layout import Column
from orderflow.formats.parsing.lines import cells
from orderflow.formats.sniff import Sample, sample_of, take_sample
from orderflow.workspace.uploads.names import plain
from orderflow.workspace.uploads.options import ReadOptions
from orderflow.workspace.uploads.source import Piece, TextFile, open_text

HEAD_LINES = 130
MAX_TITLE = 20
"""Most lines above the header that are tried."""
SHOWN = 50
Roles = Mapping[str, Column]
L = TypeVar("L")


class NoLayout(Exception):
    """The columns of a table do not fit; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Table:
    """An open table. names: each column's compared name, "" without a header. title: the lines above the header."""

    text: TextFile
    options: ReadOptions
    sample: Sample
    title: tuple[str, ...]

    @property
    def delimiter(self) -> str:
        """The delimiter."""
        return self.sample.delimiter or ","

    @property
    def width(self) -> int:
        """The most columns of the header and of usual rows."""
        return max(self.sample.width, len(self.sample.header))

    def pieces(self) -> Iterator[Piece]:
        """The lines of the data."""
        return self.text.pieces(self.sample.data_line)

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *error: object) -> None:
        self.text.close()


def open_table(
    path: Path, options: ReadOptions, find: Callable[[Sample, ReadOptions], L], *, most: int
) -> tuple[Table, L]:
    """Open a file and find its header: the first lines that `find` makes a layout of.

    find: raises NoLayout. most: bytes that may come out of an archive. Raises BadInput, TooLarge, and UnknownFormat if
    no line is a header that fits.
    """
    text = open_text(path, encoding=options.encoding, member=options.member, most=most)
    try:
        lines = text.head(HEAD_LINES)
        if not lines:
            raise UnknownFormat("the file is empty: no header and no rows")
        return _found(text, options, lines, find)
    except BaseException:
        text.close()
        raise


def _found(
    text: TextFile, options: ReadOptions, lines: list[tuple[int, str]], find: Callable[[Sample, ReadOptions], L]
) -> tuple[Table, L]:
    errors: list[tuple[int, BadInput]] = []
    bare: tuple[Table, L] | None = None  # rows without a header: a title with commas may look like one of them
    starts = range(min(MAX_TITLE, len(lines))) if options.skip is None else [options.skip]
    for start in starts:
        width = 0
        try:
            sample = _sample(lines[start:], text.names, options.delimiter)
            width = len(sample.header)
            _check_title(sample, lines[:start])
            layout = find(sample, options)
        except UnknownFormat as error:
            errors.append((width, error.with_traceback(None)))  # or a cycle keeps the file in memory
        except NoLayout as error:
            errors.append((width, UnknownFormat(f"{error}; found {sample.describe()}")))
        else:
            found = Table(text, options, sample, tuple(line for _, line in lines[:start])), layout
            if sample.header:
                return found
            bare = bare or found
    if bare is not None:
        return bare
    raise max(errors, key=lambda each: each[0])[1]  # the first of those with the most names


def _check_title(sample: Sample, above: list[tuple[int, str]]) -> None:
    """Raises NoLayout if rows without a header are below a line of as many fields, which must be their header."""
    if not sample.header and any(len(cells(line, sample.delimiter or ",")) == sample.width for _, line in above):
        raise NoLayout("the names in the header are not known: give the columns by hand")


def _sample(lines: list[tuple[int, str]], names: tuple[str, ...], delimiter: str) -> Sample:
    if not lines:
        raise UnknownFormat("there are no lines below those that are skipped")
    if delimiter:
        lines = [(lines[0][0], f"sep={delimiter}"), *lines]
    sample = take_sample(lines, names)
    full = [row for row in sample.rows if len(row) == sample.width]
    if sample.header and sample.width == len(sample.header) + 1 and all(row[-1] for row in full):
        # R and pandas write the column of row names without a name, and without its delimiter
        return sample_of(("", *sample.header), list(sample.rows), sample.delimiter, sample.data_line, names)
    return sample


def role_columns(sample: Sample, names: Mapping[str, tuple[str, ...]], given: Mapping[str, str]) -> dict[str, Column]:
    """The columns of roles: those that the user gives, the others by their names. Raises BadInput for a given column
    that is not there."""
    compared = [plain(name) for name in sample.header]
    found: dict[str, Column] = {}
    for role, known in names.items():
        if role in given:
            if given[role]:
                found[role] = given_column(sample, role, given[role])
            continue
        index = next((compared.index(name) for name in known if name in compared), None)
        if index is not None:
            found[role] = Column(index, sample.header[index])
    return found


def given_column(sample: Sample, role: str, given: str) -> Column:
    """A column by its name or number from 1. Raises BadInput."""
    if given in sample.header:
        return Column(sample.header.index(given), given)
    width = max(sample.width, len(sample.header))
    if given.isascii() and given.isdigit() and 1 <= int(given) <= width:
        index = int(given) - 1
        named = sample.header[index] if index < len(sample.header) else ""
        return Column(index, named or f"column {given}")
    known = ", ".join(name for name in sample.header[:40] if name) or f"1 to {width}"
    raise BadInput(f"columns: there is no column {given[:60]!r} for {role}; there are {known}")


def column_cells(sample: Sample, column: Column | None) -> list[str]:
    """The cells of a column in the sample that are not empty."""
    return [] if column is None else [cell for cell in sample.column(column.index) if cell]
