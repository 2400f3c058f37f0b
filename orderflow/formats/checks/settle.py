"""Settle what a sample of a file leaves open, by more of its rows: the order of dates, fractions, sides, signs.

Only files are settled, as only their rows can be looked at again. What an option says is never asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats.checks.evidence import Evidence, Row
from orderflow.formats.checks.notes import Notes
from orderflow.formats.checks.shapes import refuse_bars, refuse_later_bars, refuse_quotes
from orderflow.formats.checks.sides import BID_OR_ASK, settled_sides, warn_of_unread
from orderflow.formats.guesses import order_of
from orderflow.formats.options import ReadOptions
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.numbers import DecimalMark, number
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.parsing.times import clock_of
from orderflow.formats.parsing.trading_days import action_day_is_calendar, is_night

UNDECIDED = (
    "the dates can be day/month or month/day; write them like 2025-10-09, or give the order, --date-order dmy or mdy"
)
_SIGNED = 5
_FRACTION = re.compile(r".*:[0-9]{1,2}:[0-9]{2}\.([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Open:
    """What is open. forced: the user named the format. mark: the decimal mark of the numbers."""

    evidence: Evidence
    options: ReadOptions
    notes: Notes
    mark: DecimalMark
    forced: bool = False


def settled(layout: Layout, case: Open) -> Layout:
    """The layout with all that the file's rows show. Raises BadInput with the option that answers what is left."""
    given = case.options.columns or {}
    if not case.evidence.sample.header and not case.forced and not given:
        refuse_bars(layout, case.evidence, case.mark)
        refuse_quotes(layout, case.evidence, case.mark)
    if layout.format == "generic" and Role.PRICE not in given:
        refuse_later_bars(layout, case.evidence)
    _check_action_days(layout, case)
    layout = _dates(layout, case)
    layout = _fractions(layout, case)
    if layout.format != "generic":
        return layout
    if not given:
        layout = _volumes(layout, case)
    layout = _signs(layout, case)
    if Role.SIDE not in given:
        warn_of_unread(layout, case.evidence.sample, case.notes)
    if case.options.side_words is None:
        layout = settled_sides(layout, case.evidence, case.mark, case.notes)
    return layout


def _check_action_days(layout: Layout, case: Open) -> None:
    """Refuse night rows with an ActionDay alone, of products whose exchange is not known. Raises BadInput."""
    if layout.time is not TimeRule.ACTION_DAYS:
        return
    symbol, time, day = (layout.columns[role] for role in (Role.SYMBOL, Role.TIME, Role.DAY))
    unknown = {name for name in case.evidence.distinct(symbol) if action_day_is_calendar(name) is None}
    if not unknown:
        return
    for name, clock in zip(case.evidence.whole_column(symbol), case.evidence.whole_column(time), strict=False):
        if name in unknown and _at_night(clock):
            raise BadInput(
                f"{day.name}: {name} trades at {clock}, and some exchanges send the next trading day for the night; "
                f"add the column TradingDay, or say that it is the calendar's day: --columns date={day.name},"
                f"time={time.name},price=…,total=…,symbol={symbol.name}"
            )


def _at_night(clock: str) -> bool:
    try:
        return is_night(clock_of(clock))
    except ParseError:
        return False


def _dates(layout: Layout, case: Open) -> Layout:
    """The order of dates, by all rows if the first do not show it."""
    if case.options.date_order or case.options.time_format:
        return replace(layout, undecided=False)
    column = layout.columns.get(Role.DAY, layout.columns[Role.TIME])
    if not layout.undecided:
        return layout
    order = order_of(case.evidence.sample.column(column.index)) or order_of(case.evidence.whole_column(column))
    if order is None:
        raise UnknownFormat(f"{column.name}: {UNDECIDED}")
    case.notes.assume(f"dates are {'day/month' if order == 'dmy' else 'month/day'}, as all of {column.name} shows")
    if layout.date_order not in ("ymd", order):  # the rows have the shape of the format, but are not its
        layout = replace(layout, format="generic", zone=("", ""), note="")
    return replace(layout, date_order=order, undecided=False)


def _fractions(layout: Layout, case: Open) -> Layout:
    """Whether fractions of seconds count, without leading zeros: .5000 is then 5 ms.

    They do where their widths differ, none begins with a zero, some end with one though others are longer, and the
    times rise as counts but not as decimals.
    """
    if layout.time not in (TimeRule.MOMENT, TimeRule.SPLIT) or not _unpadded(_parts(layout, case.evidence.sample.rows)):
        return layout
    parts = _parts(layout, case.evidence.rows())
    widths = {len(fraction) for _, fraction in parts}
    places = next(size for size in (3, 6, 9) if size >= max(widths))
    counts = [(second, int(fraction)) for second, fraction in parts]
    decimals = [(second, int(fraction.ljust(9, "0"))) for second, fraction in parts]
    if not _unpadded(parts) or counts != sorted(counts) or decimals == sorted(decimals):
        return layout
    case.notes.assume(
        f"fractions of {layout.name(Role.TIME)} count 1/{10**places:,} of a second, without leading zeros"
    )
    return replace(layout, places=places)


