"""Rows without a header that are no trades, whatever shape they have: bars and quotes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from orderflow.errors import UnknownFormat
from orderflow.formats.checks.evidence import Evidence
from orderflow.formats.guesses import BARS
from orderflow.formats.parsing.layout import Column, Layout, Role, TimeRule
from orderflow.formats.parsing.numbers import DecimalMark, decimal_of
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.times import clock_of, moment
from orderflow.formats.parsing.zones import SECOND, Zone

_NEAR = Decimal("0.01")
_PRICES = 4
Row = Sequence[str]


def refuse_quotes(layout: Layout, evidence: Evidence, mark: DecimalMark) -> None:
    """Refuse rows of a time and two numbers that are always within one per cent of each other: bid and ask.

    Raises UnknownFormat.
    """
    price, size = layout.columns[Role.PRICE], layout.columns.get(Role.SIZE)
    if size is None or evidence.sample.width != len(layout.columns):
        return

    def near(row: Row) -> bool:
        if len(row) <= max(price.index, size.index):
            return False
        one, two = decimal_of(row[price.index], mark), decimal_of(row[size.index], mark)
        return one is not None and two is not None and one > 0 and abs(one - two) <= _NEAR * one

    if _always(near, evidence):
        raise UnknownFormat(
            "the rows look like quotes, a time and two prices, not like trades; if the second number is a size, name "
            f"the format, --format {layout.format}"
        )


def refuse_bars(layout: Layout, evidence: Evidence, mark: DecimalMark) -> None:
    """Refuse rows with four prices, of which the second is the highest and the third the lowest, on a grid of times.

    Raises UnknownFormat.
    """
    taken = {layout.columns[role].index for role in (Role.TIME, Role.DAY) if role in layout.columns}
    begin = max(taken) + 1
    rows: Sequence[Row] = evidence.sample.rows
    if begin != len(taken) or not rows or not all(_is_bar(row[begin : begin + _PRICES], mark) for row in rows):
        return
    rows = evidence.rows()
    if not all(_is_bar(row[begin : begin + _PRICES], mark) for row in rows):
        return
    if not any(len(set(row[begin : begin + _PRICES])) > 1 for row in rows):
        return
    if all(_on_grid(row, layout) for row in rows):
        raise UnknownFormat(
            "the rows look like bars (open, high, low, close), not like trades; if they are trades, name the format, "
            f"--format {layout.format}"
        )


def refuse_later_bars(layout: Layout, evidence: Evidence) -> None:
    """Refuse a table of bars that were taken for single trades, as the first rows have one price each, by all rows.

    Raises UnknownFormat naming the row.
    """
    names = evidence.sample.normal
    if not names.keys() >= set(BARS) or layout.columns[Role.PRICE].index != names["close"]:
        return
    columns = [evidence.whole_column(Column(names[name], name)) for name in BARS]
    for number, prices in enumerate(zip(*columns, strict=False)):
        if len(set(prices)) > 1:
            raise UnknownFormat(
                f"row {number} is a bar, from {prices[2]} to {prices[1]}, and no single trade; if the closes are "
                f"trades, say so with --columns price={layout.columns[Role.PRICE].name}"
            )


def _is_bar(cells: Row, mark: DecimalMark) -> bool:
    prices = [decimal_of(cell, mark) for cell in cells]
    if len(prices) < _PRICES or any(price is None or price <= 0 for price in prices):
        return False
    start, high, low, end = (price for price in prices if price is not None)
    return low <= min(start, end) and max(start, end) <= high and high <= 2 * low


def _on_grid(row: Row, layout: Layout) -> bool:
    """Whether a time is a whole number of seconds."""
    text = row[layout.columns[Role.TIME].index]
    try:
        found = clock_of(text) if layout.time is TimeRule.SPLIT else moment(text, Zone("UTC"))
    except ParseError:
        return False
    return found % SECOND == 0


def _always(fits: Callable[[Row], bool], evidence: Evidence) -> bool:
    """Whether all rows fit: first those of the sample, then more."""
    rows = evidence.sample.rows
    return bool(rows) and all(map(fits, rows)) and all(map(fits, evidence.rows()))
