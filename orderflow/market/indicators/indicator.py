"""Records that describe an indicator to the registry, the API and the pages: name, options, lines, result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.market.studies.study import Option

SOURCES = (
    ("close", "close"),
    ("open", "open"),
    ("high", "high"),
    ("low", "low"),
    ("hl2", "(high + low) / 2"),
    ("hlc3", "(high + low + close) / 3"),
    ("ohlc4", "(open + high + low + close) / 4"),
)
SOURCE = Option("source", "close", "the price of a candle that is taken", SOURCES)


def period(default: int, meaning: str = "number of candles", name: str = "period", least: int = 1) -> Option[int]:
    """An option that is a number of candles."""
    return Option(name, default, meaning, (), least, 1000)


@dataclass(frozen=True, slots=True)
class Candles:
    """n candles in time order.

    time: int64[n], open times, ns UTC. open, high, low, close, volume: float64[n]; volume may be NaN where it is not
    known. session: int64[n], starts (ns UTC) of the sessions that the candles are in.
    """

    time: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    session: Ints

    def __len__(self) -> int:
        return len(self.time)

    def price(self, source: str) -> Floats:
        """float64[n]: one of SOURCES."""
        match source:
            case "hl2":
                return (self.high + self.low) / 2
            case "hlc3":
                return (self.high + self.low + self.close) / 3
            case "ohlc4":
                return (self.open + self.high + self.low + self.close) / 4
        found: Floats = getattr(self, source)
        return found

    def session_begins(self) -> Flags:
        """bool[n]: whether a candle is the first one of its session."""
        return np.concatenate(([True], self.session[1:] != self.session[:-1]))[: len(self)]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an indicator. name: in the result and the API. kind: "bars" are drawn from zero. rules: values of
    dashed lines, such as 30 and 70."""

    name: str
    title: str
    kind: Literal["line", "bars"] = "line"
    rules: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    name: in the registry. rule: the definition in one sentence. pane: "price", or the name of the pane of its own that
    it needs. run: the formula, a pure function of candles whose keyword arguments are `options`; it returns float64[n]
    by name of a line, NaN where there is no value yet. before: number of candles before the first one to be shown that
    make its values those of a longer history, but for 1e-8 of the value. by_session: it begins anew with each session,
    and needs the candles of its session too.
    """

    name: str
    title: str
    rule: str
    lines: tuple[Line, ...]
    run: Callable[..., dict[str, Floats]]
    before: Callable[..., int]
    options: tuple[Option[Any], ...] = ()
    pane: str = "price"
    by_session: bool = False

    def chosen(self, given: Mapping[str, object]) -> dict[str, Any]:
        """All options by name: those given, parsed, and the defaults of the others.

        Raises BadInput, naming the option, if one is unknown or invalid.
        """
        unknown = sorted(set(given) - {option.name for option in self.options})
        if unknown:
            reason = f"indicator {self.name} has no option {unknown[0]!r}"
            raise BadInput(reason, [FieldError(None, unknown[0], reason)])
        return {o.name: o.parse(given[o.name]) if o.name in given else o.default for o in self.options}

    def words(self, chosen: Mapping[str, object]) -> str:
        """The title with its options as charts print it, such as "EMA 20"; a source is named unless it is the close."""
        parts = [str(value) for name, value in chosen.items() if name != "source" or value != SOURCE.default]
        return " ".join([self.title, *parts])
