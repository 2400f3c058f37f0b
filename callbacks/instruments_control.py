"""Steering the simulation: pause, speed, restart, scenarios. All of it goes through the function of POST …/simulation.

A change is shown by the page's next update, which is asked for at once.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.instruments_board import stop_of
from callbacks.instruments_state import View, read
from callbacks.toasts import needs_key, refresh, sentence, toast
from layouts.instruments import SPEEDS
from orderflow.errors import BadInput, OrderflowError
from orderflow.instruments.scenarios import LARGEST
from orderflow.instruments.simulation import Simulation
from orderflow.web.instruments.instruments_api import steer
from orderflow.web.kit.access import operator_only

if TYPE_CHECKING:
    from orderflow.services import Services

EXAMPLE = """name = "My scenario"
description = "A shock, then nerves, then a halt."

[[events]]
kind = "shock"
at = 5                  # seconds from the beginning
percent = -4
instruments = "all"     # or an id, a group, a list

[[events]]
kind = "volatility"
at = 5
factor = 3
seconds = 60

[[events]]
kind = "halt"
at = 70
seconds = 10
"""
EMPTY = "There is nothing to play: paste a scenario, take one from a file, or begin with the example."
SEED = re.compile(r"[0-9]{1,19}")
SEEDS = 2**32


def step_speed(simulation: Simulation, by: int) -> float:
    """The stop `by` steps faster than the present speed, at most the last one."""
    return float(SPEEDS[min(len(SPEEDS) - 1, max(0, stop_of(simulation.speed) + by))])


def read_seed(text: str | None, present: int) -> dict[str, Any]:
    """The body that restarts with the seed of a field: the present one where it is empty or unchanged.

    A text that is not a number is sent as it is, so that the error message names it.
    """
    plain = (text or "").strip()
    if plain in ("", str(present)):
        return {"action": "restart"}
    return {"action": "restart", "seed": int(plain) if SEED.fullmatch(plain) else plain}


def restart(simulation: Simulation, text: str | None) -> str:
    """Restart the simulation; returns the error in the seed as a sentence, "" if there is none."""
    try:
        steer(simulation, read_seed(text, simulation.seed))
    except BadInput as error:
        return f"The seed {error.errors[0].reason}." if error.errors else sentence(error)
    except OrderflowError as error:
        return sentence(error)
    return ""


def play(simulation: Simulation, body: Mapping[str, Any]) -> list[str]:
    """Begin or end a scenario (`name`, `text` or neither); what is wrong with it, line by line."""
    try:
        steer(simulation, {"action": "scenario", **body})
    except BadInput as error:
        return [describe(one.loc, one.reason) for one in error.errors] or [sentence(error)]
    except OrderflowError as error:
        return [sentence(error)]
    return []


def describe(place: Sequence[Any], reason: str) -> str:
    """An error of a scenario with its place: ["body", "events", 0, "kind"] is "Event 1, kind: …"."""
    path = place[1:]
    if len(path) >= 2 and path[0] == "events" and isinstance(path[1], int):
        return f"Event {path[1] + 1}{f', {path[2]}' if len(path) > 2 else ''}: {reason}"
    return " ".join([*map(str, path), reason])


def read_file(contents: Any, name: Any) -> tuple[str | None, str]:
    """(text, error) of a file that the browser sent as a data URL; the text is None when it cannot be read."""
    try:
        data = base64.b64decode(str(contents).partition(",")[2], validate=True)
        if len(data) > LARGEST:
            return None, f"{name} is larger than 1 MiB."
        return data.decode("utf-8-sig"), ""
    except ValueError:  # neither base64 nor UTF-8
        return None, f"{name} is not UTF-8 text."


def error_list(lines: Sequence[str]) -> list[Component]:
    """What is wrong with a scenario, line by line."""
    if not lines:
        return []
    head = "It cannot be played:" if len(lines) == 1 else f"It cannot be played; {len(lines)} things are wrong:"
    return [html.B(head), html.Ul([html.Li(line) for line in lines])]


def register(app: Dash, services: Services) -> None:
    """Bind the callbacks of the toolbar and of the dialogs for restart and scenarios to the app."""
    simulation = services.part(Simulation)
    toasts = Output("instruments-toasts", "sendNotifications", allow_duplicate=True)
    again = Output("instruments-refresh", "data", allow_duplicate=True)
    _register_steering(app, simulation, toasts, again)
    _register_restart(app, simulation, toasts, again)
    _register_scenarios(app, simulation, toasts, again)


def _register_steering(app: Dash, simulation: Simulation, toasts: Output, again: Output) -> None:
    @app.callback(
        toasts,
        again,
        Output("instruments-speed", "value"),
        Input("instruments-run", "n_clicks"),
        Input("instruments-slower", "n_clicks"),
        Input("instruments-faster", "n_clicks"),
        Input("instruments-speed", "value"),
        State("instruments-view", "data"),
        prevent_initial_call=True,
    )
    # after a refusal the slider goes back
    @operator_only(lambda: (no_update if _echo() else needs_key(), no_update, _shown_stop()))
    def steer_simulation(_run: Any, _slower: Any, _faster: Any, stop: Any, _view: Any) -> Any:
        if _echo():
            raise PreventUpdate
        button = ctx.triggered_id
        if button == "instruments-run":
            body: dict[str, Any] = {"action": "pause" if simulation.running else "start"}
        elif button == "instruments-speed":
            if not isinstance(stop, int) or isinstance(stop, bool) or not 0 <= stop < len(SPEEDS):
                raise PreventUpdate
            body = {"action": "speed", "speed": float(SPEEDS[stop])}
        else:
            body = {"action": "speed", "speed": step_speed(simulation, 1 if button == "instruments-faster" else -1)}
        try:
            steer(simulation, body)
        except OrderflowError as error:
            return toast(sentence(error), bad=True), refresh(), _shown_stop()
        return no_update, refresh(), no_update


def _shown_stop() -> Any:
    """The slider's stop as the page's last update set it."""
    view = read(View, ctx.states.get("instruments-view.data"))
    return no_update if view is None else view.stop


def _echo() -> bool:
    """True if the page's update moved the slider, not the user."""
    return ctx.triggered_id == "instruments-speed" and ctx.inputs["instruments-speed.value"] == _shown_stop()


