"""No Dash callback changes anything without the key, whatever is sent to it, and none fails.

Dash sends every callback to one address, which the gate lets through, so each callback is tried here as a stranger
would: without the key, with a wrong one, from a foreign origin, with inputs of every shape. The callbacks are read from
`app.callback_map`, so those of new pages are tried too.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import json
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_type_hints

import pytest
from dash import Dash
from dash._callback_context import CallbackContext
from flask.testing import FlaskClient
from werkzeug.local import LocalProxy

from callbacks.app import create_app
from callbacks.workspace import SESSION_OVER
from orderflow.accounts.accounts import Accounts
from orderflow.exchange.exchange import Exchange
from orderflow.feeds.replay import SampleReplay
from orderflow.herd.live.game import Game
from orderflow.instruments.simulation import Simulation
from orderflow.market.market import Market
from orderflow.services import Services
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.tickers.notices import Notices
from orderflow.tickers.tickers import Tickers
from orderflow.web.app import create_server
from orderflow.workspace.uploads.chart_files import ChartFiles
from tests.conftest import hold_still

KEY = "correct-horse"
BEARER = {"Authorization": f"Bearer {KEY}"}
PATH = "/_dash-update-component"
TICKERS = 3

CHANGING: dict[type, tuple[str, ...]] = {
    Market: ("ingest", "simulate", "reserve", "rejected", "configure", "reset", "load"),
    Game: ("control", "join", "rename", "order", "start", "stop"),
    Simulation: ("pause", "resume", "set_speed", "restart", "edit", "play", "start"),
    SampleReplay: ("start", "stop"),
    Exchange: ("play",),
    Services: ("reset", "start", "stop"),
    Tickers: ("add", "remove", "change", "reorder", "start"),
    Alerts: ("create", "change", "delete", "start", "stop"),
    Delivery: ("add", "change", "remove", "test", "start", "stop"),
    Notices: ("acknowledge", "add", "start"),
    ChartFiles: ("start_report", "start_load", "drop", "stop"),
}
"""The methods that change something; a test below holds them to what the classes have."""

DEEP: Any = functools.reduce(lambda inner, _: [inner], range(200), 1)
VALUES: dict[str, Any] = {
    "nothing": None,
    "true": True,
    "one": 1,
    "negative": -1,
    "beyond 64 bits": 2**70,
    "a fraction": 1.5,
    "not a number": float("nan"),
    "an empty text": "",
    "a text": "ES",
    "a long text": "x" * 100_000,
    "a path": "../../../../etc/passwd",
    "markup": "<script>alert(1)</script>",
    "an empty list": [],
    "a huge list": list(range(50_000)),
    "lists in lists": DEEP,
    "an object": {"action": "reset", "n": 1, "kind": "recent", "ids": ["ITEM_00", None, [], {}]},
    "a beginning": {"n": [], "begin": True, "seed": "x", "number": -1, "guess": {}},
    "a chart's state": {"epoch": "x", "revision": 10**12, "symbol": "ES", "frame": "ticks:1", "rows": -5, "marks": [1]},
    "a chart's series": {"symbol": "ES", "frame": "1min", "first": 2**63, "epoch": "x", "ref": 2**70, "marks": {}},
    "an id": {"type": "x", "index": 0},
    "Dash's own": {"__type": "Patch", "operations": [{"operation": "Delete", "location": ["data"]}]},
}


@dataclass(frozen=True)
class Site:
    """A server with all pages that has a key, and a client without it."""

    services: Services
    app: Dash
    client: FlaskClient

    def post(self, body: Any, **headers: str) -> Any:
        return self.client.post(PATH, data=json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def site(make_services: Callable[..., Services]) -> Site:
    services = make_services(api_key=KEY, ticker_count=TICKERS)
    server = create_server(services)
    app = create_app(services, server)
    hold_still(services)  # so that what moves is what was moved
    client = server.test_client()
    tick = {"timestamp": "2026-03-02T14:30:01Z", "price": 25000.25, "size": 2, "symbol": "ES"}
    assert client.post("/tick", json=tick, headers=BEARER).status_code == 202
    assert client.get("/chart/").status_code == 200  # Dash completes its table with the first page
    return Site(services, app, client)


def serverside(app: Dash) -> dict[str, dict[str, Any]]:
    """The callbacks that run on the server, by their output."""
    return {key: entry for key, entry in app.callback_map.items() if "callback" in entry}


def parts(specs: list[dict[str, Any]], value: Any) -> list[Any]:
    """Inputs or states as the browser sends them, each with `value`. A pattern that takes many gets two of them."""
    found: list[Any] = []
    for spec in specs:
        if not spec["id"].startswith("{"):
            found.append({**spec, "value": value})
            continue
        pattern = json.loads(spec["id"])
        many = any(part in (["ALL"], ["ALLSMALLER"]) for part in pattern.values())
        made = [
            {"id": {name: number if isinstance(part, list) else part for name, part in pattern.items()},
             "property": spec["property"], "value": value}
            for number in range(2 if many else 1)
        ]  # fmt: skip
        found.append(made if many else made[0])
    return found


def outputs(key: str) -> Any:
    """The outputs of a callback as the browser sends them."""
    several = key.startswith("..")
    found = []
    for name in key.strip(".").split("...") if several else [key]:
        identity, _, prop = name.partition("@")[0].rpartition(".")
        if not identity.startswith("{"):
            found.append({"id": identity, "property": prop})
            continue
        pattern = json.loads(identity)
        one = {part: 0 if isinstance(value, list) else value for part, value in pattern.items()}
        spec = {"id": one, "property": prop}
        found.append([spec] if ["ALL"] in pattern.values() else spec)  # type: ignore[arg-type]  # Dash mixes them
    return found if several else found[0]


def request_body(key: str, entry: dict[str, Any], value: Any, trigger: int = 0) -> dict[str, Any]:
    """What a browser posts for a callback whose inputs and states all have `value`."""
    inputs = parts(entry["inputs"], value)
    flat = [each[0] if isinstance(each, list) else each for each in inputs]
    changed = []
    if flat:
        first = flat[trigger % len(flat)]
        name = first["id"] if isinstance(first["id"], str) else json.dumps(first["id"], separators=(",", ":"))
        changed = [f"{name}.{first['property']}"]
    return {
        "output": key,
        "outputs": outputs(key),
        "inputs": inputs,
        "state": parts(entry["state"], value),
        "changedPropIds": changed,
    }


def requests(app: Dash) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, body): every callback with every value, and once with each of its inputs as what triggers it."""
    for key, entry in serverside(app).items():
        for name, value in VALUES.items():
            yield f"{key} with {name}", request_body(key, entry, value)
        for number in range(1, len(entry["inputs"])):
            yield f"{key} by input {number}", request_body(key, entry, 1, number)


