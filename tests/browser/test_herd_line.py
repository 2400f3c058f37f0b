"""The big screen's price line despite faults: every point once and in order, and a lost server is reported."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.herd_stage import GRAPH, Player, Room, Stage
from tests.browser.waiting import PATIENCE
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.browser

CALLBACKS = "**/_dash-update-component**"
HIDDEN = 30
"""Points that a tab misses while it is hidden: those of half a minute in a quiet game."""


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """A server for this module's games."""
    server = start_server("--ephemeral", "--no-browser")
    yield Room(server)
    server.stop()


@pytest.fixture
def ada(room: Room) -> Player:
    """A participant in a new game."""
    return room.begin(1)[0]


@pytest.fixture(scope="module")
def tab(browser: Any, room: Room) -> Iterator[Stage]:
    """The presenter's page, shared by a module's tests: each load takes seconds."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    made = Stage(context.new_page(), room.server.url)
    made.visit()
    yield made
    context.close()


@pytest.fixture
def stage(tab: Stage, room: Room, ada: Player) -> Iterator[Stage]:
    """The presenter's page in the game of `ada`."""
    follows(tab, room)
    yield tab
    errors, tab.errors[:] = list(tab.errors), []
    assert errors == []


def trade(player: Player, count: int, pause: float = 0.26) -> None:
    """Send `count` orders, one per batch, so that the price moves each time."""
    for n in range(count):
        player.order("buy" if n % 3 else "sell", 1 + n % 2)
        time.sleep(pause)


def follows(stage: Stage, room: Room) -> None:
    """Wait until the page shows the room's present game and its line."""
    state = room.state()
    stage.wait_text("herd-session", state["session"])
    stage.page.wait_for_function(f"() => {GRAPH}?.data[0].x.length")
    stage.wait_line(f"Math.abs(y[y.length - 1] - {state['price']}) < 1e-4")


def another(stage: Stage, room: Room) -> Stage:
    """A page that has just been opened beside this one."""
    made = Stage(stage.page.context.new_page(), stage.url)
    made.visit()
    follows(made, room)
    return made


def agree(room: Room, *stages: Stage) -> None:
    """Wait until all lines have the server's last price and the same points; assert that these are once and in order.

    A price may be the last one twice, so that a line with it may still lack points.
    """
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until:
        price = room.state()["price"]
        for stage in stages:
            stage.wait_line(f"Math.abs(y[y.length - 1] - {price}) < 1e-4")
        lines = [stage.line() for stage in stages]
        if all(line == lines[0] for line in lines):
            break
        stages[0].page.wait_for_timeout(100)
    x, _ = lines[0]
    assert x == sorted(set(x))
    assert all(line == lines[0] for line in lines)


def agrees(stage: Stage, room: Room) -> None:
    """Assert that the page's line is the one that a page gets that has just been opened."""
    other = another(stage, room)
    agree(room, stage, other)
    other.page.close()


def test_points_grow_and_answers_that_are_lost_are_asked_for_again(stage: Stage, room: Room, ada: Player) -> None:
    before = len(stage.line()[0])
    count = 0

    def lose(route: Any) -> None:
        nonlocal count
        count += 1
        if count % 3 == 0:
            route.fetch()  # the server has answered, and the page does not hear it
            route.abort()
        else:
            route.continue_()

    stage.page.route(CALLBACKS, lose)
    trade(ada, 8)
    stage.page.unroute(CALLBACKS, lose)
    trade(ada, 2)
    agrees(stage, room)
    assert len(stage.line()[0]) >= before + 8


def test_zoom_survives_twenty_updates(stage: Stage, room: Room, ada: Player) -> None:
    trade(ada, 6)
    box = stage.page.locator("#herd-chart .nsewdrag").first.bounding_box()
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    stage.page.mouse.move(x + w * 0.3, y + h * 0.3)
    stage.page.mouse.down()
    stage.page.mouse.move(x + w * 0.6, y + h * 0.7, steps=4)
    stage.page.mouse.up()
    stage.page.wait_for_function(f"() => {GRAPH}._fullLayout.xaxis.autorange === false")
    zoomed = stage.range()
    before = len(stage.line()[0])
    trade(ada, 20)
    room.control("news", text="Comet", move=3)
    stage.wait_line(f"x.length >= {before + 20}")
    assert stage.range() == pytest.approx(zoomed)
    stage.page.mouse.dblclick(x + w / 2, y + h / 2)
    stage.page.wait_for_function(f"() => {GRAPH}._fullLayout.xaxis.autorange === true")
    agree(room, stage)


