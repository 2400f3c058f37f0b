"""The callbacks of the big screen's toolbar and dialogs; what each does is in `herd_forms`. Without the key nothing
happens and the page says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import Dash, Input, Output, State, html, no_update

from callbacks.herd_forms import (
    NEWS_FIELDS,
    ROUND_FIELDS,
    Refused,
    Values,
    asked_about,
    begin_rounds,
    control,
    experiment,
    hire,
    publish,
    rounds_of_kind,
    toggle,
    words_of,
)
from layouts.herd_dialogs import ASKS, BOTS, people_rows
from orderflow.herd.live.game import Game
from orderflow.web.kit.access import is_operator, operator_only

NEEDS_KEY = "This needs the key: open the page with ?key=… as the server printed it at its start."
BUSY = [(Output("herd-do-toggle", "disabled"), True, False)]
KINDS = tuple(kind for kind, _, _ in BOTS)


def toast(text: str, key: object, *, bad: bool = False) -> Any:
    """A short message at the edge of the screen, which fades by itself. key: another one each time, so that a message
    that is told twice is shown twice."""
    role: dict[str, Any] = {"role": "alert"} if bad else {}
    return html.Div(text, key=str(key), className=f"hg-toast{' hg-bad' if bad else ''}", **role)


def register_controls(app: Dash, game: Game) -> None:
    """Bind the toolbar and the dialogs."""
    _buttons(app, game)
    _news(app, game)
    _rounds(app, game)
    _bots(app, game)
    _questions(app, game)
    _people(app, game)


def _told(key: object, text: str, *, bad: bool = False) -> list[Any]:
    return [toast(text, key, bad=bad)]


TOASTS = Output("herd-toasts", "children", allow_duplicate=True)


def _without_key(count: int) -> Callable[[], list[Any]]:
    """The answer to somebody without the key: a message, and nothing else."""
    return lambda: [_told("key", NEEDS_KEY, bad=True), *[no_update] * (count - 1)]


def _send(do: Callable[[], str], clicks: object, fields: tuple[str, ...]) -> list[Any]:
    """(message, dialog open, fault, error of each field) after a dialog was sent."""
    try:
        done = do()
    except Refused as refused:
        return [no_update, no_update, refused.text, *(refused.fields.get(name) for name in fields)]
    return [_told(clicks, done), False, "", *[None] * len(fields)]


def _outputs(name: str, fields: list[str]) -> list[Output]:
    """The outputs of `_send`. fields: ids of a dialog's fields."""
    dialog = Output(f"herd-dialog-{name}", "opened", allow_duplicate=True)
    fault = Output(f"herd-fault-{name}", "children", allow_duplicate=True)
    return [TOASTS, dialog, fault, *(Output(field, "error", allow_duplicate=True) for field in fields)]


def _say(do: Callable[[], str | None], clicks: object) -> list[Any]:
    """What the toolbar says after a button; None was done: nothing."""
    try:
        done = do()
    except Refused as refused:
        return _told(clicks, refused.text, bad=True)
    return _told(clicks, done) if done else []


def _buttons(app: Dash, game: Game) -> None:
    @app.callback(
        TOASTS,
        Output("herd-dialog-reset", "opened", allow_duplicate=True),
        Input("herd-do-toggle", "n_clicks"),
        prevent_initial_call=True,
        running=BUSY,
    )
    @operator_only(_without_key(2))
    def press_toggle(clicks: object) -> list[Any]:
        said = _say(lambda: toggle(game), clicks)
        return [said, no_update] if said else [no_update, True]

    @app.callback(TOASTS, Input("herd-do-experiment", "n_clicks"), prevent_initial_call=True, running=BUSY)
    @operator_only(lambda: _told("key", NEEDS_KEY, bad=True))
    def press_experiment(clicks: object) -> list[Any]:
        return _say(lambda: experiment(game), clicks)


def _news(app: Dash, game: Game) -> None:
    fields = [f"herd-news-{name}" for name in NEWS_FIELDS]

    @app.callback(
        *_outputs("news", fields),
        Input("herd-send-news", "n_clicks"),
        *(Input(field, "n_submit") for field in fields),
        *(State(field, "value") for field in fields),
        prevent_initial_call=True,
        running=BUSY,
    )
    @operator_only(_without_key(3 + len(fields)))
    def send_news(clicks: Any, enter: Any, again: Any, text: object, move: object) -> list[Any]:
        return _send(lambda: publish(game, text, move), (clicks, enter, again), NEWS_FIELDS)

    _clear(app, "news", fields)


def _clear(app: Dash, name: str, fields: list[str]) -> None:
    """Forget the errors of a dialog when it is opened."""

    @app.callback(
        [Output(f"herd-fault-{name}", "children"), *(Output(field, "error") for field in fields)],
        Input(f"herd-dialog-{name}", "opened"),
        prevent_initial_call=True,
    )
    def clear(opened: object) -> list[Any]:
        return ["", *[None] * len(fields)] if opened else [no_update] * (1 + len(fields))


