"""The replay of a game in a real browser: playing, seeking, pausing, captions; with mouse, keys and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orderflow.herd.live.journal import NoJournal
from orderflow.herd.live.session import Session
from orderflow.herd.rules import rounds
from orderflow.herd.rules.events import Config, Event, decode_log
from orderflow.herd.rules.seeded_random import seeded_uuid
from tests.herd.played import START, keep
from tests.running import RunningServer

pytestmark = pytest.mark.browser

Games = tuple[RunningServer, str, str]
GRAPH = "document.querySelector('#replay-graph .js-plotly-plot')"
LINE = f"{GRAPH}.data[0]"
SECOND = 10**9


METER = """(percent) => {
  const { transform, width } = getComputedStyle(document.getElementById("replay-bar"), "::before");
  return Math.abs(100 + (100 * new DOMMatrix(transform).e) / parseFloat(width) - percent) < 1;
}"""
"""Whether the meter's bar covers this percentage of it."""


def shown(page: Any, id: str, words: str) -> None:
    """Wait until the text of an element contains `words`."""
    page.wait_for_function("([id, words]) => document.getElementById(id)?.textContent.includes(words)", arg=[id, words])


def clock(page: Any) -> int:
    """Elapsed seconds of the session as the page shows them."""
    minutes, _, rest = page.inner_text("#replay-time").split(" / ")[0].partition(":")
    return int(minutes) * 60 + int(rest)


def at(page: Any, seconds: int) -> None:
    """Wait until the page shows that position."""
    shown(page, "replay-time", f"{seconds // 60}:{seconds % 60:02d} / ")


def velocity(page: Any, label: str) -> None:
    """Wait until the list of velocities shows `label`."""
    page.wait_for_function("(label) => document.getElementById('replay-velocity')?.value === label", arg=label)


def pause(page: Any, key: str = "k") -> None:
    """Pause the replay."""
    shown(page, "replay-play", "Pause")
    page.keyboard.press(key)
    shown(page, "replay-play", "Play")


def line(page: Any) -> list[str]:
    """The times of the chart's price points."""
    found: list[str] = page.evaluate(f"{LINE}.x")
    return found


def test_a_session_is_played_again(games: Games, visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}&velocity=12")
    velocity(page, "12×")
    page.wait_for_function("() => !document.getElementById('replay-time').textContent.startsWith('0:0')")
    pause(page, "Space")
    now = clock(page)
    page.wait_for_timeout(500)
    assert clock(page) == now
    page.keyboard.press("ArrowLeft")
    at(page, max(0, now - 10))
    page.keyboard.press("ArrowUp")
    velocity(page, "16×")
    page.keyboard.press("End")
    frames = server.get(f"/herd/frames?session={rounds}")
    shown(page, "replay-price", f"{frames['price'][-1]:.2f}")
    assert page.inner_text("#replay-play") == "Again"
    assert "Round 4 of 4" in page.inner_text("#replay-feed")
    page.keyboard.press("Home")
    at(page, 0)
    shown(page, "replay-price", "100.00")
    box = page.locator("#replay-seek").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("() => !document.getElementById('replay-time').textContent.startsWith('0:00')")
    half = float(page.get_by_role("slider").get_attribute("aria-valuenow"))
    assert half * 1000 == pytest.approx((frames["t"][-1] - frames["t"][0]) / 2, rel=0.05)
    past = [i for i, time in enumerate(frames["t"]) if time - frames["t"][0] <= half * 1000]
    shown(page, "replay-price", f"{frames['price'][past[-1]]:.2f}")
    assert page.evaluate(f"{LINE}.y.at(-1)") == frames["price"][past[-1]]


