"""The instruments' page on the wire: who there is, what their prices were, and the quiz's questions.

Prices come by the page's own sockets, and steering goes to the REST addresses, where the key is checked. What is here
is what those do not tell: the models on the cards, short histories of many instruments at once, and a quiz whose
answers stay on the server until the player has guessed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from layouts.instruments import instruments_page
from layouts.instruments_dialogs import DIALOGS
from layouts.shell import Link
from orderflow.errors import OrderflowError
from orderflow.instruments.instrument import DECIMALS, Instrument
from orderflow.instruments.quiz import Quizzes
from orderflow.instruments.scenario import Scenario
from orderflow.instruments.scenarios import bundled
from orderflow.instruments.simulation import Simulation
from orderflow.web.kit.access import is_operator

if TYPE_CHECKING:
    from orderflow.services import Services

POINTS = 120
"""Prices of a card's window."""
APART = 450_000_000
"""Least ns between two of them: the board's socket is no faster."""
MOST_ASKED = 500
"""Instruments whose prices one question may ask for."""
QUESTIONS = 10
LARGEST_SEED = 2**31


def page(services: Services, links: list[Link]) -> Component:
    """The page as the settings have it."""
    settings = services.settings
    return instruments_page(
        links=links,
        prefix=settings.instruments.prefix,
        history=settings.instruments.history,
        bundled=described([*services.part(Simulation).ids(), *services.part(Simulation).groups()]),
    )


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


def told(simulation: Simulation, question: Any, may: bool) -> dict[str, Any] | None:
    """The answer to what the page asks; None to what is no question.

    {"n", "kind": "roster"}: `rows` has [id, name, model, order book, group, initial price, price, time ms, halted,
    failure] of each instrument, `may` whether this browser may change things.
    {"n", "kind": "recent", "ids"}: `prices` has {id: [first ms, last ms, [price, ...]]}, evenly apart, oldest first.
    Both answers repeat `n`.
    """
    if not isinstance(question, dict):
        return None
    head = {"n": question.get("n"), "kind": question.get("kind")}
    if head["kind"] == "roster":
        return {**head, "rows": [row(each) for each in simulation.all()], "may": may}
    ids = question.get("ids")
    if head["kind"] != "recent" or not isinstance(ids, list):
        return None
    there = {each.spec.id: each for each in simulation.all()}
    wanted = [key for key in ids[:MOST_ASKED] if isinstance(key, str) and key in there]
    return {**head, "prices": {key: recent(there[key]) for key in wanted}}


def row(instrument: Instrument) -> list[Any]:
    """One line of the roster."""
    spec = instrument.spec
    now = [instrument.initial_price, instrument.shown, instrument.updated // 1_000_000]
    return [spec.id, spec.name, spec.model, spec.book, spec.group, *now, instrument.halted, instrument.failure]


def recent(instrument: Instrument) -> list[Any]:
    """[first ms, last ms, prices] of a card's window: of fast instruments, prices that are about as far apart as those
    that the board's socket brings."""
    times, prices = instrument.history.last()
    stride = 1
    if len(times) > 1:
        step = (times[-1] - times[0]) / (len(times) - 1)
        stride = max(1, round(APART / step)) if step > 0 else 1
    last = len(times) - 1
    kept = list(range(last, -1, -stride))[:POINTS][::-1]
    shown = [max(round(prices[k], DECIMALS), 10.0**-DECIMALS) for k in kept]
    return [times[kept[0]] // 1_000_000, times[kept[-1]] // 1_000_000, shown] if kept else [0, 0, []]


def quizzed(quizzes: Quizzes, question: Any) -> dict[str, Any] | None:
    """The quiz's next word; None to what is no question.

    {"n", "begin": true}: a new quiz: `seed`, `of` questions, and the `prices` of question 0.
    {"n", "seed", "number", "guess": "real" | "fake"}: the answer to that question: `real`, `right`, `source`, `hint`,
    and the `prices` of the next one (None after the last). What is real is nowhere told before the guess. All repeat
    `n`; `error` says why there is no quiz.
    """
    if not isinstance(question, dict):
        return None
    head = {"n": question.get("n")}
    seed, number, guess = question.get("seed"), question.get("number"), question.get("guess")
    if question.get("begin") is True:
        seed = secrets.randbelow(LARGEST_SEED)
    elif not (_whole(seed, LARGEST_SEED) and _whole(number, QUESTIONS) and guess in ("real", "fake")):
        return None
    try:
        questions = quizzes.make(int(seed or 0), QUESTIONS)
    except OrderflowError as error:
        return {**head, "error": str(error)}
    if question.get("begin") is True:
        return {**head, "seed": seed, "of": len(questions), "number": 0, "prices": list(questions[0].prices)}
    asked = questions[int(number or 0)]
    following = int(number or 0) + 1
    return {
        **head,
        "seed": seed,
        "number": number,
        "real": asked.real,
        "right": asked.real == (guess == "real"),
        "source": asked.source,
        "hint": asked.hint,
        "prices": list(questions[following].prices) if following < len(questions) else None,
    }


def _whole(value: Any, end: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < end


def register(app: Dash, services: Services) -> None:
    """Bind the page's callbacks to the app."""
    simulation, quizzes = services.part(Simulation), Quizzes()

    @app.callback(Output("instruments-told", "data"), Input("instruments-ask", "data"), prevent_initial_call=True)
    def tell(question: Any) -> Any:
        answer = told(simulation, question, is_operator())
        if answer is None:
            raise PreventUpdate
        return answer

    @app.callback(
        Output("instruments-quiz-told", "data"), Input("instruments-quiz-ask", "data"), prevent_initial_call=True
    )
    def quiz(question: Any) -> Any:
        # reading the recordings takes a while the first time
        answer = services.workers.run(quizzed, quizzes, question)
        if answer is None:
            raise PreventUpdate
        return answer

    def inside(function: str, *inputs: Input, later: bool = True) -> None:
        app.clientside_callback(
            ClientsideFunction("instruments", function),
            Output("instruments-void", "data", allow_duplicate=later),
            *inputs,
            prevent_initial_call=later,
        )

    inside("boot", Input("instruments-config", "data"), later=False)
    inside("told", Input("instruments-told", "data"))
    inside("quizzed", Input("instruments-quiz-told", "data"))
    inside("dialogs", *(Input(f"instruments-dialog-{name}", "opened") for name in DIALOGS))
