"""What a user can say about a file or body, in one form for all ways: command line, notebook, query, orderflow.toml.

    ReadOptions.of(columns="time=sip_timestamp,price=price,size=qty", date_order="dmy")

Texts are those of the command line; a notebook can also give numbers, booleans and mappings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from orderflow.errors import BadInput, FieldError
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.numbers import MAX_LENGTH
from orderflow.formats.parsing.times import TIME_UNITS, DateOrder
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN, Words

COLUMN_ROLES: Mapping[str, Role] = {
    "time": Role.TIME,
    "date": Role.DAY,
    "price": Role.PRICE,
    "size": Role.SIZE,
    "total": Role.TOTAL,
    "side": Role.SIDE,
    "buyer_is_maker": Role.MAKER,
    "id": Role.ID,
    "symbol": Role.SYMBOL,
    "bid": Role.BID,
    "ask": Role.ASK,
    "bid_volume": Role.BID_VOLUME,
    "ask_volume": Role.ASK_VOLUME,
}
"""The names of the roles in the option `columns`."""
_SIDES: Words = {"buy": BUY, "sell": SELL, "unknown": UNKNOWN}
_ORDERS: Mapping[str, DateOrder] = {"ymd": "ymd", "mdy": "mdy", "dmy": "dmy"}
_MOST_LINES = 1000
_DIRECTIVES = frozenset("aAbBcdfGHIjmMpSuUVwWxXyYzZ")
_MOST_DIRECTIVES, _LONGEST_PATTERN = 10, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """The options of reading; what is None or empty is found out.

    columns: a column's name or its number from 1, by role; total is the day's volume, whose rises are sizes.
    no_header: the first line is data. skip_lines: lines before the header. time_format: a strptime pattern.
    time_unit: of TIME_UNITS, for times that are numbers. date_order: of dates whose year is at the end.
    price_scale: prices are integers of 10**-price_scale. side_words: what a word of the side column means, in lower
    case. side_of: "aggressor" or "maker". negative_prices: whether prices of 0 and below are trades. snap_floats:
    whether the noise of binary floats is taken off. max_bad: the largest share of bad rows.
    """

    columns: Mapping[Role, str] | None = None
    no_header: bool = False
    skip_lines: int | None = None
    time_format: str = ""
    time_unit: str = ""
    date_order: DateOrder | None = None
    price_scale: int | None = None
    side_words: Words | None = None
    side_of: str = ""
    negative_prices: bool | None = None
    snap_floats: bool | None = None
    max_bad: float | None = None

    @staticmethod
    def of(**given: Any) -> ReadOptions:
        """Options from texts or plain values; None and "" mean that an option is not given.

        Raises BadInput naming the option if one is unknown or not understood.
        """
        found: dict[str, Any] = {}
        for name, value in given.items():
            if name not in OPTIONS:
                raise BadInput(f"{name}: there is no such option; the options are {', '.join(OPTIONS)}")
            if value is None or value == "":
                continue
            try:
                found[name] = OPTIONS[name].parse(value)
            except ValueError as error:
                raise BadInput(f"{name}: {error}", [FieldError(None, name, str(error))]) from error
        return ReadOptions(**found)

    def over(self, base: ReadOptions) -> ReadOptions:
        """These options, and those of `base` where none is given."""
        plain = ReadOptions()
        given = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) != getattr(plain, f.name)}
        return replace(base, **given)


MAX_BAD = 0.05
"""The largest share of bad rows of a file that is replayed or read in a notebook."""
NO_OPTIONS = ReadOptions()
"""No option is given."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: how its text is parsed, what the text looks like, and what it says. switch: it takes no value."""

    parse: Callable[[Any], Any]
    form: str
    help: str
    switch: bool = False


def _columns(value: Any) -> Mapping[Role, str]:
    pairs = dict(value) if isinstance(value, Mapping) else _pairs(str(value))
    found: dict[Role, str] = {}
    for name, column in pairs.items():
        role = COLUMN_ROLES.get(str(name).strip().lower())
        if role is None:
            raise ValueError(f"{name!r} is no role; the roles are {', '.join(COLUMN_ROLES)}")
        found[role] = str(column).strip()
    return found


def _pairs(text: str) -> dict[str, str]:
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    if not parts or any(not mark for _, mark, _ in parts):
        raise ValueError(f"{text!r} is not like time=timestamp,price=price,size=qty,side=side")
    return {name: column for name, _, column in parts}


