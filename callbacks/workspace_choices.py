"""What the lists of the workspace's charts offer, and what is chosen there at first, by the page or by its address.

The lists of all series may be long. The page has them once and sends back their digest, by which a look at every
interval knows whether they have changed; the time frames of a chart's symbol are read anew for each answer.

A name in the address that is not known stays chosen, so that the chart can say so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.workspace_link import Link, Series
from callbacks.workspace_state import read, same_charts
from layouts.workspace import CHARTS, part
from orderflow.web.kit.current_user import for_user
from orderflow.workspace.klines.live_klines import LiveKlines, Offer
from orderflow.workspace.samples import FRAMES, NAME, Sample
from orderflow.workspace.uploads.library import Library

if TYPE_CHECKING:
    from orderflow.services import Services

USUAL = "1m"
Option = dict[str, Any]


class Offered(msgspec.Struct, frozen=True):
    """The digest of what the lists offer, and the number of the address that the charts' symbols were taken from."""

    digest: str
    link: int = 0


@dataclass(frozen=True, slots=True)
class Choices:
    """symbols: what the lists of symbols offer. frames: time frames by symbol. signals: names of a user's sets."""

    symbols: list[Option]
    frames: Mapping[str, list[str]]
    signals: list[str]

    def digest(self, symbols: Sequence[str | None], signals: Sequence[str | None]) -> str:
        """Changes with what the lists offer, and with what they offer besides, because it is chosen there."""
        unknown = [value if value not in self.frames else None for value in symbols]
        others = [value if value not in self.signals else None for value in signals]
        text = msgspec.json.encode((self.symbols, self.frames, self.signals, unknown, others))
        return hashlib.blake2b(text, digest_size=8).hexdigest()


def live_symbols(offers: Sequence[Offer]) -> list[Option]:
    """Choices of symbols in the order of the offers, each once: those that come from models are named so."""
    made = {each.symbol: each.simulated for each in offers}
    return [{"value": name, "label": f"{name} · SIMULATED" if made[name] else name} for name in made]


def live_frames(offers: Sequence[Offer]) -> dict[str, list[str]]:
    """The time frames of each symbol, in the order of the offers, each once."""
    frames: dict[str, dict[str, None]] = {}
    for each in offers:
        frames.setdefault(each.symbol, {}).update(dict.fromkeys(each.timeframes))
    return {symbol: [*names] for symbol, names in frames.items()}


def usual_symbol(symbols: Sequence[Option], index: int) -> str | None:
    """What a chart shows at first: the charts show different symbols where there are enough."""
    return symbols[min(index, len(symbols) - 1)]["value"] if symbols else None


def with_unknown(options: Sequence[Option], value: Any) -> list[Option]:
    """The options, and the value that is not among them: a list drops what it does not offer."""
    if not isinstance(value, str) or any(each["value"] == value for each in options):
        return list(options)
    return [*options, {"value": value, "label": f"{value} (unknown)", "disabled": True}]


def symbol_of(value: Any, wished: str | None, symbols: Sequence[Option], index: int, *, now: bool) -> str | None:
    """What a chart shows. wished: by the address, which counts now, or stays chosen though it is not known."""
    if wished and (now or value == wished):
        return wished
    names = {each["value"] for each in symbols}
    return value if isinstance(value, str) and value in names else usual_symbol(symbols, index)


def signals_of(value: Any, wished: Series, sets: Sequence[str], *, now: bool, sample: bool) -> str | None:
    """The signals of a chart. sample: the bundled candles have just come onto it."""
    if now and (wished.symbol or wished.signals):
        return wished.signals
    if sample:
        return NAME
    return value if isinstance(value, str) and (value in sets or value == wished.signals) else None


def frame_of(value: Any, wished: str | None, names: Sequence[str], *, now: bool) -> str | None:
    """The time frame of a chart; as for symbols, that of the address counts now or stays."""
    if wished and (now or value == wished):
        return wished
    if isinstance(value, str) and value in names:
        return value
    return USUAL if USUAL in names else next(iter(names), None)


