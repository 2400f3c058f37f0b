"""The files that a browser loads for a page on the first visit."""

from __future__ import annotations

import gzip
import urllib.request
from typing import Any

import pytest

from callbacks.app import PAGES
from tests.browser.conftest import DESKTOP
from tests.running import RunningServer

pytestmark = pytest.mark.browser

MAX_FILES = 25
MAX_SCRIPT_BYTES = 1_000_000
MAX_SCRIPT_BYTES_WITH_GRID = 1_600_000
FILES = ("document", "script", "stylesheet")


@pytest.mark.parametrize("page", PAGES, ids=[page.slug for page in PAGES])
def test_cold_page_loads_few_files(browser: Any, server: RunningServer, page: Any) -> None:
    context = browser.new_context(viewport=DESKTOP)
    try:
        tab = context.new_page()
        asked: list[tuple[str, str]] = []
        errors: list[str] = []
        tab.on("request", lambda request: asked.append((request.resource_type, request.url)))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(server.url + page.path)
        tab.get_by_role("heading", level=1).wait_for()
        tab.wait_for_timeout(2000)  # parts that are loaded when they are first shown, such as graphs
        loaded = [url for kind, url in asked if kind in FILES]
        scripts = [url for kind, url in asked if kind == "script"]
    finally:
        context.close()
    assert errors == []
    assert 3 <= len(loaded) <= MAX_FILES
    assert len(loaded) == len(set(loaded)), "a file was asked for twice"
    assert all(url.startswith(server.url) for url in loaded)
    most = MAX_SCRIPT_BYTES_WITH_GRID if "dash_ag_grid" in page.libraries else MAX_SCRIPT_BYTES
    assert sum(gzipped(url) for url in scripts) <= most


def gzipped(url: str) -> int:
    """The size of a script with gzip, in bytes."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        body: bytes = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip" or len(body) < 1024
        assert len(body) < 1024 or gzip.decompress(body)
    return len(body)


def test_a_second_page_takes_the_libraries_from_the_cache(browser: Any, server: RunningServer) -> None:
    context = browser.new_context(viewport=DESKTOP)
    try:
        tab = context.new_page()
        tab.goto(f"{server.url}/chart/")
        tab.get_by_role("heading", level=1).wait_for()
        tab.get_by_role("button", name="Pages; this is Order flow").click()
        tab.get_by_role("menuitem", name="Instruments").click()
        tab.get_by_role("heading", name="Instruments", level=1).wait_for()
        loaded = tab.evaluate(
            """() => performance.getEntriesByType("resource")
              .filter((entry) => entry.initiatorType === "script" || entry.initiatorType === "link")
              .map((entry) => [new URL(entry.name).pathname, entry.transferSize])"""
        )
    finally:
        context.close()
    assert len(loaded) > 10
    own = ("/assets/instruments.", "/_dash-component-suites/dash_ag_grid/", "async-graph")  # not used by the chart
    fresh = [path for path, transferred in loaded if transferred and not any(part in path for part in own)]
    assert fresh == []
