"""CSV with text of users: quoted, and never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from orderflow.spreadsheets import escape_formula


def cell(value: object) -> str:
    """The text of one cell. Text that looks like a formula gets an apostrophe in front."""
    if value is None:
        return ""
    return escape_formula(value) if isinstance(value, str) else str(value)


def table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV text with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
