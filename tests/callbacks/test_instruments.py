"""The instruments' page: rows that have changed, a line that is continued, changes of a model, steering, the quiz."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from dash.exceptions import PreventUpdate

from callbacks import instruments_board
from callbacks.app import create_app
from callbacks.instruments import described, page, update
from callbacks.instruments_board import RENEW, ROWS, Query, stop_of, update_board, update_status
from callbacks.instruments_control import describe, play, read_file, read_seed, restart, step_speed
from callbacks.instruments_detail import LARGEST, opening, update_line
from callbacks.instruments_model import apply_changes, form_of, gather, read_changes, read_number
from callbacks.instruments_quiz import QUESTIONS, ask, begin_quiz, go_on, judge, quiz_step
from callbacks.instruments_state import Form, Game, Opened, Seen, View, read
from layouts.instruments import SPEEDS
from orderflow.errors import NotFound
from orderflow.instruments.instrument import Instrument
from orderflow.instruments.model_card import library
from orderflow.instruments.quiz import Quizzes
from orderflow.instruments.simulation import Simulation
from orderflow.services import Services
from orderflow.web.app import create_server
from tests.conftest import hold_still
from tests.layouts.trees import ids

SIMULATED = {"ITEM_01": {"model": "ou", "name": "Spring", "book": True, "group": "metal"}}
SECOND = 1_000_000_000


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """Three instruments that stand still."""
    made = make_services(ticker_count=3, simulated=SIMULATED)
    hold_still(made)
    return made


@pytest.fixture
def simulation(services: Services) -> Simulation:
    return services.part(Simulation)


@pytest.fixture(scope="module")
def quizzes() -> Quizzes:
    return Quizzes()


def step(instrument: Instrument, count: int = 1) -> None:
    for _ in range(count):
        instrument.step(instrument.updated + SECOND, 1.0)


def ids_of(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


# the rows


def test_a_new_page_gets_its_rows_and_then_only_what_changed(simulation: Simulation) -> None:
    first = update_board(simulation, None, Query(), 0, held=False)
    assert ids_of(first["rows"]) == ["ITEM_00", "ITEM_01", "ITEM_02"]
    assert (first["count"], first["pages"]) == ("3 instruments", 1)
    assert "page" not in first  # it is the one that was asked for
    assert set(update_board(simulation, first["view"], Query(), 1, held=False)) == {"view"}
    step(simulation.get("ITEM_01"))
    second = update_board(simulation, first["view"], Query(), 2, held=False)
    assert ids_of(second["changed"]["update"]) == ["ITEM_01"]
    assert "rows" not in second
    again = update_board(simulation, first["view"], Query(), 3, held=False)  # the second answer was lost
    assert again["changed"] == second["changed"]
    assert set(update_board(simulation, second["view"], Query(), 4, held=False)) == {"view"}


def test_a_row_says_what_an_instrument_is(simulation: Simulation) -> None:
    step(simulation.get("ITEM_01"), 5)
    row = update_board(simulation, None, Query(), 0, held=False)["rows"][1]
    assert (row["name"], row["model"], row["place"], row["mark"]) == ("Spring", "OU · BOOK · metal", 2, "")
    assert row["price"] == f"{simulation.get('ITEM_01').shown:,.2f}"
    assert row["sigma"].endswith("% a minute")
    assert len(row["spark"]) == 6
    simulation.get("ITEM_01").failure = "it is gone"
    row = update_board(simulation, None, Query(), 0, held=False)["rows"][1]
    assert (row["mark"], row["why"]) == ("Failed", "it is gone")


def test_search_order_and_pages_are_the_servers(make_services: Callable[..., Services]) -> None:
    services = make_services(ticker_count=ROWS + 5)
    hold_still(services)
    simulation = services.part(Simulation)
    second = update_board(simulation, None, Query("", "id", 2), 0, held=False)
    assert ids_of(second["rows"]) == [f"ITEM_{number}" for number in range(ROWS, ROWS + 5)]
    assert second["range"] == f"{ROWS + 1} to {ROWS + 5} of {ROWS + 5}"
    found = update_board(simulation, second["view"], Query("item_03", "id", 2), 1, held=False)
    assert ids_of(found["rows"]) == ["ITEM_03"]
    assert (found["page"], found["count"], found["range"]) == (1, f"1 of {ROWS + 5}", "")
    none = update_board(simulation, found["view"], Query("nowhere", "id", 1), 2, held=False)
    assert (none["rows"], none["no_list"], none["no_nothing"], none["no_none"]) == ([], True, False, True)
    assert "“nowhere”" in none["nothing"]
    beyond = update_board(simulation, None, Query("", "price", 99), 0, held=False)
    assert beyond["page"] == 2
    dearest = update_board(simulation, None, Query("", "price"), 0, held=False)["rows"]
    prices = [simulation.get(key).shown for key in ids_of(dearest)]
    assert prices == sorted(prices, reverse=True)


def test_an_order_is_made_anew_unless_the_reader_is_at_the_rows(simulation: Simulation) -> None:
    query = Query("", "change")
    view = update_board(simulation, None, query, 0, held=False)["view"]
    for key, price in (("ITEM_02", 9.0), ("ITEM_00", 5.0), ("ITEM_01", 1.0)):
        simulation.get(key).price = price * simulation.get(key).initial_price
    assert view.ids == ["ITEM_00", "ITEM_01", "ITEM_02"]
    assert update_board(simulation, view, query, RENEW - 1, held=False)["view"].ids == view.ids
    assert update_board(simulation, view, query, RENEW, held=True)["view"].ids == view.ids
    after = update_board(simulation, view, query, RENEW, held=False)
    assert ids_of(after["rows"]) == ["ITEM_02", "ITEM_00", "ITEM_01"]
    assert [row["place"] for row in after["rows"]] == [1, 2, 3]


def test_a_page_of_another_server_gets_its_rows_anew(simulation: Simulation) -> None:
    view = update_board(simulation, None, Query(), 0, held=False)["view"]
    view.ids[0] = "GONE"
    assert len(update_board(simulation, view, Query(), 1, held=True)["rows"]) == 3


def test_texts_around_the_rows_are_sent_when_they_change(simulation: Simulation) -> None:
    view = update_board(simulation, None, Query(), 0, held=False)["view"]
    assert set(update_board(simulation, view, Query(), RENEW, held=False)) == {"view"}
    beyond = update_board(simulation, view, Query("", "id", 9), 1, held=False)
    assert (set(beyond), beyond["page"]) == ({"view", "page"}, 1)
    assert update_board(simulation, view, Query("item_01"), 1, held=False)["count"] == "1 of 3"


def test_texts_are_sent_when_they_change(simulation: Simulation) -> None:
    view = update_board(simulation, None, Query(), 0, held=False)["view"]
    first = update_status(simulation.status(), [], True, view)
    assert (first["state"], first["run"], first["pressed"], first["stop"]) == ("paused", "▶ Start", "true", 3)
    assert set(update_status(simulation.status(), [], True, view)) == {"figures"}
    simulation.set_speed(5)
    assert update_status(simulation.status(), [], True, view)["speed_text"] == "5×"
    assert view.stop == SPEEDS.index(5)


@pytest.mark.parametrize("given", [None, 7, [], {}, {"ids": 3}, {"ids": ["A"], "versions": ["x"]}])
def test_an_invalid_view_is_none(given: Any) -> None:
    assert read(View, given) is None


def test_an_update_has_all_parts(services: Services, simulation: Simulation) -> None:
    first = update(services, described([]), True, 0, Query(), False, (None, None, None))
    opened = Opened("ITEM_00", 1).plain()
    second = update(services, described([]), True, 1, Query(), False, (first["view"], opened, None))
    assert second["figure"]["data"][0]["y"] == [simulation.get("ITEM_00").shown]
    json.dumps([first, second], default=lambda part: part.to_plotly_json())


@pytest.mark.parametrize("words", ["", "no such instrument"])
def test_a_chosen_query_gets_all_rows_as_an_earlier_one_may_be_on_its_way(services: Services, words: str) -> None:
    def asked(view: Any, now: bool) -> Any:
        return update(services, [], True, 0, Query(words), False, (view, None, None), asked=now)

    first = asked(None, True)
    assert {"rows", "count"}.isdisjoint(asked(first["view"], False))
    again = asked(first["view"], True)
    assert [again[name] for name in ("rows", "count")] == [first[name] for name in ("rows", "count")]
    assert again["view"] == first["view"]


# one instrument


def test_a_line_is_continued_from_what_the_page_has(simulation: Simulation) -> None:
    instrument, opened = simulation.get("ITEM_00"), Opened("ITEM_00", 1)
    step(instrument, 3)
    first = update_line(simulation, opened, None)
    times, prices = first["figure"]["data"][0]["x"], first["figure"]["data"][0]["y"]
    seen = read(Seen, first["seen"])
    assert seen is not None
    assert "points" not in update_line(simulation, opened, seen)
    step(instrument, 2)
    second = update_line(simulation, opened, seen)
    assert update_line(simulation, opened, seen)["points"] == second["points"]  # the answer before was lost
    more, at, most = second["points"]
    assert (at, most) == ([0], LARGEST)
    held = instrument.history.last()
    assert [*times, *more["x"][0]] == [time / 1e6 for time in held[0]]
    assert [*prices, *more["y"][0]] == [round(price, 2) for price in held[1]]
    assert "figure" not in second


def test_a_line_begins_anew_with_the_instrument(simulation: Simulation) -> None:
    opened = Opened("ITEM_00", 1)
    seen = read(Seen, update_line(simulation, opened, None)["seen"])
    assert "figure" in update_line(simulation, Opened("ITEM_00", 2), seen)
    assert "figure" in update_line(simulation, Opened("ITEM_02", 1), seen)
    simulation.edit("ITEM_00", {"name": "Other"})
    assert "figure" not in update_line(simulation, opened, seen)
    simulation.restart(5)
    assert "figure" in update_line(simulation, opened, seen)
    assert update_line(simulation, Opened("GONE", 1), seen) == {"line": "There is no such instrument any more."}
    assert update_line(simulation, Opened(), seen) == {}


def test_a_long_history_is_drawn_from_its_end(simulation: Simulation) -> None:
    step(simulation.get("ITEM_00"), 30)
    figure = update_line(simulation, Opened("ITEM_00", 1), None, most=10)["figure"]
    assert len(figure["data"][0]["x"]) == 10


def test_a_click_opens_an_instrument(simulation: Simulation) -> None:
    opened, shown, title, href, facts = opening(simulation, {"rowId": "ITEM_01"}, {"id": None, "turn": 4})
    assert (opened, shown, title, href, facts) == (
        {"id": "ITEM_01", "turn": 5},
        True,
        "ITEM_01 · Spring",
        "/chart/?symbol=ITEM_01",
        [],
    )
    for clicked in (None, {}, {"rowId": "GONE"}, {"rowId": 3}):
        with pytest.raises(PreventUpdate):
            opening(simulation, clicked, None)


# the model's form


def values_of(simulation: Simulation, key: str, **changed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(spec, values) of a form in which these fields were changed."""
    spec = form_of(simulation.get(key).spec).spec.plain()
    return spec, {"model": spec["model"], "arrivals": spec["arrivals"], "book": spec["book"], **changed}