def test_the_chart_grows_point_by_point_and_a_zoom_survives(games: Games, visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}&velocity=4")
    page.wait_for_function(f"() => {GRAPH}?.data?.[0]?.x?.length > 10")
    before = line(page)
    page.evaluate(f"() => {{ window.pictures = 0; {GRAPH}.on('plotly_afterplot', () => {{ window.pictures++; }}); }}")
    box = page.locator("#replay-graph .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 160, steps=4)
    page.mouse.up()
    axes = f"[{GRAPH}._fullLayout.xaxis.range, {GRAPH}._fullLayout.yaxis.range]"
    zoomed = page.evaluate(axes)
    page.wait_for_function("() => window.pictures > 5")
    assert page.evaluate(axes) == zoomed
    pause(page)
    after = line(page)
    assert after[: len(before)] == before
    assert len(after) > len(before)
    assert after == sorted(set(after))
    frames = server.get(f"/herd/frames?session={rounds}")
    count = sum(time - frames["t"][0] <= clock(page) * 1000 for time in frames["t"])
    assert len(after) >= count - 8  # the chart begins shortly before the first change


def test_seeking_while_playing_removes_old_points(games: Games, visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}&velocity=8")
    page.wait_for_function("() => !/^(0:00|)( |$)/.test(document.getElementById('replay-time')?.textContent || '')")
    for key in ("ArrowLeft", "ArrowRight", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    at(page, 0)
    shown(page, "replay-play", "Play")
    for label in ("4×", "2×"):
        page.keyboard.press("ArrowDown")
        velocity(page, label)
    page.keyboard.press("k")
    page.wait_for_function("() => /^0:0[3-9]/.test(document.getElementById('replay-time').textContent)")
    pause(page)
    times = line(page)
    assert times == sorted(set(times))
    assert times[-1] <= f"2000-01-01 00:00:{clock(page) + 1:02d}"


def test_the_replay_fits_a_phone(games: Games, visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}", phone=True)
    shown(page, "replay-play", "Pause")
    wide, tall = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide <= 390
    assert tall <= 844
    for name in ("Back 10 seconds", "Play or pause", "On 10 seconds"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["y"] + box["height"] <= 844
    page.get_by_role("button", name="Play or pause").tap()
    shown(page, "replay-play", "Play")


def test_the_player_by_every_key_and_button(games: Games, visit: Callable[..., Any]) -> None:
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}&velocity=3", dark=False)
    page.wait_for_selector("html[data-theme='light']")
    velocity(page, "3×")
    pause(page)
    player = page.get_by_role("group", name="Player")
    page.keyboard.press("Home")
    at(page, 0)
    page.keyboard.press("ArrowRight")
    at(page, 10)
    player.get_by_role("button", name="On 10 seconds").click()
    at(page, 20)
    player.get_by_role("button", name="Back 10 seconds").click()
    at(page, 10)
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)  # faster than the server answers: none is lost
    at(page, 20)
    page.keyboard.press("ArrowLeft")
    at(page, 10)
    slider = page.get_by_role("slider", name="Position in the session")
    slider.press("ArrowRight")  # the slider's own key: a step, not 10 seconds
    page.wait_for_function("() => Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow')) > 10.2")
    assert clock(page) == 10
    page.wait_for_function(
        "() => document.querySelector('[role=slider]').getAttribute('aria-valuetext')"
        " === document.getElementById('replay-time').textContent"
    )
    assert page.get_by_role("img", name="Price of the session").count() == 1
    page.locator("#replay-velocity").click()
    options = page.get_by_role("option").all_inner_texts()
    assert (options[0], options[-1]) == ("1×", "60×")
    assert "3×" in options
    page.get_by_role("option", name="60×").click()
    velocity(page, "60×")
    page.keyboard.press("ArrowDown")  # the list's own key
    velocity(page, "60×")
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("ArrowDown")
    velocity(page, "32×")
    page.keyboard.press("Control+ArrowDown")
    page.wait_for_timeout(300)
    velocity(page, "32×")
    for label in ("16×", "8×", "4×", "2×"):
        page.keyboard.press("ArrowDown")
        velocity(page, label)
    page.keyboard.press("End")
    shown(page, "replay-play", "Again")
    button = player.get_by_role("button", name="Play or pause")
    button.click()
    shown(page, "replay-play", "Pause")
    assert clock(page) < 30
    button.click()
    shown(page, "replay-play", "Play")
    page.keyboard.press("t")
    page.wait_for_selector("html[data-theme='dark']")
    page.get_by_role("button", name="Dark or light").click()
    page.wait_for_selector("html[data-theme='light']")
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement")
    page.locator(".of-header").wait_for(state="hidden")
    page.keyboard.press("f")
    page.locator(".of-header").wait_for()
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("() => document.fullscreenElement")
    page.keyboard.press("f")
    assert page.get_by_role("link", name="Debrief").get_attribute("href") == f"/herd/debrief/?session={rounds}"
    page.goto(f"{server.url}/herd/replay/?session={rounds}")
    shown(page, "replay-session", rounds)
    velocity(page, "4×")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def eventful_game() -> list[Event]:
    """A game of ten seconds with a headline, a round and a freeze, and its end 100 seconds later."""
    journal = NoJournal()
    start = START - 10**15
    session = Session.begin(Config(), start, journal=journal, seed=3, code="TEST")
    people = [session.join(start) for _ in range(4)]

    def trade(t: int, number: int) -> None:
        for person in people[: 3 - number % 2]:
            client_id = seeded_uuid(3, "test", number, person.id)
            session.order(t, person.id, client_id, 1 - 2 * (number % 2), 2)
        session.settle(t)

    for step in range(40):
        t = start + step * SECOND // 4
        if step == 8:
            session.news(t, "Comet", None)
        if step == 16:
            asked = {"preset": "ssw", "rounds": 2, "seconds": 60}
            session.begin_round(t, rounds.first_round(session.state.price, asked))
        trade(t, step)
    session.set_phase(start + 10 * SECOND, "frozen")
    session.set_phase(start + 110 * SECOND, "ended")
    return list(decode_log(journal.read(session.state.session_id)))


def test_replay_shows_captions(games: Games, games_folder: Path, visit: Callable[..., Any]) -> None:
    server = games[0]
    session = keep(eventful_game(), games_folder)
    page = visit(f"{server.url}/herd/replay/?session={session}&velocity=1")
    page.locator("#replay-news").get_by_text("Comet").wait_for()
    pause(page)
    page.keyboard.press("Home")
    at(page, 0)
    feed = page.locator("#replay-feed li")
    assert feed.count() == 0
    page.keyboard.press("ArrowRight")
    shown(page, "replay-phase", "Frozen")
    assert page.inner_text("#replay-round") == "Round 1 of 2 begins"
    bought = int(page.inner_text("#replay-buyers").removeprefix("Buyers ").removesuffix(" %"))
    page.wait_for_function(METER, arg=bought)
    assert any(sign in page.inner_text("#replay-change") for sign in ("▲ +", "▼ −", "■ ±"))
    assert page.inner_text("#replay-session") == f"Session {session}"
    assert "frozen" in feed.first.inner_text()
    lines = feed.first.evaluate("(li) => [...li.children].map((one) => Math.round(one.getBoundingClientRect().top))")
    assert len(set(lines)) == 1  # time and text are on one line
    assert feed.count() == 3
    assert "⚡ Comet" in page.inner_text("#replay-graph")
    assert "Fundamental value" in page.inner_text("#replay-graph")
    page.keyboard.press("k")
    page.get_by_text("in which nothing happened").wait_for()
    shown(page, "replay-phase", "Ended")
    page.locator("#replay-news").get_by_text("Comet").wait_for(state="detached")
    page.keyboard.press("ArrowLeft")
    shown(page, "replay-phase", "Frozen")


def test_without_a_session_in_the_url_the_current_one_is_played(
    launch: Callable[..., RunningServer], visit: Callable[..., Any]
) -> None:
    server = launch("--ephemeral", "--no-browser", environ={"HERD_BATCH_MS": "100"})
    page = visit(f"{server.url}/herd/replay/")
    page.get_by_role("alert").get_by_text("Nothing was traded in this session").wait_for()
    server.post("/herd/control", b'{"action": "news", "text": "Comet", "move": 5}')
    page.reload()
    shown(page, "replay-session", server.get("/herd/state")["session"])
    shown(page, "replay-play", "Again")


def test_unknown_session_is_reported(server: RunningServer, visit: Callable[..., Any]) -> None:
    page = visit(f"{server.url}/herd/replay/?session=20200101-000000-0000")
    page.get_by_role("alert").get_by_text("no session").wait_for()


def test_errors_of_the_replay_are_shown(locked: RunningServer, games: Games, visit: Callable[..., Any]) -> None:
    page = visit(f"{locked.url}/herd/replay/")
    page.get_by_role("alert").get_by_text("needs the key").wait_for()
    page.goto(f"{locked.url}/herd/replay/?key=open-sesame")
    page.get_by_role("alert").get_by_text("Nothing was traded in this session: there is nothing to replay.").wait_for()
    server, _, rounds = games
    page = visit(f"{server.url}/herd/replay/?session={rounds}&velocity=2", expect=("net::", "did not respond"))
    shown(page, "replay-play", "Pause")
    gone = ("**/_dash-update-component*", "**/health")
    for address in gone:
        page.route(address, lambda route: route.abort())
    page.get_by_role("alert").get_by_text("The server cannot be reached.").wait_for(timeout=3_000)
    stopped = clock(page)
    for address in gone:
        page.unroute(address)
    page.wait_for_function(
        "(at) => Number(document.getElementById('replay-time').textContent.split(/[: ]/)[1]) > at + 1", arg=stopped
    )
    page.get_by_text("The server cannot be reached.").wait_for(state="hidden")
    times = line(page)
    assert times == sorted(set(times))