def state_of(site: Site) -> dict[str, Any]:
    """All that a callback could change, as far as it can be seen."""
    services, market, game = site.services, site.services.market, site.services.part(Game)
    simulation = services.part(Simulation)

    def body(path: str) -> Any:
        return site.client.get(path, headers=BEARER).get_json()

    infos = market.symbols()
    return {
        "revisions": {info.symbol: (market.epoch_of(info.symbol), info.revision, info.ticks) for info in infos},
        "settings of symbols": {info.symbol: market.settings_of(info.symbol) for info in infos},
        "market": (market.epoch, market.rejected_total),
        "herd": (game.session_id, game.phase, game.version, [str(event) for event in game.events()]),
        "sessions": body("/herd/sessions"),
        "instruments": [(each.spec, each.steps, each.initial_price) for each in simulation.all()],
        "simulation": (simulation.running, simulation.speed, simulation.seed, simulation.status()["scenario"]),
        "sample": services.part(SampleReplay).status(),
        "exchange": body("/exchange/control"),
        "settings": services.settings,
    }


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The changing methods that were called, by name. They still do what they do."""
    called: list[str] = []

    def recorded(kind: type, name: str) -> Callable[..., Any]:
        method = getattr(kind, name)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            called.append(f"{kind.__name__}.{name}")
            return method(*args, **kwargs)

        return call

    for kind, names in CHANGING.items():
        for name in names:
            monkeypatch.setattr(kind, name, recorded(kind, name))
    return called


def test_there_are_callbacks_to_try(site: Site) -> None:
    found = serverside(site.app)
    assert len(found) >= 8
    pages = {part["id"].partition("-")[0] for entry in found.values() for part in entry["inputs"]}
    assert {"chart", "herd", "instruments", "debrief"} <= pages


def test_without_the_key_no_callback_changes_anything_or_fails(site: Site, changes: list[str]) -> None:
    before = state_of(site)
    changes.clear()
    failed: list[str] = []
    for name, body in requests(site.app):
        if site.post(body).status_code >= 500:
            failed.append(name)
        assert changes == [], name
    assert failed == []
    assert state_of(site) == before


def test_a_foreign_page_and_a_wrong_key_are_refused(site: Site, changes: list[str]) -> None:
    before = state_of(site)
    changes.clear()
    for key, entry in serverside(site.app).items():
        body = request_body(key, entry, 1)
        assert site.post(body, Origin="https://evil.example").status_code == 403, key
        assert site.post(body, Origin="https://evil.example", **BEARER).status_code == 403, key
        assert site.post(body, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status_code == 403, key
        assert site.post(body, Authorization="Bearer wrong").status_code < 500, key
    assert changes == []
    assert state_of(site) == before


def test_buttons_that_are_put_into_a_page_show_a_stranger_no_note(site: Site) -> None:
    patterns = 0
    for key, entry in serverside(site.app).items():
        if all(part["id"].startswith("{") for part in entry["inputs"]):
            patterns += 1
            assert "sendNotifications" not in site.post(request_body(key, entry, None)).text, key
    assert patterns >= 4


def test_charts_of_the_workspace_say_that_they_are_not_updated_without_a_login(site: Site) -> None:
    ((key, entry),) = [found for found in serverside(site.app).items() if '"ws-delta"' in found[0]]
    body = request_body(key, entry, 1)
    body["outputs"] = [[{**one, "id": {**one["id"], "index": n}} for n in range(2)] for (one,) in body["outputs"]]
    states = {f'{{"index":{n},"type":"ws-state"}}': {"children": SESSION_OVER} for n in range(2)}
    assert site.post(body).get_json()["response"] == states


FORGED_BODIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no object": lambda body: [body],
    "no output": lambda body: {**body, "output": None},
    "an unknown output": lambda body: {**body, "output": "nothing.children"},
    "another's inputs": lambda body: {**body, "inputs": [{"id": "x", "property": "y", "value": 1}]},
    "no inputs": lambda body: {**body, "inputs": []},
    "inputs of no kind": lambda body: {**body, "inputs": 5},
    "an input of no kind": lambda body: {**body, "inputs": [5] * len(body["inputs"])},
    "another property": lambda body: {**body, "inputs": [{**part, "property": "style"} for part in flat(body)]},
    "a list for one": lambda body: {**body, "inputs": [[part] for part in flat(body)]},
    "too many states": lambda body: {**body, "state": [*body["state"], *body["inputs"]]},
    "outputs of no kind": lambda body: {**body, "outputs": 5},
    "changes of no kind": lambda body: {**body, "changedPropIds": {"a": 1}},
}


def flat(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs of a body, of patterns the first."""
    return [part[0] if isinstance(part, list) else part for part in body["inputs"]]


