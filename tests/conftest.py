"""Fixtures for all tests: real market data, a market, a server in this process, a real server."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import flask
import pytest
from flask.testing import FlaskClient
from hypothesis import settings

from orderflow.instruments.simulation import Simulation
from orderflow.market.market import Market
from orderflow.services import Services, build_services
from orderflow.settings.settings import Settings
from orderflow.web.app import create_server
from tests.once import _made_once as _made_once  # a fixture
from tests.once import pytest_collection_finish as pytest_collection_finish
from tests.once import pytest_runtestloop as pytest_runtestloop
from tests.once import pytest_unconfigure as pytest_unconfigure
from tests.running import RunningServer, start_server
from tests.worker_threads import workers as workers  # a fixture

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("unhurried", deadline=None)  # an example takes long on a busy machine
settings.load_profile("unhurried")  # one that is named in the command is loaded after it


def require(what: str) -> NoReturn:
    """Skip a test that needs `what`; with ORDERFLOW_REQUIRE_ALL=1 its absence is a failure."""
    if os.environ.get("ORDERFLOW_REQUIRE_ALL") == "1":
        pytest.fail(f"{what}; ORDERFLOW_REQUIRE_ALL=1 allows no skipping")
    pytest.skip(what)


LONGEST = (
    *("test_workspace", "test_herd", "test_instruments_detail", "test_instruments", "test_tickers", "test_chart_page"),
    *("test_chart_rows", "test_chart_links", "test_herd_line", "test_chart_reach", "test_workspace_upload"),
    *("test_herd_replay", "test_pages", "test_chart_hands", "test_key_is_not_shown", "test_documents"),
)
"""The browser tests' files that take most time of the processors, in this order: from 200 s to 30 s."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files in the order of `_order`; the tests of a file stay together and as they are."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    browser = {path for path, tests in files.items() if "browser" in tests[0].keywords}
    slow = {path for path, tests in files.items() if any("slow" in test.keywords for test in tests)}
    items[:] = [item for path in _order(list(files), browser, slow) for item in files[path]]


def _order(files: list[Path], browser: set[Path], slow: set[Path]) -> list[Path]:
    """The files with long tests first, so that no process is left alone with one of them at the end.

    After each one of the browser comes its share of four fifths of the others. A page waits most of the time and leaves
    the processor to them; three of them beside each other wait for each other. The last fifth are short.
    """

    def place(path: Path) -> int:
        return LONGEST.index(path.stem) if path.stem in LONGEST else len(LONGEST)

    pages = sorted((path for path in files if path in browser), key=place)
    others = sorted((path for path in files if path not in browser), key=lambda path: path not in slow)
    order: list[Path] = []
    for number, page in enumerate(pages, 1):
        order.append(page)
        share = len(others) * 4 * number // (5 * len(pages))
        order += others[len(order) - number : share]
    return order + others[len(order) - len(pages) :]


@pytest.fixture(autouse=True)
def _log_handlers_as_before() -> Iterator[None]:
    """Filters and formatters that a command puts on the handlers of the log are gone with its test."""
    before = [(handler, list(handler.filters), handler.formatter) for handler in logging.getLogger().handlers]
    yield
    for handler, filters, formatter in before:
        handler.filters[:] = filters
        handler.setFormatter(formatter)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real market data beside the repository (or ORDERFLOW_SHARED_DATA).

    It is not part of the repository, so tests are skipped without it, also if everything else is required.
    """
    named = os.environ.get("ORDERFLOW_SHARED_DATA")
    folder = Path(named) if named else ROOT / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real market data (../shared/data, or ORDERFLOW_SHARED_DATA) is not on this machine")
    return folder.resolve()


@pytest.fixture
def market() -> Market:
    """An empty market without a log on disk."""
    return Market()


@pytest.fixture
def make_services() -> Iterator[Callable[..., Services]]:
    """make_services(**settings): started ephemeral services without simulated instruments and feeds, stopped after the
    test."""
    made: list[Services] = []

    def make(**settings: Any) -> Services:
        services = build_services(Settings.of(**{"ephemeral": True, "ticker_count": 0, "feeds": (), **settings}))
        made.append(services)
        services.start()
        return services

    yield make
    for services in made:
        services.stop()


def hold_still(services: Services) -> None:
    """Pause the simulated instruments at their first price, without the steps that they made since the start."""
    simulation = services.part(Simulation)
    simulation.pause()
    simulation.restart()


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """Started ephemeral services with the default settings."""
    return make_services()


@pytest.fixture
def web(services: Services) -> flask.Flask:
    """The Flask application of `services`, without pages."""
    return create_server(services)


@pytest.fixture
def client(web: flask.Flask) -> FlaskClient:
    """A client that calls `web` without a network."""
    return web.test_client()


@pytest.fixture
def launch() -> Iterator[Callable[..., RunningServer]]:
    """launch(*flags, environ={}): start real servers, which are stopped after the test."""
    running: list[RunningServer] = []

    def start(*flags: str, **options: Any) -> RunningServer:
        server = start_server(*flags, **options)
        running.append(server)
        return server

    yield start
    for server in running:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """One real ephemeral server for the whole run: reset only a symbol of your own."""
    running = start_server("--ephemeral", "--no-browser")
    yield running
    if running.process.poll() is None:
        running.stop()
