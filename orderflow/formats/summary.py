"""What a whole file turned out to hold, collected chunk by chunk: for a dry run, and for the end of a real one.

It keeps counts, a few examples and no ticks, so its size does not grow with the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from orderflow.errors import FieldError
from orderflow.formats.parsing.problems import kind
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.market.ticks import SideRule, TickBatch

EXAMPLES = 20

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RULES = {
    SideRule.FLAG: "flagged",
    SideRule.VOLUMES: "by bid and ask volume",
    SideRule.QUOTE: "by quote",
    SideRule.TICK: "left to the tick rule",
    SideRule.NONE: "unknown",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of at least `gap_minutes` in which a symbol did not trade. start, end: ns UTC of the trades around it."""

    symbol: str
    start: int
    end: int


@dataclass(slots=True)
class ReadSummary:
    """Everything seen so far.

    rows: data rows. accepted: ticks. skipped: rows that gave none. reasons: how many fields were refused for each
    reason, as (field, reason without the value). examples: the first EXAMPLES errors as they are, with lines. sides:
    ticks by SideRule. first, last: ns UTC of the earliest and the latest tick, None before there is one. late: ticks
    that are older than one of their symbol before them. gaps: the first EXAMPLES; gap_count: all.
    """

    gap_minutes: float = 5.0
    rows: int = 0
    accepted: int = 0
    skipped: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[FieldError] = field(default_factory=list)
    sides: Counter[SideRule] = field(default_factory=Counter)
    symbols: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None
    late: int = 0
    gaps: list[Gap] = field(default_factory=list)
    gap_count: int = 0
    _latest: dict[str, int] = field(default_factory=dict)

    def add(self, chunk: ParsedTicks) -> None:
        """Count one chunk; chunks must come in the file's order."""
        self.rows += chunk.rows
        self.skipped += chunk.rejected
        self.reasons.update((error.field or "row", kind(error.reason)) for error in chunk.errors)
        self.examples += chunk.errors[: EXAMPLES - len(self.examples)]
        for batch in chunk.batches:
            self._count(batch)

    def lines(self) -> Iterator[str]:
        """The summary as lines of text."""
        yield f"{self.rows:,} rows, {self.accepted:,} ticks, {self.skipped:,} rows skipped"
        if len(self.symbols) > 1:
            yield f"{len(self.symbols)} symbols: " + ", ".join(
                f"{name} {n:,}" for name, n in self.symbols.most_common(8)
            )
        if self.first is not None and self.last is not None:
            yield f"from {_text(self.first)} to {_text(self.last)}"
            yield "sides: " + ", ".join(
                f"{words} {100 * self.sides[rule] / self.accepted:.1f}%"
                for rule, words in _RULES.items()
                if self.sides[rule]
            )
        if self.late:
            yield f"{self.late:,} ticks are older than one before them"
        if self.gap_count:
            yield f"{self.gap_count:,} gaps of {self.gap_minutes:g} minutes or more"
            yield from (f"  {gap.symbol}: {_text(gap.start)} to {_text(gap.end)}" for gap in self.gaps)
        for (name, reason), count in self.reasons.most_common():
            yield f"skipped {count:,} × {name}: {reason}"
        yield from (f"  {error}" for error in self.examples)
        if self.skipped > len({error.row for error in self.examples}):
            yield f"  … {self.skipped:,} rows in all"

    def _count(self, batch: TickBatch) -> None:
        if not len(batch):
            return
        self.accepted += len(batch)
        self.symbols[batch.symbol] += len(batch)
        for rule, count in enumerate(np.bincount(batch.rule).tolist()):
            if count:
                self.sides[SideRule(rule)] += count
        low, high = int(batch.time.min()), int(batch.time.max())
        self.first = low if self.first is None else min(self.first, low)
        self.last = high if self.last is None else max(self.last, high)
        self._order(batch.symbol, batch.time)

    def _order(self, symbol: str, time: npt.NDArray[np.int64]) -> None:
        before = self._latest.get(symbol, int(time[0]))
        reached = np.maximum(np.maximum.accumulate(time), before)
        previous = np.concatenate([[before], reached[:-1]])
        self.late += int(np.count_nonzero(time < previous))
        places = np.flatnonzero(reached - previous >= int(self.gap_minutes * 60e9))
        self.gap_count += len(places)
        room = EXAMPLES - len(self.gaps)
        self.gaps += [Gap(symbol, int(previous[place]), int(reached[place])) for place in places[:room]]
        self._latest[symbol] = int(reached[-1])


def _text(time: int) -> str:
    at = _EPOCH + timedelta(microseconds=time // 1000)
    return at.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00") + " UTC"