def _register_restart(app: Dash, simulation: Simulation, toasts: Output, again: Output) -> None:
    @app.callback(
        Output("instruments-dialog-restart", "opened"),
        Output("instruments-seed", "value"),
        Output("instruments-seed", "error"),
        Input("instruments-open-restart", "n_clicks"),
        Input("instruments-cancel", "n_clicks"),
        prevent_initial_call=True,
    )
    def ask_restart(_open: Any, _cancel: Any) -> Any:
        return ctx.triggered_id == "instruments-open-restart", str(simulation.seed), ""

    @app.callback(
        Output("instruments-seed", "value", allow_duplicate=True),
        Input("instruments-dice", "n_clicks"),
        prevent_initial_call=True,
    )
    def another_seed(_clicks: Any) -> str:
        return str(secrets.randbelow(SEEDS))

    @app.callback(
        Output("instruments-dialog-restart", "opened", allow_duplicate=True),
        Output("instruments-seed", "error", allow_duplicate=True),
        toasts,
        again,
        Input("instruments-restart", "n_clicks"),
        Input("instruments-seed", "n_submit"),
        State("instruments-seed", "value"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (no_update, no_update, needs_key(), no_update))
    def restart_simulation(_clicks: Any, _submits: Any, text: Any) -> Any:
        wrong = restart(simulation, text if isinstance(text, str) else None)
        if wrong:
            return no_update, wrong, no_update, no_update
        return False, "", toast(f"Restarted with seed {simulation.seed}."), refresh()


def _register_scenarios(app: Dash, simulation: Simulation, toasts: Output, again: Output) -> None:
    errors = Output("instruments-scenario-errors", "children"), Output("instruments-scenario-errors", "hidden")
    text = Output("instruments-scenario-text", "value")

    @app.callback(
        *errors,
        toasts,
        again,
        Input({"type": "instruments-play", "name": ALL}, "n_clicks"),
        Input("instruments-play-own", "n_clicks"),
        Input("instruments-stop", "n_clicks"),
        State("instruments-scenario-text", "value"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: (no_update, no_update, needs_key(), no_update))
    def play_scenario(_plays: Any, _own: Any, _stop: Any, own: Any) -> Any:
        if not any(each["value"] for each in ctx.triggered):
            raise PreventUpdate
        button, body = ctx.triggered_id, {}
        if button == "instruments-play-own":
            if not isinstance(own, str) or not own.strip():
                return error_list([EMPTY]), False, no_update, no_update
            body = {"text": own}
        elif button != "instruments-stop":
            body = {"name": button["name"]}
        wrong = play(simulation, body)
        if wrong:
            return error_list(wrong), False, no_update, no_update
        name = simulation.status()["scenario"]
        return [], True, toast(f"Plays: {name}." if name else "The scenario has ended."), refresh()

    @app.callback(
        Output("instruments-dialog-scenario", "opened"),
        Output(errors[0].component_id, "children", allow_duplicate=True),
        Output(errors[1].component_id, "hidden", allow_duplicate=True),
        Input("instruments-open-scenario", "n_clicks"),
        prevent_initial_call=True,
    )
    def open_scenarios(_clicks: Any) -> Any:
        return True, [], True

    @app.callback(
        text,
        Output(errors[0].component_id, "children", allow_duplicate=True),
        Output(errors[1].component_id, "hidden", allow_duplicate=True),
        Input("instruments-example", "n_clicks"),
        Input("instruments-scenario-file", "contents"),
        Input("instruments-scenario-drop", "contents"),
        State("instruments-scenario-file", "filename"),
        State("instruments-scenario-drop", "filename"),
        prevent_initial_call=True,
    )
    def fill_text(_example: Any, chosen: Any, dropped: Any, chosen_name: Any, dropped_name: Any) -> Any:
        if ctx.triggered_id == "instruments-example":
            return EXAMPLE, [], True
        given = (chosen, chosen_name) if ctx.triggered_id == "instruments-scenario-file" else (dropped, dropped_name)
        if given[0] is None:
            raise PreventUpdate
        found, wrong = read_file(*given)
        return (no_update, error_list([wrong]), False) if found is None else (found, [], True)
