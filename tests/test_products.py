"""The table of products: every name in it can be imported, and parts are found by class."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pkgutil import resolve_name

import flask
import pytest

from callbacks.app import load_pages
from callbacks.page import PlainPage
from orderflow.herd.live.game import Game
from orderflow.products import PRODUCTS, Parts, Product
from orderflow.services import Services, build_services
from orderflow.settings.settings import SECTIONS, Settings
from orderflow.web.app import create_server
from orderflow.web.kit.api import Api
from orderflow.web.kit.routes import Route


def test_names_are_unique_and_sections_belong_to_products() -> None:
    names = [product.name for product in PRODUCTS]
    assert len(set(names)) == len(names)
    assert set(SECTIONS) <= set(names)


@pytest.mark.parametrize("name", [name for product in PRODUCTS for name in product.api])
def test_an_api_is_a_class_of_routes_and_sockets(name: str) -> None:
    assert issubclass(resolve_name(name), Api)


@pytest.mark.parametrize("page", [page for product in PRODUCTS for page in product.pages])
def test_a_page_is_a_module(page: str) -> None:
    assert find_spec(page) is not None


class Clock:
    """The part of a product made for a test."""

    started = False


class ClockApi(Api):
    def __init__(self, services: Services, fanout: object) -> None:
        self.clock = services.part(Clock)

    def routes(self) -> list[Route]:
        def show(values: dict[str, object]) -> flask.Response:
            return flask.jsonify(started=self.clock.started)

        return [Route("GET", "/clock", show, "Whether it was started")]


PAGE = PlainPage("/clock/", lambda server, services, assets: None)


def test_a_new_product_needs_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(parts: Parts) -> None:
        parts.get(Clock).started = True

    module = __name__
    row = Product(
        "clock", lambda ground, parts: iter([Clock()]), start=start, api=(f"{module}:ClockApi",), pages=(module,)
    )
    for user in ("orderflow.products", "orderflow.services", "orderflow.web.app", "callbacks.app"):
        monkeypatch.setattr(f"{user}.PRODUCTS", (*PRODUCTS, row))
    monkeypatch.setitem(sys.modules, module, sys.modules[__name__])
    services = build_services(Settings.of(feeds=(), ephemeral=True, ticker_count=0, port=0))
    try:
        services.start()
        client = create_server(services).test_client()
        assert client.get("/clock").get_json() == {"started": True}
        assert PAGE in load_pages()
    finally:
        services.stop()


def test_parts_are_found_by_their_class(services: Services) -> None:
    assert isinstance(services.part(Game), Game)
    with pytest.raises(LookupError, match="no product has built a dict"):
        services.part(dict)


def test_two_parts_of_one_class_are_refused() -> None:
    parts = Parts()
    parts.add([])
    with pytest.raises(ValueError, match="there are two parts of class list"):
        parts.add([])


def test_products_stop_in_the_reverse_order(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    services = make_services()
    for kind, part in services.parts._parts.items():
        if hasattr(part, "stop"):
            monkeypatch.setattr(part, "stop", lambda kind=kind: calls.append(kind.__name__), raising=False)
    services.stop()
    ground = ["LiveFeeds", "Holes", "Retention", "Game", "SampleReplay"]
    assert calls == ["ChartFiles", "VenueKlines", "Alerts", "Delivery", *ground]
