"""The Dash application: routes, callbacks, and the files that a page loads."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from dash import Dash, dcc

from callbacks import chart
from callbacks.app import PAGES, PLOTLY, assets_folder, create_app, page_at
from callbacks.chart import BUTTONS
from callbacks.chart import page as chart_page
from layouts.chart_settings import FIELDS, SWITCHES
from layouts.document import components, heading, libraries
from layouts.shell import Link
from orderflow.services import Services
from orderflow.web.kit.bundles import find_files
from tests.layouts.trees import ids

NAVIGATION = [Link(page.path, page.name) for page in PAGES if page.name]


@pytest.fixture
def app(services: Services, web: flask.Flask) -> Dash:
    """All pages on the server of `services`."""
    return create_app(services, web)


def links(text: str, attribute: str) -> list[str]:
    """Scripts ("src") or style sheets ("href") of a document."""
    return [link for link in re.findall(rf'{attribute}="(/[^"]+)"', text) if not link.endswith(".svg")]


def test_a_page_loads_its_own_script_and_sheet_and_nothing_from_elsewhere(app: Dash) -> None:
    client = app.server.test_client()
    for page in PAGES:
        text = client.get(page.path).text
        assert '<html lang="en"' in text
        scripts, sheets = links(text, "src"), links(text, "href")
        assert [re.sub(r"\.\w{12}\.", ".*.", link) for link in sheets] == [f"/assets/{page.slug}.*.css"]
        *library, own = [link for link in scripts if link.startswith("/assets/")]
        assert re.fullmatch(rf"/assets/{page.slug}\.\w{{12}}\.js", own)
        assert [link.split("?")[0] for link in library] == [f"/assets/{PLOTLY}"] * page.plotly
        at = [number for number, link in enumerate(scripts) if "/dash_renderer." in link]
        assert at[0] > scripts.index(own), "the renderer takes over what the page's script defines"
        assert re.findall(r"https?://(?!dash-version|www\.w3\.org)[^\"\\]+", text) == []
        assert "validation_layout" not in text


def test_what_a_document_loads_is_kept_for_a_year(app: Dash) -> None:
    client = app.server.test_client()
    for page in PAGES:
        text = client.get(page.path).text
        for link in [*links(text, "src"), *links(text, "href")]:
            with client.get(link) as file:
                assert file.status_code == 200, link
                assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable", link


def test_a_page_s_script_is_its_files_in_the_stated_order(app: Dash) -> None:
    client = app.server.test_client()
    for page in PAGES:
        text = client.get(page.path).text
        for ending, names, attribute in ((".js", page.scripts, "src"), (".css", page.styles, "href")):
            served = client.get(next(link for link in links(text, attribute) if f"/{page.slug}." in link)).text
            at = [served.index(file.read_text("utf-8").rstrip()) for file in find_files(assets_folder(), names, ending)]
            assert at == sorted(at)
            assert len(at) >= len(names)


def test_no_script_or_sheet_is_loaded_by_no_page() -> None:
    named = {file for page in PAGES for file in find_files(assets_folder(), page.scripts, ".js")}
    named |= {file for page in PAGES for file in find_files(assets_folder(), page.styles, ".css")}
    every = {path for ending in ("js", "css") for path in assets_folder().rglob(f"*.{ending}")}
    # the phone's page joins its own from play and kit
    left = {path.relative_to(assets_folder()).as_posix() for path in every - named}
    assert {name for name in left if not name.startswith(("play/", "kit/"))} == {PLOTLY}


def test_libraries_are_those_of_the_page_s_components(app: Dash, services: Services) -> None:
    text = json.dumps(app._generate_scripts_html())
    for page in PAGES:
        tree = [app.layout, page.layout(services, NAVIGATION), *page.dynamic(services)]
        assert libraries(tree) == set(page.libraries), page.path
        served = app.server.test_client().get(page.path).text
        assert "/dash_table/" not in served
        if any(part._type == "Graph" for part in components(tree)):
            assert page.plotly, f"{page.path} has a graph, and would load the full Plotly"
    assert "/dash_table/" in text, "nothing is left out any more"


def test_the_window_s_title_and_the_navigation_name_the_page(app: Dash, services: Services) -> None:
    client = app.server.test_client()
    for page in PAGES:
        tree = page.layout(services, NAVIGATION)
        title = re.search(r"<title>(.*?)</title>", client.get(page.path).text)
        assert title is not None
        assert title[1] == f"{heading(tree)} · Orderflow"
        here = [part for part in components(tree) if getattr(part, "aria-current", None) == "page"]
        # once in the row of links, once in the menu of narrow windows
        assert [part.href for part in here] == [page.path, page.path] * bool(page.name)


@pytest.mark.parametrize("path", ["/nowhere", "/chart/nothing", "/chart/a/b/", "/herd/nothing", "/health/x", "/docs/x"])
def test_an_unknown_address_is_404_and_says_so(app: Dash, path: str) -> None:
    client = app.server.test_client()
    for method in ("GET", "POST", "DELETE"):
        answer = client.open(path, method=method)
        assert (answer.status_code, list(answer.get_json())) == (404, ["detail"])
    page = client.get(path, headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" in page.headers
    assert "<h1>There is no such page</h1>" in page.text
    assert "<script" not in page.text
    found = re.findall('<a href="([^"]+)"', page.text)
    assert found == [*(link.path for link in NAVIGATION), "/docs"]
    with client.get(links(page.text, "href")[0]) as sheet:
        assert sheet.status_code == 200


def test_a_page_is_there_with_and_without_a_slash(app: Dash) -> None:
    client = app.server.test_client()
    for page in PAGES:
        for path in (page.path, page.path.rstrip("/")):
            assert client.get(path).status_code == 200, path
            assert client.head(path).status_code == 200, path


def test_home_leads_to_the_chart(app: Dash) -> None:
    answer = app.server.test_client().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/chart/")


def test_reserved_paths_stay_with_the_server(app: Dash) -> None:
    answer = app.server.test_client().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert "detail" in answer.get_json()


def test_every_page_is_reached_by_its_path(services: Services) -> None:
    for page_ in PAGES:
        assert page_at(page_.path, services, NAVIGATION) is not None
        assert page_at(page_.path.rstrip("/"), services, NAVIGATION) is not None
    missing = json.dumps(page_at("/nowhere", services, NAVIGATION).to_plotly_json(), default=str)
    assert "There is no such page" in missing


def test_every_callback_refers_to_what_its_page_has(services: Services) -> None:
    for page_ in PAGES:
        alone = Dash("alone", server=False, use_async=False)
        page_.register(alone, services)
        known = [dcc.Location(id="location"), page_.layout(services, NAVIGATION), *page_.dynamic(services)]
        there = [part.id for part in components(known) if getattr(part, "id", None) is not None]
        assert alone._callback_list, page_.path
        for callback in alone._callback_list:
            for wanted in callback_ids(callback):
                assert any(is_named(id, wanted) for id in there), f"{page_.path}: no component has the id {wanted}"


def callback_ids(callback: dict[str, Any]) -> Iterator[Any]:
    """The ids of a callback's outputs, inputs and states; those of patterns as dicts."""
    outputs = callback["output"].removeprefix("..").removesuffix("..").split("...")
    running = list((callback.get("running") or {}).get("running", {}))
    names = [name.rpartition(".")[0] for name in [*outputs, *running] if not callback.get("no_output")]
    names += [part["id"] for part in [*callback["inputs"], *callback["state"]]]
    for name in names:
        yield json.loads(name) if name.startswith("{") else name


