"""The callbacks of the big screen's toolbar and dialogs; what each does is in `herd_forms`. Without the key nothing
happens and the page says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update

from callbacks.herd_forms import (
    NEWS_FIELDS,
    ROUND_FIELDS,
    Refused,
    Values,
    asked_about,
    begin_rounds,
    control,
    experiment,
    guard,
    publish,
    remove_idle,
    rounds_of_kind,
    set_bots,
    toggle,
    words_of,
)
from layouts.herd_dialogs import BOTS, CONFIRMATIONS, people_rows
from orderflow.herd.live.game import Game
from orderflow.web.kit.access import is_operator, operator_only

NEEDS_KEY = "This needs the key: open the page with ?key=… as the server printed it at its start."
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


class Dialog:
    """A dialog of the toolbar, `herd-dialog-<name>`.

    Each time it opens, the page clears its faults and gives the opening a number: what is sent twice with one number,
    because Enter was pressed twice, is done once. ids: of its fields; fields: their names, in the same order.
    """

    def __init__(self, app: Dash, name: str, ids: Sequence[str] = (), fields: Sequence[str] = ()) -> None:
        self._dialog, self._fault = f"herd-dialog-{name}", f"herd-fault-{name}"
        self._number = f"herd-opening-{name}"
        self._app, self._ids, self._fields = app, ids, fields
        self._done: float | None = None
        app.clientside_callback(
            ClientsideFunction("kit", "opened"),
            Output(self._number, "data"),
            Output(self._fault, "children"),
            *(Output(id, "error") for id in ids),
            Input(self._dialog, "opened"),
            prevent_initial_call=True,
        )

    @property
    def outputs(self) -> list[Output]:
        """The outputs of `send`."""
        dialog = Output(self._dialog, "opened", allow_duplicate=True)
        fault = Output(self._fault, "children", allow_duplicate=True)
        return [TOASTS, dialog, fault, *(Output(id, "error", allow_duplicate=True) for id in self._ids)]

    @property
    def opening(self) -> State:
        """The number of the present opening."""
        return State(self._number, "data")

    @property
    def refused(self) -> Callable[[], list[Any]]:
        """The answer of `send` to somebody without the key."""
        return _without_key(3 + len(self._ids))

    def sends(self, button: str, *states: State) -> Callable[[Callable[..., str]], Callable[..., str]]:
        """Decorate what the dialog does when its button is pressed, or Enter in a field.

        The function takes the states and the value of each field, and returns what is said. It may raise Refused.
        """

        def register(do: Callable[..., str]) -> Callable[..., str]:
            @self._app.callback(
                *self.outputs,
                Input(button, "n_clicks"),
                *(Input(id, "n_submit") for id in self._ids),
                *states,
                *(State(id, "value") for id in self._ids),
                self.opening,
                prevent_initial_call=True,
            )
            @operator_only(self.refused)
            def send(*given: Any) -> list[Any]:
                *values, opening = given[1 + len(self._ids) :]
                return self.send(lambda: do(*values), opening)

            return do

        return register

    def send(self, do: Callable[[], str], opening: object) -> list[Any]:
        """Do what the dialog asks for: (message, dialog open, fault, error of each field)."""
        number = opening if isinstance(opening, int | float) else None
        if number is not None and number == self._done:
            return [no_update] * (3 + len(self._ids))
        try:
            done = do()
        except Refused as refused:
            return [no_update, no_update, refused.text, *(refused.fields.get(name) for name in self._fields)]
        self._done = number
        return [_told(number, done), False, "", *[None] * len(self._ids)]


STALE_SECONDS = 1.5
"""How long a page may show the state before a press."""


class Switch:
    """A button of the toolbar that does the opposite when it is pressed again.

    The page shows what the next press would do after the next refresh. Until then a second press does nothing. now:
    monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: tuple[object, object] | None = None
        self._until = 0.0

    def press(self, do: Callable[[], str | None], label: object, state: Callable[[], object], clicks: object) -> Any:
        """What the toolbar says after a press. label: what the page showed on the button; state: what it changes."""
        if self._last == (label, state()) and self._now() < self._until:
            return no_update
        try:
            done = do()
        except Refused as refused:
            return _told(clicks, refused.text, bad=True)
        self._last, self._until = (label, state()), self._now() + STALE_SECONDS
        return _told(clicks, done) if done else no_update


