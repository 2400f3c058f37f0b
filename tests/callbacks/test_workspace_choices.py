"""The lists of the workspace's charts on a server with as many symbols as it takes by default."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from callbacks.app import create_app
from layouts.workspace import REVIVED
from orderflow.market.timeframes import TIMEFRAMES
from orderflow.services import Services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from orderflow.workspace.klines.live_klines import LiveKlines, Offer
from tests.callbacks.test_junk_requests import UPDATE, outputs, sent

MOST_BYTES = 5_000
Known = dict[tuple[str, str], list[Any]]


@pytest.fixture
def offers() -> list[Offer]:
    names = [f"exchange:INSTR{i:05d}USDT" for i in range(Settings().max_symbols)]
    return [Offer(name, [*TIMEFRAMES], "ticks", False, 0, 1, "done") for name in names]


@pytest.fixture
def app(make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch, offers: list[Offer]) -> Dash:
    services = make_services()
    monkeypatch.setattr(services.part(LiveKlines), "offers", lambda: offers)
    return create_app(services, create_server(services))


def ask(app: Dash, output: str, known: Known, size: list[int]) -> list[list[Any]]:
    """What a callback answers, output by output; none for nothing new. known: what the page has of components, four
    of a pattern. size: gets the bytes of the request."""
    body = json.loads(json.dumps(sent(app, next(name for name in outputs(app) if output in name), None, lengths=(4,))))
    for each in (*body["inputs"], *body["state"]):
        several = each if isinstance(each, list) else [each]
        kind = several[0]["id"]["type"] if isinstance(several[0]["id"], dict) else several[0]["id"]
        for at, one in enumerate(several):
            one["value"] = known.get((kind, one["property"]), [None] * 4)[at]
    for each in (*body["outputs"], *body["inputs"], *body["state"]):
        for at, one in enumerate(each if isinstance(each, list) else ()):
            one["id"] = {**one["id"], "index": at}
    text = json.dumps(body)
    size.append(len(text))
    answer = app.server.test_client().post(UPDATE, data=text, content_type="application/json")
    if answer.status_code == 204:
        return []
    assert answer.status_code == 200, answer.text
    found = answer.get_json()["response"]
    for name, props in found.items():
        id_ = json.loads(name) if name.startswith("{") else {"type": name, "index": 0}
        for prop, value in props.items():
            known.setdefault((id_["type"], prop), [None] * 4)[id_["index"]] = value
    return [list(props) for props in found.values()]


def test_a_look_at_many_series_sends_neither_the_series_nor_their_time_frames(app: Dash, offers: list[Offer]) -> None:
    known: Known = {("ws-mode", "value"): ["live"]}
    size: list[int] = []
    assert ask(app, "ws-offered.data", known, size)
    first, last = (known["ws-symbol", "data"][3][at]["value"] for at in (0, -1))
    assert (first, last) == (known["ws-symbol", "value"][0], "exchange:INSTR04999USDT")
    assert ask(app, "ws-offered.data", known, size) == []
    assert ask(app, "ws-timeframe", known, size)
    assert known["ws-timeframe", "value"] == ["1m"] * 4
    assert len(known["ws-timeframe", "data"][0]) == len(TIMEFRAMES)
    offers.append(Offer("exchange:NEW", ["1m"], "ticks", False, 0, 1, "done"))
    answer = ask(app, "ws-offered.data", known, size)
    assert [props for props in answer if "value" in props] == []  # no chart loads again
    assert ask(app, "ws-timeframe", known, size) == []
    known["ws-symbol", "value"][1] = "exchange:GONE"
    assert ["data", "value"] not in ask(app, "ws-offered.data", known, size)
    assert known["ws-symbol", "value"][1] == "exchange:INSTR00001USDT"
    assert max(size) < MOST_BYTES


def test_what_a_lost_answer_leaves_is_undone_and_nothing_else(app: Dash) -> None:
    """A button that is disabled for a file with a problem stays so."""
    running = [each["running"] for each in app._callback_list if each.get("running")]
    left = {name for run in running for name in run["runningOff"]}
    assert {each.replace(":", ".") if ":" in each else f"{each}.disabled" for each in REVIVED.split()} <= left


def test_no_callback_of_an_interval_gets_the_choices_of_a_list_back(app: Dash) -> None:
    found = [app.callback_map[name] for name in outputs(app)]
    looks = [each for each in found if any(one["property"] == "n_intervals" for one in each["inputs"])]
    parts = [one for each in looks for one in (*each["inputs"], *each["state"])]
    assert len(looks) > 5
    assert [one for one in parts if '"ws-symbol"' in one["id"] and one["property"] == "data"] == []
