"""The study options that a viewer has chosen, and the marks of one ladder under these options.

Defaults are those of the studies. Volumes are in contracts or coins (`minimum` 1 is one contract) and are converted to
size units where they are compared.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderflow.arrays import Flags, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.market.studies.imbalance import MINIMUM, RATIO, ZERO, Zero, imbalance, minimum_units
from orderflow.market.studies.poc import poc
from orderflow.market.studies.profile import Profile, profile
from orderflow.market.studies.registry import STUDIES, find
from orderflow.market.studies.stacked import STACK, stacked
from orderflow.market.studies.study import Option
from orderflow.market.studies.value_area import ROWS, SHARE, value_area

OPTIONS: dict[str, Option[Any]] = {option.name: option for option in (RATIO, MINIMUM, ZERO, STACK, SHARE, ROWS)}
"""The options that affect the marks of bars, by name."""

ROWS_WORDS = {1: "one row", 2: "two rows"}


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """The options in force.

    ratio, minimum, zero: of the diagonal imbalance. stack: consecutive imbalances in a stacked zone. share, rows: of
    the value area. studies: names of the studies that the chart draws in addition to the marks of bars.
    """

    ratio: Decimal = RATIO.default
    minimum: Decimal = MINIMUM.default
    zero: Zero = ZERO.default
    stack: int = STACK.default
    share: int = SHARE.default
    rows: int = ROWS.default
    studies: tuple[str, ...] = ()

    @staticmethod
    def parse(chosen: Mapping[str, object] | None) -> StudyOptions:
        """Options from a viewer's choice; missing ones have their default. Raises BadInput, naming the option."""
        known = {**OPTIONS, "studies": None}
        parsed: dict[str, Any] = {}
        for name, value in (chosen or {}).items():
            if name not in known:
                raise _wrong(str(name), f"is not an option; there are {', '.join(sorted(known))}")
            option = known[name]
            parsed[name] = _studies(value) if option is None else option.parse(value)
        return StudyOptions(**parsed)

    def text(self, bars: str = "the newest bars", note: str = "") -> str:
        """The options as text, for a chart's legend. bars: of which ones it shows the studies of a whole log. note: on
        what else the marks depend."""
        drawn = "".join(
            f" · {find(name).title} of {bars if _is_of_log(name) else 'the newest bars'}" for name in self.studies
        )
        zero = "" if self.zero == "dominant" else ", never against zero"
        return (
            f"Imbalance {self.ratio:f}x diagonal, min {self.minimum:f}{zero} · stacked {self.stack} · "
            f"VA {self.share}% {ROWS_WORDS[self.rows]}{note and f' · {note}'}{drawn}"
        )

    def area(self, level: Ints, bid: Ints, ask: Ints, unknown: Ints) -> tuple[int, int, int]:
        """Indices (poc, low, high) of one ladder."""
        at = poc(level, bid, ask, unknown)
        low, high = value_area(level, bid + ask + unknown, at, share=self.share, rows=self.rows)
        return at, low, high

    def profile(self, level: Ints, bid: Ints, ask: Ints, unknown: Ints) -> Profile:
        """The volume profile of bars, with its POC and value area; see `profile`."""
        return profile(level, bid, ask, unknown, share=self.share, rows=self.rows)

    def imbalances(self, level: Ints, bid: Ints, ask: Ints, size_decimals: int) -> tuple[Flags, Flags]:
        """(bool[m], bool[m]): buy and sell imbalance of one ladder with sizes in units of 10**-size_decimals."""
        least = minimum_units(self.minimum, size_decimals)
        return imbalance(level, bid, ask, ratio=self.ratio, minimum=least, zero=self.zero)

    def zones(self, level: Ints, buys: Flags, sells: Flags) -> list[tuple[int, int, int]]:
        """(1 buy or -1 sell, low index, high index) of every stacked zone."""
        up = [(1, low, high) for low, high in stacked(level, buys, stack=self.stack)]
        return up + [(-1, low, high) for low, high in stacked(level, sells, stack=self.stack)]


DEFAULT_OPTIONS = StudyOptions()


def _studies(value: object) -> tuple[str, ...]:
    drawn = {study.name for study in STUDIES if study.chart is not None and study.chart.draw is not None}
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each in drawn for each in value):
        raise _wrong("studies", f"{reprlib.repr(value)} is not a list of {', '.join(sorted(drawn))}")
    return tuple(sorted(set(value)))


def _is_of_log(name: str) -> bool:
    chart = find(name).chart
    return chart is not None and chart.whole_log


def _wrong(name: str, reason: str) -> BadInput:
    return BadInput(f"{name} {reason}", [FieldError(None, name, reason)])