def test_only_what_differs_is_sent(simulation: Simulation) -> None:
    known = library()

    def changes(**changed: Any) -> dict[str, Any]:
        return read_changes(*values_of(simulation, "ITEM_00", **changed), known)

    assert changes() == {}
    assert changes(interval="1,0", name="Item 00", seed="") == {}
    assert changes(**{"params.sigma": "0,77"}) == {"params": {"sigma": 0.77}}
    assert changes(**{"params.sigma": "1.2"}) == {}  # the default
    assert changes(model="heston", **{"params.theta": "-1"}) == {"model": "heston", "params": {"theta": -1.0}}
    assert changes(seed="9223372036854775807") == {"seed": 2**63 - 1}
    assert changes(seed="abc", interval="x") == {"seed": "abc", "interval": "x"}
    assert changes(group="metal", initial_price="") == {"group": "metal"}
    assert changes(book=True) == {"book": True, "flow": {}}


def test_numbers_are_read_as_they_are_written() -> None:
    assert [read_number(text) for text in ("", " 1,5 ", "−2", "x", None)] == [None, 1.5, -2.0, "x", None]


def test_errors_stand_at_their_fields(services: Services, simulation: Simulation) -> None:
    names = ["params.sigma", "seed", "name"]
    errors, message, spec = apply_changes(services, "ITEM_00", {"params": {"sigma": -1.0}, "seed": "x"}, names)
    assert spec is None
    assert "must be at least 0" in errors[0]
    assert "whole number" in errors[1]
    assert errors[2] == ""
    assert message == "Not changed: see what is marked."
    _, message, _ = apply_changes(services, "ITEM_00", {"nonsense": 1}, names)
    assert "nonsense" in message
    errors, message, spec = apply_changes(services, "ITEM_00", {"name": "Other"}, names)
    assert spec is not None
    assert (errors, message, spec.name) == ([""] * 3, "", "Other")
    assert apply_changes(services, "GONE", {}, names)[1] == "Ticker GONE not found."


