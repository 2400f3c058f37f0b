"""Restart, scenarios and the quiz of the instruments' page in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.instruments import Page
from tests.running import RunningServer

pytestmark = pytest.mark.browser


def test_restart_asks_and_takes_a_seed(ix: Page, ix_server: RunningServer) -> None:
    before = ix_server.get("/api/v1/tickers")[0]["initial_price"]
    ix.page.get_by_role("button", name="Restart …").click()
    asks = ix.dialog("Restart the simulation")
    asks.get_by_label("Seed").fill("x7")
    asks.get_by_role("button", name="Restart", exact=True).click()
    asks.get_by_text("must be a whole number").wait_for()
    asks.get_by_label("Seed").fill("77")
    asks.get_by_role("button", name="Restart", exact=True).click()
    ix.gone()
    ix.says("Restarted with seed 77.")
    assert ix_server.get("/api/v1/tickers")[0]["initial_price"] != before
    ix.shows("#instruments-status", "77")


def test_restart_by_enter_dice_and_cancel(ix: Page, ix_server: RunningServer) -> None:
    page = ix.page
    seed = ix_server.get("/api/v1/simulation")["seed"]
    for close in ("Cancel", ""):
        page.get_by_role("button", name="Restart …").click()
        asks = ix.dialog("Restart the simulation")
        field = asks.get_by_label("Seed")
        ix.until("$('#instruments-seed').value === seed", seed=str(seed))
        asks.get_by_role("button", name="Another seed").click()
        ix.until("/^\\d+$/.test($('#instruments-seed').value) && $('#instruments-seed').value !== seed", seed=str(seed))
        if close:
            asks.get_by_role("button", name=close).click()
            ix.gone()
            assert ix_server.get("/api/v1/simulation")["seed"] == seed
    field.fill("78")
    field.press("Enter")
    ix.says("Restarted with seed 78.")
    ix.gone()
    assert ix_server.get("/api/v1/simulation")["seed"] == 78


def test_bundled_and_custom_scenarios(ix: Page, ix_server: RunningServer) -> None:
    ix.page.click("#instruments-open-scenario")
    box = ix.dialog("Scenarios")
    box.get_by_role("button", name="Play Flash crash").click()
    ix.shows("#instruments-scenario-now", "of 5:50")
    assert ix_server.get("/api/v1/simulation")["scenario"] == "Flash crash"
    box.get_by_role("button", name="■ Stop").click()
    ix.shows("#instruments-scenario-now", "No scenario plays.")
    text = box.get_by_label("Text of your scenario")
    text.fill('[[events]]\nkind = "shok"\nat = -1\n[[events]]\nkind = "halt"\nat = 0\n')
    box.get_by_role("button", name="Play this").click()
    ix.shows("#instruments-scenario-errors", "Event 1, kind: 'shok' is unknown: did you mean 'shock'?")
    assert "Event 2, seconds: is missing" in ix.text("#instruments-scenario-errors")
    own = 'name = "Stop"\n[[events]]\nkind = "halt"\nat = 0\nseconds = 900\ninstruments = "ITEM_01"\n'
    with ix.page.expect_file_chooser() as chooser:
        box.get_by_role("button", name="From a file …").click()
    chooser.value.set_files({"name": "stop.toml", "mimeType": "text/plain", "buffer": own.encode()})
    ix.until("$('#instruments-scenario-text').value.includes('Stop')")
    box.get_by_role("button", name="Play this").click()
    ix.shows("#instruments-scenario-now", "Plays: Stop")
    ix.press("Escape")
    ix.shows(".ag-row[row-id=ITEM_01] [col-id=mark]", "Halted")
    ix.shows("#instruments-status", "halted")


def test_custom_scenario_from_example_drop_or_nothing(ix: Page) -> None:
    page = ix.page
    ix.press("s")
    box = ix.dialog("Scenarios")
    text = box.get_by_label("Text of your scenario")
    text.fill("")
    box.get_by_role("button", name="Play this").click()
    box.get_by_role("alert").get_by_text("There is nothing to play").wait_for()
    box.get_by_role("button", name="An example").click()
    ix.until("$('#instruments-scenario-text').value.includes('kind = \"shock\"')")
    drop = """(words) => {
      const files = new DataTransfer();
      files.items.add(new File([words], "own.toml", { type: "text/plain" }));
      const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: files });
      document.querySelector("#instruments-scenario-text").dispatchEvent(event);
    }"""
    page.evaluate(drop, "# dropped here")
    ix.until("$('#instruments-scenario-text').value === '# dropped here'")
    page.evaluate(drop, "#" * (1 << 20) + "#")
    box.get_by_role("alert").get_by_text("own.toml is larger than 1 MiB.").wait_for()


def test_running_scenario_is_shown(ix: Page) -> None:
    ix.press("s")
    box = ix.dialog("Scenarios")
    box.get_by_text("No scenario plays.").wait_for()
    assert box.get_by_role("button", name="Play ").count() >= 3
    box.get_by_role("button", name="Play Flash crash").click()
    box.get_by_text("Plays: Flash crash").wait_for()
    ix.press("Escape")
    ix.gone()
    named = ix.page.get_by_role("button", name="of 5:50")
    named.wait_for()
    assert "Flash crash" in named.inner_text()


def test_quiz_to_the_end_by_keys(ix: Page) -> None:
    ix.press("q")
    box = ix.dialog("Real or fake?")
    right = 0
    for number in range(10):
        box.get_by_text(f"Question {number + 1} of 10").wait_for()
        ix.until("$('#instruments-quiz-page').dataset.state === 'ask'")
        ix.press(("1", "r", "2", "f")[number % 4])
        ix.until("$('#instruments-quiz-page').dataset.state === 'answered'")
        words = ix.text("#instruments-quiz-answer")
        right += "✓ Right" in words
        assert ("✓ Right" in words) != ("✗ Wrong" in words)
        assert "excess kurtosis" in words
        assert "Source: " in words
        ix.shows(".ix-quiz-score", f"{right} right")
        ix.press("Enter")
    ix.until("$('#instruments-quiz-page').dataset.state === 'over'")
    assert f"{right} of 10" in ix.text("#instruments-quiz-answer")
    box.get_by_role("button", name="Play again").click()
    box.get_by_text("Question 1 of 10").wait_for()


def test_quiz_by_mouse_and_without_an_answer(ix: Page) -> None:
    page = ix.page
    broken = [True]

    def answer(route: Any) -> None:
        body = route.request.post_data or ""
        if broken[0] and "instruments-quiz-game" in body:
            fault = {"props": {"children": "there are no recordings"}, "type": "P", "namespace": "dash_html_components"}
            again = {
                "props": {"id": {"type": "instruments-quiz", "do": "again"}, "children": "Try again"},
                "type": "Button",
                "namespace": "dash_html_components",
            }
            response = {
                "instruments-quiz-game": {"data": {"state": "fault"}},
                "instruments-quiz-answer": {"children": [fault, again]},
            }
            broken[0] = False
            route.fulfill(json={"multi": True, "response": response})
        else:
            route.continue_()

    ix.press("q")
    box = ix.dialog("Real or fake?")
    box.get_by_text("Question 1 of 10").wait_for()
    box.get_by_role("button", name="Fake").click()
    box.get_by_role("button", name="Next").wait_for()
    ix.press("n")
    box.get_by_text("Question 2 of 10").wait_for()
    ix.press("Escape")
    ix.gone()
    ix.press("q")
    box.get_by_text("Question 2 of 10").wait_for()
    for number in range(2, 11):
        box.get_by_role("button", name="Real", exact=False).first.click()
        box.get_by_role("button", name="Next" if number < 10 else "See the score").click()
    box.get_by_text("of 10 right").wait_for()
    page.wait_for_timeout(1_000)  # new buttons ask once by themselves, and get no answer
    page.route("**/_dash-update-component**", answer)
    box.get_by_role("button", name="Play again").click()
    box.get_by_text("there are no recordings").wait_for()
    box.get_by_role("button", name="Try again").click()
    box.get_by_text("Question 1 of 10").wait_for()
    page.unroute("**/_dash-update-component**", answer)
