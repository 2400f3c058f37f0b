"""The address of the workspace: what it says of the page, read and written.

    /workspace/?mode=live&charts=2&symbol=BTCUSDT&frame=1m&symbol2=ETHUSDT&frame2=1h&from=2026-03-02T14:30Z&to=…

An address that names the number of charts was copied from a page: what it leaves out is at its default. Any other
leaves the reader's own choices.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec

from callbacks.workspace_series import Wanted, wanted_of
from layouts.workspace import CHARTS, COUNTS, MODES
from layouts.workspace_settings import CHOICES, SLOTS
from orderflow.errors import OrderflowError
from orderflow.market.indicators.registry import find

LONGEST = 4_000
MOST_FIELDS = 100
LONGEST_NAME = 200
KINDS = ("kind", "scale", "zone")
"""The choices of `layouts.workspace_settings` that an address has; colours are the reader's own."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Series(msgspec.Struct, frozen=True):
    """What an address says of one chart; None: nothing. y: the visible prices."""

    symbol: str | None = None
    frame: str | None = None
    signals: str | None = None
    y: tuple[float, float] | None = None


class Link(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """What an address says; None: nothing. whole: it was copied from a page. since, to: ms UTC; bars: so many of the
    newest candles. indicators: as the page's store has them, the options that differ from the defaults."""

    mode: str | None = None
    count: str | None = None
    choices: dict[str, str] = {}
    volume: bool | None = None
    indicators: list[dict[str, Any]] | None = None
    charts: list[Series] = []
    since: float | None = None
    to: float | None = None
    bars: float | None = None
    n: int = 0

    @property
    def whole(self) -> bool:
        return self.count is not None

    def series(self, index: int) -> Series:
        """What it says of a chart."""
        return self.charts[index] if 0 <= index < len(self.charts) else Series()

    def view(self, index: int) -> dict[str, Any] | None:
        """The range of a chart, as `views.View` is written; None where it leaves the one that was left there."""
        found = {name: value for name, value in (("from", self.since), ("to", self.to)) if value is not None}
        if self.bars is not None and self.since is None:
            found = {"bars": self.bars}
        y = self.series(index).y
        return ({**found, "y": y} if y else found) if found or y or self.whole else None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: the values of its fields, and of each chart its series and its range (as `plot.range`)."""

    mode: str
    count: int
    choices: Mapping[str, str]
    volume: bool
    indicators: Sequence[Wanted]
    charts: Sequence[Series]
    range: Mapping[str, Any]


def write(shown: Shown) -> str:
    """The query of what the page shows, with its question mark."""
    fields = {"mode": shown.mode, "charts": str(shown.count)}
    fields |= {name: value for name, value in shown.choices.items() if value != CHOICES[name][1][0][0]}
    if not shown.volume:
        fields["volume"] = "off"
    if shown.indicators:
        fields["indicators"] = ",".join(map(_indicator_text, shown.indicators))
    for index, chart in enumerate(shown.charts[: shown.count]):
        values = (("symbol", chart.symbol), ("frame", chart.frame), ("signals", chart.signals), ("y", _pair(chart.y)))
        fields |= {_numbered(name, index): value for name, value in values if value}
    for name in ("from", "to"):
        if name in shown.range:
            fields[name] = time_text(shown.range[name])
    if "bars" in shown.range:
        fields["bars"] = f"{shown.range['bars']:.12g}"
    return "?" + "&".join(f"{name}={quote(value, safe=':,')}" for name, value in fields.items())


def steps(query: str) -> str:
    """What of a query is a step of the history: all but the range."""
    return "&".join(part for part in query.split("&") if not re.match(r"\??(from|to|bars|y[2-4]?)=", part))


def read(search: Any) -> tuple[Link, list[str]]:
    """(what a query says, what of it is not known, in words). A mode or series that is not known stays as it is."""
    text = search.removeprefix("?") if isinstance(search, str) else ""
    if not text:
        return Link(), []
    if len(text) > LONGEST or text.count("&") >= MOST_FIELDS:
        return Link(), ["it is too long"]
    fields = dict(parse_qsl(text))
    wrong: list[str] = []
    choices = {name: value for name in KINDS if (value := fields.get(name)) is not None}
    known = {name: [each for each, _ in CHOICES[name][1]] for name in KINDS}
    wrong += [_unknown(name, value, known[name]) for name, value in choices.items() if value not in known[name]]
    choices = {name: value for name, value in choices.items() if value in known[name]}
    count = fields.get("charts")
    if count is not None and count not in COUNTS:
        wrong.append(_unknown("charts", count, COUNTS))
        count = COUNTS[0]
    charts = [_series(fields, index, wrong) for index in range(CHARTS)]
    mode = fields.get("mode") or (MODES[0][0] if any(each.symbol for each in charts) else None)
    if mode is not None and mode not in dict(MODES):
        wrong.append(_unknown("mode", mode, list(dict(MODES))))
    indicators = _indicators(fields["indicators"], wrong) if "indicators" in fields else None
    found = Link(
        mode=mode if mode is None else mode[:LONGEST_NAME],
        count=count,
        choices=choices,
        volume=_volume(fields.get("volume"), wrong),
        indicators=indicators,
        charts=charts,
        since=_time("from", fields, wrong),
        to=_time("to", fields, wrong),
        bars=_number("bars", fields, wrong),
    )
    return found, wrong


def time_text(ms: float) -> str:
    """A time in ms as ISO-8601 with what it needs of minutes, seconds and ms; beyond the calendar its number."""
    try:
        time = EPOCH + round(ms) * _MS
    except OverflowError:
        return str(round(ms))
    return time.isoformat(timespec="milliseconds").removesuffix("+00:00").removesuffix(".000").removesuffix(":00") + "Z"


def _series(fields: Mapping[str, str], index: int, wrong: list[str]) -> Series:
    given = [fields.get(_numbered(name, index)) for name in ("symbol", "frame", "signals")]
    name = _numbered("y", index)
    y = None
    if name in fields:
        low, comma, high = fields[name].partition(",")
        if comma and (bottom := _float(low)) is not None and (top := _float(high)) is not None and bottom < top:
            y = bottom, top
        else:
            wrong.append(f"{name}: {fields[name][:40]!r} is no range of prices, such as 99.5,101")
    symbol, frame, signals = (each if each is None else each[:LONGEST_NAME] for each in given)
    return Series(symbol, frame, signals, y)


def _volume(value: str | None, wrong: list[str]) -> bool | None:
    if value not in (None, "on", "off"):
        wrong.append(_unknown("volume", str(value), ["on", "off"]))
        return None
    return None if value is None else value == "on"


def _indicators(text: str, wrong: list[str]) -> list[dict[str, Any]]:
    """The indicators of `ema:9,rsi`: as many of a name as the page has, with options in their order."""
    found: list[dict[str, Any]] = []
    room = Counter(name for name, _ in SLOTS)
    for part in filter(None, text.split(",")):
        name, *values = part.split(":")
        try:
            indicator = find(name)
            if not room[name]:
                raise ValueError(f"there are no more of {name}")
            if len(values) > len(indicator.options):
                raise ValueError(f"{name} has {len(indicator.options)} options")
            options = {option.name: value for option, value in zip(indicator.options, values, strict=False) if value}
            wanted_of([{"name": name, "options": options}])
        except (OrderflowError, ValueError) as error:
            wrong.append(f"indicators: {error}")
            continue
        room[name] -= 1
        found.append({"name": name, "options": options})
    return found


def _indicator_text(wanted: Wanted) -> str:
    values = ["" if wanted.options[o.name] == o.default else str(wanted.options[o.name]) for o in
              wanted.indicator.options]  # fmt: skip
    return ":".join([wanted.indicator.name, *values]).rstrip(":")


def _numbered(name: str, index: int) -> str:
    return name if not index else f"{name}{index + 1}"


def _pair(values: Any) -> str:
    return "" if values is None else ",".join(f"{value:.12g}" for value in values)


def _time(name: str, fields: Mapping[str, str], wrong: list[str]) -> float | None:
    text = fields.get(name)
    if text is None:
        return None
    if re.fullmatch(r"-?[0-9]{1,17}", text):
        return float(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        wrong.append(f"{name}: {text[:40]!r} is no time, such as 2026-03-02T14:30Z")
        return None
    return round(((time if time.tzinfo else time.replace(tzinfo=UTC)) - EPOCH) / _MS)


def _number(name: str, fields: Mapping[str, str], wrong: list[str]) -> float | None:
    text = fields.get(name)
    value = None if text is None else _float(text)
    if text is not None and (value is None or value <= 0):
        wrong.append(f"{name}: {text[:40]!r} is no number above 0")
        return None
    return value


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e18 else None  # nor for one that is NaN


def _unknown(name: str, value: str, known: Sequence[str]) -> str:
    return f"{name} {value[:40]!r} is not known; use one of {', '.join(known)}"
