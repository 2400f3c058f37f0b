"""The layout of a table by its format and by what the user says, and the options that say the same."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace

from orderflow.errors import BadInput
from orderflow.formats.guesses import SIDE_NAMES, TYPE_WORDS, are_digit_stamps, digit_places, needs_order
from orderflow.formats.options import COLUMN_ROLES, ReadOptions
from orderflow.formats.parsing.layout import Column, Layout, Role, TimeRule
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.words import ABSENT, BUY, SELL, TAKER, Words
from orderflow.formats.record_kinds import with_kinds
from orderflow.formats.registry import find_layout, get
from orderflow.formats.sniff import Sample, normal

_PRINTABLE = (TimeRule.MOMENT, TimeRule.SPLIT, TimeRule.COUNTED, TimeRule.FORMATTED)
GENERIC = "generic"
_SIDE_NAMES = {BUY: "buy", SELL: "sell"}


def chosen_layout(sample: Sample, name: str | None, options: ReadOptions) -> Layout:
    """The layout of a table in the named format, or the first that fits, as far as the options do not say it.

    Columns that name a time, a price and a size are all columns; others are added to those of the format. Raises
    UnknownFormat if no format fits, BadInput for a column that is not there.
    """
    columns = {role: _column(sample, name) for role, name in (options.columns or {}).items() if name}
    total = columns.pop(Role.TOTAL, None)
    if total:
        columns[Role.SIZE] = total
    if _is_complete(columns):
        width = max(sample.width, 1 + max(column.index for column in columns.values()))
        layout = Layout(name or GENERIC, columns, width, _least(sample), sample.header)
        if Role.DAY in columns:
            layout = replace(layout, time=TimeRule.SPLIT)
        if Role.SIDE in columns and normal(columns[Role.SIDE].name) in SIDE_NAMES:
            layout = replace(layout, side_words=TYPE_WORDS)
        time = columns.get(Role.DAY, columns[Role.TIME])
        layout = with_kinds(sample, layout)
        layout = replace(layout, undecided=needs_order(sample.column(time.index)))
    else:
        layout = find_layout(sample, name)
        merged = {**layout.columns, **columns}
        for role, wanted in (options.columns or {}).items():
            if not wanted:
                merged.pop(role, None)
        layout = replace(layout, columns=merged)
        if Role.TIME in columns or Role.DAY in columns:
            layout = replace(layout, time=TimeRule.SPLIT if Role.DAY in merged else TimeRule.MOMENT)
    if Role.SIZE in columns:
        layout = replace(layout, total=total is not None)
    if (Role.TIME in columns or Role.DAY in columns) and layout.time is TimeRule.SPLIT:
        layout = replace(layout, clock_places=_clock_places(sample, layout))
    if Role.TIME in columns and layout.time is TimeRule.MOMENT:
        stamps = are_digit_stamps(sample.column(layout.columns[Role.TIME].index))
        layout = replace(layout, time=TimeRule.COMPACT if stamps else TimeRule.MOMENT)
    return _said(layout, options)


def _clock_places(sample: Sample, layout: Layout) -> int | None:
    column = layout.columns[Role.TIME]
    try:
        return digit_places(sample.column(column.index))
    except ParseError as error:
        raise BadInput(f"{column.name}: {error}") from error


def _is_complete(columns: Mapping[Role, Column]) -> bool:
    volumes = Role.BID_VOLUME in columns and Role.ASK_VOLUME in columns
    return Role.TIME in columns and Role.PRICE in columns and (Role.SIZE in columns or volumes)


def _least(sample: Sample) -> int:
    least = len(sample.header)
    while least and not sample.header[least - 1]:
        least -= 1
    return least or sample.width


def _column(sample: Sample, name: str) -> Column:
    """A column by its name as written, its name without case and marks, or its number from 1. Raises BadInput."""
    if name in sample.header:
        return Column(sample.header.index(name), name)
    index = int(name) - 1 if re.fullmatch("[0-9]{1,9}", name) else -1
    if 0 <= index < max(sample.width, len(sample.header)):
        return Column(index, sample.header[index] if index < len(sample.header) else f"column {name}")
    if (key := normal(name)) and key in sample.normal:
        return Column(sample.normal[key], sample.header[sample.normal[key]])
    raise BadInput(f"columns: there is no column {name!r}; found {sample.describe()}")


def _said(layout: Layout, options: ReadOptions) -> Layout:
    """The layout with the meaning of cells that the options give."""
    if options.date_order:
        layout = replace(layout, date_order=options.date_order, undecided=False)
    if options.time_format:
        layout = replace(layout, time=TimeRule.FORMATTED, time_format=options.time_format, undecided=False)
    if options.time_unit:
        layout = replace(layout, time=TimeRule.COUNTED, time_unit=options.time_unit, undecided=False)
    if options.price_scale is not None:
        layout = replace(layout, price_shift=options.price_scale)
    if options.negative_prices:
        layout = replace(layout, positive=False)
    if options.side_words is not None:
        layout = replace(layout, side_words=options.side_words, doubtful=False)
    if options.side_of:
        layout = _of(layout, options)
    return layout


def _of(layout: Layout, options: ReadOptions) -> Layout:
    """The layout whose side column gives the named side: of a format that gives the other, the words are turned."""
    maker = layout.side_words.get("buy", layout.side_words.get("b", BUY)) == SELL
    if maker == (options.side_of == "maker"):
        return layout
    return replace(layout, side_words=turned(layout.side_words))


def recognised(sample: Sample, layout: Layout, name: str | None, options: ReadOptions) -> str:
    """How a table's format was found, in words. name: of the format that was asked for."""
    if name:
        return "it was asked for"
    if options.columns and layout.format == GENERIC:
        return "its columns were named"
    if not sample.header and sample.delimiter is not None:
        return "by the form of its rows, which have no header line"
    needs = () if layout.format == GENERIC else get(layout.format).needs
    found = [sample.header[sample.normal[key]] for key in needs if key in sample.normal]
    return f"by its columns {', '.join(found)}" if found else "by the names and values of its columns"


