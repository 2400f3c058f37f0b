"""The instruments' page on the wire: who there is, short histories, and a quiz that keeps its answers to itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import flask
import pytest

from callbacks.app import create_app
from callbacks.instruments import MOST_ASKED, POINTS, QUESTIONS, described, page, quizzed, recent, told
from orderflow.instruments.quiz import Quizzes
from orderflow.instruments.simulation import Simulation
from orderflow.services import Services
from orderflow.web.app import create_server
from tests.layouts.trees import ids

SIMULATED = {"ITEM_01": {"model": "ou", "name": "Spring", "book": True, "group": "metal"}}


@pytest.fixture
def simulated(make_services: Callable[..., Services]) -> Services:
    """Three instruments that stand still."""
    services = make_services(ticker_count=3, simulated=SIMULATED)
    services.part(Simulation).pause()
    return services


@pytest.fixture(scope="module")
def quizzes() -> Quizzes:
    return Quizzes()


def test_page_has_the_settings(simulated: Services) -> None:
    tree = page(simulated, [])
    assert "instruments-grid" in ids(tree)
    text = json.dumps(tree.to_plotly_json(), default=lambda part: part.to_plotly_json())
    assert '"prefix": "/api/v1"' in text
    assert '"history": 1000' in text
    assert "Flash crash" in text


def test_bundled_scenarios_are_described() -> None:
    found = {one["name"]: one for one in described(["ITEM_00"])}
    assert found["flash-crash"]["title"] == "Flash crash"
    assert found["flash-crash"]["seconds"] == 350.0
    assert found["volatility-regimes"]["loop"] is True
    assert all(one["description"] for one in found.values())


def test_a_scenario_of_instruments_that_are_not_there_says_so() -> None:
    found = {one["name"]: one for one in described([])}
    assert "ITEM_00" in found["halt-and-reopen"]["fault"]
    assert "fault" not in found["flash-crash"]


def test_roster_tells_models_and_marks(simulated: Services) -> None:
    answer = told(simulated.part(Simulation), {"n": 4, "kind": "roster"}, may=False)
    assert answer is not None
    assert (answer["n"], answer["kind"], answer["may"]) == (4, "roster", False)
    first, second, _ = answer["rows"]
    instrument = simulated.part(Simulation).get("ITEM_00")
    assert first[:5] == ["ITEM_00", "Item 00", "garch", False, None]
    assert first[5:7] == [instrument.initial_price, instrument.shown]
    assert first[7] == instrument.updated // 1_000_000
    assert first[8:] == [False, None]
    assert second[:5] == ["ITEM_01", "Spring", "ou", True, "metal"]


def test_recent_prices_are_those_of_the_window(simulated: Services) -> None:
    instrument = simulated.part(Simulation).get("ITEM_00")
    begun = instrument.updated
    for k in range(200):
        instrument.step(begun + (k + 1) * 1_000_000_000, 1.0)
    _, prices = instrument.history.last(POINTS)
    first, last, shown = recent(instrument)
    assert len(shown) == POINTS
    assert shown == [round(price, 2) for price in prices]
    assert last == instrument.updated // 1_000_000
    assert last - first == (POINTS - 1) * 1000


def test_recent_prices_of_a_fast_one_are_as_far_apart_as_the_boards(simulated: Services) -> None:
    instrument = simulated.part(Simulation).get("ITEM_00")
    instrument.history.clear()
    for k in range(1000):
        instrument.history.add(k * 10_000_000, 100.0 + k)
    first, last, shown = recent(instrument)
    assert shown[-1] == 1099.0
    assert len(shown) == 23
    assert (last - first) / (len(shown) - 1) == 450.0


def test_recent_answers_for_those_that_are_there(simulated: Services) -> None:
    question = {"n": 1, "kind": "recent", "ids": ["ITEM_02", "NONE", 7, "ITEM_00"]}
    answer = told(simulated.part(Simulation), question, may=True)
    assert answer is not None
    assert set(answer["prices"]) == {"ITEM_00", "ITEM_02"}
    many = told(simulated.part(Simulation), {**question, "ids": ["x"] * MOST_ASKED + ["ITEM_00"]}, may=True)
    assert many is not None
    assert many["prices"] == {}


@pytest.mark.parametrize(
    "question", [None, 7, [], {}, {"kind": "other"}, {"kind": "recent"}, {"kind": "recent", "ids": 3}]
)
def test_what_is_no_question_has_no_answer(simulated: Services, question: Any) -> None:
    assert told(simulated.part(Simulation), question, may=True) is None


def test_a_quiz_tells_nothing_before_the_guess(quizzes: Quizzes) -> None:
    begun = quizzed(quizzes, {"n": 1, "begin": True})
    assert begun is not None
    assert set(begun) == {"n", "seed", "of", "number", "prices"}
    assert (begun["of"], begun["number"], len(begun["prices"])) == (QUESTIONS, 0, 120)
    words = json.dumps(begun)
    asked = quizzes.make(begun["seed"], QUESTIONS)
    assert not any(word in words for word in (asked[0].source, asked[0].hint, "real", "fake"))


def test_a_quiz_judges_each_guess_and_ends(quizzes: Quizzes) -> None:
    asked = quizzes.make(5, QUESTIONS)
    for number, question in enumerate(asked):
        guess = "real" if number % 2 else "fake"
        answer = quizzed(quizzes, {"n": number, "seed": 5, "number": number, "guess": guess})
        assert answer is not None
        assert answer["real"] is question.real
        assert answer["right"] is (question.real == (guess == "real"))
        assert (answer["hint"], answer["source"]) == (question.hint, question.source)
        following = asked[number + 1].prices if number + 1 < QUESTIONS else None
        assert answer["prices"] == (list(following) if following else None)


def test_two_quizzes_differ(quizzes: Quizzes) -> None:
    seeds = {str(quizzed(quizzes, {"n": 1, "begin": True})["seed"]) for _ in range(4)}  # type: ignore[index]  # not None
    assert len(seeds) > 1


@pytest.mark.parametrize(
    "question",
    [
        None,
        {},
        {"begin": 1},
        {"seed": 5, "number": 0},
        {"seed": 5, "number": QUESTIONS, "guess": "real"},
        {"seed": -1, "number": 0, "guess": "real"},
        {"seed": True, "number": 0, "guess": "real"},
        {"seed": 5, "number": 0, "guess": "perhaps"},
    ],
)
def test_what_is_no_guess_has_no_answer(quizzes: Quizzes, question: Any) -> None:
    assert quizzed(quizzes, question) is None


def test_callbacks_answer_through_the_server(simulated: Services) -> None:
    web: flask.Flask = create_server(simulated)
    create_app(simulated, web)
    client = web.test_client()

    def ask(store: str, out: str, data: Any) -> Any:
        body = {
            "output": f"{out}.data",
            "outputs": {"id": out, "property": "data"},
            "inputs": [{"id": store, "property": "data", "value": data}],
            "changedPropIds": [f"{store}.data"],
        }
        return client.post("/_dash-update-component", json=body)

    answer = ask("instruments-ask", "instruments-told", {"n": 1, "kind": "roster"})
    found = answer.get_json()["response"]["instruments-told"]["data"]
    assert len(found["rows"]) == 3
    assert found["may"] is True
    assert ask("instruments-ask", "instruments-told", {"n": 1}).status_code == 204
    quiz = ask("instruments-quiz-ask", "instruments-quiz-told", {"n": 9, "begin": True})
    assert quiz.get_json()["response"]["instruments-quiz-told"]["data"]["n"] == 9
    assert client.get("/instruments/").status_code == 200
