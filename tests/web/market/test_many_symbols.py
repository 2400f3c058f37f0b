"""Lists over thousands of symbols: bounded, and not on the loop that serves everybody."""

from __future__ import annotations

import threading
from typing import Any

import flask
import numpy as np
import pytest

from orderflow.market.market import Market
from orderflow.market.symbol import SymbolState
from orderflow.market.ticks import SideRule, TickBatch
from orderflow.services import Services
from orderflow.web.kit import backlog
from orderflow.web.kit.backlog import BACKLOG, Backlog
from tests.web.market.test_rows import Reader

COUNT = 300
NOW = 1_790_000_000_000_000_000


def fill(market: Market) -> None:
    one = np.array([1])
    side, rule = np.ones(1, np.int8), np.full(1, int(SideRule.FLAG), np.int8)
    for number in range(COUNT):
        market.ingest([TickBatch(f"S{number}", one * NOW, one * 25, one, side, rule, one * -1, 2, 0)])


@pytest.fixture
def rows(services: Services, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The symbols whose row of the list was made."""
    fill(services.market)
    found: list[str] = []
    info = SymbolState.info

    def counted(state: SymbolState) -> Any:
        found.append(state.tape.symbol)
        return info(state)

    monkeypatch.setattr(SymbolState, "info", counted)
    return found


def test_statistics_make_no_rows_of_other_symbols(web: flask.Flask, rows: list[str]) -> None:
    assert web.test_client().get("/stats?symbol=S7").json["symbols"] == COUNT
    assert not rows


def test_the_first_of_many_make_few_rows(services: Services, rows: list[str]) -> None:
    assert [info.symbol for info in services.market.symbols(3)] == ["S299", "S298", "S297"]
    assert len(rows) == 3


@pytest.mark.parametrize("path", ["/api/v1/symbols", "/exchange/api/v3/ticker/24hr", "/exchange/api/v3/exchangeInfo"])
def test_a_list_of_all_symbols_is_made_in_a_worker_in_its_turn(
    web: flask.Flask, services: Services, rows: list[str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    run, own = services.workers.run, threading.get_ident()

    def counted(fn: Any, *args: Any) -> Any:
        if threading.get_ident() == own:  # others run beside it, woken by the ticks
            ran.append(fn)
        return run(fn, *args)

    monkeypatch.setattr(services.workers, "run", counted)
    waiting = Backlog(pause=lambda seconds: None)
    base = {BACKLOG: (waiting, Reader())}
    found = web.test_client().get(path, environ_base=base).json
    assert len(found if isinstance(found, list) else found["symbols"]) == COUNT
    assert len([fn for fn in ran if fn.__name__ != "verify"]) == 1
    assert waiting.size == 0
    monkeypatch.setattr(backlog, "WAIT", 0.0)
    for number in range(backlog.MAKING):
        waiting.reserve(Reader(f"other {number}"), 1)
    refused = web.test_client().get(path, environ_base=base)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
