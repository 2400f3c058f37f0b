"""The instruments' page: its tree with the settings' values, its stores, and the update of its interval.

Callbacks of one dialog or of one purpose are in the modules beside it: `instruments_control` (steering),
`instruments_detail` and `instruments_model` (one instrument), `instruments_quiz`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import Dash, Input, Output, State, ctx, dcc, no_update
from dash.development.base_component import Component

from callbacks import instruments_control, instruments_detail, instruments_model, instruments_quiz
from callbacks.instruments_board import Choose, Query, choose, update_board, update_status, without_rows
from callbacks.instruments_detail import LARGEST, read_opened, update_line
from callbacks.instruments_model import form_of
from callbacks.instruments_state import Seen, View, read
from callbacks.page import Page
from layouts.document import LIBRARIES
from layouts.instruments import instruments_page
from layouts.instruments_form import form
from layouts.instruments_quiz import fault, score
from layouts.shell import Link
from orderflow.errors import OrderflowError
from orderflow.instruments.board import Volatilities
from orderflow.instruments.instrument import Instrument
from orderflow.instruments.model_card import library
from orderflow.instruments.scenario import Scenario
from orderflow.instruments.scenarios import bundled
from orderflow.instruments.simulation import Simulation
from orderflow.instruments.spec import Spec
from orderflow.web.kit.access import is_operator

if TYPE_CHECKING:
    from orderflow.services import Services

LARGEST_COUNT = 1 << 32
"""Limit of an update's number; a number beyond it is not valid."""
STORES = {
    "instruments-view": "the rows that are shown, see `instruments_state`",
    "instruments-refresh": "a new value asks for an update at once",
    "instruments-held": "whether the reader is at the rows, which then keep their places",
    "instruments-open": "id of the open instrument and number of the opening",
    "instruments-seen": "epoch and last number of the price line that is drawn",
    "instruments-form": "id and spec that the form was made of",
    "instruments-fresh": "a form that came later, and whether it is the answer to changes that were sent",
    "instruments-submit": "when the form was sent",
    "instruments-quiz-game": "where the quiz is",
}
"""The page's stores, and what each holds."""

OUTPUTS = {
    "rows": ("instruments-grid", "rowData"),
    "changed": ("instruments-grid", "rowTransaction"),
    "view": ("instruments-view", "data"),
    "pages": ("instruments-pages", "total"),
    "page": ("instruments-pages", "value"),
    "range": ("instruments-range", "children"),
    "count": ("instruments-count", "children"),
    "no_list": ("instruments-list", "hidden"),
    "no_none": ("instruments-none", "hidden"),
    "no_nothing": ("instruments-nothing", "hidden"),
    "nothing": ("instruments-nothing-words", "children"),
    "figures": ("instruments-status", "children"),
    "state": ("instruments-page", "data-state"),
    "live": ("instruments-live", "children"),
    "run": ("instruments-run", "children"),
    "pressed": ("instruments-run", "aria-pressed"),
    "stop": ("instruments-speed", "value"),
    "speed_words": ("instruments-speed", "thumbLabel"),
    "speed_text": ("instruments-speed-text", "children"),
    "scenario": ("instruments-open-scenario", "children"),
    "scenario_now": ("instruments-scenario-now", "children"),
    "no_stop": ("instruments-stop", "disabled"),
    "seen": ("instruments-seen", "data"),
    "figure": ("instruments-graph", "figure"),
    "points": ("instruments-graph", "extendData"),
    "price": ("instruments-price", "children"),
    "change": ("instruments-change", "children"),
    "direction": ("instruments-change", "data-dir"),
    "plot_direction": ("instruments-plot", "data-dir"),
    "marks": ("instruments-marks", "children"),
    "quote": ("instruments-quote", "children"),
    "no_quote": ("instruments-quote", "hidden"),
    "line": ("instruments-line", "children"),
}
"""What an update may set: component and property by the name in the answer."""
QUERY = {"instruments-search.value", "instruments-sort.value", "instruments-pages.value"}
"""What the reader chooses rows by."""


def page(services: Services, links: list[Link]) -> Component:
    """The page as the settings have it."""
    return instruments_page(
        links=links,
        bundled=described([*services.part(Simulation).ids(), *services.part(Simulation).groups()]),
        more=[dcc.Store(id=name) for name in STORES],
    )


def dynamic(services: Services) -> list[Component]:
    """What callbacks put into the page: the form of a model, and the buttons of the quiz."""
    return [*form(form_of(Spec("ITEM_00", "Item 00")).spec.plain(), library()), *score([True]), *fault("")]


