"""The symbol of a file without a symbol column: its name without suffixes, its date, and the words for trades.

BTCUSDT-trades-2021-04-24.csv.gz and BTCUSDT-trades-2021-04-25.zip are both BTCUSDT.
"""

from __future__ import annotations

import re

_SUFFIXES = re.compile(
    r"\.(gz|bz2|xz|lzma|zst|zstd|zip|tar|tgz|tbz2|txz|csv|txt|tsv|dat|json|jsonl|ndjson|parquet|pq|feather|arrow|"
    r"ipc|dbn|scid)$",
    re.IGNORECASE,
)
_MAX_SUFFIXES = 4
_M, _D = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_DAY = rf"(?:19|20)[0-9]{{2}}(?:-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])|-{_M}(?![0-9])|{_M}{_D})"
_CLOCK = r"(?:[_T-]?[0-9]{2}h(?:[0-9]{2})?|T[0-9]{4,6}Z?)?"
_DATE = re.compile(
    rf"(?<![0-9])(?:[-_. ]*){_DAY}{_CLOCK}(?:(?:[-_. ]|[-_ ]?to[-_ ]?)+{_DAY}{_CLOCK})*(?![0-9])", re.IGNORECASE
)
_TRADES = re.compile(
    r"(?<![a-z0-9])(?:trades|aggtrades|tick_trade|trade_tick|tick-trade|trade-tick)(?![a-z0-9])", re.IGNORECASE
)
_GATE = re.compile(rf"^([A-Z0-9]+_[A-Z0-9]+)-20[0-9]{{2}}{_M}$")
"""Gate's monthly files: BTC_USDT-202608."""
_MARKS = "-_. "
_DOUBLE = re.compile(r"([-_. ])[-_. ]+")


def stem(name: str) -> str:
    """A file's name without suffixes such as .csv.gz."""
    for _ in range(_MAX_SUFFIXES):
        shorter = _SUFFIXES.sub("", name)
        if not shorter:
            break
        name = shorter
    return name


def instrument(name: str) -> str:
    """The instrument that a file's name means; the whole stem if nothing else is in it."""
    whole = stem(name)
    whole = _GATE.sub(r"\1", whole)
    left = _without(_TRADES, _without(_DATE, whole))
    return left or whole


def _without(pattern: re.Pattern[str], text: str) -> str:
    """The text without the first match, and with one mark where that joined two parts."""
    match = pattern.search(text)
    if not match:
        return text
    before, after = text[: match.start()].rstrip(_MARKS), text[match.end() :].lstrip(_MARKS)
    if not before or not after:
        return before or after
    mark = next((sign for sign in text[match.end() : match.end() + 1] if sign in _MARKS), "_")
    return _DOUBLE.sub(r"\1", f"{before}{mark}{after}")
