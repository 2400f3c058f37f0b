"""Lists of many instruments hold the hub for a moment at a time, and an instrument's text is made once a price."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from flask.testing import FlaskClient

from orderflow.instruments.simulation import Simulation
from orderflow.services import Services
from orderflow.web.app import create_server
from orderflow.web.instruments import instruments_api, listing
from orderflow.web.instruments.instruments_api import BoardSource, quote
from orderflow.web.instruments.listing import TOGETHER, TURN, Listing
from tests.conftest import hold_still

COST = TURN / TOGETHER
"""Seconds that an instrument's text takes in these tests: many at a time fill a turn."""


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """Many instruments that stand still."""
    made = make_services(ticker_count=5 * TOGETHER)
    hold_still(made)
    return made


def test_others_run_while_a_long_list_is_made(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    now, turns = [0.0], [0.0]
    monkeypatch.setattr(listing.time, "monotonic", lambda: now[0])

    def text(instrument: object) -> bytes:
        now[0] += COST
        return b"1"

    found = Listing(text, lambda seconds: turns.append(now[0])).array(services.part(Simulation).all())
    assert found == b"[" + b",".join([b"1"] * 5 * TOGETHER) + b"]"
    assert max(after - before for before, after in pairwise([*turns, now[0]])) <= 2 * TURN + COST


def test_a_text_is_made_again_only_after_a_new_price(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    plain = instruments_api.ticker

    def noted(instrument: instruments_api.Instrument) -> dict[str, object]:
        made.append(instrument.spec.id)
        return plain(instrument)

    monkeypatch.setattr(instruments_api, "ticker", noted)
    client: FlaskClient = create_server(services).test_client()
    simulation = services.part(Simulation)
    first = client.get("/api/v1/tickers").get_json()
    assert [row["id"] for row in first] == simulation.ids() == made
    assert client.get("/api/v1/tickers").get_json() == first
    assert len(made) == len(first)
    moved = simulation.get("ITEM_03")
    moved.step(moved.updated + 10**9, 1.0)
    again = client.get("/api/v1/tickers").get_json()
    assert made[len(first) :] == ["ITEM_03"]
    assert again[3] == plain(moved) != first[3]
    assert [row for row in again if row["id"] != "ITEM_03"] == [row for row in first if row["id"] != "ITEM_03"]


def test_an_edited_instrument_has_a_new_text(services: Services) -> None:
    client = create_server(services).test_client()
    assert client.get("/api/v1/tickers").get_json()[0]["name"] == "Item 00"
    assert client.put("/api/v1/tickers/ITEM_00/model", json={"name": "Other"}).status_code == 200
    assert client.get("/api/v1/tickers").get_json()[0]["name"] == "Other"


def test_what_moves_while_the_board_is_made_is_told_again(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = services.part(Simulation)
    first = simulation.all()[0]
    ticks = iter(range(10**6))
    monkeypatch.setattr(listing.time, "monotonic", lambda: float(next(ticks)))  # each look at the time ends a turn

    def move(seconds: float) -> None:
        if simulation.revision == before:
            first.step(first.updated + 10**9, 1.0)
            simulation.revision += 1
            first.revision = simulation.revision

    before = simulation.revision
    source = BoardSource(simulation, move)
    version, _ = source.message(None)
    assert simulation.revision == before + 1
    assert quote(first) in source.message(version)[1]