def _parts(layout: Layout, rows: Iterable[Row]) -> list[tuple[str, str]]:
    """(date and time to the second, digits of the fraction) of the rows that have a fraction."""
    column, day = layout.columns[Role.TIME], layout.columns.get(Role.DAY)
    found = []
    for row in rows:
        if column.index < len(row) and (match := _FRACTION.fullmatch(row[column.index])):
            whole = row[column.index][: match.start(1) - 1]
            found.append(((row[day.index] + " " if day else "") + whole.rjust(8, "0"), match[1]))
    return found


def _unpadded(parts: list[tuple[str, str]]) -> bool:
    fractions = [fraction for _, fraction in parts]
    widths = {len(fraction) for fraction in fractions}
    return (
        len(widths) > 1
        and not any(fraction[0] == "0" for fraction in fractions if len(fraction) > 1)
        and any(fraction[-1] == "0" and len(fraction) < max(widths) for fraction in fractions)
    )


def _volumes(layout: Layout, case: Open) -> Layout:
    """Without the sizes of the quote, which are no traded volumes: with both, they add up to more than the trade."""
    roles = (Role.SIZE, Role.BID_VOLUME, Role.ASK_VOLUME)
    if Role.BID not in layout.columns or Role.ASK not in layout.columns or roles[1] not in layout.columns:
        return layout
    columns = [layout.columns.get(role) for role in roles]
    if columns[0] is None:
        cells = zip(*(case.evidence.sample.column(column.index) for column in columns if column), strict=False)
        both = [all(_number(cell, case.mark) > 0 for cell in row) for row in cells]
        if both and sum(both) * 2 > len(both):
            raise BadInput(
                f"{' and '.join(column.name for column in columns if column)} can be the sizes of the quote or traded "
                "volumes; name the columns, --columns time=…,price=…,size=… or bid_volume=…,ask_volume=…"
            )
        return layout
    rows = zip(*(case.evidence.sample.column(column.index) for column in columns if column), strict=False)
    if not any(sum(_number(cell, case.mark) for cell in row[1:]) > _number(row[0], case.mark) for row in rows):
        return layout
    names = " and ".join(column.name for column in columns[1:] if column)
    case.notes.assume(f"{names} are sizes of the quote, not traded volumes")
    kept = {role: column for role, column in layout.columns.items() if role not in roles[1:]}
    return replace(layout, columns=kept)


def _signs(layout: Layout, case: Open) -> Layout:
    """Whether the sign of the size is the side: where no column gives one, and a twentieth of the sizes is below 0.

    Where all of these are -1 it takes a fifth: some files write -1 where there is no size.
    """
    other = (Role.SIDE, Role.MAKER, Role.BID_VOLUME, Role.ASK_VOLUME)
    column = layout.columns.get(Role.SIZE)
    if column is None or any(role in layout.columns for role in other):
        return layout
    if not any(cell.startswith("-") for cell in case.evidence.sample.column(column.index)):
        return layout
    cells = [cell for cell in case.evidence.column(column) if cell]
    below = [cell for cell in cells if cell.startswith("-")]
    few = 4 * _SIGNED if {_number(cell, case.mark) for cell in below} == {-1.0} else _SIGNED
    if 100 * len(below) < few * len(cells):
        return layout
    case.notes.assume(f"{column.name} is below 0 for a sell")
    return replace(layout, signed=True)


def _number(cell: str, mark: DecimalMark) -> float:
    try:
        units, decimals = number(cell, mark)
    except ParseError:
        return 0.0
    return units / 10.0**decimals


def unsettled(layout: Layout) -> None:
    """Refuse a layout that only the rows of a file could settle, for a body. Raises UnknownFormat."""
    if layout.total:
        raise UnknownFormat(
            f"{layout.name(Role.SIZE)} is the running total of the day, and what a row adds is known from the row "
            "before, which a request may not have: send the file with orderflow-replay"
        )
    if layout.undecided:
        column = layout.columns.get(Role.DAY, layout.columns[Role.TIME])
        raise UnknownFormat(f"{column.name}: {UNDECIDED}")
    if layout.doubtful:
        raise UnknownFormat(f"{layout.name(Role.SIDE)}: {BID_OR_ASK}")
