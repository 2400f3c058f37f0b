"""Base of all CSV formats: recognise a table by its column names or by the shape of its rows.

A format is one module with one `Format` value: names, roles and side words. What the column names cannot tell (a date
in the file's name, a price scale) is added by its `fit` function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from orderflow.errors import UnknownFormat
from orderflow.formats.parsing.layout import Column, Layout, Role, TimeRule
from orderflow.formats.parsing.times import DateOrder
from orderflow.formats.parsing.words import TAKER, Words
from orderflow.formats.sniff import Sample, is_number

_BARS = frozenset({"open", "high", "low"})
_QUOTES = frozenset({"bid", "ask"})
_TRADED = frozenset({"price", "last"})
_FITTING_ROWS = 0.6


@dataclass(frozen=True, slots=True)
class Shape:
    """A row without a header: the kind of each field (a key of KINDS), and the fields that have a role.

    shared: other sources have rows of this kind too, with dates in another order.
    """

    kinds: tuple[str, ...]
    roles: Mapping[Role, int]
    shared: bool = False


def _matcher(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda cell: bool(compiled.fullmatch(cell))


KINDS: Mapping[str, Callable[[str], bool]] = {
    "any": lambda cell: True,
    "whole": _matcher("[0-9]+"),
    "number": is_number,
    "epoch": _matcher(r"[0-9]{9,19}(\.[0-9]+)?"),
    "seconds": _matcher(r"[0-9]{9,10}(\.[0-9]+)?"),
    "bool": _matcher("(?i:true|false)"),
    "mdy": _matcher("[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"),
    "ymd": _matcher("[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"),
    "clock": _matcher(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.:][0-9]+)?)?( ?[AaPp]\.?[Mm]\.?)?"),
    "compact": _matcher(r"[0-9]{8} [0-9]{6}( [0-9]{1,9})?"),
    "daymillis": _matcher(r"[0-9]{1,8}(\.[0-9]+)?"),
    "side": _matcher("(?i:buy|sell|b|s)"),
    "order": _matcher("(?i:m|l|market|limit)"),
    "flag": _matcher("[01]"),
    "iso": _matcher(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"),
    "day": _matcher("(?:19|20)[0-9]{6}"),
    "basis": _matcher("[CEO]"),
    "one or two": _matcher("[12]"),
    "pit": _matcher("[PE]"),
    "pit or none": _matcher("[PE]?"),
    "excluded": _matcher("[X01]?"),
    "number or none": lambda cell: not cell or is_number(cell),
    "lh": _matcher("LH"),
}


class FormatMismatch(Exception):
    """Raised by `Format.fit` if the columns match but the table is not of this format; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One tabular layout of trades.

    needs: column names, normalized by `sniff.normal`, that must all be present. roles: for each role the normalized
    column names that can hold it, in order of preference. shapes: rows without a header. fit: completes a layout from
    the first rows or the file's name, or raises FormatMismatch. guess: adds roles that the names do not give, by the
    values of the first rows. zone: whose times are those without a zone, and the IANA name of that zone, "" if it
    depends; ("", "") if they are UTC. positive: nothing trades at 0 or below there. also: a second table layout of the
    venue.
    """

    name: str
    title: str
    needs: tuple[str, ...] = ()
    roles: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = ()
    side_words: Words = field(default_factory=lambda: TAKER)
    time: TimeRule = TimeRule.MOMENT
    date_order: DateOrder = "ymd"
    zone: tuple[str, str] = ("", "")
    note: str = ""
    fit: Callable[[Sample, Layout], Layout] | None = None
    positive: bool = False
    guess: Callable[[Sample, dict[Role, Column]], None] | None = None
    also: Format | None = None

    def match(self, sample: Sample, *, forced: bool = False) -> Layout:
        """Return the layout of a table in this format. forced: the user named the format.

        Raises UnknownFormat if the table does not match; the message names what was found and what is needed.
        """
        shape = None if sample.header else self._shape(sample)
        columns = _columns(shape) if shape else self._by_names(sample)
        if columns is None:
            if self.also:
                try:
                    return self.also.match(sample, forced=forced)
                except UnknownFormat:
                    pass  # report the needs of the first layout, not of the second
            raise UnknownFormat(
                f"the text does not fit format {self.name} ({self.title}): it needs {self.requirements()}; "
                f"found {sample.describe()}{_hint(sample)}"
            )
        least = len(sample.header)
        while least and not sample.header[least - 1]:
            least -= 1
        layout = Layout(
            self.name,
            columns,
            max(sample.width, least),
            least or sample.width,
            sample.header,
            side_words=self.side_words,
            time=self.time,
            date_order=self.date_order,
            zone=self.zone,
            note=self.note,
            positive=self.positive,
            undecided=shape is not None and shape.shared and not forced,
        )
        try:
            return self.fit(sample, layout) if self.fit else layout
        except FormatMismatch as why:
            found = f"; found {sample.describe()}"
            raise UnknownFormat(f"the text does not fit format {self.name} ({self.title}): {why}{found}") from why

    def requirements(self) -> str:
        """Describe what the format needs, for error messages."""
        wants = []
        if self.needs:
            wants.append("columns " + ", ".join(self.needs))
        elif self.roles:
            wants.append("a header with a time, a price and a size column")
        wants += ["rows without a header of " + ", ".join(shape.kinds) for shape in self.shapes]
        return ", or ".join(wants)

    def _by_names(self, sample: Sample) -> Mapping[Role, Column] | None:
        if not sample.header or not self.roles or any(name not in sample.normal for name in self.needs):
            return None
        columns = {}
        for role, names in self.roles.items():
            index = next((sample.normal[name] for name in names if name in sample.normal), None)
            if index is not None:
                columns[role] = Column(index, sample.header[index])
        if self.guess:
            self.guess(sample, columns)
        volumes = Role.BID_VOLUME in columns and Role.ASK_VOLUME in columns
        complete = Role.TIME in columns and Role.PRICE in columns and (Role.SIZE in columns or volumes)
        return columns if complete else None

    def _shape(self, sample: Sample) -> Shape | None:
        for shape in self.shapes:
            checks = [KINDS[kind] for kind in shape.kinds]
            rows = [row for row in sample.rows if len(row) == len(checks)]
            good = sum(all(check(cell) for check, cell in zip(checks, row, strict=True)) for row in rows)
            if sample.rows and good >= _FITTING_ROWS * len(sample.rows):
                return shape
        return None


def exact_keys(sample: Sample, roles: Mapping[Role, tuple[str, ...]], needed: Iterable[Role]) -> Mapping[Role, Column]:
    """The columns of keys that differ by case only, as T and t: each role's first key that is there.

    Raises FormatMismatch if a needed one is missing.
    """
    columns = {}
    for role, keys in roles.items():
        found = next((key for key in keys if key in sample.header), None)
        if found is not None:
            columns[role] = Column(sample.header.index(found), found)
        elif role in needed:
            raise FormatMismatch(f"it needs the key {' or '.join(keys)}, in this case")
    return columns


def _columns(shape: Shape) -> Mapping[Role, Column]:
    return {role: Column(index, f"column {index + 1} ({role.value})") for role, index in shape.roles.items()}


def _hint(sample: Sample) -> str:
    if sample.normal.keys() >= _BARS:
        return "; these look like bars, not trades"
    if sample.normal.keys() >= _QUOTES and not sample.normal.keys() & _TRADED:
        return "; these look like quotes, not trades"
    return "; name the columns with the option columns, like time=…,price=…,size=…" if sample.header else ""