@pytest.mark.parametrize("forge", FORGED_BODIES.values(), ids=FORGED_BODIES)
def test_a_request_that_no_page_sends_is_refused(site: Site, forge: Callable[[dict[str, Any]], Any]) -> None:
    for key, entry in serverside(site.app).items():
        if any(part["id"].startswith("{") for part in entry["inputs"]):
            continue  # a pattern takes lists
        answer = site.post(forge(request_body(key, entry, 1)))
        assert (answer.status_code, list(answer.get_json())) == (400, ["detail"]), key


def test_clientside_callbacks_are_not_on_the_server(site: Site) -> None:
    inside = [key for key, entry in site.app.callback_map.items() if "callback" not in entry]
    for key in inside:
        entry = site.app.callback_map[key]
        assert site.post(request_body(key, entry, 1)).status_code == 400, key
    assert site.client.post(PATH, data=b"{", content_type="application/json").status_code == 400


@dataclass(frozen=True)
class Unknown:
    """A name whose value is known only when the function runs, such as a parameter."""


UNKNOWN = Unknown()
OF_A_REQUEST = (LocalProxy, CallbackContext)
"""Kinds of things that have nothing behind them outside a request."""
COMMON = {"start", "stop", "join", "order", "keep", "load", "play"}
"""Methods whose names others have too: they count only where it is known whose they are."""
METHODS = {name for names in CHANGING.values() for name in names} - COMMON
KINDS = {kind.__name__: kind for kind in (*CHANGING, Accounts)}
"""Kinds of parameters that are known; accounts are changed by their users (`test_accounts`)."""
OWN = ("callbacks", "orderflow.web")


