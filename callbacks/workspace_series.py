"""What a chart of the workspace shows of a series: candles as columns of numbers, indicators and signals over them.

Plain functions without Dash; they read records and ticks, so they run in a worker thread.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from callbacks.toasts import sentence
from callbacks.workspace_state import Switched
from layouts.workspace_preview import span_text
from layouts.workspace_studies import line_name, lines_of
from orderflow.arrays import Floats
from orderflow.errors import BadInput, NotFound, OrderflowError
from orderflow.feeds.ranges import Range
from orderflow.market.decimals import unit_floats
from orderflow.market.indicators.indicator import Candles, Indicator
from orderflow.market.indicators.registry import find
from orderflow.market.kline_columns import COLUMNS, KlineColumns
from orderflow.market.sessions import Session
from orderflow.market.signal import BUY, NEUTRAL, SELL, Signal
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.workspace.klines.kept_series import Backfill
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.klines.sources import FIRST, LAST, Source
from orderflow.workspace.samples import NAME as SAMPLE
from orderflow.workspace.samples import Sample
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.views import View, Views

if TYPE_CHECKING:
    from orderflow.services import Services

SHOWN = 1_500
"""Candles of a first answer, and of each older page."""
MOST_INDICATORS = 30
MOST_SHOWN = 100_000
"""Candles of a first answer where the range to show begins further back, at most."""
AROUND = 300
"""Candles before the view that was left."""
TOLD = 5
"""Newest candles that an update looks at for changes, as the stream of klines does."""
MOST_WARM = 25_000
"""Candles before the first shown one that indicators are computed from, at most."""
MOST_SIGNALS = 100_000
MOST_GAPS = 1_000
"""Of a venue's history, the newest, that are marked in a chart."""
MOST_DECIMALS, SIGNIFICANT = 8, 7
"""Prices with more decimals are floats that were written out: they are shown with so many significant digits."""
TOO_FAR = f"The range begins more than {MOST_SHOWN:,} candles ago: these are the newest, move to the left to reach it."
BACKFILL = {"running": "filling the history …", "offline": "the venue is out of reach"}
"""A backfill's state in words, where it has to be told."""
SAMPLE_WORDS = f"{SAMPLE}: {Sample.source}; gone after your first upload"
DAY = 86_400_000
NS = 10**6
PRICES = ("open", "high", "low", "close")
ARROWS = {"arrow-up": BUY, "arrow-down": SELL}

Data = dict[str, Any]


class Chosen(msgspec.Struct, frozen=True):
    """What one chart shows. mode: live klines, or a user's own candles. signals: the name of a user's signals."""

    mode: Literal["live", "custom"]
    symbol: str
    timeframe: str
    signals: str | None = None

    @property
    def key(self) -> str:
        """Names the series, for its drawings and its view."""
        return f"{self.mode}:{self.symbol}:{self.timeframe}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An indicator that is switched on. number: tells two of one kind apart. options: all of them by name."""

    indicator: Indicator
    number: int
    options: Mapping[str, Any]