def _buttons(app: Dash, game: Game) -> None:
    toggled, tried = Switch(), Switch()

    @app.callback(
        TOASTS,
        Output("herd-dialog-reset", "opened", allow_duplicate=True),
        Input("herd-do-toggle", "n_clicks"),
        State("herd-toggle-words", "children"),
        prevent_initial_call=True,
    )
    @operator_only(_without_key(2))
    def press_toggle(clicks: object, words: object) -> list[Any]:
        said = toggled.press(lambda: toggle(game), words, lambda: game.phase, clicks)
        return [no_update, True] if game.phase == "ended" else [said, no_update]

    @app.callback(
        TOASTS,
        Input("herd-do-experiment", "n_clicks"),
        State("herd-do-experiment", "aria-pressed"),
        prevent_initial_call=True,
    )
    @operator_only(lambda: _told("key", NEEDS_KEY, bad=True))
    def press_experiment(clicks: object, pressed: object) -> Any:
        return tried.press(lambda: experiment(game), pressed, lambda: game.experiment, clicks)


def _news(app: Dash, game: Game) -> None:
    dialog = Dialog(app, "news", [f"herd-news-{name}" for name in NEWS_FIELDS], NEWS_FIELDS)

    @dialog.sends("herd-send-news")
    def send_news(text: object, move: object) -> str:
        return publish(game, text, move)


def _rounds(app: Dash, game: Game) -> None:
    dialog = Dialog(app, "round", [f"herd-round-{name}" for name in ROUND_FIELDS], ROUND_FIELDS)

    @dialog.sends("herd-send-round", State("herd-round-kind", "value"))
    def send_rounds(kind: object, *values: object) -> str:
        return begin_rounds(game, kind, *values)

    for button, values, done in (("next", {}, "The next round."), ("stop", {"stop": True}, "The rounds are stopped.")):
        _go_on(app, game, dialog, f"herd-round-{button}", values, done)

    app.callback(
        Output("herd-round-value", "hidden"),
        Output("herd-round-ssw", "hidden"),
        Output("herd-round-rounds", "value"),
        Input("herd-round-kind", "value"),
        State("herd-round-rounds", "value"),
        prevent_initial_call=True,
    )(rounds_of_kind)


def _go_on(app: Dash, game: Game, dialog: Dialog, button: str, values: Values, done: str) -> None:
    """A button of the dialog while a round is running."""

    @app.callback(*dialog.outputs, Input(button, "n_clicks"), dialog.opening, prevent_initial_call=True)
    @operator_only(dialog.refused)
    def go_on(_click: object, opening: object) -> list[Any]:
        return dialog.send(lambda: _controlled(game, "round", values, done), opening)


def _controlled(game: Game, action: str, values: Values, done: str) -> str:
    """What is said after a control of the game. Raises Refused."""
    control(game, action, values)
    return done


def _bots(app: Dash, game: Game) -> None:
    dialog = Dialog(app, "bots", [f"herd-bots-{kind}" for kind in KINDS], KINDS)

    @dialog.sends("herd-send-bots")
    def send_bots(*counts: object) -> str:
        return set_bots(game, dict(zip(KINDS, counts, strict=True)))


def _questions(app: Dash, game: Game) -> None:
    for name in CONFIRMATIONS:
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

    dialog = Dialog(app, "kick")

    @app.callback(
        *dialog.outputs,
        Input("herd-send-kick", "n_clicks"),
        State("herd-request", "data"),
        dialog.opening,
        prevent_initial_call=True,
    )
    @operator_only(dialog.refused)
    def kick(_click: object, request: object, opening: object) -> list[Any]:
        participant, nick = asked_about(request)
        return dialog.send(lambda: _controlled(game, "kick", {"participant": participant}, f"{nick} is out."), opening)


def _question(app: Dash, game: Game, name: str) -> None:
    """A dialog that asks before an action of CONFIRMATIONS."""
    dialog = Dialog(app, name)

    @app.callback(*dialog.outputs, Input(f"herd-send-{name}", "n_clicks"), dialog.opening, prevent_initial_call=True)
    @operator_only(dialog.refused)
    def yes(_click: object, opening: object) -> list[Any]:
        return dialog.send(lambda: _controlled(game, name, {}, CONFIRMATIONS[name][3]), opening)


def _people(app: Dash, game: Game) -> None:
    guarded = Switch()

    @app.callback(
        TOASTS, Input("herd-do-code", "n_clicks"), State("herd-code-words", "children"), prevent_initial_call=True
    )
    @operator_only(lambda: _told("key", NEEDS_KEY, bad=True))
    def press_code(clicks: object, words: object) -> Any:
        return guarded.press(lambda: guard(game), words, lambda: game.guarded, clicks)

    @app.callback(
        TOASTS,
        Output("herd-people-list", "children", allow_duplicate=True),
        Input("herd-do-clear", "n_clicks"),
        State("herd-people-find", "value"),
        prevent_initial_call=True,
    )
    @operator_only(_without_key(2))
    def press_clear(clicks: object, find: object) -> list[Any]:
        try:
            done = remove_idle(game)
        except Refused as refused:
            return [_told(clicks, refused.text, bad=True), no_update]
        return [_told(clicks, done), people_rows(*game.people(words_of(find)), words_of(find))]

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