def described(known: Sequence[str]) -> list[dict[str, Any]]:
    """The bundled scenarios: name (of the file), title, description, seconds, loop. One that speaks of instruments
    that are not there is listed with `fault`, the sentence that says so."""
    found: list[dict[str, Any]] = []
    for path in bundled():
        try:
            one = Scenario.parse(path.read_bytes(), path.stem, known)
        except OrderflowError as error:
            found.append({"name": path.stem, "title": path.stem, "fault": str(error)})
        else:
            rest = {"description": one.description, "seconds": one.seconds, "loop": one.loop is not None}
            found.append({"name": path.stem, "title": one.name, **rest})
    return found


def update(
    services: Services,
    scenarios: Sequence[dict[str, Any]],
    may: bool,
    number: Any,
    query: Query,
    held: bool,
    stores: tuple[Any, Any, Any],
    chosen: Choose = choose,
    asked: bool = False,
) -> dict[str, Any]:
    """Everything that has moved since the page's last update, by the names of OUTPUTS.

    scenarios: the bundled ones (`described`). may: whether this browser may change things. number: of the update.
    held: the reader is at the rows. stores: what the page has of `instruments-view`, `-open`, `-seen`.
    chosen: finds the instruments of a query. asked: the query was just chosen, so that the page gets all its rows.
    """
    view, opened, seen = read(View, stores[0]), read_opened(stores[1]), read(Seen, stores[2])
    if asked and view is not None:
        view = without_rows(view)
    simulation = services.part(Simulation)
    count = number if isinstance(number, int) and 0 <= number < LARGEST_COUNT else 0
    answer = update_board(simulation, view, query, count, held or opened.id is not None, chosen)
    answer |= update_status(simulation.status(), scenarios, may, answer["view"])
    if count % 2:
        answer.pop("figures")  # once a second is often enough
    answer["view"] = answer["view"].plain()
    return answer | update_line(simulation, opened, seen, min(LARGEST, services.settings.instruments.history))


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    scenarios = described([*services.part(Simulation).ids(), *services.part(Simulation).groups()])
    known = Volatilities()

    def chosen(instruments: Sequence[Instrument], query: Query) -> list[Instrument]:
        return services.workers.run(choose, instruments, query, known)

    @app.callback(
        output={name: Output(*place, allow_duplicate=name == "stop") for name, place in OUTPUTS.items()},
        inputs={
            "number": Input("instruments-interval", "n_intervals"),
            "_refresh": Input("instruments-refresh", "data"),
            "words": Input("instruments-search", "value"),
            "by": Input("instruments-sort", "value"),
            "asked": Input("instruments-pages", "value"),
            "open_": Input("instruments-open", "data"),
        },
        state={
            "view": State("instruments-view", "data"),
            "held": State("instruments-held", "data"),
            "seen": State("instruments-seen", "data"),
        },
        # dcc.Interval does not wait: an update that takes longer than its interval would be superseded for ever
        running=[(Output("instruments-interval", "disabled"), True, False)],
        prevent_initial_call="initial_duplicate",
    )
    def answer_request(
        number: Any, _refresh: Any, words: Any, by: Any, asked: Any, open_: Any, view: Any, held: Any, seen: Any
    ) -> dict[str, Any]:
        query = Query.of(words, by, asked)
        stores, asked_now = (view, open_, seen), not QUERY.isdisjoint(ctx.triggered_prop_ids)
        found = update(services, scenarios, is_operator(), number, query, held is True, stores, chosen, asked_now)
        return {name: found.get(name, no_update) for name in OUTPUTS}

    @app.callback(
        Output("instruments-search", "value"), Input("instruments-clear", "n_clicks"), prevent_initial_call=True
    )
    def show_all(_clicks: Any) -> str:
        return ""

    @app.callback(
        Output("instruments-dialog-help", "opened"),
        Input("instruments-open-help", "n_clicks"),
        prevent_initial_call=True,
    )
    def open_help(_clicks: Any) -> bool:
        return True

    for part in (instruments_control, instruments_detail, instruments_model, instruments_quiz):
        part.register(app, services)


PAGE = Page(
    "/instruments/",
    "Instruments",
    page,
    register,
    scripts=("kit", "instruments"),
    styles=("page.css", "instruments.css", "instruments"),
    libraries=(*LIBRARIES, "dash_ag_grid"),
    dynamic=dynamic,
)
