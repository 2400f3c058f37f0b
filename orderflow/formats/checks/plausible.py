"""Whether the first ticks of a file can be true: their times, their sizes, their order, the share of bad rows.

A reading that fails is a question to the user, a BadInput that names the option with the answer, or a warning. Nothing
is asked that an option has answered, and prices are never judged by their size.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from orderflow.arrays import Ints
from orderflow.errors import BadInput, FieldError
from orderflow.formats.checks.evidence import PROBE_ROWS
from orderflow.formats.checks.notes import Notes
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.parsing.numbers import MAX_LENGTH
from orderflow.formats.parsing.parse_errors import kind
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.formats.parsing.times import EPOCH, TIME_UNITS
from orderflow.formats.parsing.zones import DAY, SECOND

_AHEAD = 2 * DAY
_NET_FROM, _NET_TO = 630_822_816_000_000_000, 650_000_000_000_000_000
"""2000 and 2060 in .NET ticks; as ns since 1970 these are times of 1989 and 1990."""
_SURE_ROWS = 100
_RISES = 3
_MEDIAN_RISES = 20
_FEWEST_BAD, _FEW_ROWS = 20, 40
_SHOWN_REASONS = 3


@dataclass(frozen=True, slots=True)
class Probe:
    """The first ticks in the order of their rows. time, price, size, id: int64[n]."""

    time: Ints
    id: Ints

    @staticmethod
    def of(chunks: Sequence[ParsedTicks]) -> Probe:
        """The first PROBE_ROWS rows of all chunks."""
        batches = [batch for chunk in chunks for batch in chunk.batches]
        if not batches:
            return Probe(np.zeros(0, np.int64), np.zeros(0, np.int64))
        rows = np.concatenate([rows for chunk in chunks for rows in chunk.origins])
        times = np.concatenate([batch.time for batch in batches])
        ids = np.concatenate([batch.id for batch in batches])
        if len(batches) > 1:
            order = np.argsort(rows, kind="stable")
            times, ids = times[order], ids[order]
        return Probe(times[:PROBE_ROWS], ids[:PROBE_ROWS])


def newest_first(probe: Probe) -> bool:
    """Whether the rows run from the newest to the oldest, ties included.

    Not if the ids rise, or those of trades at one time: then the rows, or those of one time, are in their order.
    """
    steps = np.diff(probe.time)
    falls = int(np.count_nonzero(steps < 0))
    rises = int(np.count_nonzero(steps > 0))
    if rises * 20 > falls:
        return False
    numbered = (probe.id[1:] >= 0) & (probe.id[:-1] >= 0)
    up = np.diff(np.where(probe.id < 0, 0, probe.id))
    if not falls:  # one time only
        return bool(len(up)) and bool(numbered.all()) and bool((up < 0).all())
    return not _mostly_up(up[numbered]) and not _mostly_up(up[numbered & (steps == 0)])


def _mostly_up(steps: Ints) -> bool:
    return int(np.count_nonzero(steps > 0)) > int(np.count_nonzero(steps < 0))


def check_times(probe: Probe, texts: Sequence[str], layout: Layout) -> None:
    """Refuse times that are numbers of something else than an epoch, and epochs that a spreadsheet has rounded.

    texts: the first cells of the time column.
    """
    if layout.time is not TimeRule.MOMENT or not len(probe.time) or not texts or not EPOCH.fullmatch(texts[0]):
        return
    name = layout.name(Role.TIME)
    if all(_rounded(text) for text in texts):
        raise BadInput(
            f"{name}: times like {texts[0]} were rounded by a spreadsheet to {len(set(texts)):,} different values; "
            "export the file again with whole numbers, or say that this is right with --time-unit ms"
        )
    values = [int(text) for text in texts if _is_whole(text)]
    if values and all(_NET_FROM <= value < _NET_TO for value in values):
        raise BadInput(
            f"{name}: {values[0]} can be .NET ticks, a time of this century, or ns since 1970, a time of 1990; "
            "give --time-unit net or --time-unit ns"
        )
    now = int(time.time()) * SECOND
    middle = int(np.median(probe.time))
    if middle > now + _AHEAD:
        raise BadInput(_future(str(name), texts[0], middle, now))


def _is_whole(text: str) -> bool:
    return len(text) <= MAX_LENGTH and text.isascii() and text.isdigit()


def _rounded(text: str) -> bool:
    """Whether an epoch is written with an exponent and too few digits to tell its second."""
    digits, mark, exponent = text.lower().partition("e")
    if not mark or not EPOCH.fullmatch(text):
        return False
    whole, _, fraction = digits.partition(".")
    return len(whole.lstrip("+-")) + len(fraction) < 10 and int(exponent) >= 9


def _future(name: str, text: str, middle: int, now: int) -> str:
    found = f"{name}: {text} is a time of {np.datetime64(middle, 'ns').astype('M8[D]')}, in the future"
    for unit, (size, first) in TIME_UNITS.items():
        if _is_whole(text) and 0 < (int(text) - first) * size <= now + _AHEAD and (int(text) - first) * size > now // 4:
            day = np.datetime64((int(text) - first) * size, "ns").astype("M8[D]")
            found += f"; with --time-unit {unit} it is of {day}"
    return f"{found}; give --time-unit {', '.join(TIME_UNITS)}"


def check_sizes(chunks: Sequence[ParsedTicks], layout: Layout, notes: Notes) -> None:
    """Refuse, below 100 rows warn of, a size that is the running total of the day."""
    column = layout.name(Role.SIZE)
    if column is None:
        return
    for symbol in dict.fromkeys(batch.symbol for chunk in chunks for batch in chunk.batches):
        parts = [batch for chunk in chunks for batch in chunk.batches if batch.symbol == symbol]
        size = np.concatenate([batch.size / 10.0**batch.size_decimals for batch in parts])[:PROBE_ROWS]
        times = np.concatenate([batch.time for batch in parts])[:PROBE_ROWS]
        if not _is_total(size, times // DAY):
            continue
        told = f"{column} looks like the running total of the day, not like the size of a trade"
        if len(size) >= _SURE_ROWS:
            raise BadInput(
                f"{told}; name the column of the trade's size, --columns size=…, or say total={column} if its rises "
                f"are the sizes, or size={column} if it is no total"
            )
        notes.warn(f"{told}; if it is, give --columns size=…")
        return


def _is_total(size: np.ndarray[tuple[int], np.dtype[np.float64]], day: Ints) -> bool:
    """Whether sizes never fall in a day, rise at least three times, and start at 20 times their median rise."""
    steps = np.diff(size)[np.diff(day) == 0]
    rises = steps[steps > 0]
    return len(rises) >= _RISES and not (steps < 0).any() and float(size[0]) >= _MEDIAN_RISES * float(np.median(rises))


class TooManyBadRows(BadInput):
    """So many rows of a file are bad that it was not understood."""


class BadRows(Protocol):
    """The rows of a file, how many of them are bad, the first errors, and the reasons of all with their numbers."""

    rows: int
    bad: int
    errors: list[FieldError]
    reasons: Counter[str]


def check_bad(found: BadRows, most: float) -> None:
    """Refuse a file with too many bad rows, and say what these have in common. Raises TooManyBadRows.

    More than `most` of the rows and at least 20 are too many, and half of a file under 40 rows.
    """
    if is_too_bad(found.rows, found.bad, most):
        raise TooManyBadRows(too_bad(found.rows, found.bad, found.reasons), found.errors[:5])


def is_too_bad(rows: int, bad: int, most: float) -> bool:
    """Whether so many bad rows make a file an error."""
    if rows < _FEW_ROWS:
        return bad > 0 and 2 * bad >= rows and bad > most * rows
    return bad >= _FEWEST_BAD and bad > most * rows


def too_bad(rows: int, bad: int, found: Counter[str]) -> str:
    """What is wrong with the rows of a file, in a sentence."""
    named = "; ".join(in_common(found))
    if bad == rows:
        return f"no usable rows: {bad:,} of {rows:,} are bad ({named})"
    return (
        f"{bad:,} of {rows:,} rows are bad ({named}); if the others are right, give --max-bad {_next_share(bad, rows)}"
    )


def reasons(errors: Iterable[FieldError]) -> Counter[str]:
    """Why rows are bad, without what differs from row to row."""
    return Counter(f"{error.field}: {kind(error.reason)}" if error.field else kind(error.reason) for error in errors)


def in_common(found: Counter[str]) -> tuple[str, ...]:
    """What bad rows have in common: the most frequent reasons, with their numbers."""
    return tuple(f"{count:,} times {reason}" for reason, count in found.most_common(_SHOWN_REASONS))


def _next_share(bad: int, rows: int) -> str:
    return f"{min(1.0, bad / rows * 1.01 + 0.005):.2f}"
