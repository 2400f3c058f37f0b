"""Find the column that tells trades from other records, and what its words mean.

Words of platforms, vendors and stream messages; a column counts only if one of its words is a known kind of record.
Order types (limit, market, l, m, Regular) are no kinds. Correction codes: Daily TAQ Client Specification, "Trade
Correction Indicator", which Polygon's files have too: 00 is a regular trade, 01 one with its corrected data; 07 and 08
mark trades that were cancelled; 10, 11 and 12 are the records that did it, beside the trades that they changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from orderflow.formats.parsing.layout import TRADE, Column, Kinds, Layout, Role, plain_word
from orderflow.formats.sniff import Sample

CANCELLED, RECORDS = "cancelled trades", "records of cancels and corrections"
_CODES = {
    **dict.fromkeys(("", "0", "1"), TRADE),
    **dict.fromkeys(("7", "8"), CANCELLED),
    **dict.fromkeys(("10", "11", "12"), RECORDS),
}
CORRECTION = Kinds(_CODES | {f"0{code}": meaning for code, meaning in _CODES.items() if len(code) == 1})
"""What a trade correction indicator means."""

_TRADES = (
    "trade", "trades", "t", "last", "last price", "tick last", "trade last", "tradetick", "trade tick", "aggtrade",
    "agg trade", "match", "last match", "last sale", "lastsale", "execution", "executed", "fill", "time and sales",
    "timesale", "trade nb", "normal trade", "regular trade",
)  # fmt: skip
_QUOTES = (
    "quote", "quotes", "q", "bid", "ask", "offer", "best bid", "best ask", "bestbid", "bestask", "bbo", "nbbo",
    "quotetick", "quote tick", "bookticker", "book ticker", "b", "a", "bidask", "bid ask", "best bid ask",
)  # fmt: skip
_BOOK = (
    "add", "add order", "modify", "modify order", "delete", "delete order", "replace", "order", "orders", "depth",
    "depthupdate", "l2update", "l2", "book", "orderbook", "order book", "book change", "snapshot", "level", "update",
    "received", "open", "done", "change", "activate", "m", "d", "x", "cancel order", "order cancel",
)  # fmt: skip
_OTHER = (
    "open interest", "openinterest", "oi", "settlement", "high", "low", "close", "volume", "ticker", "kline", "candle",
    "bar", "status", "halt", "heartbeat", "system", "subscriptions", "subscribed", "subscribe", "info", "mark price",
    "markpriceupdate", "index price", "funding", "imbalance", "auction", "statistics", "summary", "liquidation",
    "forceorder", "derivative ticker",
)  # fmt: skip
_CANCELS = (
    "cancel", "cancels", "cancelled", "canceled", "trade cancel", "trade cancelled", "trade canceled", "tradecancel",
    "cancel trade", "cancelled trade", "bust", "busted", "trade bust", "trade break", "break", "error", "void",
)  # fmt: skip
_CORRECTIONS = ("correction", "corrections", "corrected", "correct", "trade correction", "trade corrected")
_STARTS = {"quote ": "quotes", "trade cancel": "cancels", "trade correct": "corrections", "trade ": TRADE}

_WORDS: Mapping[str, str] = {
    **dict.fromkeys(_TRADES, TRADE),
    **dict.fromkeys(_QUOTES, "quotes"),
    **dict.fromkeys(_BOOK, "records of the book"),
    **dict.fromkeys(_OTHER, "other records"),
    **dict.fromkeys(_CANCELS, "cancels"),
    **dict.fromkeys(_CORRECTIONS, "corrections"),
}
_ORDERS: Mapping[str, str] = {**_WORDS, "cancel": "records of the book", "c": "records of the book"}
_GOOD = dict.fromkeys(("", "ok", "good", "new", "normal", "regular", "valid", "active", "original", "0"), TRADE)
"""Words for trades where the column names nothing but the exceptions."""
_BOOK_WORDS = frozenset({"add", "a", "modify", "m", "add order", "modify order", "delete", "d"})
_SURE = frozenset(_TRADES) - {"t", "last", "fill", "match"} | frozenset(_QUOTES[:2]) | frozenset(_CANCELS[2:])
_COLUMNS = (
    "eventtype", "recordtype", "rectype", "ticktype", "msgtype", "messagetype", "datatype", "updatetype", "tradetype",
    "recordkind", "kind", "event", "action", "ev", "type", "status", "tradestatus",
)  # fmt: skip
_CODE_COLUMNS = ("correction", "trcorr", "corr", "tradecorrection", "tradecorrectionindicator", "correctionindicator")


def with_kinds(sample: Sample, layout: Layout) -> Layout:
    """The layout with the column of kinds, if the sample shows one that no role has."""
    taken = {column.index for role, column in layout.columns.items()}
    for name in _CODE_COLUMNS:
        index = sample.normal.get(name)
        if index is not None and _are_codes(sample.column(index)):
            return _with(layout, sample, index, CORRECTION)
    for name in _COLUMNS:
        index = sample.normal.get(name)
        if index is not None and index not in taken and (kind := _meaning(sample.column(index))):
            return _with(layout, sample, index, kind)
    return layout


def _with(layout: Layout, sample: Sample, index: int, kind: Kinds) -> Layout:
    columns = {**layout.columns, Role.ACTION: Column(index, sample.header[index])}
    return replace(layout, columns=columns, kind=kind)


def _are_codes(cells: Iterable[str]) -> bool:
    found = set(cells)
    return bool(found - {""}) and all(plain_word(cell).lstrip("0") in _CODES for cell in found)


def _meaning(cells: Iterable[str]) -> Kinds | None:
    """What the words of a column mean, None if it is no column of kinds."""
    words = {plain_word(cell) for cell in cells} - {""}
    if not words:
        return None
    of = _ORDERS if words & _BOOK_WORDS else _WORDS
    known = {word for word in words if word in of or word.startswith(tuple(_STARTS))}
    trades = {word for word in known if of.get(word, TRADE) == TRADE}
    if not (words & _SURE or any(word.startswith(tuple(_STARTS)) for word in known) or (trades and known - trades)):
        return None
    return Kinds(of if trades else {**of, **_GOOD}, _STARTS)
