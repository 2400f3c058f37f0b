"""What the registry and a page need to know of a study: its name, its options with their defaults, what it yields.

The formula stays in the study's own file; these records describe it. An option's default and bounds are written in its
`Option` and nowhere else: the function's signature, `StudyOptions`, the settings form and the docs take them from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Generic, Protocol, TypeVar

from orderflow.arrays import Flags, Floats, Ints
from orderflow.errors import BadInput, FieldError

Ratio = tuple[int, int] | Fraction | Decimal | float
"""A ratio that is taken at its word: 3.3 is 33/10, not the float nearest to it."""

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
    """A keyword argument of a study. least, most: bounds of a number, inclusive. choices: (value, its words on screen),
    empty where any number between the bounds will do."""

    name: str
    default: T
    meaning: str
    choices: tuple[tuple[T, str], ...] = ()
    least: Decimal | int | None = None
    most: Decimal | int | None = None

    def words(self, value: object) -> str:
        """How a page says this value."""
        for choice, words in self.choices:
            if choice == value:
                return words
        if isinstance(value, tuple):
            ratio = isinstance(self.default, tuple) and len(self.default) == 2
            return f"{float(Fraction(*value)):g}" if ratio else ", ".join(str(part) for part in value)
        return "none" if value is None else str(value)

    def parse(self, value: object) -> T:
        """A viewer's choice in the type of the default. Raises BadInput, naming the option, if it is out of bounds."""
        parsed: Any = value
        if isinstance(self.default, Decimal):
            parsed = self._decimal(value)
        elif isinstance(self.default, int):
            if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
                raise self.wrong(f"{value!r} is not a whole number")
            parsed = int(value)
        if self.choices and all(parsed != choice for choice, _ in self.choices):
            raise self.wrong(f"{value!r} is not {' or '.join(repr(choice) for choice, _ in self.choices)}")
        if self.least is not None and self.most is not None and not self.least <= parsed <= self.most:
            raise self.wrong(f"{value!r} is not from {self.least} to {self.most}")
        return parsed  # type: ignore[no-any-return]  # it has the default's type now

    def _decimal(self, value: object) -> Decimal:
        try:
            number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
        except ArithmeticError:
            number = Decimal("NaN")
        if not number.is_finite():
            raise self.wrong(f"{value!r} is not a number from {self.least} to {self.most}")
        return number

    def wrong(self, reason: str) -> BadInput:
        """The error for a value of this option."""
        return BadInput(f"{self.name} {reason}", [FieldError(None, self.name, reason)])


class Bars(Protocol):
    """n bars in time order, int64[n] each. time, session: starts. high, low, poc: in ticks, or in a chart's rows."""

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


@dataclass(frozen=True, slots=True)
class Chart:
    """How a chart shows a study. label: of its switch in the settings. on: before the reader chooses. draw: makes what
    the study's painter gets, a list of JSON values, from the bars held; None where the bars carry the study's marks.
    """

    label: str
    on: bool = True
    draw: Callable[[Bars], list[list[int]]] | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """One study.

    name: as in the registry. rule: the definition in one sentence. yields: what comes out. run: the formula, a pure
    function of arrays whose keyword arguments are `options`. chart: how a chart shows it; None where it does not.
    """

    name: str
    title: str
    rule: str
    yields: str
    run: Callable[..., object]
    options: tuple[Option[Any], ...] = ()
    chart: Chart | None = None

    def in_force(self, **chosen: object) -> str:
        """The variant as a page prints it: "Value area: share 70, rows two at a time".

        Raises BadInput for an unknown option.
        """
        self.known(chosen)
        parts = [f"{o.name} {o.words(chosen.get(o.name, o.default))}" for o in self.options]
        return f"{self.title}: {', '.join(parts)}" if parts else self.title

    def known(self, chosen: Mapping[str, object]) -> None:
        """Raises BadInput for an option that the study does not have."""
        unknown = sorted(set(chosen) - {option.name for option in self.options})
        if unknown:
            raise BadInput(f"study {self.name} has no option {unknown[0]!r}")