def wanted_of(given: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """The indicators of the page's list: {"name", "options"} each. Raises BadInput, also for too many, NotFound."""
    if len(given) > MOST_INDICATORS:
        raise BadInput(f"there are {len(given):,} indicators, and there may be {MOST_INDICATORS}: remove some")
    found = []
    for number, each in enumerate(given):
        indicator = find(str(each.get("name")))
        found.append(Wanted(indicator, number, indicator.chosen(each.get("options") or {})))
    return found


def chosen_of(mode: Any, symbol: Any, frame: Any, signals: Any) -> Chosen | None:
    """What a chart is to show; None while something is not chosen."""
    if not all(isinstance(each, str) and each for each in (symbol, frame)):
        return None
    try:
        return msgspec.convert({"mode": mode, "symbol": symbol, "timeframe": frame, "signals": signals or None}, Chosen)
    except msgspec.ValidationError:
        return None


def indicators_of(given: Any) -> list[Wanted]:
    """The indicators of the page's store; none of anything else."""
    try:
        return wanted_of([msgspec.to_builtins(each) for each in msgspec.convert(given, list[Switched] | None) or []])
    except (OrderflowError, msgspec.ValidationError):  # of an older version of the page
        return []


class Reader:
    """Reads the series of one user."""

    def __init__(self, live: LiveKlines, library: Library, views: Views, sample: Sample, owner: str) -> None:
        self._live = live
        self._library = library
        self._views = views
        self._sample = sample
        self._owner = owner
        self._known: dict[Chosen, tuple[Source, Backfill]] = {}

    def _live_of(self, chosen: Chosen) -> tuple[Source, Backfill]:
        """The source of live klines, and how far it is filled, as at its first use by this reader. Raises NotFound."""
        if chosen not in self._known:
            source = self._live.source(chosen.symbol, chosen.timeframe)
            self._known[chosen] = source, source.backfill()
        return self._known[chosen]

    def has_sample(self) -> bool:
        """Whether the bundled data are shown: until the user has uploaded anything."""
        return not any(self._library.listed(self._owner))

    def is_sample(self, chosen: Chosen) -> bool:
        """Whether a chart shows the bundled candles."""
        return chosen.mode == "custom" and chosen.symbol == SAMPLE and self.has_sample()

    def klines(self, chosen: Chosen, start: int, end: int, limit: int) -> KlineColumns:
        """The newest klines with start <= open time < end (ms). Raises NotFound, BadInput, Conflict."""
        if chosen.mode == "live":
            return self._live_of(chosen)[0].read(start, end, limit, newest=True)
        if self.is_sample(chosen):
            held = self._sample.candles(chosen.timeframe)
            return held.take((held.time >= start) & (held.time < end)).take(slice(-limit, None))
        series = self._library.candles(self._owner, chosen.symbol, chosen.timeframe)
        return self._library.klines.read(series.id, start=start, end=end, limit=limit, newest=True)

    def whole(self, chosen: Chosen, wanted: Sequence[Wanted], view: View | None = None) -> Data:
        """The newest candles, studies and signals for a plot of assets/kit/plot, and what the user left there.

        view: the range to show, and so many candles that it is held; None for the one that was left there.
        """
        left = self._views.of(self._owner, chosen.key)
        view = left.view if view is None else view
        since = None if view is None else view.since
        count = 0 if since is None else len(self.klines(chosen, max(0, int(since)), LAST, MOST_SHOWN))
        far = count == MOST_SHOWN  # too far back to be shown with all that came since
        page = self.page(chosen, wanted, LAST, SHOWN if far else max(SHOWN, count + AROUND))
        klines, values, decimals = page.klines, page.values, shown_decimals(page.klines)
        signals, said = self._signals_or_why(chosen)
        said = said or outside_text(signals, klines, more=page.more)
        return {
            "key": chosen.key,
            "title": self._title(chosen),
            "tick": 10.0**-decimals,
            "pd": decimals,
            "sd": min(klines.size_decimals, MOST_DECIMALS),
            "ms": _length(chosen.timeframe),
            "bars": _bars(klines),
            "more": page.more,
            "gaps": [end for _, end in self.gaps(chosen)[-MOST_GAPS:]],
            "studies": [
                {**line, "values": numbers(values[line["name"]])}
                for each in wanted
                for line in lines_of(each.indicator, each.number, each.options, decimals)
            ],
            "version": self.version(chosen),
            "signals": signals,
            "drawings": msgspec.to_builtins(left.drawings),
            "view": None if far else msgspec.to_builtins(view),
            "said": f"{said} {TOO_FAR if far else ''}".strip(),
        }

    def left_view(self, chosen: Chosen) -> View | None:
        """The range that the user left on the chart of a series; None where nothing is known."""
        return self._views.of(self._owner, chosen.key).view

    def held_view(self, chosen: Chosen, view: View | None) -> View | None:
        """A range, or None where no candle of a series lies in it. Raises NotFound, BadInput, Conflict."""
        if view is None or view.since is None or view.to is None:
            return view
        begin, end = max(0, int(view.since) - _length(chosen.timeframe)), min(LAST, int(view.to) + 1)
        return view if len(self.klines(chosen, begin, end, 1)) else None

    def keep(self, key: str, given: Any) -> None:
        """Keep drawings or the view of a chart. Raises BadInput."""
        self._views.keep(self._owner, key, given)

    def older(self, chosen: Chosen, wanted: Sequence[Wanted], before: int) -> Data:
        """A page of candles before a time (ms), for `chart.prepend`."""
        page = self.page(chosen, wanted, before, SHOWN)
        return {"key": chosen.key, "before": before, "bars": _named(page), "more": page.more}

    def newer(self, chosen: Chosen, wanted: Sequence[Wanted], since: int) -> Data:
        """The candles from some before a time (ms) on, for `chart.append`."""
        some = self.klines(chosen, FIRST, LAST, TOLD)
        first = min(since, int(some.time[0])) if len(some) else since
        count = len(self.klines(chosen, first, LAST, SHOWN))
        return {"key": chosen.key, "bars": _named(self.page(chosen, wanted, LAST, max(count, TOLD)))}

    def gaps(self, chosen: Chosen) -> list[Range]:
        """What a venue's history lacks between its first candle and its newest: ranges of open times (ms)."""
        if chosen.mode == "custom":
            return []
        backfill = self._live_of(chosen)[1]
        return [each for each in backfill.missing if backfill.begin is None or each[0] > backfill.begin]

    def version(self, chosen: Chosen) -> list[Any]:
        """Changes with the series' candles; its first value where more than the newest of them have changed."""
        if chosen.mode == "live":
            newest = self._live_of(chosen)[0].recent().columns.take(slice(-TOLD, None))
            since = int(newest.time[-1]) - SHOWN * (_length(chosen.timeframe) or 31 * DAY) if len(newest) else LAST
            gaps = [each for each in self.gaps(chosen) if each[1] > since]
            count = zlib.crc32(b"".join(getattr(newest, name).tobytes() for name in COLUMNS))
            return [zlib.crc32(repr(gaps).encode()), count, len(newest)]
        if self.is_sample(chosen):
            return [SAMPLE]
        series = self._library.candles(self._owner, chosen.symbol, chosen.timeframe)
        return [series.generation, series.rows]

    def state(self, chosen: Chosen) -> str:
        """What there is to know about a series besides its candles, in words; "" for nothing."""
        if chosen.mode == "custom":
            return SAMPLE_WORDS if self.is_sample(chosen) else ""
        source, backfill = self._live_of(chosen)
        words = [BACKFILL.get(backfill.state, "")]
        if backfill.state == "offline" and backfill.reason:
            words[0] += f": {backfill.reason}"
        if backfill.state != "running":
            words.append(gaps_text(self.gaps(chosen)))
        return " · ".join(word for word in ["SIMULATED" if source.simulated else "", *words] if word)

    def signals(self, chosen: Chosen) -> Data:
        """Columns of a user's signals, earliest first, for `chart.signals`. Raises NotFound."""
        rows = self.signal_rows(chosen)
        columns = {name: [getattr(row, name) for row in rows] for name in ("type", "label", "color", "icon")}
        return {
            "time": [row.time // NS for row in rows],
            "price": [float(row.price) if row.price else None for row in rows],
            "side": [row.side or ARROWS.get(row.icon, NEUTRAL) for row in rows],
            **columns,
        }

    def signal_rows(self, chosen: Chosen) -> Sequence[Signal]:
        """The signals that are chosen for a chart. Raises NotFound."""
        if chosen.signals is None:
            return ()
        if chosen.mode == "custom" and chosen.signals == SAMPLE and self.has_sample():
            return self._sample.signals()
        return self._library.signals.read(self._owner, chosen.signals, limit=MOST_SIGNALS)

    def _signals_or_why(self, chosen: Chosen) -> tuple[Data, str]:
        """The signals, and why there are none: the candles are shown without them."""
        try:
            return self.signals(chosen), ""
        except NotFound as error:
            return {"time": []}, sentence(error)

    def _title(self, chosen: Chosen) -> str:
        if chosen.mode == "custom":
            own = f"{chosen.symbol} {chosen.timeframe}"
            return f"{Sample.title} {chosen.timeframe} · {Sample.source}" if self.is_sample(chosen) else own
        return f"{chosen.symbol} {chosen.timeframe} · {self._live_of(chosen)[0].name}"

    def page(self, chosen: Chosen, wanted: Sequence[Wanted], end: int, most: int) -> Page:
        """The newest `most` candles before `end` (ms), and the values of the indicators at them."""
        warm = min(MOST_WARM, max((_before(each, chosen.timeframe) for each in wanted), default=0))
        klines = self.klines(chosen, FIRST, end, most + warm + 1)
        begin = max(0, len(klines) - most)
        candles = candles_of(klines)
        values = {
            line_name(each.indicator, each.number, name): line[begin:]
            for each in wanted
            for name, line in each.indicator.run(candles, **each.options).items()
        }
        return Page(klines.take(slice(begin, None)), values, begin > 0)


@dataclass(frozen=True, slots=True)
class Page:
    """values: float64[n] by name of an indicator's line. more: whether there are older candles."""

    klines: KlineColumns
    values: Mapping[str, Floats]
    more: bool


def shown_decimals(klines: KlineColumns) -> int:
    """Decimals of prices on a chart: those of the series, unless they are the noise of floats."""
    if klines.price_decimals <= MOST_DECIMALS or not len(klines):
        return klines.price_decimals
    digits = len(str(int(klines.high.max()))) - klines.price_decimals  # before the point; below 0 after it
    return max(0, min(klines.price_decimals, SIGNIFICANT - digits))


def gaps_text(gaps: Sequence[Range]) -> str:
    """How many gaps there are, and where the newest one is; "" for none."""
    if not gaps:
        return ""
    return f"{'gap' if len(gaps) == 1 else f'{len(gaps):,} gaps, the newest'} {span_text(*gaps[-1])}"


def outside_text(signals: Data, klines: KlineColumns, *, more: bool) -> str:
    """Says that no signal lies in the time of the candles, where that is so. more: there are older candles."""
    times = signals["time"]
    if not times or not len(klines):
        return ""
    if times[0] > klines.time[-1] + (_step(klines) or DAY):
        return f"The signals ({len(times):,}) are later than these candles."
    if times[-1] < klines.time[0] and not more:
        return f"The signals ({len(times):,}) are earlier than these candles."
    return ""


def _step(klines: KlineColumns) -> int:
    """ms between the last two candles; 0 for fewer."""
    return int(klines.time[-1] - klines.time[-2]) if len(klines) > 1 else 0


def candles_of(klines: KlineColumns) -> Candles:
    """Klines as floats, in sessions of UTC days."""
    prices = {name: unit_floats(getattr(klines, name), klines.price_decimals) for name in PRICES}
    volume = unit_floats(klines.volume, klines.size_decimals)
    time = klines.time * NS
    return Candles(time=time, **prices, volume=volume, session=Session().start_of(time))


def numbers(values: Floats) -> list[float | None]:
    """Floats as JSON, with null for none."""
    return [None if value != value else value for value in values.tolist()]


def _bars(klines: KlineColumns) -> Data:
    prices = {name: unit_floats(getattr(klines, name), klines.price_decimals).tolist() for name in PRICES}
    return {
        "time": klines.time.tolist(),
        **prices,
        "volume": unit_floats(klines.volume, klines.size_decimals).tolist(),
    }


def _named(page: Page) -> Data:
    """Candles and the values of the lines at them."""
    return {**_bars(page.klines), **{name: numbers(values) for name, values in page.values.items()}}


def _before(wanted: Wanted, timeframe: str) -> int:
    """Candles before the first shown one that an indicator needs; those of a day where it begins with the session."""
    length = _length(timeframe) or DAY
    session = DAY // length if wanted.indicator.by_session else 0
    return max(session, wanted.indicator.before(**wanted.options))


def _length(timeframe: str) -> int:
    """ms of a time frame; 0 where it is not one of Binance's, or its lengths differ."""
    found = TIMEFRAMES.get(timeframe)
    return 0 if found is None or found.monthly else found.ms


def reader_of(services: Services, user: str) -> Reader:
    """Reads the series of a user."""
    parts = services.part(LiveKlines), services.part(Library), services.part(Views), services.part(Sample)
    return Reader(*parts, user)