def test_a_reset_and_two_tabs(stage: Stage, room: Room, ada: Player) -> None:
    trade(ada, 4)
    second = another(stage, room)
    trade(ada, 4)
    agree(room, stage, second)
    blaise = room.begin(1)[0]
    for one in (stage, second):
        follows(one, room)
    trade(blaise, 4)
    third = another(stage, room)
    agree(room, stage, second, third)
    assert second.errors == third.errors == []
    for one in (second, third):
        one.page.close()


def test_a_tab_that_was_hidden_catches_up(stage: Stage, room: Room, ada: Player) -> None:
    trade(ada, 3)
    before = len(stage.line()[0])
    browser = stage.page.context.new_cdp_session(stage.page)
    browser.send("Page.setWebLifecycleState", {"state": "frozen"})  # as a browser does with a tab that nobody sees
    trade(ada, HIDDEN)
    browser.send("Page.setWebLifecycleState", {"state": "active"})
    agrees(stage, room)
    assert len(stage.line()[0]) >= before + HIDDEN - 3


def test_comes_back_by_itself_with_the_state_of_a_restarted_server(
    browser: Any, tmp_path: Path, launch: Callable[..., Any]
) -> None:
    def start(port: str) -> RunningServer:
        return launch("--no-browser", "--port", port, environ={"ORDERFLOW_DATA_DIR": str(tmp_path)})

    server = start("0")
    room = Room(server)
    (ada,) = room.join()
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    stage = Stage(context.new_page(), server.url)
    stage.visit()
    trade(ada, 5)
    price = f"{room.state()['price']:,.2f}"
    stage.wait_text("herd-price", price)
    server.stop(signal.SIGKILL)
    gone = time.monotonic()
    stage.wait_text("herd-banner", "The server is unreachable. This is the last picture")
    assert time.monotonic() - gone < 3
    assert stage.text("herd-link").strip() == "Reconnecting …"
    assert stage.text("herd-price") == price
    room.server = start(str(server.port))
    stage.wait_text("herd-banner", "The server is back.")
    trade(ada, 4)
    agrees(stage, room)
    assert stage.text("herd-link").strip() == "Live"
    context.close()


def test_silent_server_is_reported(stage: Stage, room: Room) -> None:
    process = room.server.process
    process.send_signal(signal.SIGSTOP)
    try:
        stage.wait_text("herd-banner", "The server is unreachable.")
    finally:
        process.send_signal(signal.SIGCONT)
    stage.wait_text("herd-banner", "The server is back.")


def test_slow_server_is_reported(browser: Any, room: Room) -> None:
    context = browser.new_context()
    page = context.new_page()
    slow = "herd-chart.figure"
    page.route(CALLBACKS, lambda route: None if slow in (route.request.post_data or "") else route.continue_())
    page.goto(room.server.url + "/herd/")
    page.get_by_text("the network is slow").wait_for()
    context.close()


def test_unreachable_server_and_offline_are_reported(stage: Stage) -> None:
    assert stage.text("herd-link").strip() == "Live"
    stage.page.route("**", lambda route: route.abort())
    stage.page.keyboard.press("Space")
    stage.wait_text("herd-banner", "The server is unreachable.")
    stage.page.unroute("**")
    stage.wait_text("herd-banner", "The server is back.")
    stage.page.context.set_offline(True)
    stage.wait_text("herd-banner", "This device is offline.")
    assert stage.text("herd-link").strip() == "Reconnecting …"
    stage.page.context.set_offline(False)
    stage.wait_text("herd-banner", "The server is back.")
    assert stage.text("herd-link").strip() == "Live"
