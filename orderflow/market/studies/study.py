"""What the registry and a page need to know of a study: its name, its options with their defaults, what it yields.

The mathematics stays in the study's own file; this record only describes it. A test proves that the options named here
are the keyword arguments of the function, with the same defaults.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from orderflow.errors import BadInput

Ratio = tuple[int, int] | Fraction | Decimal | float
"""A ratio that is taken at its word: 3.3 is 33/10, not the float nearest to it."""


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
class Option:
    """A keyword argument of a study. choices: (value, its words on screen), empty where any number will do."""

    name: str
    default: object
    meaning: str
    choices: tuple[tuple[object, str], ...] = ()

    def words(self, value: object) -> str:
        """How a page says this value."""
        for choice, words in self.choices:
            if choice == value:
                return words
        if isinstance(value, tuple):
            ratio = isinstance(self.default, tuple) and len(self.default) == 2
            return f"{float(Fraction(*value)):g}" if ratio else ", ".join(str(part) for part in value)
        return "none" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Study:
    """name: as in the registry. rule: the definition in one sentence. yields: what comes out. run: the function."""

    name: str
    title: str
    rule: str
    yields: str
    run: Callable[..., object]
    options: tuple[Option, ...] = ()

    def in_force(self, **chosen: object) -> str:
        """The variant as a page prints it: "Value area: share 70%, rows two at a time".

        Raises BadInput for an unknown option.
        """
        unknown = sorted(set(chosen) - {option.name for option in self.options})
        if unknown:
            raise BadInput(f"study {self.name} has no option {unknown[0]!r}")
        parts = [f"{o.name} {o.words(chosen.get(o.name, o.default))}" for o in self.options]
        return f"{self.title}: {', '.join(parts)}" if parts else self.title