def is_named(id: Any, wanted: Any) -> bool:
    """Whether a component's id is the one that a callback names, wildcards included."""
    if not isinstance(id, dict) or not isinstance(wanted, dict):
        return bool(id == wanted)
    return id.keys() == wanted.keys() and all(
        value in (["ALL"], ["MATCH"], ["ALLSMALLER"]) or value == id[key] for key, value in wanted.items()
    )


def test_all_of_the_chart_s_controls_are_bound(app: Dash, services: Services) -> None:
    used = {part["id"] for callback in app.callback_map.values() for part in callback["inputs"]}
    wanted = {f"chart-do-{name}" for name in BUTTONS} | {f"chart-opt-{name}" for name in (*SWITCHES, *FIELDS, "panes")}
    assert wanted <= used
    buttons = {id for id in ids(chart_page(services, [])) if id.startswith("chart-do-")}
    assert buttons == {f"chart-do-{name}" for name in (*BUTTONS, "activity")}  # the last one is the server's


def test_poll_stops_its_own_interval_while_it_runs(app: Dash) -> None:
    callbacks = app.server.test_client().get("/_dash-dependencies").get_json()
    (poll,) = [callback for callback in callbacks if callback["output"] == "chart-delta.data"]
    assert poll["running"] == {
        "running": {"chart-interval.disabled": True},
        "runningOff": {"chart-interval.disabled": False},
    }