def test_a_form_keeps_a_long_seed(simulation: Simulation) -> None:
    simulation.edit("ITEM_00", {"seed": 2**63 - 1})
    form = form_of(simulation.get("ITEM_00").spec)
    assert form.spec.seed == str(2**63 - 1)
    assert read(Form, json.loads(json.dumps(form.plain()))) == form


def test_an_invalid_form_is_none() -> None:
    ids, choices = [{"type": "x", "name": "seed"}], [{"type": "x", "name": "model"}, {"type": "x", "name": "arrivals"}]
    assert gather((["1"], ids, ["gbm", "poisson"], choices, [True])) == (
        ["seed"],
        {"seed": "1", "model": "gbm", "arrivals": "poisson", "book": True},
    )
    assert gather(([], [], ["gbm", "poisson"], choices, [])) is None
    assert gather((["1"], ids, [1, 2], choices, [])) is None
    assert gather((["1"], [1], ["gbm", "poisson"], choices, [])) is None


# steering


def test_speed_goes_stop_by_stop(simulation: Simulation) -> None:
    assert [step_speed(simulation, by) for by in (-1, 1, -99, 99)] == [0.5, 2.0, 0.1, 100.0]
    assert stop_of(0.01) == 0
    assert SPEEDS[stop_of(7)] == 5


