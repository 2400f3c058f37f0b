"""The open instrument: its live price line, the figures beside it, the stylised facts.

A line is continued: the page says up to which price of which line it has drawn, and gets the later ones. It gets a new
figure only when the line is another one: another instrument, one that began anew, a server that was started again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx
from dash.exceptions import PreventUpdate

from callbacks.instruments_state import Opened, Seen, read
from layouts.figures.instruments import price_figure
from layouts.instruments_detail import change_text, marks, quote, readout
from layouts.instruments_facts import facts, warnings
from layouts.instruments_text import direction, price
from orderflow.instruments.board import change
from orderflow.instruments.instrument import DECIMALS, MIN_PRICE, Instrument
from orderflow.instruments.model_card import build_model_card
from orderflow.instruments.simulation import Simulation
from orderflow.instruments.stylized_facts import FactChecker

if TYPE_CHECKING:
    from orderflow.services import Services

LARGEST = 1000
"""Prices of a line, at most."""
CHECK_EVERY = 5
"""Intervals of the card between two checks of the facts; an order book is refreshed at each."""

Answer = dict[str, Any]


def read_opened(given: Any) -> Opened:
    """The open instrument as the page's store has it."""
    return read(Opened, given) or Opened()


def find(simulation: Simulation, key: str | None) -> Instrument | None:
    """The instrument with this id; None if there is none."""
    return next((each for each in simulation.all() if each.spec.id == key), None)


def epoch(instrument: Instrument, turn: int) -> str:
    """Names a line: the instrument, when it began, and the opening of the dialog."""
    return f"{instrument.spec.id} {instrument.created} {turn}"


def update_line(simulation: Simulation, opened: Opened, seen: Seen | None, most: int = LARGEST) -> Answer:
    """What the dialog of the open instrument lacks; empty while none is open.

    seen: the line that the page has. most: points that it keeps.
    """
    if opened.id is None:
        return {}
    instrument = find(simulation, opened.id)
    if instrument is None:
        return {"line": "There is no such instrument any more."}
    name, answer = epoch(instrument, opened.turn), _figures(instrument)
    if seen is None or seen.epoch != name:
        times, prices = points(instrument, max(0, instrument.history.added - most))
        answer["figure"] = price_figure(times, prices, instrument.initial_price, epoch=name)
    elif instrument.history.added > seen.last:
        times, prices = points(instrument, seen.last)
        answer["points"] = [{"x": [times], "y": [prices]}, [0], most]
    else:
        return answer
    return {**answer, "seen": Seen(name, instrument.history.added).plain()}


def points(instrument: Instrument, since: int) -> tuple[list[float], list[float]]:
    """(ms since 1970, shown prices) of what came after price number `since`, oldest first."""
    times, prices = instrument.history.since(since)
    return [time / 1e6 for time in times], [max(round(value, DECIMALS), MIN_PRICE) for value in prices]


def _figures(instrument: Instrument) -> Answer:
    """Price, change, marks and quote."""
    shown = quote(instrument.quote())
    return {
        "price": price(instrument.shown),
        "change": change_text(instrument.shown, instrument.initial_price),
        "direction": str(direction(change(instrument))),
        "plot_direction": str(direction(change(instrument))),
        "marks": marks(instrument),
        "quote": shown,
        "no_quote": not shown,
        "line": "Live",
    }


def register(app: Dash, services: Services) -> None:
    """Bind the dialog's callbacks to the app."""
    checker, simulation = FactChecker(), services.part(Simulation)

    @app.callback(
        Output("instruments-open", "data"),
        Output("instruments-dialog-detail", "opened"),
        Output("instruments-title-detail", "children"),
        Output("instruments-flow", "href"),
        Output("instruments-facts", "children", allow_duplicate=True),
        Input("instruments-grid", "cellClicked"),
        State("instruments-open", "data"),
        prevent_initial_call=True,
    )
    def open_instrument(clicked: Any, before: Any) -> Any:
        return opening(simulation, clicked, before)

    app.clientside_callback(  # at once: what is left of one instrument must not stand below the title of the next
        ClientsideFunction("instruments", "closed"),
        Output("instruments-open", "data", allow_duplicate=True),
        Output("instruments-card-interval", "max_intervals"),
        Output("instruments-form", "data", allow_duplicate=True),
        Output("instruments-card", "children", allow_duplicate=True),
        Input("instruments-dialog-detail", "opened"),
        State("instruments-open", "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("instruments-facts", "children"),
        Output("instruments-warnings", "children"),
        Input("instruments-card-interval", "n_intervals"),
        Input("instruments-open", "data"),
        running=[(Output("instruments-card-interval", "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def check_facts(intervals: int | None, open_: Any) -> Any:
        instrument = find(simulation, read_opened(open_).id)
        between = (
            isinstance(intervals, int)
            and intervals % CHECK_EVERY != 0
            and ctx.triggered_id == "instruments-card-interval"
        )
        if instrument is None or (between and not instrument.spec.book):
            raise PreventUpdate
        found = services.workers.run(build_model_card, instrument, checker)
        return facts(found, len(instrument.history), simulation.status()["scenario"]), warnings(found["warnings"])

    @app.callback(
        Output("instruments-readout", "children"),
        Input("instruments-graph", "hoverData"),
        State("instruments-open", "data"),
        prevent_initial_call=True,
    )
    def read_hover(hover: Any, open_: Any) -> str:
        instrument = find(simulation, read_opened(open_).id)
        return readout(hover, instrument.initial_price if instrument else None)


def opening(simulation: Simulation, clicked: Any, before: Any) -> tuple[dict[str, Any], bool, str, str, list[Any]]:
    """(open instrument, True, title, address of its chart, no facts yet) after a row was clicked.

    Raises PreventUpdate if the click was not on a row.
    """
    key = clicked.get("rowId") if isinstance(clicked, dict) else None
    instrument = find(simulation, key) if isinstance(key, str) else None
    if instrument is None:
        raise PreventUpdate
    spec = instrument.spec
    return (
        Opened(spec.id, read_opened(before).turn + 1).plain(),
        True,
        title(spec.id, spec.name),
        f"/chart/?symbol={spec.id}",
        [],
    )


def title(key: str, name: str) -> str:
    """Title of the dialog."""
    return f"{key} · {name}" if name != key else key