def turned(words: Words) -> Words:
    """The words with buy and sell exchanged."""
    return {word: {BUY: SELL, SELL: BUY}.get(code, code) for word, code in words.items()}


def option_line(layout: Layout, sample: Sample, tz: str, negative: bool = False) -> str:
    """The options of the command line that say what was found out about a file, ready to be copied and changed."""
    named = layout.signed and layout.format != "generic"
    compact = layout.time is TimeRule.COMPACT and layout.format == GENERIC
    if named or not (compact or layout.time in _PRINTABLE) or layout.kind or ABSENT in layout.side_words.values():
        return f"--format {layout.format} --tz {tz}"
    names = {role: name for name, role in COLUMN_ROLES.items()}
    if layout.total:
        names[Role.SIZE] = names[Role.TOTAL]
    columns = [
        (names[role], reference(sample, column.index)) for role, column in layout.columns.items() if role in names
    ]
    words = ["--columns", ",".join(f"{name}={column}" for name, column in columns)]
    if not sample.header and sample.delimiter is not None:
        words += ["--no-header"]
    if sample.skipped:
        words += ["--skip-lines", str(sample.skipped)]
    if layout.time_format:
        words += ["--time-format", layout.time_format]
    if layout.time_unit:
        words += ["--time-unit", layout.time_unit]
    if layout.date_order != "ymd":
        words += ["--date-order", layout.date_order]
    if layout.price_shift:
        words += ["--price-scale", str(10**layout.price_shift)]
    if negative:
        words += ["--negative-prices", "yes"]
    words += _side_options(layout)
    return " ".join([*map(shlex.quote, words), "--tz", tz])


def reference(sample: Sample, index: int) -> str:
    """How the option `columns` names a column: by its name if that is plain and its own, else by its number."""
    name = sample.header[index] if index < len(sample.header) else ""
    plain = sample.header.count(name) == 1 and not set(name) & set(",=") and name.strip() == name and name
    return name if plain and not name.isdigit() else str(index + 1)


def _side_options(layout: Layout) -> list[str]:
    if Role.SIDE not in layout.columns:
        return []
    if all(TAKER.get(word) == code for word, code in layout.side_words.items()):
        return []
    groups: dict[int, list[str]] = {}
    for word, code in layout.side_words.items():
        groups.setdefault(code, []).append(word)
    named = [f"{_SIDE_NAMES.get(code, 'unknown')}={','.join(words)}" for code, words in groups.items()]
    return ["--side-words", " ".join(named)]
