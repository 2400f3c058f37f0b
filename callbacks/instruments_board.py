"""What moves on the instruments' page: one answer for each update of its interval.

Search, order and pages are made here, so that the browser holds one page of rows. The page says what it has (a `View`)
and gets the rows that have changed since; an answer that is lost is made up for by the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from callbacks.instruments_state import View
from layouts.instruments import SPEEDS
from layouts.instruments_grid import row
from layouts.instruments_status import figures, playing
from layouts.instruments_text import number, speed
from orderflow.instruments.board import Volatilities, arrange, search, window
from orderflow.instruments.instrument import Instrument
from orderflow.instruments.simulation import Simulation

ROWS = 60
"""Rows of a page."""
RENEW = 6
"""Updates after which rows that are ordered by moving values are sorted again."""
LARGEST = 1 << 32
"""No page has such a number."""
LONGEST = 200
"""Characters of a search that count."""

Answer = dict[str, Any]
"""Values by the names of `OUTPUTS` in `callbacks.instruments`; what is missing stays as it is."""


class Query(NamedTuple):
    """Words to search for, an order of `orderflow.instruments.board`, a page from 1."""

    words: str = ""
    by: str = "id"
    page: int = 1

    @classmethod
    def of(cls, words: Any, by: Any, page: Any) -> Query:
        """From what a browser sent, whatever that is."""
        whole = page if isinstance(page, int) and not isinstance(page, bool) and page < LARGEST else 1
        return cls(
            words[:LONGEST] if isinstance(words, str) else "", by if isinstance(by, str) else "id", max(1, whole)
        )


Choose = Callable[[Sequence[Instrument], Query], Sequence[Instrument]]


def choose(instruments: Sequence[Instrument], query: Query, known: Volatilities | None = None) -> list[Instrument]:
    """Those that a query is about, in its order. With many instruments it takes long: run it beside the hub."""
    return arrange(search(instruments, query.words), query.by, known)


def update_board(
    simulation: Simulation, view: View | None, query: Query, update: int, held: bool, chosen: Choose = choose
) -> Answer:
    """The rows that the page lacks, and its view after them.

    update: number of the interval's update. held: the reader is at the rows, so they keep their places. chosen: finds
    the instruments of a query.
    """
    there = {each.spec.id: each for each in simulation.all()}
    if view is None or _renew(view, query, there, update, held):
        instruments = simulation.all()
        return _new_page(instruments, chosen(instruments, query), view, query, update)
    shown = [there[key] for key in view.ids]
    versions = [version(each) for each in shown]
    changed = [k for k, (new, old) in enumerate(zip(versions, view.versions, strict=True)) if new != old]
    if not changed:
        return {"view": view}
    return {"changed": _update(shown, changed, view.first), "view": msgspec.structs.replace(view, versions=versions)}


def without_rows(view: View) -> View:
    """A view that lacks the rows and the texts around them, so that the page gets them all.

    Of a page whose query was just chosen: the answer to an earlier choice may be on its way then, and the page does not
    have what it will have.
    """
    return msgspec.structs.replace(view, ids=[], versions=[], first=0, count=0, words=0)


def version(instrument: Instrument) -> int:
    """Of what a row shows of an instrument: another number after each change."""
    spec = instrument.spec
    parts = (instrument.updated, instrument.initial_price, instrument.halted, instrument.failure)
    return zlib.crc32(repr((*parts, spec.name, spec.model, spec.book, spec.group)).encode())


def _renew(view: View, query: Query, there: Mapping[str, Instrument], update: int, held: bool) -> bool:
    """True if the rows of the page have to be selected again."""
    if view.query != query or len(there) != view.count or any(key not in there for key in view.ids):
        return True
    return not held and not 0 <= update - view.made < RENEW


def _new_page(
    instruments: Sequence[Instrument], found: Sequence[Instrument], view: View | None, query: Query, update: int
) -> Answer:
    """The rows of a page, chosen anew: all of them where they are others than before, else those that changed."""
    pages = max(1, -(-len(found) // ROWS))
    other = view is not None and view.query[:2] != query[:2]
    page = 1 if other else min(query.page, pages)
    begin = (page - 1) * ROWS
    shown = found[begin : begin + ROWS]
    ids, versions = [each.spec.id for each in shown], [version(each) for each in shown]
    made = View(
        ids=ids,
        versions=versions,
        query=(query.words, query.by, page),
        first=begin + 1,
        count=len(instruments),
        made=update,
        stop=view.stop if view is not None else -1,
        texts=view.texts if view is not None else 0,
    )
    answer: Answer = {"view": made} if page == query.page else {"view": made, "page": page}
    words = {"pages": pages, **_words(len(found), len(instruments), begin, query)}
    made.words = fingerprint(words)
    if view is None or view.words != made.words:
        answer |= words
    before = dict(zip(view.ids, view.versions, strict=True)) if view is not None else {}
    if view is not None and view.ids == ids and view.first == begin + 1:
        changed = [k for k, each in enumerate(shown) if before[each.spec.id] != versions[k]]
        return {**answer, "changed": _update(shown, changed, begin + 1)} if changed else answer
    answer["rows"] = [row(each, window(each), begin + 1 + k) for k, each in enumerate(shown)]
    return answer


def _update(shown: Sequence[Instrument], changed: Sequence[int], first: int) -> dict[str, Any]:
    """The transaction of ag-grid that brings these rows up to date."""
    return {"update": [row(shown[k], window(shown[k]), first + k) for k in changed], "async": False}


def _words(found: int, count: int, begin: int, query: Query) -> Answer:
    """The texts around the rows."""
    kind = "instrument" if count == 1 else "instruments"
    return {
        "count": f"{number(count)} {kind}" if found == count else f"{number(found)} of {number(count)}",
        "range": f"{number(begin + 1)} to {number(min(begin + ROWS, found))} of {number(found)}"
        if found > ROWS
        else "",
        "no_list": found == 0,
        "no_none": count > 0,
        "no_nothing": found > 0 or count == 0,
        "nothing": f"No id, name or model has “{query.words.strip()}” in it.",
    }


def update_status(status: Mapping[str, Any], scenarios: Sequence[Mapping[str, Any]], may: bool, view: View) -> Answer:
    """The toolbar and the line of figures. status: `Simulation.status`; may: whether this browser may change things.

    Texts that the view's fingerprint says are there already are left out.
    """
    answer: Answer = {"figures": figures(status, may)}
    running, pace = status["running"], status["speed"]
    words = playing(status, scenarios)
    stop = stop_of(pace)
    texts: Answer = {
        "state": "live" if running else "paused",
        "live": "Live" if running else "Paused",
        "run": "❚❚ Pause" if running else "▶ Start",
        "pressed": str(not running).lower(),
        "stop": stop,
        "speed_text": speed(pace),
        "speed_words": f"Speed: {pace:g} times real time",
        "scenario": words.button,
        "scenario_now": words.line,
        "no_stop": status["scenario"] is None,
    }
    newest = fingerprint(texts)
    if newest != view.texts:
        answer |= texts
    view.texts, view.stop = newest, stop
    return answer


def fingerprint(texts: Answer) -> int:
    """Another number for other texts."""
    return zlib.crc32(repr(texts).encode())


def stop_of(pace: float) -> int:
    """The slider's stop that is nearest to a speed, by ratio."""
    return min(range(len(SPEEDS)), key=lambda k: max(SPEEDS[k] / pace, pace / SPEEDS[k]))
