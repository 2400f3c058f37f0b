"""The big screen's callbacks as plain functions: one refresh after the other of a real game."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from dash import Dash, no_update

from callbacks import herd_forms as forms
from callbacks.app import PAGES
from callbacks.herd import refresh_screen, viewpoint
from callbacks.herd_controls import Dialog, Switch
from callbacks.herd_live import (
    CROWD_MS,
    LONGEST,
    NEW,
    Viewpoint,
    advance,
    crowd_state,
    read_cursor,
    screen_state,
)
from layouts.herd_crowd import crowd
from layouts.herd_screen import screen
from orderflow.herd.live.game import Game
from orderflow.services import Services
from orderflow.web.app import create_server

SEES = Viewpoint(True, False, "http://10.0.0.7/j/CODE", "epoch")
WATCHES = Viewpoint(False, True, "http://10.0.0.7/j", "epoch")


@pytest.fixture
def game(make_services: Callable[..., Services]) -> Game:
    """The game of a server that lets a test trade as fast as it likes."""
    return make_services(herd_rate=10_000.0).part(Game)


class Tab:
    """A page: it keeps the line and the cursor as the browser does. `lose`: an answer does not arrive."""

    def __init__(self, game: Game, view: Viewpoint = SEES) -> None:
        self.game, self.view = game, view
        self.cursor: Any = None
        self.clicks = 0
        self.figures = 0
        self.line: list[tuple[int, float]] = []
        self.shown: dict[str, Any] = {}
        self.received: list[str] = []
        self.ahead = 0

    def beat(self, *, lose: bool = False) -> list[Any]:
        now = time.time_ns() + self.ahead * 1_000_000
        answer, changed = refresh_screen(self.game, self.view, now, self.clicks, read_cursor(self.cursor))
        if lose:
            return answer
        figure, added, self.cursor = answer
        if figure is not no_update:
            self.figures += 1
            self.line = list(zip(figure["data"][0]["x"], figure["data"][0]["y"], strict=True))
        if added is not no_update:
            update, _, most = added
            self.line += zip(update["x"][0], update["y"][0], strict=True)
            if most["x"][0] >= 0:
                self.line = self.line[len(self.line) - most["x"][0] :]
        received = {f"{id}.{key}": value for id, properties in changed.items() for key, value in properties.items()}
        self.received = list(received)
        self.shown |= received
        return answer

    @property
    def times(self) -> list[int]:
        return [at for at, _ in self.line]


def trade(game: Game, participant: str, count: int = 1) -> None:
    """So many moves of the price."""
    for i in range(count):
        game.order(participant, str(uuid4()), "buy" if i % 3 else "sell", 1 + i % 2)
        game.turn()
        time.sleep(0.002)


def settled(game: Game) -> list[float]:
    return [round(price, 4) for _, price in game.history[: game.settled]]


def test_the_page_is_in_the_table() -> None:
    assert "/herd/" in [page.path for page in PAGES]


@pytest.mark.parametrize(
    ("settings", "host", "said"),
    [
        ({}, "localhost:8765", "the server listens on this machine only. Start it with --lan"),
        ({"lan": True}, "10.0.0.7:8765", ""),
        ({"public_url": "https://a.org"}, "localhost:8765", ""),
    ],
)
def test_the_screen_says_when_phones_cannot_reach_its_address(
    settings: dict[str, Any], host: str, said: str, make_services: Callable[..., Services]
) -> None:
    services = make_services(**settings)
    with create_server(services).test_request_context("/herd/", headers={"Host": host}):
        view = viewpoint(services, "epoch")
    tab = Tab(services.part(Game), view)
    tab.beat()
    for place in ("hero", "card", "whole"):
        assert said in tab.shown[f"herd-obstacle-{place}.children"]
        assert tab.shown[f"herd-obstacle-{place}.hidden"] is (not said)


def test_every_point_once_whatever_is_lost(game: Game) -> None:
    ada = game.join("Ada").id
    tab, other = Tab(game), Tab(game)
    tab.beat()
    for n in range(30):
        trade(game, ada, 2)
        tab.beat(lose=n % 3 == 1)
        if n % 5 == 0:
            other.beat()
    tab.beat()
    other.beat()
    wanted = settled(game)
    assert [price for _, price in tab.line] == wanted
    assert [price for _, price in other.line] == wanted
    assert tab.times == sorted(tab.times)
    assert (tab.figures, other.figures) == (1, 1)


def test_a_tab_that_was_hidden_gets_what_it_missed(game: Game) -> None:
    ada = game.join("Ada").id
    tab = Tab(game)
    trade(game, ada, 3)
    tab.beat()
    trade(game, ada, 120)
    _, added, *_ = tab.beat()
    assert len(added[0]["x"][0]) > 60
    assert [price for _, price in tab.line] == settled(game)


@pytest.mark.parametrize("action", ["reset", "undo"])
def test_another_past_makes_another_figure(game: Game, action: str) -> None:
    ada = game.join("Ada").id
    tab = Tab(game)
    trade(game, ada, 5)
    forms.control(game, "round", {"rounds": 1, "seconds": 60})
    trade(game, ada, 5)
    tab.beat()
    before = tab.figures
    forms.control(game, action, {})
    tab.beat()
    assert tab.figures == before + 1
    assert [price for _, price in tab.line] == settled(game)


def test_another_start_of_the_server_makes_another_figure(game: Game) -> None:
    trade(game, game.join("Ada").id, 5)
    tab = Tab(game)
    tab.beat()
    tab.beat()
    assert tab.figures == 1
    tab.view = Viewpoint(True, False, "", "another")
    tab.beat()
    assert (tab.figures, [price for _, price in tab.line]) == (2, settled(game))


def test_a_long_line_is_sent_anew_and_thinned(game: Game) -> None:
    trade(game, game.join("Ada").id, 3)
    tab = Tab(game)
    tab.beat()
    last = game.history[-1][0]
    game.history += [(last + 250 * n, 100.0 + n % 7) for n in range(1, LONGEST + 10)]
    tab.beat()
    assert tab.figures == 1
    assert len(tab.line) < LONGEST / 2
    assert (max(p for _, p in tab.line), tab.times[-1] > tab.times[0]) == (106.0, True)


def test_windows_keep_the_last_minutes(game: Game) -> None:
    trade(game, game.join("Ada").id, 3)
    now = time.time_ns() // 1_000_000
    game.history[:] = [(now - 600_000 + 1_000 * n, 100.0 + n % 7) for n in range(601)]
    tab = Tab(game)
    tab.clicks = 2  # the last minute
    tab.beat()
    assert 55 <= len(tab.line) <= 61
    game.history += [(now + 250 * n, 90.0 + n % 5) for n in range(1, 20)]
    tab.beat()
    assert tab.figures == 1
    assert tab.line[-1][1] == settled(game)[-1]
    assert len(tab.line) <= 61 + 19


def test_only_what_changed_is_sent(game: Game) -> None:
    game.join("Ada")
    tab = Tab(game)
    tab.beat()
    assert set(screen(screen_state(game, SEES, time.time_ns()))) - set(tab.received) == {"herd-announce.children"}
    assert set(crowd(crowd_state(game, SEES))) <= set(tab.received)
    tab.beat()
    assert tab.received == []
    forms.control(game, "freeze", {})
    tab.beat()
    assert tab.shown["herd-announce.children"] == "The market is frozen."
    assert tab.shown["herd-toggle-words.children"] == "Resume"


def test_the_crowd_is_told_every_two_seconds_and_at_once_after_a_reset(game: Game) -> None:
    tab = Tab(game)
    game.join("Ada")
    tab.beat()
    forms.control(game, "news", {"text": "Comet", "move": 5})
    tab.beat()
    assert tab.shown["herd-quote.children"][0]["props"]["children"] == "105.00"
    assert "herd-feed.children" not in tab.received
    tab.ahead = CROWD_MS
    tab.beat()
    assert "herd-feed.children" in tab.received
    assert len(tab.shown["herd-leaders.children"]) == 1
    forms.control(game, "reset", {})
    tab.beat()
    assert (tab.shown["herd-leaders.children"], tab.shown["herd-leaders-none.hidden"]) == ([], False)


def test_after_a_click_everything_is_told_again(game: Game) -> None:
    tab = Tab(game)
    tab.beat()
    tab.clicks = 1
    tab.beat()
    assert tab.received == ["herd-window-note.children"]
    assert tab.shown["herd-window-note.children"].children == "The last five minutes"
    tab.beat()  # an answer that was under way may have come after that to the click
    assert set(screen(screen_state(game, SEES, time.time_ns()))) <= set(tab.received)
    assert "herd-leaders.children" in tab.received
    tab.beat()
    assert tab.received == []


def test_a_viewer_sees_no_secrets(game: Game) -> None:
    game.join("Ada")
    forms.control(game, "round", {"rounds": 2, "seconds": 60, "fundamental": 120})
    forms.control(game, "experiment", {"on": True})
    trade(game, "p1", 2)
    seen, watched = screen_state(game, SEES, time.time_ns()), screen_state(game, WATCHES, time.time_ns())
    assert (seen.experiment, watched.experiment) == (True, False)
    assert (crowd_state(game, SEES).code, crowd_state(game, WATCHES).code) == (game.code, "")
    for view, shown, there in ((SEES, seen, True), (WATCHES, watched, False)):
        figure, _, _ = advance(game, view, shown, 0, NEW)
        assert bool(figure["data"][2]["x"]) is there


def test_marks_outlive_the_feed(game: Game) -> None:
    forms.control(game, "news", {"text": "Comet", "move": 5})
    forms.control(game, "round", {"rounds": 1, "seconds": 60, "fundamental": 90})
    for n in range(130):
        forms.control(game, "bots", {"kind": "zero", "count": n % 2})
    tab = Tab(game)
    figure, *_ = tab.beat()
    assert not any("Comet" in entry["text"] for entry in game.feed)
    by_name = {trace["name"]: trace for trace in figure["data"]}
    assert any("Comet" in words for words in by_name["news"]["text"])
    assert 90.0 in by_name["value"]["y"]


def test_an_update_is_quick(game: Game) -> None:
    for n in range(300):
        game.join(f"Guest {n}")
    trade(game, "p1", 50)
    tab = Tab(game)
    tab.beat()
    costs = []
    for _ in range(40):
        began = time.thread_time()
        tab.beat()
        costs.append(time.thread_time() - began)
    assert sorted(costs)[20] < 0.004  # measured: 0.7 ms


@pytest.mark.parametrize(
    "sent", [None, 1, "x", [], {"epoch": 1}, {"seq": "x"}, {"seen": ["x"]}, {"held": 2**70}, {"crowd_at": -1}]
)
def test_a_forged_cursor_is_that_of_a_new_page(sent: object) -> None:
    assert read_cursor(sent) == NEW


def test_the_first_button_does_what_the_phase_wants(game: Game) -> None:
    assert (forms.toggle(game), game.phase) == ("The market is frozen.", "frozen")
    assert (forms.toggle(game), game.phase) == ("The market is open again.", "open")
    forms.control(game, "lobby", {})
    assert (forms.toggle(game), game.phase) == ("The market is open.", "open")
    forms.control(game, "end", {})
    assert forms.toggle(game) is None


def test_a_second_press_before_the_button_is_renamed_undoes_nothing(game: Game) -> None:
    switch, phases = Switch(), []
    for label in ("Freeze", "Freeze", "Resume", "Resume", "Freeze"):
        switch.press(lambda: forms.toggle(game), label, lambda: game.phase, 1)
        phases.append(game.phase)
    assert phases == ["frozen", "frozen", "open", "open", "frozen"]
    forms.control(game, "resume", {})  # from another page
    switch.press(lambda: forms.toggle(game), "Freeze", lambda: game.phase, 1)
    assert game.phase == "frozen"


def test_a_press_on_a_word_of_before_does_not_silence_later_ones(game: Game) -> None:
    time = [0.0]
    switch = Switch(lambda: time[0])

    def press() -> str:
        switch.press(lambda: forms.toggle(game), "Freeze", lambda: game.phase, 1)
        return game.phase

    forms.control(game, "freeze", {})  # from another page; this one still says Freeze
    assert press() == "open"
    assert press() == "open"
    time[0] = 2.0  # by now the page says what is the case
    assert press() == "frozen"


def test_what_is_sent_twice_from_one_opening_of_a_dialog_is_done_once() -> None:
    dialog, done = Dialog(Dash(__name__), "news", ["herd-news-text"], ["text"]), []

    def publish_one() -> str:
        done.append(1)
        if len(done) == 1:
            raise forms.Refused("", {"text": "It is empty."})
        return "Published."

    assert dialog.send(publish_one, 1_000)[2:] == ["", "It is empty."]
    assert dialog.send(publish_one, 1_000)[1:] == [False, "", None]
    assert dialog.send(publish_one, 1_000) == [no_update] * 4
    assert len(done) == 2
    assert dialog.send(publish_one, 2_000)[1] is False
    assert len(done) == 3


def test_experiment_is_turned(game: Game) -> None:
    assert forms.experiment(game).startswith("Half of the phones")
    assert forms.experiment(game) == "Everybody sees the meter again."


def test_news_are_published_or_the_field_says_why_not(game: Game) -> None:
    assert forms.publish(game, " Comet ", 5) == "Published."
    assert game.news is not None
    assert (game.news["text"], round(game.price, 2)) == ("Comet", 105.0)
    for text, move, field in (("", 1, "text"), (7, 1, "text"), ("X", -99, "move")):
        with pytest.raises(forms.Refused) as refused:
            forms.publish(game, text, move)
        assert list(refused.value.fields) == [field]
    assert forms.publish(game, "Only words", "") == "Published."


def test_rounds_of_each_kind(game: Game) -> None:
    assert forms.begin_rounds(game, "ssw", 15, 45, 100, 1) == "The rounds begin."
    assert game.round is not None
    assert (game.round["of"], game.round["preset"]) == (15, "ssw")
    forms.control(game, "round", {"stop": True})
    forms.begin_rounds(game, "value", 5, 45, 110, 1.5)
    assert (game.round or {})["dividend"] == 1.5
    assert game.fundamental == 110
    forms.control(game, "round", {"stop": True})
    forms.begin_rounds(game, "plain", 2, 30, 110, 1)
    assert game.fundamental is None


@pytest.mark.parametrize(
    ("given", "fields"),
    [(("plain", None, 30), []), (("plain", 3, ""), []), (("value", 3, 30), ["fundamental"]),
     (("plain", 3, 10**9), ["seconds"])],
)  # fmt: skip
def test_rounds_say_what_is_missing(game: Game, given: tuple[Any, ...], fields: list[str]) -> None:
    with pytest.raises(forms.Refused) as refused:
        forms.begin_rounds(game, *given, None, None)
    assert list(refused.value.fields) == fields
    assert bool(refused.value.text) is not bool(fields)


def test_the_kind_of_rounds_shows_its_fields() -> None:
    assert forms.rounds_of_kind("plain", 3) == (True, True, no_update)
    assert forms.rounds_of_kind("value", 4) == (False, True, no_update)
    assert forms.rounds_of_kind("ssw", 3) == (True, False, 15)
    assert forms.rounds_of_kind("plain", 15) == (True, True, 3)


def test_only_changed_numbers_of_bots_are_set(game: Game) -> None:
    assert forms.set_bots(game, {"zero": 3, "trend": 0, "fundamental": None}) == "The bots are set."
    assert game.bots == {"zero": 3}
    assert forms.set_bots(game, {"zero": 3}) == "Nothing has changed."
    with pytest.raises(forms.Refused) as refused:
        forms.set_bots(game, {"trend": 10**9})
    assert list(refused.value.fields) == ["trend"]


def test_people_are_found_by_name_and_number(game: Game) -> None:
    for n in range(230):
        game.join(f"Guest {n}")
    forms.control(game, "kick", {"participant": "p3"})
    rows, total = game.people()
    assert (len(rows), total, rows[0]["nick"]) == (200, 229, "Guest 0")
    assert "p3" not in [row["participant"] for row in rows]
    assert [row["nick"] for row in game.people("p229")[0]] == ["Guest 228"]
    assert game.people(" GUEST 22")[1] == 11
    assert game.people("nobody") == ([], 0)


def test_the_presenter_makes_room(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderflow.herd.live.attendance.IDLE_SECONDS", 0)
    old = game.code
    for n in range(3):
        game.join(f"Guest {n}", address="script")
    monkeypatch.setattr(type(game), "full", True)
    said = screen_state(game, SEES, game.now()).trouble
    assert said == "The game is full, but 3 of 3 never sent an order and have no page open: make room under People"
    assert screen_state(game, WATCHES, game.now()).trouble == ""
    shown = crowd(crowd_state(game, SEES))
    assert "3 joined in the last minute, 3 of them from one address" in shown["herd-crowding.children"]
    assert (shown["herd-clear-words.children"], shown["herd-do-clear.disabled"]) == ("Remove 3 without an order", False)
    assert "herd-crowding.children" not in crowd(crowd_state(game, WATCHES))
    assert forms.remove_idle(game) == "3 are removed."
    assert forms.guard(game) == f"Joining needs the new code {game.code} now."
    assert game.code != old
    assert crowd(crowd_state(game, SEES))["herd-code-words.children"] == "Let everybody join"
    assert forms.guard(game) == "Everybody can join without a code."


def test_who_is_asked_about() -> None:
    assert forms.asked_about({"participant": "p1", "nick": "Ada", "at": 1}) == ("p1", "Ada")
    assert forms.asked_about(None) == forms.asked_about([1]) == forms.asked_about({"participant": 1}) == ("", "")


def test_importing_registers_nothing() -> None:
    for name in ("herd", "herd_live", "herd_controls", "herd_forms"):
        module = importlib.import_module(f"callbacks.{name}")
        assert not any(type(value).__name__ == "Dash" for value in vars(module).values())


def test_the_presenter_sees_why_the_log_cannot_be_written(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    full = "the game's log cannot be written: the disk is full. Free some space; writing then goes on by itself"
    monkeypatch.setattr(game.journal, "problem", lambda: full)
    seen, watched = screen_state(game, SEES, time.time_ns()), screen_state(game, WATCHES, time.time_ns())
    assert (seen.trouble, watched.trouble) == ("The game's log cannot be written: the disk is full", "")
    shown = screen(seen)
    assert (shown["herd-trouble.hidden"], shown["herd-trouble-words.children"]) == (False, seen.trouble)
    assert shown["herd-do-recover.hidden"]
