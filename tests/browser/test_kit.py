"""The shared scripts of all pages, in a page of plain elements: hotkeys, full screen, theme, sound, storage, banner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from callbacks.app import assets_folder
from tests.browser.waiting import PATIENCE

pytestmark = pytest.mark.browser

ADDRESS = "http://kit.test/"
CALLBACK = "/_dash-update-component"
Make = Callable[[str], Any]


@pytest.fixture
def make(browser: Any) -> Iterator[Make]:
    """make(html): a page with that body and all scripts of the kit; clicks are counted in `clicks` by element id."""
    context = browser.new_context(color_scheme="light")
    context.set_default_timeout(PATIENCE)

    def page(body: str) -> Any:
        made = context.new_page()
        made.route(ADDRESS, lambda route: route.fulfill(body=f"<!doctype html>{body}", content_type="text/html"))
        made.goto(ADDRESS)
        made.evaluate(
            """() => {
              window.clicks = [];
              window.stores = [];
              window.dash_clientside = { set_props: (id, props) => window.stores.push([id, props]) };
              document.addEventListener("click", (event) => window.clicks.push(event.target.id));
            }"""
        )
        for path in sorted((assets_folder() / "kit").glob("*.js")):
            made.add_script_tag(path=str(path))
        return made

    yield page
    context.close()


def clicks(page: Any) -> list[str]:
    found: list[str] = page.evaluate("window.clicks.splice(0)")
    return found


# hotkeys


def test_keys_click_the_elements_that_name_them(make: Make) -> None:
    page = make('<button id="news" data-hotkey="N"></button><button id="start" data-hotkey="Space Enter"></button>')
    for key in ("n", "Shift+N", "Space", "Enter"):
        page.keyboard.press(key)
    assert clicks(page) == ["news", "news", "start", "start"]
    for key in ("Control+n", "Alt+n", "Meta+n", "x"):
        page.keyboard.press(key)
    assert clicks(page) == []


def test_held_key_clicks_once(make: Make) -> None:
    page = make('<button id="news" data-hotkey="N"></button>')
    for _ in range(3):
        page.keyboard.down("n")
    assert clicks(page) == ["news"]


@pytest.mark.parametrize("state", ["disabled", "hidden", 'data-disabled="true"', 'aria-disabled="true"'])
def test_element_that_is_off_does_not_act_and_one_that_a_style_hides_does(make: Make, state: str) -> None:
    page = make(f'<button id="off" data-hotkey="N" {state}></button>')
    page.keyboard.press("n")
    assert clicks(page) == []
    page = make('<div style="display: none"><button id="on" data-hotkey="N"></button></div>')
    page.keyboard.press("n")
    assert clicks(page) == ["on"]


@pytest.mark.parametrize("field", ["<input id=f>", "<textarea id=f></textarea>", "<div id=f contenteditable>x</div>"])
def test_keys_that_are_typed_do_nothing_else(make: Make, field: str) -> None:
    page = make(f'<button id="news" data-hotkey="N"></button>{field}')
    page.focus("#f")
    page.keyboard.press("n")
    assert clicks(page) == []


def test_field_is_focused_by_its_key_and_left_by_escape(make: Make) -> None:
    page = make('<button id="news" data-hotkey="N"></button><input id="search" data-hotkey="/">')
    page.keyboard.press("/")
    page.keyboard.type("no")
    assert page.input_value("#search") == "no"
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert clicks(page) == ["news"]


def test_switch_is_turned_by_its_key_and_letters_act_while_it_has_the_focus(make: Make) -> None:
    page = make('<input id="grid" type="checkbox" data-hotkey="G"><button id="news" data-hotkey="N"></button>')
    page.keyboard.press("g")
    assert page.is_checked("#grid")
    page.focus("#grid")
    page.keyboard.press("n")
    page.keyboard.press("Space")
    assert clicks(page) == ["grid", "news", "grid"]
    assert not page.is_checked("#grid")


def test_open_dialog_has_the_keys_for_itself(make: Make) -> None:
    page = make(
        '<button id="news" data-hotkey="N"></button>'
        '<div role="dialog" id="quiz"><button id="real" data-hotkey="R"></button></div>'
    )
    page.keyboard.press("n")
    page.keyboard.press("r")
    assert clicks(page) == ["real"]
    page.evaluate("document.getElementById('quiz').hidden = true")
    page.keyboard.press("n")
    page.keyboard.press("r")
    assert clicks(page) == ["news"]


def test_space_presses_the_button_that_has_the_focus(make: Make) -> None:
    page = make('<button id="start" data-hotkey="Space">go</button><button id="other">x</button>')
    page.focus("#other")
    page.keyboard.press("Space")
    assert clicks(page) == ["other"]


# screen


def test_full_screen_is_a_presentation_and_escape_ends_one_without_it(make: Make) -> None:
    page = make('<button id="full" data-fullscreen data-hotkey="F">f</button><button id="show" data-present>p</button>')
    presenting = "() => 'presenting' in document.documentElement.dataset"
    page.keyboard.press("f")
    page.wait_for_function(f"() => document.fullscreenElement && ({presenting})()")
    assert page.get_attribute("#full", "aria-pressed") == "true"
    page.keyboard.press("f")
    page.wait_for_function(f"() => !document.fullscreenElement && !({presenting})()")
    page.click("#show")
    assert page.evaluate(presenting)
    page.keyboard.press("Escape")
    assert not page.evaluate(presenting)
    assert page.get_attribute("#full", "aria-pressed") == "false"


def test_refused_full_screen_is_a_presentation_all_the_same(make: Make) -> None:
    page = make('<button id="full" data-fullscreen>f</button>')
    page.evaluate("void (Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('no')))")
    page.click("#full")
    page.wait_for_function("() => 'presenting' in document.documentElement.dataset")


# theme


def test_theme_is_the_systems_until_it_is_chosen_and_dash_is_told(make: Make) -> None:
    page = make('<button id="theme" data-theme-toggle="page-theme" data-hotkey="T">t</button>')
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == page.evaluate("dash_clientside.kit.theme()") == "light"
    page.keyboard.press("t")
    assert page.evaluate(theme) == "dark"
    assert page.evaluate("window.stores") == [
        ["mantine", {"forceColorScheme": "dark"}],
        ["page-theme", {"data": "dark"}],
    ]
    page.emulate_media(color_scheme="light")
    assert make("").evaluate(theme) == "dark"


def test_dash_is_told_nothing_before_it_has_asked_for_the_theme(make: Make) -> None:
    page = make('<button id="theme" data-theme-toggle="page-theme">t</button>')
    page.click("#theme")
    assert page.evaluate("window.stores") == []
    assert page.evaluate("dash_clientside.kit.theme()") == "dark"


# sound


def test_tone_plays_when_the_value_changes_unless_it_is_muted(make: Make) -> None:
    page = make('<div id="tone" data-sound="bell:0"></div><button id="mute" data-mute>m</button>')
    page.evaluate(
        """() => {
          window.played = 0;
          const { start } = OscillatorNode.prototype;
          OscillatorNode.prototype.start = function (at) { window.played++; return start.call(this, at); };
        }"""
    )

    def ring(value: str) -> int:
        page.evaluate("(value) => document.getElementById('tone').setAttribute('data-sound', value)", value)
        played: int = page.evaluate("() => Promise.resolve().then(() => window.played)")
        return played

    assert ring("bell:1") == 0  # nobody has touched the page: browsers allow no sound yet
    page.keyboard.press("x")
    page.wait_for_function("() => window.orderflow.kit.sound.play('bell')")
    assert ring("up:2") == 3
    assert ring("up:2") == 3
    assert ring("unknown:3") == 3
    page.click("#mute")
    assert page.get_attribute("#mute", "aria-pressed") == "true"
    assert ring("bell:4") == 3
    page.click("#mute")
    assert ring("bell:5") == 4


def test_mute_is_stored(make: Make) -> None:
    make('<button id="mute" data-mute>m</button>').click("#mute")
    assert make("").evaluate("window.orderflow.kit.sound.muted()")


# storage


def test_page_without_storage_works(browser: Any) -> None:
    page = browser.new_page()
    page.goto("about:blank")  # where reading localStorage throws
    page.add_script_tag(path=str(assets_folder() / "kit" / "storage.js"))
    page.evaluate("window.orderflow.kit.storage.save('a', { b: 1 })")
    assert page.evaluate("window.orderflow.kit.storage.load('a', 5)") in (5, {"b": 1})
    page.close()


def test_stored_text_that_is_not_json_is_ignored(make: Make) -> None:
    page = make("")
    assert page.evaluate(
        """() => {
          const { storage } = window.orderflow.kit;
          storage.save("a", [1]);
          storage.write("b", "{");
          storage.write("c", "x");
          storage.write("c", null);
          return [storage.load("a", 0), storage.load("b", 0), storage.load("none", 0), storage.read("c")];
        }"""
    ) == [[1], 0, 0, None]


# the banner


def watched(make: Make, *, quiet: int = 60_000) -> tuple[Any, dict[str, Any]]:
    """A page with a banner, and the behaviour of its server: {"callback", "health"}: "ok", "gone" or "silent"."""
    page = make(
        f'<div id="banner" data-stale="Gone." data-quiet="{quiet}" data-timeout="300"'
        ' data-revive="tick send:loading" hidden>'
    )
    server: dict[str, Any] = {"callback": "ok", "health": "ok", "probes": 0}

    def answer(route: Any, name: str) -> None:
        server["probes"] += name == "health"
        if server[name] == "gone":
            route.abort("connectionrefused")
        elif server[name] == "ok":
            route.fulfill(body="{}")

    page.route("**" + CALLBACK, lambda route: answer(route, "callback"))
    page.route("**/health", lambda route: answer(route, "health"))
    return page, server


def call(page: Any) -> bool:
    reached: bool = page.evaluate(f"fetch('{CALLBACK}', {{ method: 'POST' }}).then(() => true, () => false)")
    return reached


def test_lost_and_restored_server_is_reported_at_once(make: Make) -> None:
    page, server = watched(make)
    assert call(page)
    assert page.is_hidden("#banner")
    server |= {"callback": "gone", "health": "gone"}
    assert not call(page)
    page.wait_for_selector("#banner", timeout=1_000)
    assert page.inner_text("#banner") == "Gone."
    server |= {"health": "ok"}
    page.wait_for_function("() => document.getElementById('banner').dataset.kind === 'up'", timeout=1_500)
    revived = page.evaluate("window.stores.slice(-3)")
    assert revived == [
        ["tick", {"disabled": False}],
        ["send", {"loading": False}],
        ["notices-interval", {"disabled": False}],
    ]
    page.wait_for_selector("#banner", state="hidden", timeout=5_000)


def test_silent_server_is_detected(make: Make) -> None:
    page, server = watched(make, quiet=400)
    server |= {"health": "silent"}
    page.wait_for_selector("#banner", timeout=2_000)
    server |= {"health": "ok"}
    page.wait_for_function("() => document.getElementById('banner').dataset.kind === 'up'", timeout=2_000)


def test_slow_callback_neither_shows_the_banner_nor_starts_another(make: Make) -> None:
    page, server = watched(make, quiet=400)
    server |= {"callback": "silent"}
    page.evaluate(f"void fetch('{CALLBACK}')")
    page.wait_for_timeout(1_200)
    assert server["probes"] >= 1
    assert page.is_hidden("#banner")
    assert page.evaluate("window.stores") == []


def test_callbacks_that_are_dropped_say_that_nothing_changes(make: Make) -> None:
    page, server = watched(make)
    server |= {"callback": "silent"}
    ask = "window.statuses.push(await fetch({path!r}, {{ method: 'POST', body }}).then((answer) => answer.status))"
    page.evaluate(
        f"""() => {{
          window.statuses = [];
          for (const body of ["old", "new"])
            (async () => {{ {ask.format(path=CALLBACK)} }})();
          window.orderflow.kit.stale.drop((body) => body === "old");
        }}"""
    )
    page.wait_for_function("() => window.statuses.length === 1", timeout=PATIENCE)
    assert page.evaluate("window.statuses") == [204]
    assert page.is_hidden("#banner")


def test_page_without_a_banner_is_not_watched(make: Make) -> None:
    page = make("<p>no banner</p>")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**" + CALLBACK, lambda route: route.abort("connectionrefused"))
    assert not call(page)
    page.wait_for_timeout(500)
    assert [url for url in asked if url.endswith("/health")] == []
