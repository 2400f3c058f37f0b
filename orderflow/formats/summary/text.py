"""The report of a file as lines of text: what `orderflow-replay --dry-run` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from orderflow.formats.summary.counts import GAP
from orderflow.formats.summary.report import FileReport, SymbolReport
from orderflow.formats.summary.wording import counted, moment, span


class Described(Protocol):
    """What is known of files before they are read: an open reader, or a report."""

    @property
    def parts(self) -> Sequence[str]: ...
    @property
    def format(self) -> str: ...
    @property
    def recognised(self) -> str: ...
    @property
    def header(self) -> Sequence[str]: ...
    @property
    def note(self) -> str: ...


def lines(found: FileReport) -> list[str]:
    """The whole report of a file that can be read."""
    return [*head(found), *body(found)]


def head(files: Described) -> Iterator[str]:
    """Files, format and columns."""
    yield from (f"file        {name}" for name in files.parts)
    yield f"format      {files.format}"
    yield f"recognised  {files.recognised}"
    yield f"columns     {', '.join(files.header) or 'no header line'}"
    if files.note:
        yield f"note        {files.note}"


def body(found: FileReport) -> Iterator[str]:
    """How a file was understood, and what it holds."""
    yield f"options     {found.options}"
    yield from (f"assumed     {text}" for text in found.assumed)
    yield from (f"warning     {text}" for text in found.warnings)
    yield from (f"counted     {number:,} {words}" for words, number in found.counts.items())
    if found.first:
        yield "first rows  time, price, size, side (rule), id"
        for tick in found.first:
            number = f", {tick.id}" if tick.id else ""
            yield f"  {tick.time}, {tick.price}, {tick.size}, {tick.side} ({tick.rule}){number}"
    yield f"rows        {found.rows:,} ({found.bad_rows:,} bad)"
    if found.no_trades:
        yield f"no trades   {counted(found.no_trades)}"
    yield f"ticks       {found.ticks:,}"
    for symbol in found.symbols:
        yield from _of_symbol(symbol)
    if found.errors:
        yield "bad rows"
        yield from (f"  {error}" for error in found.errors)
        if found.bad_rows > found.named_rows:
            yield f"  … {found.bad_rows:,} rows in all"


def order_of(symbol: SymbolReport) -> str:
    """The order of a symbol's ticks, in words."""
    return "by time" if not symbol.late else f"{symbol.late:,} ticks are older than one before them"


def ids_of(symbol: SymbolReport) -> str:
    """What trade ids are shared, in words; "" for none."""
    repeated, conflicts, compared = symbol.repeated, symbol.conflicts, symbol.compared
    if not (repeated or conflicts or compared < symbol.ids):
        return ""
    among = f" among the first {compared:,}" if compared < symbol.ids else ""
    return f"{repeated:,} duplicates, {conflicts:,} id conflicts (the id of another trade; kept){among}"


def sides_of(symbol: SymbolReport) -> str:
    """How the sides were found, in shares."""
    return ", ".join(f"{100 * share.ticks / symbol.ticks:.1f}% {share.words}" for share in symbol.sides)


def _of_symbol(symbol: SymbolReport) -> Iterator[str]:
    yield f"symbol      {symbol.name}"
    yield f"  ticks     {symbol.ticks:,}, with a trade id: {symbol.ids:,}"
    if words := ids_of(symbol):
        yield f"  ids       {words}"
    yield f"  first     {moment(symbol.first)}"
    yield f"  last      {moment(symbol.last)} ({span((symbol.last - symbol.first) / 1e9)} of market time)"
    yield f"  order     {order_of(symbol)}"
    yield f"  prices    {symbol.low} to {symbol.high}, {symbol.price_decimals} decimals"
    yield f"  sizes     {symbol.size_decimals} decimals"
    yield f"  sides     {sides_of(symbol)}"
    yield f"  gaps      {symbol.gap_count:,} of {GAP:.0f} s or more"
    for gap in symbol.gaps:
        yield f"            {moment(gap.begin)} → {moment(gap.end)} ({span(gap.seconds)})"
    for number, line in enumerate(symbol.missing_lines):
        yield f"  {'' if number else 'missing':<9} {line}"
