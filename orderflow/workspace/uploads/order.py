"""The order of a file's rows: times to UTC, newest-first turned round, repeated and backward times refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Codes, Flags, Indices, Ints
from orderflow.formats.parsing.parse_errors import NotVectorizable, ParseError
from orderflow.formats.parsing.times import END
from orderflow.formats.parsing.zones import Zone
from orderflow.workspace.uploads.refusals import Refusals
from orderflow.workspace.uploads.times import EARLIEST, EPOCH, UNIT_WORDS, WALL, ZONED

_STEP = 4096
_WORDS = {WALL: "a time without a zone", ZONED: "a time with a zone", EPOCH: "an epoch"}


@dataclass(frozen=True, slots=True)
class Ordered:
    """rows: positions of the rows that are taken, oldest first. time: their times, ns UTC. newest_first: the file is in
    the other order. unit: how its times are written."""

    rows: Indices | slice
    time: Ints
    newest_first: bool
    unit: str
    notes: tuple[str, ...]


def in_order(
    time: Ints, kind: Codes, lines: Ints, zone: Zone, refusals: Refusals, *, column: str, repeats: bool = False
) -> Ordered:
    """Bring n rows into the order of their times, and refuse those that have no place in it.

    time, kind: of `Times`. lines: int64[n], ascending. repeats: whether several rows may have the same time.
    """
    if _is_plain(time, kind, zone, repeats=repeats):
        return Ordered(slice(None), time, False, _unit_of(kind[:1]), ())
    notes: list[str] = []
    keep = _one_kind(kind, lines, refusals, column) & _one_unit(kind, lines, refusals, column, notes)
    rows = np.flatnonzero(keep)
    steps = np.diff(time[rows])
    newest_first = int((steps < 0).sum()) > int((steps > 0).sum())
    if newest_first:
        rows = rows[::-1]
        notes.append("the newest row comes first: turned round")
    rows, utc = _to_utc(rows, time[rows], kind[rows], lines, zone, refusals, column)
    ahead = np.maximum.accumulate(utc) if len(utc) else utc
    later = np.ones(len(utc), np.bool_)
    later[1:] = utc[1:] >= ahead[:-1] if repeats else utc[1:] > ahead[:-1]
    for place in np.flatnonzero(~later).tolist():
        line = int(lines[rows[place]])
        at = int(np.searchsorted(ahead, utc[place]))
        if utc[at] == utc[place]:
            refusals.add(line, column, f"has the same time as line {int(lines[rows[at]])}")
        else:
            refusals.add(line, column, "is out of order: its time is before that of the row before it")
    return Ordered(rows[later], utc[later], newest_first, _unit_of(kind[rows[later]]), tuple(notes))


def _is_plain(time: Ints, kind: Codes, zone: Zone, *, repeats: bool) -> bool:
    """Whether the rows can stay as they are: of one kind, and oldest first."""
    if not len(time) or kind.min() != kind.max() or (kind[0] == WALL and not zone.is_utc):
        return False
    return bool((time[1:] >= time[:-1]).all() if repeats else (time[1:] > time[:-1]).all())


def _one_kind(kind: Codes, lines: Ints, refusals: Refusals, column: str) -> Flags:
    """Rows whose times are of the kind that most have: with a zone, without one, or epochs."""
    simple = np.minimum(kind, EPOCH)
    kinds, counts = np.unique(simple, return_counts=True)
    if len(kinds) < 2:
        return np.ones(len(kind), np.bool_)
    usual = kinds[counts.argmax()]
    for place in np.flatnonzero(simple != usual).tolist():
        refusals.add(
            int(lines[place]), column, f"is {_WORDS[int(simple[place])]}; the other rows have {_WORDS[int(usual)]}"
        )
    return np.asarray(simple == usual)


def _one_unit(kind: Codes, lines: Ints, refusals: Refusals, column: str, notes: list[str]) -> Flags:
    """Epochs of one unit, or of two of which each has its own part of the file: a vendor changed it once."""
    epochs = np.flatnonzero(kind >= EPOCH)
    keep = np.ones(len(kind), np.bool_)
    units, counts = np.unique(kind[epochs], return_counts=True)
    if len(units) < 2:
        return keep
    changes = np.flatnonzero(np.diff(kind[epochs]))
    words = [UNIT_WORDS[unit - EPOCH] for unit in units.tolist()]
    if len(changes) == 1:
        line = int(lines[epochs[changes[0] + 1]])
        notes.append(f"the unit of the times changes at line {line:,}: {' and '.join(words)}")
        return keep
    usual = units[counts.argmax()]
    for place in epochs[kind[epochs] != usual].tolist():
        word = UNIT_WORDS[int(kind[place]) - EPOCH]
        refusals.add(int(lines[place]), column, f"is in {word} among times in {UNIT_WORDS[int(usual) - EPOCH]}")
        keep[place] = False
    return keep


def _to_utc(
    rows: Indices, time: Ints, kind: Codes, lines: Ints, zone: Zone, refusals: Refusals, column: str
) -> tuple[Indices, Ints]:
    """Wall times as UTC, oldest first, so that a repeated hour is told apart by its order."""
    if zone.is_utc or not len(kind) or kind[0] != WALL:
        return rows, time
    utc = np.zeros(len(time), np.int64)
    good = np.ones(len(time), np.bool_)
    for begin in range(0, len(time), _STEP):
        part = slice(begin, begin + _STEP)
        try:
            utc[part] = zone.to_utc_all(time[part])
        except NotVectorizable:
            for place in range(begin, min(begin + _STEP, len(time))):
                try:
                    utc[place] = _after(zone, int(time[place]))
                    zone.latest = max(zone.latest, int(utc[place]))
                except ParseError as error:
                    refusals.add(int(lines[rows[place]]), column, str(error))
                    good[place] = False
        else:
            zone.seen(utc[part])
    good &= (utc >= EARLIEST) & (utc < END)
    return rows[good], utc[good]


def _after(zone: Zone, local: int) -> int:
    """A wall time as UTC; of a repeated hour the second occurrence if the first would not be after the row before it.

    Raises ParseError.
    """
    before = zone.latest
    found = zone.to_utc(local)
    if found <= before:
        zone.latest = END
        later = zone.to_utc(local)
        zone.latest = before
        return later
    return found


def _unit_of(kind: Codes) -> str:
    kinds = np.unique(kind)
    if not len(kinds) or kinds[0] == WALL:
        return "a date or time without a zone"
    if kinds[0] == ZONED:
        return "a time with a zone"
    return "epoch in " + " and ".join(UNIT_WORDS[unit - EPOCH] for unit in kinds.tolist())