def test_a_seed_is_read_from_its_field(simulation: Simulation) -> None:
    assert read_seed(" 7 ", 7) == read_seed(None, 7) == {"action": "restart"}
    assert read_seed("007", 8) == {"action": "restart", "seed": 7}
    assert read_seed("x", 8)["seed"] == "x"
    before = simulation.get("ITEM_00").initial_price
    assert restart(simulation, "x").startswith("The seed must be a whole number")
    assert simulation.get("ITEM_00").initial_price == before
    assert restart(simulation, "77") == ""
    assert simulation.seed == 77


def test_a_scenario_says_what_is_wrong_with_it(simulation: Simulation) -> None:
    assert play(simulation, {"name": "flash-crash"}) == []
    assert simulation.status()["scenario"] == "Flash crash"
    wrong = play(simulation, {"text": '[[events]]\nkind = "shok"\nat = 0\n'})
    assert wrong == ["Event 1, kind: 'shok' is unknown: did you mean 'shock'?"]
    assert simulation.status()["scenario"] == "Flash crash"
    assert "nknown scenario" in play(simulation, {"name": "nothing"})[0]
    assert play(simulation, {}) == []
    assert simulation.status()["scenario"] is None
    assert describe(["body", "loop"], "must be above 0") == "loop must be above 0"


def test_a_file_is_text_of_one_mebibyte() -> None:
    def sent(data: bytes) -> str:
        return "data:text/plain;base64," + base64.b64encode(data).decode()

    assert read_file(sent("näme".encode()), "a.toml") == ("näme", "")
    assert read_file(sent(b"#" * ((1 << 20) + 1)), "a.toml") == (None, "a.toml is larger than 1 MiB.")
    assert read_file(sent(b"\xff"), "a.toml") == (None, "a.toml is not UTF-8 text.")
    assert read_file("data:,%%%", "a.toml") == (None, "a.toml is not UTF-8 text.")


