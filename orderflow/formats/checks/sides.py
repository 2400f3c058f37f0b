"""What the words of a side column mean, by all of its words and by the quote where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from orderflow.errors import BadInput
from orderflow.formats.checks.evidence import Evidence, Row
from orderflow.formats.checks.notes import Notes
from orderflow.formats.guesses import SIDE_NAMES
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.numbers import NULL_WORDS, DecimalMark, decimal_of
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN, Words
from orderflow.formats.sniff import Sample, normal

_DOUBTFUL = frozenset({"0", "1", "2", "a"})
"""Words that venues use for either side, or for none."""
_AGGRESSORS = ("aggressor", "aggressorside", "takerside")
"""Names that say whose side it is: there B is the buyer, and A, the ask, the seller."""
_SETTLED = (frozenset("12"), frozenset("ab"))
"""Pairs whose meaning no further word can change: 0 beside 1 and 2 is no side, and so is n beside a and b."""
_NUMBERS = frozenset({"0", "1", "2", "-1"})
BID_OR_ASK = (
    "bid and ask can be the taker's order or the side of the book that was hit; give the meaning, --side-words "
    "'buy=bid sell=ask' or --side-words 'buy=ask sell=bid'"
)
_LEAST_AGREEMENT = 0.6
_FEW = 20


def settled_sides(layout: Layout, evidence: Evidence, mark: DecimalMark, notes: Notes) -> Layout:
    """The layout with the meaning of doubtful side words; what was assumed is noted.

    Raises BadInput if the column's words can mean either side and no quote decides.
    """
    role = Role.SIDE
    if role not in layout.columns:
        return layout
    column = layout.columns[role]
    if layout.doubtful:
        return _bid_and_ask(layout, evidence, mark, notes)
    words = _words(evidence.sample.column(column.index))
    if (words & _DOUBTFUL or words == {"b"}) and not any(words >= pair for pair in _SETTLED):
        words = _words(evidence.distinct(column))
    if not words & _DOUBTFUL:
        return _checked(layout, evidence, mark, notes)
    name = column.name
    pair = _pair(words)
    if pair is None:
        if words == {"0"}:
            notes.warn(f"{name} holds only 0: no trade has a side; if 0 is one, give --side-words")
        return layout
    buy, sell = pair
    chosen = replace(layout, side_words=_with(layout.side_words, buy, sell))
    agrees, decided = agreement(chosen, evidence.rows, mark)
    if decided >= _FEW or (decided and agrees in (0, decided)):
        if 2 * agrees < decided:
            buy, sell, agrees = sell, buy, decided - agrees
            chosen = replace(layout, side_words=_with(layout.side_words, buy, sell))
        if agrees >= _LEAST_AGREEMENT * decided:
            notes.assume(
                f"{name}: {buy} is a buy and {sell} a sell, as in {agrees:,} of {decided:,} trades at the quote"
            )
            return chosen
    if "a" in words and (decided or normal(name) not in _AGGRESSORS):
        raise BadInput(
            f"{name}: A and B can be the side of the trade or of the book; give the meaning, "
            "--side-words buy=B sell=A or --side-words buy=A sell=B"
        )
    if not {buy, sell} <= words:
        notes.warn(
            f"{name} holds only {', '.join(sorted(words))}: {buy} is taken as a buy and {sell} as a sell; "
            "if not, give --side-words"
        )
    else:
        notes.assume(f"{name}: {buy} is a buy and {sell} a sell")
    return chosen


def _bid_and_ask(layout: Layout, evidence: Evidence, mark: DecimalMark, notes: Notes) -> Layout:
    """The layout with the meaning of bid and ask that the quote shows. Raises BadInput if there is none."""
    name = layout.columns[Role.SIDE].name
    agrees, decided = agreement(layout, evidence.rows, mark)
    if not decided or (decided < _FEW and agrees not in (0, decided)):
        raise BadInput(f"{name}: {BID_OR_ASK}")
    if 2 * agrees < decided:
        layout = replace(layout, side_words={**layout.side_words, "bid": BUY, "ask": SELL})
        agrees = decided - agrees
    buy = "bid" if layout.side_words["bid"] == BUY else "ask"
    notes.assume(f"{name}: {buy} is a buy, as in {agrees:,} of {decided:,} trades at the quote")
    return replace(layout, doubtful=False)


def warn_of_unread(layout: Layout, sample: Sample, notes: Notes) -> None:
    """Warn of a column of numbers that may be the side, where no column was read as one."""
    if layout.columns.keys() & {Role.SIDE, Role.MAKER}:
        return
    taken = {column.index for column in layout.columns.values()}
    for name in SIDE_NAMES:
        index = sample.normal.get(name)
        if index is None or index in taken:
            continue
        words = _words(sample.column(index))
        if words and words <= _NUMBERS:
            column = sample.header[index]
            notes.warn(
                f"{column} holds only {', '.join(sorted(words))} and was not read as a side; if it is one, give "
                f"--columns side={column} with --side-words"
            )


def agreement(layout: Layout, rows: Callable[[], Sequence[Row]], mark: DecimalMark) -> tuple[int, int]:
    """(trades at the bid or at the ask whose side word agrees with it, all such trades). rows: called if needed."""
    wanted = [layout.columns.get(role) for role in (Role.SIDE, Role.PRICE, Role.BID, Role.ASK)]
    if any(column is None for column in wanted):
        return 0, 0
    places = [column.index for column in wanted if column is not None]
    agrees = decided = 0
    for row in rows():
        if len(row) <= max(places):
            continue
        word, *texts = (row[place] for place in places)
        side = layout.side_words.get(word.lower(), 0)
        price, bid, ask = (decimal_of(text, mark) for text in texts)
        if side not in (BUY, SELL) or price is None or not bid or not ask or not bid < ask:
            continue
        at = BUY if price >= ask else SELL if price <= bid else 0
        decided += at != 0
        agrees += at == side
    return agrees, decided


def _checked(layout: Layout, evidence: Evidence, mark: DecimalMark, notes: Notes) -> Layout:
    """The layout as it is, with a note on how its words agree with the quote."""
    agrees, decided = agreement(layout, lambda: evidence.sample.rows, mark)
    if decided < _FEW:
        return layout
    name = layout.columns[Role.SIDE].name
    if 2 * agrees < decided:
        notes.warn(
            f"{name} agrees with the quote in only {agrees:,} of {decided:,} trades: if it is the maker's side, give "
            "--side-of maker"
        )
    else:
        notes.assume(f"{name} agrees with the quote in {agrees:,} of {decided:,} trades at the quote")
    return layout


def _pair(words: set[str]) -> tuple[str, str] | None:
    """(the word for a buy, the word for a sell) of a column of numbers or of A and B; None for other words."""
    if words <= {"a", "b", "n"}:
        return "b", "a"
    if not words <= {"0", "1", "2", "-1"} or "-1" in words:
        return None
    return ("1", "2") if "2" in words else ("1", "0") if words >= {"0", "1"} or words == {"1"} else None


def _with(words: Words, buy: str, sell: str) -> Words:
    """The words with those of a pair; beside 1 and 2, -1 is none."""
    kept = {word: code for word, code in words.items() if word != "-1" or "2" not in (buy, sell)}
    return {**kept, **_meaning(buy, sell)}


def _meaning(buy: str, sell: str) -> Words:
    spare = {"0": UNKNOWN} if "2" in (buy, sell) else {}
    spare |= {"n": UNKNOWN} if "a" in (buy, sell) else {}
    return {**spare, buy: BUY, sell: SELL}


def _words(cells: Iterable[str]) -> set[str]:
    return {cell.lower() for cell in cells if cell not in NULL_WORDS}
