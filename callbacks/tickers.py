"""The crypto tickers' page: its tree, the update of its interval, the list of tickers, the dialog with the history.

What is beside and around the prices is in `tickers_alerts`, `tickers_lists`, `tickers_targets`, `tickers_holes`,
`tickers_dialogs`.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, Dash, Input, Output, State, ctx, dcc, no_update
from dash.development.base_component import Component

from callbacks import tickers_alerts, tickers_dialogs, tickers_holes, tickers_links, tickers_lists, tickers_targets
from callbacks.page import Page
from callbacks.tickers_dialogs import Count, Opened, read_state
from callbacks.toasts import needs_key, pressed, refresh, sentence, toast
from layouts.document import LIBRARIES
from layouts.figures.tickers import history_figure
from layouts.shell import Link
from layouts.tickers import RANGES, SPARK, cards, feeds_text, now_of, table_row, tickers_page
from layouts.tickers_text import price_text, state_text
from orderflow.errors import NotFound, OrderflowError
from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.tickers.quotes import Point, Quote, Quotes
from orderflow.tickers.tickers import Tickers
from orderflow.web.kit.access import operator_only

if TYPE_CHECKING:
    from orderflow.services import Services

STORES = ("tickers-seen", "tickers-open", "tickers-refresh")
"""What the page has; the ticker whose history is open and the number of its opening; a new value asks at once."""
EXTENDED = 5
"""Newest points of the history that an update looks at for those that the open chart lacks."""
MOST = 10_000
OUTPUTS = {
    "cards": ("tickers-cards", "children"),
    "no_cards": ("tickers-cards", "hidden"),
    "no_table": ("tickers-table", "hidden"),
    "no_none": ("tickers-none", "hidden"),
    "rows": ("tickers-grid", "rowData"),
    "changed": ("tickers-grid", "rowTransaction"),
    "feeds": ("tickers-feeds", "children"),
    "seen": ("tickers-seen", "data"),
    "figure": ("tickers-graph", "figure"),
    "points": ("tickers-graph", "extendData"),
    "price": ("tickers-history-price", "children"),
    "state": ("tickers-history-state", "children"),
    "note": ("tickers-history-note", "children"),
}
"""What an update may set: component and property by the name in the answer."""

CARD = ("now", "spark")
"""What an update may set of each card: ids {"type": "ticker-now", "ticker": …}."""

Answer = dict[str, Any]


class Seen(msgspec.Struct):
    """What the page has. list: revision of the list, -1 before the first. view: cards or table. texts: of what moves, a
    number for each ticker. times: of the last point of each line, ms. feeds: a number for the line about them. line:
    (ticker, turn, range) of the open history, last: time of its last point, ms: whole ns would be rounded."""

    list: int = -1
    view: str = ""
    texts: dict[str, Count] = {}
    times: dict[str, float] = {}
    feeds: Count = 0
    line: tuple[str | None, Count, str] = (None, 0, "")
    last: float = 0.0


def page(services: Services, links: list[Link]) -> Component:
    """The page as the settings have it."""
    symbols = [ticker.name for ticker in services.part(Tickers).all()]
    days = services.settings.live_feeds.days
    return tickers_page(
        links=links,
        symbols=symbols,
        kinds=list(services.part(Delivery).kinds.values()),
        hint=f"Trades of feeds are kept for {days} days, simulated ones for 7. ",
        more=[
            *(dcc.Store(id=name) for name in STORES),
            *tickers_alerts.extras(),
            *tickers_targets.extras(),
            *tickers_holes.extras(),
            *tickers_links.extras(),
        ],
    )


def dynamic(services: Services) -> list[Component]:
    """What callbacks put into the page: a card, alerts and targets with their buttons."""
    quote = Quote("BTC", "sim:BTC", None, None, None, None, "SIMULATED", "simulated")
    targets = tickers_targets.dynamic(services.part(Delivery))
    return [*cards([quote], [[]], 0), *tickers_alerts.dynamic(), *targets]


def update(
    services: Services,
    view: str,
    shown: Mapping[str, Sequence[str]],
    open_: Any,
    range_: Any,
    given: Any,
    chosen: Collection[str] = (),
) -> Answer:
    """All that has moved since the page's last update, by the names of OUTPUTS and CARD.

    shown: tickers of the cards, in their order, by the names of CARD. open_, given: of the stores. range_: of the open
    history. chosen: what the reader has just chosen, of "view" and "range". An earlier choice may be on its way then,
    and the page does not have what it will have: it gets everything of these again.
    """
    seen = read_state(Seen, given) or Seen()
    if "view" in chosen:
        seen.list = -1
    if "range" in chosen:
        seen.line = Seen().line
    quotes, now = services.part(Quotes), services.clock.now()
    revision, all_ = services.part(Tickers).revision, quotes.all()
    answer: Answer = {name: [no_update] * len(tickers) for name, tickers in shown.items()}
    if seen.list != revision or seen.view != view:
        answer |= _whole(quotes, all_, view, now)
        texts = {each.ticker: _number(each) for each in all_}
        seen = Seen(
            revision, view, texts, {each.ticker: (each.time or 0) / 1e6 for each in all_}, 0, seen.line, seen.last
        )
    else:
        by_name = {each.ticker: each for each in all_}
        changed = [each for each in all_ if seen.texts.get(each.ticker) != _number_at(each, now)]
        if view == "table":
            answer["changed"] = {"update": [table_row(each, now) for each in changed]} if changed else no_update
        else:
            names = {each.ticker for each in changed}
            answer["now"] = [now_of(by_name[name], now) if name in names else no_update for name in shown["now"]]
            answer["spark"] = [line_points(quotes, by_name.get(name), seen.times) for name in shown["spark"]]
        seen.texts = {each.ticker: _number_at(each, now) for each in all_}
    _feeds(services, seen, answer)
    _history(quotes, seen, read_state(Opened, open_) or Opened(), range_, now, answer)
    answer["seen"] = msgspec.to_builtins(seen)
    return answer


def _whole(quotes: Quotes, all_: Sequence[Quote], view: str, now: int) -> Answer:
    """All cards or rows anew."""
    table = view == "table"
    histories: list[list[Point]] = [[] if table else quotes.history(each.ticker, SPARK) for each in all_]
    return {
        "cards": [] if table else cards(all_, histories, now),
        "rows": [table_row(each, now) for each in all_] if table else [],
        "no_cards": table or not all_,
        "no_table": not table or not all_,
        "no_none": bool(all_),
    }


def _number(quote: Quote) -> int:
    """Of what a card shows of a quote, apart from its age."""
    return zlib.crc32(repr(quote).encode())


def _number_at(quote: Quote, now: int) -> int:
    """As `_number`, and another one when the age in words changes."""
    age = None if quote.time is None else (now - quote.time) / 1e9
    return zlib.crc32((repr(quote) + state_text(quote.state, age, quote.reason)).encode())


def line_points(quotes: Quotes, quote: Quote | None, times: dict[str, float]) -> Any:
    """The newest point for a card's line, all of them if it has none yet, or no_update; the time is noted in
    `times`."""
    drawn = times.get(quote.ticker, 0.0) if quote is not None else 0.0
    if quote is None or quote.time is None or quote.price is None or quote.time / 1e6 <= drawn:
        return no_update
    times[quote.ticker] = quote.time / 1e6
    points = [Point(quote.time, quote.price)] if drawn else quotes.history(quote.ticker, SPARK)
    return [{"x": [[point.time / 1e6 for point in points]], "y": [[point.price for point in points]]}, [0], SPARK]


def _feeds(services: Services, seen: Seen, answer: Answer) -> None:
    words = feeds_text([(each.title, str(each.state), each.reason) for each in services.part(LiveFeeds).status()])
    number = zlib.crc32(words.encode())
    if number != seen.feeds:
        answer["feeds"], seen.feeds = words, number


def _history(quotes: Quotes, seen: Seen, opened: Opened, range_: Any, now: int, answer: Answer) -> None:
    """What the open dialog lacks: its whole figure after it was opened or the range chosen, else the later points."""
    step, count = _range(range_)
    line = (opened.ticker, opened.turn, f"{step}:{count}")
    if opened.ticker is None:
        seen.line = line
        return
    try:
        quote = quotes.one(opened.ticker)
        points = quotes.history(opened.ticker, count if line != seen.line else EXTENDED, step)
    except NotFound as error:  # removed meanwhile
        answer["note"] = sentence(error)
        return
    if line != seen.line:
        seen.line = line
        answer["figure"] = history_figure(
            [point.time / 1e6 for point in points], [point.price for point in points], view=repr(line)
        )
        answer["note"] = _note(points, count)
    elif later := [point for point in points if point.time / 1e6 > seen.last]:
        xs, ys = [point.time / 1e6 for point in later], [point.price for point in later]
        answer["points"] = [{"x": [xs], "y": [ys]}, [0], max(count, EXTENDED)]
    seen.last = points[-1].time / 1e6 if points else 0.0
    answer["price"] = price_text(quote.price)
    answer["state"] = state_text(quote.state, None if quote.time is None else (now - quote.time) / 1e9, quote.reason)


def _note(points: Sequence[Point], count: int) -> str:
    if not points:
        return "No trades have come yet."
    few = "" if len(points) >= count else f"{len(points):,} points: there are no older trades. "
    return f"{few}Times are UTC."


def _range(given: Any) -> tuple[str, int]:
    """(step, points) of a value of RANGES; the first for anything else."""
    known = [value for value, _ in RANGES]
    step, _, count = (given if given in known else known[0]).partition(":")
    return step, min(MOST, int(count))


def moved(names: Sequence[str], name: str, by: int) -> list[str]:
    """The names with one moved by so many places."""
    rest = [each for each in names if each != name]
    rest.insert(max(0, list(names).index(name) + by), name)
    return rest


def change_list(tickers: Tickers, action: str, name: str) -> str:
    """Remove or move a ticker; what went wrong as a sentence, "" if nothing did."""
    try:
        if action == "ticker-remove":
            tickers.remove(name)
        else:
            names, by = [each.name for each in tickers.all()], -1 if action == "ticker-left" else 1
            tickers.reorder(moved(names, tickers.get(name).name, by))
    except OrderflowError as error:
        return sentence(error)
    return ""


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    tickers = services.part(Tickers)
    each = {
        kind: {"type": f"ticker-{kind}", "ticker": ALL} for kind in ("now", "spark", "open", "left", "right", "remove")
    }

    @app.callback(
        output={
            **{name: Output(*place) for name, place in OUTPUTS.items()},
            "now": Output(each["now"], "children"),
            "spark": Output(each["spark"], "extendData"),
        },
        inputs={
            "_number": Input("tickers-interval", "n_intervals"),
            "_refresh": Input("tickers-refresh", "data"),
            "view": Input("tickers-view", "value"),
            "open_": Input("tickers-open", "data"),
            "range_": Input("tickers-range", "value"),
        },
        state={"seen": State("tickers-seen", "data")},
        # dcc.Interval does not wait: an update that takes longer than its interval would be superseded for ever
        running=[(Output("tickers-interval", "disabled"), True, False)],
    )
    def answer_request(_number: Any, _refresh: Any, view: Any, open_: Any, range_: Any, seen: Any) -> dict[str, Any]:
        shown = {name: [str(part["id"].get("ticker")) for part in ctx.outputs_grouping[name]] for name in CARD}
        kind = "table" if view == "table" else "cards"
        chosen = [name for name in ("view", "range") if f"tickers-{name}.value" in ctx.triggered_prop_ids]
        answer = services.workers.run(update, services, kind, shown, open_, range_, seen, chosen)
        return {name: answer.get(name, no_update) for name in (*OUTPUTS, *CARD)}

    @app.callback(
        Output("tickers-add-fault", "children"),
        Output("tickers-name", "value"),
        Output("tickers-refresh", "data", allow_duplicate=True),
        Input("tickers-add", "n_clicks"),
        Input("tickers-name", "n_submit"),
        State("tickers-name", "value"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: ("This server needs its key for that.", no_update, no_update))
    def add(_clicks: Any, _submits: Any, text: Any) -> tuple[Any, Any, Any]:
        words = text.strip() if isinstance(text, str) else ""
        if not words:
            return "Write a name such as SOL, or a pair such as LTCUSDT.", no_update, no_update
        try:
            tickers.add(words)
        except OrderflowError as error:
            return sentence(error), no_update, no_update
        return "", "", refresh()

    @app.callback(
        Output("tickers-toasts", "sendNotifications", allow_duplicate=True),
        Output("tickers-refresh", "data", allow_duplicate=True),
        *(Input(each[kind], "n_clicks") for kind in ("left", "right", "remove")),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (needs_key(), no_update))
    def change(*clicks: Any) -> tuple[Any, Any]:
        if not (button := pressed(clicks)):
            return no_update, no_update
        fault = change_list(tickers, button["type"], button.get("ticker", ""))
        return (toast(fault, bad=True) if fault else no_update), refresh()

    tickers_dialogs.register(app, each["open"], tickers)
    tickers_alerts.register(app, services, services.part(Alerts))
    tickers_lists.register(app, services, services.part(Alerts))
    tickers_targets.register(app, services)
    tickers_holes.register(app, services)
    tickers_links.register(app, tickers)


PAGE = Page(
    "/tickers/",
    "Tickers",
    page,
    register,
    scripts=("kit",),
    styles=("page.css", "tickers.css"),
    libraries=(*LIBRARIES, "dash_ag_grid"),
    dynamic=dynamic,
)