def functions_changing() -> set[Any]:
    """The changing methods themselves."""
    return {inspect.unwrap(getattr(kind, name)) for kind, names in CHANGING.items() for name in names}


def value_of(node: ast.expr, names: dict[str, Any]) -> Any:
    """What `services.market.reset` is, where its first name is known; else UNKNOWN."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "part" and node.args:
        return value_of(node.args[0], names)  # `services.part(Game)` has what Game has
    found: Any = UNKNOWN
    if isinstance(node, ast.Name):
        found = names.get(node.id, UNKNOWN)
    elif isinstance(node, ast.Attribute) and (owner := value_of(node.value, names)) is not UNKNOWN:
        found = getattr(owner, node.attr, UNKNOWN)
        if found is UNKNOWN and isinstance(owner, type):  # a parameter of that type: what its attribute is declared as
            found = get_type_hints(owner).get(node.attr, UNKNOWN)
    return UNKNOWN if isinstance(found, OF_A_REQUEST) else found


def names_of(function: types.FunctionType) -> dict[str, Any]:
    """Globals and closure of a function; of its own variables only parameters declared as one of KINDS."""
    code = function.__code__
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    known = {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}
    outside = {name: value for name, value in known.items() if name not in code.co_varnames}
    declared = {name: KINDS.get(str(note)) for name, note in function.__annotations__.items()}
    return outside | {name: kind for name, kind in declared.items() if kind is not None}


def reaches(function: Any, seen: set[Any]) -> Iterator[str]:
    """Names of the changing methods that a function's source mentions, itself or through functions of the pages and
    of the web layer. Where an owner is not known before it runs, a method of that name counts."""
    function = inspect.unwrap(getattr(function, "__func__", function))
    if not isinstance(function, types.FunctionType) or function in seen:
        return
    seen.add(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names, changing = names_of(function), functions_changing()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        found = value_of(node, names)
        if found is UNKNOWN and isinstance(node, ast.Attribute) and node.attr in METHODS:
            owner = value_of(node.value, names)
            if owner is UNKNOWN and not isinstance(node.value, ast.JoinedStr):
                yield f"{function.__name__}: .{node.attr}"
        elif inspect.unwrap(getattr(found, "__func__", found)) in changing if callable(found) else False:
            yield f"{function.__name__}: {getattr(found, '__qualname__', found)}"
        elif callable(found) and str(getattr(found, "__module__", "")).startswith(OWN):
            yield from reaches(found, seen)


def guarded(callback: Any) -> bool:
    """Whether a callback is for the operator, or for the owners of what it changes, of whom a stranger is none."""
    return getattr(callback, "operator_only", False) or getattr(callback, "for_owner", False)


def test_every_callback_that_can_change_something_is_for_the_operator_or_an_owner(site: Site) -> None:
    entries = serverside(site.app)
    able = {key: sorted(set(reaches(entry["callback"], set()))) for key, entry in entries.items()}
    open_ones = {key: found for key, found in able.items() if found and not guarded(entries[key]["callback"])}
    assert open_ones == {}
    assert any(able.values())  # the search finds those that are there


def test_the_search_sees_through_helpers_and_closures(site: Site) -> None:
    game, services = site.services.part(Game), site.services

    def helper(which: Any) -> None:
        which.control("open")

    def by_closure() -> None:
        game.control("open")

    def by_reference() -> Any:
        return services.workers.run(services.part(Simulation).pause)

    def reading() -> Any:
        return ", ".join(info.symbol for info in services.market.symbols()), game.stats()

    def by_parameter(which: Services) -> None:
        which.part(SampleReplay).start()

    assert list(reaches(helper, set())) == ["helper: .control"]
    assert list(reaches(by_parameter, set())) == ["by_parameter: SampleReplay.start"]
    assert list(reaches(by_closure, set())) == ["by_closure: Game.control"]
    assert list(reaches(by_reference, set())) == ["by_reference: Simulation.pause"]
    assert list(reaches(reading, set())) == []


def test_with_the_key_a_changing_callback_does_its_work(site: Site, changes: list[str]) -> None:
    changed = []
    for key, entry in serverside(site.app).items():
        if guarded(entry["callback"]):
            for value, trigger in itertools.product((1, "ES"), range(len(entry["inputs"]))):
                assert site.post(request_body(key, entry, value, trigger), **BEARER).status_code < 500
            changed.append(key)
    assert changed
    assert changes
