"""Records that describe a study to the registry, the API and the pages: name, options, result.

The formula is in the study's own file. An option's default and bounds are defined in its `Option` only; the function's
signature, `StudyOptions`, the settings form and the docs use them from there.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np

from orderflow.arrays import Codes, Flags, Floats, Ints
from orderflow.errors import BadInput, FieldError

Ratio = tuple[int, int] | Fraction | Decimal | float
"""A ratio in its decimal meaning: 3.3 is 33/10, not the nearest float."""

LONGEST = 40
"""Characters of the longest number that an option takes as text."""

Values = Ints | Floats | Flags
T = TypeVar("T")


def exact(ratio: Ratio) -> tuple[int, int]:
    """(numerator, denominator) of a ratio, in lowest terms. Raises ValueError unless it is finite and > 0."""
    try:
        if isinstance(ratio, tuple):
            whole = Fraction(*ratio)
        else:
            whole = Fraction(repr(ratio) if isinstance(ratio, float) else ratio)
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{ratio!r} is not a ratio") from error
    if whole <= 0:
        raise ValueError(f"{ratio!r} is not a ratio above zero")
    return whole.numerator, whole.denominator


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """A keyword argument of a study.

    least, most: bounds of a number, inclusive; of each number where the default is a tuple. choices: (value, its words
    on screen); empty where any number within the bounds is allowed. A default of None means that the option is off.
    """

    name: str
    default: T
    meaning: str
    choices: tuple[tuple[T, str], ...] = ()
    least: Decimal | int | None = None
    most: Decimal | int | None = None

    def words(self, value: object) -> str:
        """Text of a value for a page."""
        for choice, words in self.choices:
            if choice == value:
                return words
        if isinstance(value, tuple):
            return ", ".join(str(part) for part in value)
        return "off" if value is None else str(value)

    def parse(self, value: object) -> T:
        """Convert a given value to the type of the default. Raises BadInput, naming the option, if it is invalid."""
        parsed: Any = value
        if isinstance(self.default, tuple):
            if not isinstance(value, list | tuple):
                raise self.wrong(f"{reprlib.repr(value)} is not a list of whole numbers")
            parsed = tuple(sorted({self._bounded(self._whole(part)) for part in value}))
        elif isinstance(self.default, Decimal):
            parsed = self._bounded(self._decimal(value))
        elif self.least is not None and not (value is None and self.default is None):
            parsed = self._bounded(self._whole(value))
        if self.choices and all(parsed != choice for choice, _ in self.choices):
            raise self.wrong(f"{reprlib.repr(value)} is not {' or '.join(repr(choice) for choice, _ in self.choices)}")
        return parsed  # type: ignore[no-any-return]  # has the default's type

    def _bounded(self, number: Decimal | int) -> Decimal | int:
        if self.least is not None and self.most is not None and not self.least <= number <= self.most:
            given = reprlib.repr(number) if isinstance(number, int) else number
            raise self.wrong(f"{given} is not from {self.least} to {self.most}")
        return number

    def _whole(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        if isinstance(value, str) and len(value) <= LONGEST and value.isascii() and value.isdecimal():
            return int(value)
        raise self.wrong(f"{reprlib.repr(value)} is not a whole number")

    def _decimal(self, value: object) -> Decimal:
        text = "" if isinstance(value, bool | list | tuple | dict) else str(value)
        try:
            number = Decimal(text if len(text) <= LONGEST and text.isascii() else "NaN")
        except ArithmeticError:
            number = Decimal("NaN")
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -LONGEST:  # a billion decimals would be written out
            raise self.wrong(f"{reprlib.repr(value)} is not a number from {self.least} to {self.most}")
        return number

    def wrong(self, reason: str) -> BadInput:
        """The error for an invalid value of this option."""
        return BadInput(f"{self.name} {reason}", [FieldError(None, self.name, reason)])


class Bars(Protocol):
    """n bars in time order, int64[n] each. time, session: starts. high, low, poc: levels, or rows of a chart."""

    @property
    def time(self) -> Ints: ...
    @property
    def high(self) -> Ints: ...
    @property
    def low(self) -> Ints: ...
    @property
    def delta(self) -> Ints: ...
    @property
    def session(self) -> Ints: ...
    @property
    def poc(self) -> Ints: ...


class Table(Bars, Protocol):
    """A table of n bars and their m levels; see `market.bars.footprint.BarTable` for the columns."""

    @property
    def close(self) -> Ints: ...
    @property
    def min_delta(self) -> Ints: ...
    @property
    def max_delta(self) -> Ints: ...
    @property
    def vwap(self) -> Floats: ...
    @property
    def sigma(self) -> Floats: ...
    @property
    def offsets(self) -> Ints: ...
    @property
    def level(self) -> Ints: ...
    @property
    def level_bid(self) -> Ints: ...
    @property
    def level_ask(self) -> Ints: ...
    @property
    def level_unknown(self) -> Ints: ...
    def rows(self, i: int) -> tuple[Ints, Ints, Ints, Ints]: ...


@dataclass(frozen=True, slots=True)
class Data:
    """Input of a study: bars, and the n ticks that they consist of, in time order.

    time: int64[n], ns UTC. level, size: int64[n]. side: int8[n] of `Side`. session: int64[n], session starts (ns UTC).
    size_decimals: of the size units.
    """

    bars: Table
    time: Ints
    level: Ints
    size: Ints
    side: Codes
    session: Ints
    size_decimals: int = 0

    def by_bar(self, run: Callable[[Ints, Ints, Ints, Ints], T]) -> list[T]:
        """The results of run(level, bid, ask, unknown) for the ladder of every bar."""
        return [run(*self.bars.rows(i)) for i in range(len(self.bars.time))]


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a study: columns of k rows.

    per: what a row stands for. at: int64[k], index of the bar, of the table's level row, or of the tick; for "price"
    the level itself. prices, sizes: names of the columns that hold levels, and size units.
    """

    per: Literal["bar", "level", "tick", "price"]
    at: Ints
    columns: dict[str, Values]
    prices: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()