def register(app: Dash, services: Services) -> None:
    """Bind the callbacks of the lists to the app."""
    run = services.workers.run

    def choices(user: str, mode: Any) -> Choices:
        series, sets = services.part(Library).listed(user)
        signals = [each.name for each in sets]
        if mode == "live":
            offers = services.part(LiveKlines).offers()
            return Choices(live_symbols(offers), live_frames(offers), signals)
        if mode != "custom":
            return Choices([], {}, [])
        if not series and not sets:
            return Choices([{"value": NAME, "label": Sample.title}], {NAME: [*FRAMES]}, [NAME])
        frames: dict[str, list[str]] = {}
        for each in series:
            frames.setdefault(each.key.name, []).append(each.key.timeframe)
        return Choices([{"value": name, "label": name} for name in frames], frames, signals)

    @app.callback(
        Output(part("symbol", ALL), "data"),
        Output(part("symbol", ALL), "value"),
        Output(part("signals", ALL), "data"),
        Output(part("signals", ALL), "value"),
        Output("ws-offered", "data"),
        Input("ws-offers-interval", "n_intervals"),
        Input("ws-mode", "value"),
        Input("ws-link", "data"),
        State(part("symbol", ALL), "value"),
        State(part("signals", ALL), "value"),
        State("ws-offered", "data"),
        running=[(Output("ws-offers-interval", "disabled"), True, False)],
    )
    @for_user(no_offers)
    def offer(user: str, _n: Any, mode: Any, given: Any, values: Any, chosen: Any, offered: Any) -> Any:
        same_charts(values, chosen, *ctx.outputs_list[:4])
        link, before = read(Link, given) or Link(), read(Offered, offered)

        def looked() -> tuple[list[Any], list[Any], Choices, str]:
            """(symbols, signals) of the charts, what there is to choose, and its digest."""
            found = choices(user, mode)
            charts = chosen_by(link, mode, found, before, values[:CHARTS], chosen[:CHARTS])
            return *charts, found, found.digest(*charts)

        new, signals, found, digest = run(looked)
        after = msgspec.to_builtins(Offered(digest, link.n))
        if (new, signals, after) == (values, chosen, offered):
            raise PreventUpdate
        sets = [{"value": name, "label": name} for name in found.signals]
        symbols_offered = [with_unknown(found.symbols, value) for value in new]
        signals_offered = [with_unknown(sets, value) for value in signals]
        if before is not None and before.link == link.n:  # a value that is set again loads the chart again
            new, signals = changed(new, values), changed(signals, chosen)
        if before is not None and before.digest == digest:
            same = [no_update] * len(new)
            return same, new, same, signals, after
        return symbols_offered, new, signals_offered, signals, after

    @app.callback(
        Output(part("timeframe", ALL), "data"),
        Output(part("timeframe", ALL), "value"),
        Output(part("linked", ALL), "data"),
        Input(part("symbol", ALL), "value"),
        Input("ws-offered", "data"),
        State("ws-mode", "value"),
        State("ws-link", "data"),
        State(part("timeframe", ALL), "data"),
        State(part("timeframe", ALL), "value"),
        State(part("linked", ALL), "data"),
        prevent_initial_call=True,
    )
    @for_user(no_offers)
    def frames(user: str, symbols: Any, _offered: Any, mode: Any, given: Any, *has: Any) -> Any:
        link, by_symbol = read(Link, given) or Link(), run(choices, user, mode).frames
        same_charts(symbols, *has, *ctx.outputs_list)
        charts = zip(symbols, *has, strict=True)
        rows = [frames_of(link, at, by_symbol, *chart) for at, chart in enumerate(charts)]
        if all(value is no_update for row in rows for value in row):
            raise PreventUpdate
        return tuple(map(list, zip(*rows, strict=True)))


def changed(new: Sequence[Any], has: Sequence[Any]) -> list[Any]:
    """The values that are new, and no_update for the others."""
    return [no_update if value == before else value for value, before in zip(new, has, strict=False)]


def chosen_by(
    link: Link, mode: Any, found: Choices, before: Offered | None, values: Sequence[Any], chosen: Sequence[Any]
) -> tuple[list[str | None], list[str | None]]:
    """The symbols and the signals of the charts. values, chosen: those that the page has now."""
    now = link.n != (before.link if before else 0)
    wished = [link.series(at) if link.mode in (None, mode) else Series() for at in range(len(values))]
    symbols = [symbol_of(v, wished[at].symbol, found.symbols, at, now=now) for at, v in enumerate(values)]

    def new_sample(at: int) -> bool:
        return symbols[at] == NAME and NAME not in (values[at], wished[at].symbol) and found.signals == [NAME]

    signals = [
        signals_of(value, wished[at], found.signals, now=now, sample=new_sample(at)) for at, value in enumerate(chosen)
    ]
    return symbols, signals


def frames_of(
    link: Link, index: int, by_symbol: Mapping[str, list[str]], symbol: Any, data: Any, value: Any, linked: Any
) -> tuple[Any, Any, Any]:
    """(choices, choice, number of the address) of a chart's time frames; no_update where they stay as they are."""
    wished, same = link.series(index), (no_update,) * 3
    if symbol and symbol != wished.symbol and str(symbol) not in by_symbol:
        return same  # just stored: the next look at the offers has its time frames
    names = by_symbol.get(symbol, []) if isinstance(symbol, str) else []
    frame = wished.frame if wished.symbol in (None, symbol) else None
    visited = link.n != (linked or 0)
    new = frame_of(value, frame, names, now=visited)
    options = with_unknown([{"value": name, "label": name} for name in names], new)
    if (options, new, link.n) == (data, value, linked or 0):
        return same
    again = bool(data) and new == value and not visited  # a value that is set again loads the chart again
    return options, no_update if again else new, link.n


def no_offers() -> Any:
    """Leaves the lists as they are."""
    raise PreventUpdate