# the page


def test_page_has_the_scenarios_and_stores(services: Services) -> None:
    tree = page(services, [])
    assert {"instruments-grid", "instruments-view", "instruments-seen"} <= {str(each) for each in ids(tree)}
    assert "Flash crash" in json.dumps(tree.to_plotly_json(), default=lambda part: part.to_plotly_json())


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


# the quiz


def test_a_quiz_reveals_nothing_before_the_guess(quizzes: Quizzes) -> None:
    begun = quiz_step(quizzes, {"begin": True})
    assert begun is not None
    assert set(begun) == {"seed", "of", "number", "prices"}
    assert (begun["of"], begun["number"], len(begun["prices"])) == (QUESTIONS, 0, 120)
    parts = begin_quiz(quizzes)
    asked = quizzes.make(parts["game"]["seed"], QUESTIONS)
    words = json.dumps(parts["game"])
    assert not any(word in words for word in (asked[0].source, asked[0].hint, "real", "fake"))


def test_a_quiz_judges_each_guess_and_ends(quizzes: Quizzes) -> None:
    asked = quizzes.make(5, QUESTIONS)
    game = Game("ask", 5, QUESTIONS, prices=list(asked[0].prices))
    for number, question in enumerate(asked):
        guess = "real" if number % 2 else "fake"
        parts = judge(quizzes, game, guess)
        assert parts is not None
        assert parts["game"]["right"][number] is (question.real == (guess == "real"))
        words = json.dumps(parts["answer"], default=lambda part: part.to_plotly_json())
        assert json.dumps(question.hint)[1:-1] in words
        answered = read(Game, parts["game"])
        assert answered is not None
        assert judge(quizzes, answered, "real") is None  # once a question
        onward = go_on(answered)
        assert onward is not None
        game = read(Game, onward["game"]) or Game()
    assert game.state == "over"
    assert go_on(game) is None


def test_a_quiz_without_recordings_says_why(quizzes: Quizzes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise NotFound("there are no recordings")

    monkeypatch.setattr(quizzes, "make", refuse)
    parts = begin_quiz(quizzes)
    assert parts["state"] == "fault"
    assert "there are no recordings" in json.dumps(parts["answer"], default=lambda part: part.to_plotly_json())


def test_two_quizzes_differ(quizzes: Quizzes) -> None:
    assert len({begin_quiz(quizzes)["game"]["seed"] for _ in range(4)}) > 1


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
def test_an_invalid_guess_has_no_answer(quizzes: Quizzes, question: Any) -> None:
    assert quiz_step(quizzes, question) is None


def test_a_question_is_asked_with_its_head() -> None:
    parts = ask(Game("answered", 5, QUESTIONS, number=3, right=[True, False, True]))
    assert (parts["real"], parts["fake"]) == (True, True)
    assert "Question 4 of 10" in json.dumps(parts["head"], default=lambda part: part.to_plotly_json())


def test_many_instruments_are_searched_and_sorted_beside_the_hub(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    sort = instruments_board.arrange

    def noted(*args: Any) -> list[Instrument]:
        threads.append(threading.get_ident())
        return sort(*args)

    monkeypatch.setattr(instruments_board, "arrange", noted)
    app = create_app(services, create_server(services))
    key, entry = next(each for each in app.callback_map.items() if "instruments-grid.rowData" in each[0])
    body = {
        "output": key,
        "outputs": [dict(zip(("id", "property"), part.split("@")[0].rsplit(".", 1), strict=True))
                    for part in key.strip(".").split("...")],
        **{kind: [{**each, "value": None} for each in entry[kind]] for kind in ("inputs", "state")},
        "changedPropIds": ["instruments-interval.n_intervals"],
    }  # fmt: skip
    answer = app.server.test_client().post("/_dash-update-component", json=body)
    assert len(answer.get_json()["response"]["instruments-grid"]["rowData"]) == 3
    assert len(threads) == 1
    assert threading.get_ident() not in threads