def per_bar(data: Data, prices: tuple[str, ...] = (), sizes: tuple[str, ...] = (), **columns: Values) -> Result:
    """A result with one row a bar."""
    return Result("bar", np.arange(len(data.bars.time)), columns, prices, sizes)


@dataclass(frozen=True, slots=True)
class Chart:
    """How a chart shows a study.

    label: of its switch in the settings. on: the switch's default. draw: computes the rows for the study's painter from
    the bars held, as JSON values; None if the bars' JSON includes the study's marks. whole_log: of time frames they
    begin with what is left of the bars before those held, see `market.windows.naked`.
    """

    label: str
    on: bool = True
    draw: Callable[[Bars], list[list[int]]] | None = None
    whole_log: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """One study.

    name: in the registry. rule: the definition in one sentence. yields: the result in words. run: the formula, a pure
    function of arrays whose keyword arguments are `options`. apply: runs it over `Data` with the same options, for
    notebooks. chart: how a chart shows it; None if it does not.
    """

    name: str
    title: str
    rule: str
    yields: str
    run: Callable[..., object]
    apply: Callable[..., Result]
    options: tuple[Option[Any], ...] = ()
    chart: Chart | None = None

    def in_force(self, **chosen: object) -> str:
        """Title and options as text, such as "Value area: share 70, rows two at a time".

        Raises BadInput for an unknown option.
        """
        self.check_options(chosen)
        parts = [f"{o.name} {o.words(chosen.get(o.name, o.default))}" for o in self.options]
        return f"{self.title}: {', '.join(parts)}" if parts else self.title

    def check_options(self, chosen: Mapping[str, object]) -> None:
        """Raise BadInput if the study does not have one of the options."""
        unknown = sorted(set(chosen) - {option.name for option in self.options})
        if unknown:
            raise BadInput(f"study {self.name} has no option {reprlib.repr(unknown[0])}")
