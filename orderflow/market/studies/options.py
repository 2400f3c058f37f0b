"""The definitions in force: which variants of the studies a viewer has chosen, and the marks they put on one ladder.

Defaults are those of the registry. Volumes here are real ones (`minimum` 1 means one contract, one coin), turned into
size units only where they are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Literal, cast

from orderflow.arrays import Flags, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.market.studies.imbalance import imbalance
from orderflow.market.studies.poc import poc
from orderflow.market.studies.stacked import stacked
from orderflow.market.studies.value_area import value_area

ROWS_WORDS = {1: "one row", 2: "two rows"}


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """ratio: of diagonal imbalance. minimum: least volume of the dominant side. zero: against an empty other side.
    stack: consecutive imbalances that make a stacked zone. share: percent of volume in the value area. rows: compared
    at a time when it grows."""

    ratio: Decimal = Decimal(3)
    minimum: Decimal = Decimal(1)
    zero: Literal["dominant", "never"] = "dominant"
    stack: int = 3
    share: int = 70
    rows: int = 2

    @staticmethod
    def parse(chosen: Mapping[str, object] | None) -> StudyOptions:
        """StudyOptions from a viewer's choice, missing ones at their default. Raises BadInput naming the option."""
        base = StudyOptions()
        if not chosen:
            return base
        known = set(StudyOptions.__slots__)
        for name in chosen:
            if name not in known:
                raise _wrong(str(name), f"is not an option; there are {', '.join(sorted(known))}")
        if chosen.get("zero", base.zero) not in ("dominant", "never"):
            raise _wrong("zero", "is 'dominant' or 'never'")
        return StudyOptions(
            ratio=_number(chosen, "ratio", base.ratio, Decimal("0.01"), Decimal(1000)),
            minimum=_number(chosen, "minimum", base.minimum, Decimal(0), Decimal(10**12)),
            zero=cast(Literal["dominant", "never"], chosen.get("zero", base.zero)),
            stack=_whole(chosen, "stack", base.stack, 2, 100),
            share=_whole(chosen, "share", base.share, 1, 100),
            rows=_whole(chosen, "rows", base.rows, 1, 2),
        )

    @property
    def text(self) -> str:
        """The variants in force, for a chart's legend."""
        zero = "" if self.zero == "dominant" else ", never against zero"
        return (
            f"Imbalance {self.ratio:f}x diagonal, min {self.minimum:f}{zero} · stacked {self.stack} · "
            f"VA {self.share}% {ROWS_WORDS[self.rows]}"
        )

    def area(self, level: Ints, bid: Ints, ask: Ints, unknown: Ints) -> tuple[int, int, int]:
        """Indices (poc, low, high) of one ladder."""
        at = poc(level, bid, ask, unknown)
        low, high = value_area(level, bid + ask + unknown, at, share=(self.share, 100), rows=self.rows)
        return at, low, high

    def imbalances(self, level: Ints, bid: Ints, ask: Ints, size_decimals: int) -> tuple[Flags, Flags]:
        """bool[m] of buy and bool[m] of sell imbalance of one ladder whose sizes are in 10**-size_decimals."""
        least = ceil(self.minimum.scaleb(size_decimals))
        return imbalance(level, bid, ask, ratio=self.ratio, minimum=max(1, least), zero=self.zero)

    def zones(self, level: Ints, buys: Flags, sells: Flags) -> list[tuple[int, int, int]]:
        """(1 buy or -1 sell, low index, high index) of every stacked run."""
        up = [(1, low, high) for low, high in stacked(level, buys, count=self.stack)]
        return up + [(-1, low, high) for low, high in stacked(level, sells, count=self.stack)]


DEFAULT_OPTIONS = StudyOptions()


def _number(chosen: Mapping[str, object], name: str, default: Decimal, least: Decimal, most: Decimal) -> Decimal:
    value = chosen.get(name, default)
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite() or not least <= number <= most:
        raise _wrong(name, f"{value!r} is not a number from {least} to {most}")
    return number


def _whole(chosen: Mapping[str, object], name: str, default: int, least: int, most: int) -> int:
    value = chosen.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
        raise _wrong(name, f"{value!r} is not a whole number")
    if not least <= int(value) <= most:
        raise _wrong(name, f"{value!r} is not from {least} to {most}")
    return int(value)


def _wrong(name: str, reason: str) -> BadInput:
    return BadInput(f"{name} {reason}", [FieldError(None, name, reason)])