def test_poll_goes_through_the_server(app: Dash) -> None:
    client = app.server.test_client()
    client.post("/tick", json={"timestamp": "2026-03-02T14:30:01Z", "price": 25000.25, "size": 2, "symbol": "NQ"})

    def poll(state: Any) -> Any:
        body = {
            "output": "chart-delta.data",
            "outputs": {"id": "chart-delta", "property": "data"},
            "inputs": [
                {"id": "chart-interval", "property": "n_intervals", "value": 1},
                {"id": "chart-refresh", "property": "data", "value": 1},
                {"id": "chart-options", "property": "data", "value": {}},
            ],
            "state": [{"id": "chart-state", "property": "data", "value": state}],
            "changedPropIds": ["chart-interval.n_intervals"],
        }
        return client.post("/_dash-update-component", json=body)

    answer = poll({"symbol": "NQ", "frame": "1min"})
    data = answer.get_json()["response"]["chart-delta"]["data"]
    assert (data["symbol"], data["bars"][0]["n"], data["stats"]["texts"]["ticks"]) == ("NQ", 1, "1")
    again = poll({"epoch": data["epoch"], "revision": data["rev"], **data["request"], "rows": data["rows"]})
    assert (again.status_code, again.get_data()) == (204, b"")


def test_symbols_are_listed_beside_the_hub(app: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 of them hold it for 20 ms, each time that a page asks."""
    threads: list[int] = []
    plain = chart.symbol_names
    monkeypatch.setattr(chart, "symbol_names", lambda *args: threads.append(threading.get_ident()) or plain(*args))
    client = app.server.test_client()
    client.post("/tick", json={"timestamp": "2026-03-02T14:30:01Z", "price": 25000.25, "size": 2, "symbol": "NQ"})
    key, entry = next(each for each in app.callback_map.items() if each[0].startswith("..chart-symbol.data..."))
    names = [part.rsplit(".", 1) for part in key[2:-2].split("...")]
    body = {
        "output": key,
        "outputs": [{"id": id_, "property": name} for id_, name in names],
        **{kind: [{**each, "value": None} for each in entry[kind]] for kind in ("inputs", "state")},
        "changedPropIds": ["chart-slow.n_intervals"],
    }
    answer = client.post("/_dash-update-component", json=body).get_json()
    assert answer["response"]["chart-symbol"]["data"] == ["NQ"]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_assets_are_found_in_the_repository_or_the_package() -> None:
    names = {path.name for path in assets_folder().iterdir()}
    assert {"00-plotly-basic.min.js", "THIRD_PARTY.md", "page.css", "chart.css", "icon.svg", "chart"} <= names
