"""The quiz "real or fake?": the server asks and checks; it sends the solution only after the guess."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from callbacks.instruments_state import Game, read
from layouts.figures.instruments import quiz_figure
from layouts.instruments_quiz import fault, head, hint, score, verdict
from orderflow.errors import OrderflowError
from orderflow.instruments.quiz import Quizzes

if TYPE_CHECKING:
    from orderflow.services import Services

QUESTIONS = 10
LARGEST_SEED = 2**31


def quiz_step(quizzes: Quizzes, question: Any) -> dict[str, Any] | None:
    """The quiz's answer to the page; None if `question` is not valid.

    {"begin": true}: a new quiz: `seed`, `of` questions, and the `prices` of question 0.
    {"seed", "number", "guess": "real" | "fake"}: the answer to that question: `real`, `right`, `source`, `hint`, and
    the `prices` of the next one (None after the last). `error` says why there is no quiz.
    """
    if not isinstance(question, dict):
        return None
    seed, number, guess = question.get("seed"), question.get("number"), question.get("guess")
    begin = question.get("begin") is True
    if begin:
        seed = secrets.randbelow(LARGEST_SEED)
    elif not (_whole(seed, LARGEST_SEED) and _whole(number, QUESTIONS) and guess in ("real", "fake")):
        return None
    try:
        questions = quizzes.make(int(seed or 0), QUESTIONS)
    except OrderflowError as error:
        return {"error": str(error)}
    if begin:
        return {"seed": seed, "of": len(questions), "number": 0, "prices": list(questions[0].prices)}
    asked = questions[int(number or 0)]
    following = int(number or 0) + 1
    return {
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


def begin_quiz(quizzes: Quizzes) -> dict[str, Any]:
    """The page's parts for a new quiz."""
    answer = quiz_step(quizzes, {"begin": True}) or {"error": "there is no quiz"}
    if "error" in answer:
        return parts(Game("fault"), head=[], answer=fault(answer["error"]), figure=quiz_figure([]))
    return ask(Game("ask", answer["seed"], answer["of"], prices=answer["prices"]))


def ask(game: Game) -> dict[str, Any]:
    """The page's parts for the game's present question."""
    shown = head(game.number, game.of, game.right)
    return parts(game, head=shown, answer=[hint()], figure=quiz_figure(game.prices))


def judge(quizzes: Quizzes, game: Game, guess: str) -> dict[str, Any] | None:
    """The page's parts after a guess; None when the game is at no question."""
    question = {"seed": game.seed, "number": game.number, "guess": guess}
    answer = quiz_step(quizzes, question) if game.state == "ask" and game.of == QUESTIONS else None
    if answer is None:
        return None
    if "error" in answer:
        return parts(game, head=no_update, answer=fault(answer["error"]), figure=no_update)
    right = [*game.right[: game.number], answer["right"]]
    after = msgspec.structs.replace(game, state="answered", right=right, next=answer["prices"])
    figure = quiz_figure(game.prices, kind="right" if answer["right"] else "wrong")
    return parts(after, head=head(game.number, game.of, right), answer=verdict(answer), figure=figure)


def go_on(game: Game) -> dict[str, Any] | None:
    """The page's parts after "Next": the next question, or the score; None when there is nothing to go on from."""
    if game.state != "answered" or game.of != QUESTIONS:
        return None
    if game.next and game.number + 1 < game.of:
        return ask(msgspec.structs.replace(game, state="ask", number=game.number + 1, prices=game.next, next=None))
    return parts(msgspec.structs.replace(game, state="over"), head=[], answer=score(game.right), figure=no_update)


def parts(game: Game, *, head: Any, answer: Any, figure: Any) -> dict[str, Any]:
    """The page's parts by the names of the callback's outputs."""
    idle = game.state != "ask"
    return {
        "game": game.plain(),
        "state": game.state,
        "head": head,
        "answer": answer,
        "figure": figure,
        "real": idle,
        "fake": idle,
        "opened": no_update,
    }


def register(app: Dash, services: Services) -> None:
    """Bind the quiz's callbacks to the app."""
    quizzes, workers = Quizzes(), services.workers

    @app.callback(
        Output("instruments-dialog-quiz", "opened"),
        Input("instruments-open-quiz", "n_clicks"),
        prevent_initial_call=True,
    )
    def open_quiz(_clicks: Any) -> bool:
        return True

    @app.callback(
        output={
            "game": Output("instruments-quiz-game", "data"),
            "state": Output("instruments-quiz-page", "data-state"),
            "head": Output("instruments-quiz-head", "children"),
            "answer": Output("instruments-quiz-answer", "children"),
            "figure": Output("instruments-quiz-graph", "figure"),
            "real": Output("instruments-quiz-real", "disabled"),
            "fake": Output("instruments-quiz-fake", "disabled"),
            "opened": Output("instruments-dialog-quiz", "opened", allow_duplicate=True),
        },
        inputs=[
            Input("instruments-dialog-quiz", "opened"),
            Input("instruments-quiz-real", "n_clicks"),
            Input("instruments-quiz-fake", "n_clicks"),
            Input({"type": "instruments-quiz", "do": ALL}, "n_clicks"),
            State("instruments-quiz-game", "data"),
        ],
        prevent_initial_call=True,
    )
    def play_quiz(opened: Any, _real: Any, _fake: Any, _acts: Any, given: Any) -> Any:
        game, which = read(Game, given) or Game(), ctx.triggered_id
        if not any(each["value"] for each in ctx.triggered):
            raise PreventUpdate
        if which == "instruments-dialog-quiz":
            # closed and opened again, the quiz is where it was
            fresh = opened and game.state not in ("ask", "answered")
            answer = workers.run(begin_quiz, quizzes) if fresh else None
        elif which in ("instruments-quiz-real", "instruments-quiz-fake"):
            guess = str(which).rpartition("-")[2]
            answer = workers.run(judge, quizzes, game, guess)
        elif which["do"] == "close":
            answer = {**dict.fromkeys(parts(game, head=[], answer=[], figure=None), no_update), "opened": False}
        else:
            answer = go_on(game) if which["do"] == "next" else workers.run(begin_quiz, quizzes)
        if answer is None:
            raise PreventUpdate
        return answer