def _side_words(value: Any) -> Words:
    groups = dict(value) if isinstance(value, Mapping) else dict(_group(part) for part in str(value).split())
    words: dict[str, int] = {}
    for side, named in groups.items():
        if side not in _SIDES:
            raise ValueError(f"{side!r} is no side; write it like buy=B,1 sell=S,2 unknown=N")
        for word in str(named).split(",") if isinstance(named, (str, int)) else named:
            words[str(word).strip().lower()] = _SIDES[side]
    if not words:
        raise ValueError(f"{value!r} has no words; write it like buy=B,1 sell=S,2")
    return words


def _group(part: str) -> tuple[str, str]:
    side, mark, words = part.partition("=")
    if not mark:
        raise ValueError(f"{part!r} is not like buy=B,1 sell=S,2")
    return side.strip().lower(), words


def _one_of(*words: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        text = str(value).strip().lower()
        if text not in words:
            raise ValueError(f"{value!r} is none of {', '.join(words)}")
        return text

    return parse


def _flag(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in ("yes", "true", "1", "on"):
        return True
    if text in ("no", "false", "0", "off"):
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def _lines(value: Any) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_LENGTH) or int(text) > _MOST_LINES:
        raise ValueError(f"{value!r} is not a number of lines from 0 to {_MOST_LINES}")
    return int(text)


def _scale(value: Any) -> int:
    match = re.fullmatch(r"1(0{0,12})|1[eE]\+?([0-9]|1[0-2])", str(value).strip())
    if not match:
        raise ValueError(f"{value!r} is not a power of ten from 1 to 1000000000000, by which prices are divided")
    return len(match[1]) if match[1] is not None else int(match[2])


def _share(value: Any) -> float:
    text = str(value).strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{value!r} is not a share from 0 to 1, or from 0% to 100%")
    return share


def _pattern(value: Any) -> str:
    text = str(value)
    if "%" not in text or len(text) > _LONGEST_PATTERN:
        raise ValueError(f"{text[:_LONGEST_PATTERN]!r} is not a pattern like %d.%m.%Y %H:%M:%S.%f")
    used = [sign for sign in re.findall("%(.?)", text, re.DOTALL) if sign != "%"]
    for sign in used:
        if not sign or sign not in _DIRECTIVES:
            raise ValueError(f"%{sign} in {text!r} stands for nothing")
        if used.count(sign) > 1:
            raise ValueError(f"{text!r} has %{sign} more than once")
    if len(used) > _MOST_DIRECTIVES:  # a time that does not fit is compared in all ways in which digits can be shared
        raise ValueError(f"{text!r} has more than {_MOST_DIRECTIVES} parts")
    try:
        datetime.strptime("", text)
    except ValueError:
        pass
    except re.error as error:  # %c is several parts, which must not be there again
        raise ValueError(f"{text!r} has a part more than once") from error
    return text


OPTIONS: Mapping[str, Option] = {
    "columns": Option(
        _columns,
        "ROLE=COLUMN,…",
        f"which column is what, by name or by number from 1: {', '.join(COLUMN_ROLES)}",
    ),
    "no_header": Option(_flag, "yes|no", "the first line is data, and columns are named by number", switch=True),
    "skip_lines": Option(_lines, "N", "lines before the header, or before the first row"),
    "time_format": Option(_pattern, "PATTERN", "how times are written, as for strptime: %%d.%%m.%%Y %%H:%%M:%%S.%%f"),
    "time_unit": Option(
        _one_of(*TIME_UNITS),
        "|".join(TIME_UNITS),
        "what times that are numbers count; net: .NET ticks, us1899 and days1899: since 1899-12-30",
    ),
    "date_order": Option(_one_of(*_ORDERS), "|".join(_ORDERS), "the order of dates whose year is at the end"),
    "price_scale": Option(_scale, "N", "prices are integers, to be divided by this power of ten"),
    "side_words": Option(_side_words, "WORDS", "what the words of the side mean: buy=B,1 sell=S,2 unknown=N"),
    "side_of": Option(_one_of("aggressor", "maker"), "aggressor|maker", "whose side the side column gives"),
    "negative_prices": Option(_flag, "yes|no", "whether prices of 0 and below are trades"),
    "snap_floats": Option(_flag, "yes|no", "whether 0.30000000000000004 is read as 0.3"),
    "max_bad": Option(_share, "SHARE", "the largest share of bad rows"),
}
"""All options by name, as in Python; on the command line with hyphens."""

TABLE_OPTIONS = tuple(name for name in OPTIONS if name != "max_bad")
"""The options that say what a table holds, by name."""

FILE_OPTIONS = ("format", "tz", "symbol", "side", "member", *OPTIONS)
"""Everything that can be said about a file, by name: what `open_ticks` takes, the command line and the chart's page."""


def option_texts(found: Mapping[str, Any]) -> dict[str, Any]:
    """The options among named values, such as those of a parsed command line."""
    return {name: found[name] for name in OPTIONS if found.get(name) is not None}
