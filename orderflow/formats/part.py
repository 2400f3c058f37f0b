"""One source of ticks, a file or a member of an archive: detect its format and read it in chunks."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from orderflow.errors import BadInput, FieldError
from orderflow.formats.checks import plausible
from orderflow.formats.checks.evidence import PROBE_ROWS, Evidence
from orderflow.formats.checks.notes import Notes
from orderflow.formats.checks.prices import Prices
from orderflow.formats.checks.settle import Open, settled
from orderflow.formats.checks.totals import Totals, check_totals
from orderflow.formats.checks.zone import zone_doubt
from orderflow.formats.chosen import chosen_layout
from orderflow.formats.files.sources import Kind, Source
from orderflow.formats.files.text_lines import Lines
from orderflow.formats.files.turned import BLOCK_LINES, TurnedText, turned_batches
from orderflow.formats.options import ReadOptions
from orderflow.formats.parsing.blocks import TextTable
from orderflow.formats.parsing.context import ParseContext
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.lines import Block
from orderflow.formats.parsing.numbers import DecimalMark
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.registry import open_table
from orderflow.formats.sniff import SAMPLE_ROWS, Sample, decimal_mark, take_sample
from orderflow.formats.tables import ColumnTable, Table, texts

PREAMBLE = 10
_TEXT_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How the parts of a series are read: the named format, the options, rows of a chunk, rows to skip.

    totals: the running totals of the series so far.
    """

    name: str | None
    options: ReadOptions
    rows: int
    skip: int
    totals: Totals = field(default_factory=Totals)


@dataclass(slots=True)
class Counts:
    """What was read of a part. errors: the first; reasons: of all. skipped: rows that are no trades, by what they are.

    empty: trades of size 0. outside: trades outside the quote of their row.
    """

    rows: int = 0
    bad: int = 0
    ticks: int = 0
    empty: int = 0
    outside: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    errors: list[FieldError] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, parsed: ParsedTicks) -> None:
        self.rows += parsed.rows
        self.bad += parsed.rejected
        self.ticks += parsed.ticks
        self.empty += sum(len(batch) - int(np.count_nonzero(batch.size)) for batch in parsed.batches)
        self.outside += parsed.outside
        self.skipped.update(parsed.skipped)
        self.errors += parsed.errors[: max(0, 5 - len(self.errors))]
        self.reasons.update(plausible.reasons(parsed.errors))


