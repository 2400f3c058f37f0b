"""The app around the pages: routes, callbacks, and what a browser is given to load."""

from __future__ import annotations

import json
import re
from typing import Any

import flask
import pytest
from dash import Dash

from callbacks.app import PAGES, assets_folder, create_app, page_at
from callbacks.chart import BUTTONS, page
from layouts.chart_settings import FIELDS, SWITCHES
from layouts.shell import Link
from orderflow.services import Services
from tests.layouts.trees import ids


@pytest.fixture
def app(services: Services, web: flask.Flask) -> Dash:
    """All pages on the server of `services`."""
    return create_app(services, web)


def test_chart_is_served_with_its_assets(app: Dash) -> None:
    client = app.server.test_client()
    answer = client.get("/chart/")
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    assert '<html lang="en"' in html
    scripts = re.findall(r'src="(/assets/[^"]+)"', html)
    assert scripts[0].startswith("/assets/00-plotly-basic.min.js?m=")
    assert len(scripts) == len(set(scripts)) > 20
    for link in [*scripts, *re.findall(r'href="(/assets/[^"]+)"', html)]:
        with client.get(link) as file:
            assert file.status_code == 200, link
    assert re.findall(r"https?://(?!dash-version|www\.w3\.org)[^\"\\]+", html) == []


def test_home_leads_to_the_chart(app: Dash) -> None:
    answer = app.server.test_client().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/chart/")


def test_reserved_paths_stay_with_the_server(app: Dash) -> None:
    answer = app.server.test_client().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert "detail" in answer.get_json()


def test_every_page_is_reached_by_its_path(services: Services) -> None:
    links = [Link(page.path, page.name) for page in PAGES]
    for page_ in PAGES:
        assert page_at(page_.path, services, links) is not None
        assert page_at(page_.path.rstrip("/"), services, links) is not None
    missing = json.dumps(page_at("/nowhere", services, links).to_plotly_json(), default=str)
    assert "There is no such page" in missing


def test_every_callback_refers_to_what_the_pages_have(app: Dash, services: Services) -> None:
    known = ids(app.validation_layout)
    for callback in app.callback_map.values():
        for part in [*callback["inputs"], *callback["state"]]:
            assert part["id"] in known, part
    used = {part["id"] for callback in app.callback_map.values() for part in callback["inputs"]}
    wanted = {f"chart-do-{name}" for name in BUTTONS} | {f"chart-opt-{name}" for name in (*SWITCHES, *FIELDS, "panes")}
    assert wanted <= used
    buttons = {id for id in ids(page(services, [])) if id.startswith("chart-do-")}
    assert buttons == {f"chart-do-{name}" for name in BUTTONS}


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
                {"id": "chart-kick", "property": "data", "value": 1},
            ],
            "state": [{"id": "chart-state", "property": "data", "value": state}],
            "changedPropIds": ["chart-interval.n_intervals"],
        }
        return client.post("/_dash-update-component", json=body)

    answer = poll([None, 0, 0, "NQ", "1min", 0, None])
    data = answer.get_json()["response"]["chart-delta"]["data"]
    assert (data["symbol"], data["bars"][0]["n"], data["stats"]["ticks"]) == ("NQ", 1, 1)
    again = poll([data["epoch"], data["rev"], data["bars"][0]["t"], "NQ", "1min", data["rows"], None])
    assert (again.status_code, again.get_data()) == (204, b"")


def test_assets_are_found_in_the_repository_or_the_package() -> None:
    names = {path.name for path in assets_folder().iterdir()}
    assert {"00-plotly-basic.min.js", "THIRD_PARTY.md", "page.css", "chart.css", "icon.svg", "chart"} <= names
