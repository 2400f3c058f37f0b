"""The columns of a file with their roles, also of a file that cannot be read as it is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderflow.errors import BadInput
from orderflow.formats.chosen import chosen_layout, reference
from orderflow.formats.files.sources import OpenFile
from orderflow.formats.options import COLUMN_ROLES, OPTIONS, ReadOptions
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.part import opened_sample
from orderflow.formats.sniff import Sample

SHOWN_CELLS = 3
MOST_COLUMNS = 100
"""Columns that are shown; the others have no role unless an option gives them one."""
_NAMES = {role: name for name, role in COLUMN_ROLES.items()}


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """One column. reference: how the option `columns` names it. role: a name of COLUMN_ROLES, "" for none, or what
    else it is. cells: of the first rows, as they are written."""

    reference: str
    name: str
    role: str
    cells: tuple[str, ...]


def column_reports(sample: Sample, layout: Layout | None) -> tuple[ColumnReport, ...]:
    """The columns of a table. layout: None if it is not known."""
    roles = {} if layout is None else {column.index: role for role, column in layout.columns.items()}
    if layout is not None and layout.total:
        roles[layout.columns[Role.SIZE].index] = Role.TOTAL
    width = min(MOST_COLUMNS, max(sample.width, len(sample.header)))
    return tuple(
        ColumnReport(
            reference(sample, index),
            sample.header[index] if index < len(sample.header) else "",
            _role_name(roles.get(index)),
            tuple(cell[:40] for cell in sample.column(index)[:SHOWN_CELLS]),
        )
        for index in range(width)
    )


def columns_of_refused(path: Path, options: Mapping[str, Any]) -> tuple[ColumnReport, ...]:
    """The columns of a file that is refused, as far as they can be seen; () if it is no table."""
    try:
        said = ReadOptions.of(**{name: value for name, value in options.items() if name in OPTIONS})
        file = OpenFile(path, options.get("member"))
        with closing(file):
            _, _, sample = opened_sample(file.source(file.members[0]), said)
            return column_reports(sample, _layout(sample, options.get("format"), said))
    except BadInput:
        return ()


def _layout(sample: Sample, name: str | None, said: ReadOptions) -> Layout | None:
    try:
        return chosen_layout(sample, name, said)
    except BadInput:
        return None


def _role_name(role: Role | None) -> str:
    return "" if role is None else _NAMES.get(role, role.value)