class Part:
    """A source whose format is known. Raises BadInput and UnknownFormat.

    again: opens the same source anew. layout: the role of each column. sample: its first rows. header: column names, ()
    if there are none. delimiter: None for tables that are no text. decimal: "." or ",", None if all numbers in the
    sample are whole. row: the row that is read next, counted over all parts of a series; `first_row` is the part's
    first. notes: what was assumed. prices: what became of prices of 0 and below. counts: what was read so far.
    """

    def __init__(
        self,
        source: Source,
        plan: Plan,
        context: ParseContext,
        again: Callable[[], AbstractContextManager[Source]],
        first_row: int = 0,
    ) -> None:
        self._plan = plan
        self._context = context
        self._again = again
        self._anew = ExitStack()
        self._turned = False
        self._total = 0
        self.notes = Notes()
        self.prices = Prices(plan.options.negative_prices)
        self.sample = self._open(source)
        layout = chosen_layout(self.sample, plan.name, plan.options)
        self._mark = decimal_mark(self.sample, layout)
        case = Open(Evidence(self.sample, again), plan.options, self.notes, self._mark, plan.name is not None)
        self.layout: Layout = settled(layout, case)
        if context.zone.is_utc and (told := zone_doubt(self.layout, self.sample)):
            self.notes.warn(told)
        self.header = self.sample.header
        self.delimiter = self.sample.delimiter
        self.decimal = None if self._mark is DecimalMark.EITHER else self._mark.value
        self.first_row = self.row = first_row
        self.counts = Counts()
        self._ahead: deque[ParsedTicks] | None = None
        self._rest: Iterator[ParsedTicks] = iter(())
        self._damage: BadInput | None = None

    @property
    def progress(self) -> float:
        """The fraction of the source that has been read, 0 to 1; of an archive, the fraction of the archive."""
        if self._total:
            return min(1.0, (self.row - self.first_row) / self._total)
        if self._table is not None and self._table.rows is not None:
            return min(1.0, (self.row - self.first_row) / self._table.rows) if self._table.rows else 1.0
        return min(1.0, self._source.raw.tell() / self._source.size) if self._source.size else 1.0

    def begin(self) -> None:
        """Read the first rows and look at them. Raises BadInput if they cannot be true."""
        if self._ahead is not None:
            return
        mark = self._context.mark()
        self._ahead, self._rest = deque(), self._chunks(0)
        rows = 0
        while rows < PROBE_ROWS and self._read():
            rows += self._ahead[-1].rows
        begun = list(self._ahead)
        probe = plausible.Probe.of(begun)
        self._check(begun, probe)
        if plausible.newest_first(probe):
            if self._context.ahead is not None and (self._context.ahead.dropped or self._context.ahead.changed):
                raise BadInput("the rows run newest first, and some are cancelled or corrected: sort the file by time")
            self.notes.assume("the rows run newest first: they are turned round")
            self._turned = True
        if self._turned or self._plan.skip > self.first_row:
            self._context.reset(mark)
            self._open(self._anew.enter_context(self._again()))
            skip = 0 if self.layout.total else self._plan.skip  # what a row adds is known from the row before
            self._ahead, self._rest, self._damage = deque(), self._chunks(skip), None

    def texts(self, roles: Sequence[Role]) -> Iterator[tuple[int, dict[Role, pa.Array]]]:
        """The cells of some roles as texts, in blocks: (first row, columns). Instead of `chunks`, once."""
        row = self.first_row
        if self._table is not None:
            for columns, rows in self._table.batches(self.layout, _TEXT_ROWS):
                yield row, {role: pa.array(texts(columns[role]), pa.string()) for role in roles}
                row += rows
            return
        assert self._lines is not None
        table = TextTable(self.layout, self.delimiter or ",", self._mark, self._context, self.sample.spaced)
        for data, lines in self._lines.blocks(self.sample.data_line, _TEXT_ROWS):
            found = table.texts(Block(data, 1, row, lines), roles)
            yield row, found
            row += len(found[roles[0]])

    def chunks(self) -> Iterator[ParsedTicks]:
        """All ticks in chunks, without the rows to skip. Raises BadInput for damage and, at the end, bad rows."""
        self.begin()
        assert self._ahead is not None
        while self._ahead or self._read():
            yield self._taken(self._ahead.popleft())
        if self._damage is not None:
            raise self._damage
        most = self._plan.options.max_bad
        if most is not None:
            plausible.check_bad(self.counts, most)

    def _taken(self, parsed: ParsedTicks) -> ParsedTicks:
        self.row = parsed.first_row + parsed.rows
        self.counts.add(parsed)
        parsed = self.prices.sorted(parsed, self._following)
        if not self.layout.total:
            return parsed
        return _from(self._plan.totals.sizes(parsed), self._plan.skip)

    def close(self) -> None:
        """Close what was opened anew. It cannot be read afterwards."""
        self._anew.close()
        self._rest = iter(())  # or a cycle keeps the rows that were not read in memory

    def _read(self) -> bool:
        """Read a chunk ahead. False at the end, and at damage, which is kept for later."""
        assert self._ahead is not None
        try:
            parsed = None if self._damage is not None else next(self._rest, None)
        except BadInput as damage:
            self._damage = damage.with_traceback(None)  # or a cycle keeps the rows that were not read in memory
            return False
        if parsed is not None:
            self._ahead.append(parsed)
        return parsed is not None

    def _following(self) -> Iterator[ParsedTicks]:
        """The chunks that come next, which are read as far as this is iterated."""
        assert self._ahead is not None
        at = 0
        while at < len(self._ahead) or self._read():
            yield self._ahead[at]
            at += 1

    def _check(self, begun: list[ParsedTicks], probe: plausible.Probe) -> None:
        options, layout = self._plan.options, self.layout
        if not options.time_unit and not options.time_format:
            plausible.check_times(probe, self.sample.column(layout.columns[Role.TIME].index), layout)
        if layout.total:
            check_totals(begun, layout.name(Role.SIZE) or "")
        elif layout.format == "generic" and Role.SIZE not in (options.columns or {}) and not layout.signed:
            plausible.check_sizes(begun, layout, self.notes)
        if options.max_bad is not None:
            counts = Counts()
            for parsed in begun:
                counts.add(parsed)
            plausible.check_bad(counts, options.max_bad)

    def _open(self, source: Source) -> Sample:
        self._source = source
        self._was = os.fstat(source.raw.fileno())
        self._lines, self._table, sample = opened_sample(source, self._plan.options)
        return sample

    def _chunks(self, skip: int) -> Iterator[ParsedTicks]:
        return self._from_lines(skip) if self._table is None else self._from_table(skip)

    def _from_lines(self, skip: int) -> Iterator[ParsedTicks]:
        assert self.delimiter is not None
        table = TextTable(self.layout, self.delimiter, self._mark, self._context, self.sample.spaced)
        row = self.first_row
        for data, line, lines, step in self._line_blocks():
            block = Block(data, line, row, lines, step)
            if row < skip:
                found = block.rows()
                if row + found <= skip:
                    self.row = row = row + found
                    continue
                block = _after(block, skip)
            parsed = table.parse(block)
            row = block.row + parsed.rows
            yield parsed

    def _line_blocks(self) -> Iterator[tuple[bytes, int, int, int]]:
        """(text, number of its first line, number of lines, step of their numbers)."""
        assert self._lines is not None
        line = self.sample.data_line
        if not self._turned:
            for data, lines in self._lines.blocks(line, self._plan.rows):
                if self._has_grown() and not data.endswith(b"\n"):  # somebody is writing this line
                    data, lines = data[: data.rfind(b"\n") + 1], lines - 1
                if data:
                    yield data, line, lines, 1
                line += lines
            self._has_grown()
            return
        with closing(TurnedText(self._lines.blocks(line, BLOCK_LINES))) as turned:
            self._total = turned.lines
            line += turned.lines - 1
            for data, lines in Lines(turned).blocks(1, self._plan.rows):
                yield data, line, lines, -1
                line -= lines

    def _has_grown(self) -> bool:
        """Whether more was written to the file since it was opened. Raises BadInput if it was cut."""
        was, now = self._was, os.fstat(self._source.raw.fileno())
        name = self._source.names[-1]
        if now.st_size < was.st_size:
            raise BadInput(f"{name} was cut from {was.st_size:,} to {now.st_size:,} bytes while it was read")
        if now.st_mtime_ns != was.st_mtime_ns:
            self.notes.warn(f"{name} was written to while it was read: what came after the last row is not taken")
        return now.st_size > was.st_size

    def _from_table(self, skip: int) -> Iterator[ParsedTicks]:
        assert self._table is not None
        table = ColumnTable(self.layout, self._context)
        batches = self._table.batches(self.layout, self._plan.rows)
        if self._turned:
            batches = turned_batches(batches)
        row = self.first_row
        for columns, rows in batches:
            first, row = row, row + rows
            if row <= skip:
                self.row = row
                continue
            cut = max(0, skip - first)
            yield table.parse(first + cut, {role: array.slice(cut) for role, array in columns.items()}, rows - cut)