def _rounds(app: Dash, game: Game) -> None:
    fields = [f"herd-round-{name}" for name in ROUND_FIELDS]

    @app.callback(
        *_outputs("round", fields),
        Input("herd-send-round", "n_clicks"),
        *(Input(field, "n_submit") for field in fields),
        State("herd-round-kind", "value"),
        *(State(field, "value") for field in fields),
        prevent_initial_call=True,
        running=BUSY,
    )
    @operator_only(_without_key(3 + len(fields)))
    def send_rounds(*given: Any) -> list[Any]:
        clicks, kind, values = given[:5], given[5], given[6:]
        return _send(lambda: begin_rounds(game, kind, *values), clicks, ROUND_FIELDS)

    for button, values, done in (("next", {}, "The next round."), ("stop", {"stop": True}, "The rounds are stopped.")):
        _go_on(app, game, f"herd-round-{button}", values, done)

    app.callback(
        Output("herd-round-value", "hidden"),
        Output("herd-round-ssw", "hidden"),
        Output("herd-round-rounds", "value"),
        Input("herd-round-kind", "value"),
        State("herd-round-rounds", "value"),
        prevent_initial_call=True,
    )(rounds_of_kind)
    _clear(app, "round", fields)


def _go_on(app: Dash, game: Game, button: str, values: Values, done: str) -> None:
    """A button of the dialog while a round is running."""

    @app.callback(*_outputs("round", []), Input(button, "n_clicks"), prevent_initial_call=True, running=BUSY)
    @operator_only(_without_key(3))
    def go_on(clicks: object) -> list[Any]:
        def do() -> str:
            control(game, "round", values)
            return done

        return _send(do, clicks, ())


def _bots(app: Dash, game: Game) -> None:
    fields = [f"herd-bots-{kind}" for kind in KINDS]

    @app.callback(
        *_outputs("bots", fields),
        Input("herd-send-bots", "n_clicks"),
        *(Input(field, "n_submit") for field in fields),
        *(State(field, "value") for field in fields),
        prevent_initial_call=True,
        running=BUSY,
    )
    @operator_only(_without_key(3 + len(fields)))
    def send_bots(*given: Any) -> list[Any]:
        clicks, counts = given[: 1 + len(fields)], dict(zip(KINDS, given[1 + len(fields) :], strict=True))
        return _send(lambda: hire(game, counts), clicks, KINDS)

    @app.callback(
        *(Output(field, "value") for field in fields),
        Input("herd-dialog-bots", "opened"),
        prevent_initial_call=True,
    )
    def present(opened: object) -> list[Any]:
        bots = game.bots
        return [bots.get(kind, 0) if opened else no_update for kind in KINDS]

    _clear(app, "bots", fields)


def _questions(app: Dash, game: Game) -> None:
    for name in ASKS:
        _question(app, game, name)

    @app.callback(
        Output("herd-kick-title", "children"),
        Output("herd-dialog-kick", "opened", allow_duplicate=True),
        Input("herd-request", "data"),
        prevent_initial_call=True,
    )
    def ask(request: object) -> tuple[Any, Any]:
        participant, nick = asked_about(request)
        return (f"Kick {nick}?", True) if participant else (no_update, no_update)

    @app.callback(
        *_outputs("kick", []),
        Input("herd-send-kick", "n_clicks"),
        State("herd-request", "data"),
        prevent_initial_call=True,
        running=BUSY,
    )
    @operator_only(_without_key(3))
    def kick(clicks: object, request: object) -> list[Any]:
        participant, nick = asked_about(request)

        def do() -> str:
            control(game, "kick", {"participant": participant})
            return f"{nick} is out."

        return _send(do, clicks, ())


def _question(app: Dash, game: Game, name: str) -> None:
    """A dialog that asks before an action of ASKS."""

    @app.callback(*_outputs(name, []), Input(f"herd-send-{name}", "n_clicks"), prevent_initial_call=True, running=BUSY)
    @operator_only(_without_key(3))
    def yes(clicks: object) -> list[Any]:
        def do() -> str:
            control(game, name, {})
            return ASKS[name][3]

        return _send(do, clicks, ())

    _clear(app, name, [])


def _people(app: Dash, game: Game) -> None:
    @app.callback(Output("herd-people-find", "value"), Input("herd-dialog-people", "opened"), prevent_initial_call=True)
    def fresh(opened: object) -> Any:
        return "" if opened else no_update

    @app.callback(
        Output("herd-people-list", "children"),
        Input("herd-people-find", "value"),
        Input("herd-dialog-people", "opened"),
        Input("herd-dialog-kick", "opened"),
        prevent_initial_call=True,
    )
    def people(find: object, opened: object, _kick: object) -> Any:
        if not opened or not is_operator():
            return no_update
        return people_rows(*game.people(words_of(find)), words_of(find))
