"""The rows of a file that are refused, with line, column and reason; and their report."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from orderflow.errors import BadInput, FieldError
from orderflow.formats.parsing.parse_errors import kind
from orderflow.spreadsheets import escape_formula

MAX_REFUSED = 50_000
"""Refused rows after which reading stops: such a file is not what its columns say."""


class Refusals:
    """Refused rows of one file. A row is counted once, whatever is wrong with it."""

    def __init__(self) -> None:
        self._errors: dict[int, FieldError] = {}

    def __len__(self) -> int:
        return len(self._errors)

    def add(self, line: int, field: str | None, reason: str) -> None:
        """Refuse the row of a line; the first reason stays. Raises BadInput for too many."""
        if line in self._errors:
            return
        self._errors[line] = FieldError(None, field, reason, line)
        if len(self._errors) > MAX_REFUSED:
            raise BadInput(
                f"more than {MAX_REFUSED:,} rows are refused: reading stopped at line {line:,} and nothing was taken; "
                f"first {self.errors()[0]}",
                self.errors(),
            )

    def errors(self) -> tuple[FieldError, ...]:
        """All refusals by line."""
        return tuple(self._errors[line] for line in sorted(self._errors))


def summary(errors: Iterable[FieldError]) -> dict[str, int]:
    """How many rows were refused for which reason, without the values, the most frequent first."""
    counts: dict[str, int] = {}
    for error in errors:
        text = f"{error.field}: {kind(error.reason)}" if error.field else kind(error.reason)
        counts[text] = counts.get(text, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:20])


def report_csv(errors: Iterable[FieldError]) -> bytes:
    """The report: line, column and reason of each refused row."""
    return csv_text(("line", "column", "reason"), ((error.line, error.field, error.reason) for error in errors))


def csv_text(names: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """CSV text with a header, in which no cell is a formula."""
    return csv_rows([names, *rows])


def csv_rows(rows: Iterable[Iterable[object]]) -> bytes:
    """CSV text without a header, in which no cell is a formula."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([text_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def text_cell(value: object) -> object:
    """A cell: text that a spreadsheet would compute gets an apostrophe in front."""
    if isinstance(value, str):
        return escape_formula(value)
    return "" if value is None else value