def opened_sample(source: Source, options: ReadOptions) -> tuple[Lines | None, Table | None, Sample]:
    """(the lines of a text, or the table of another source, its first rows). Raises BadInput, UnknownFormat."""
    if source.kind is not Kind.TEXT:
        table = open_table(source)
        return None, table, table.sample()
    lines = Lines(source.stream)
    head = lines.head(SAMPLE_ROWS + PREAMBLE + (options.skip_lines or 0) + 2)
    return lines, None, take_sample(head, source.names, skip_lines=options.skip_lines, no_header=options.no_header)


def named(parsed: ParsedTicks, name: str) -> ParsedTicks:
    """The same ticks, with the part's name in every error."""
    if not parsed.errors:
        return parsed
    return replace(parsed, errors=[replace(error, reason=f"{error.reason} (in {name})") for error in parsed.errors])


def _from(parsed: ParsedTicks, row: int) -> ParsedTicks:
    """The ticks of the rows from `row` on."""
    if parsed.first_row >= row:
        return parsed
    pairs = [(batch, rows, rows >= row) for batch, rows in zip(parsed.batches, parsed.origins, strict=True)]
    batches = [batch.take(keep) for batch, _, keep in pairs if keep.any()]
    origins = [rows[keep] for _, rows, keep in pairs if keep.any()]
    return replace(parsed, batches=batches, origins=origins)


def _after(block: Block, skip: int) -> Block:
    """The block without the data rows numbered below `skip`."""
    lines = block.data.split(b"\n")
    row = block.row
    for index, line in enumerate(lines):
        if row == skip:
            number = block.line + index * block.step
            return Block(b"\n".join(lines[index:]), number, row, block.lines - index, block.step)
        row += bool(line.strip(b" \t\r"))
    return block
