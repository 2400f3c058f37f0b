"""The table of products: every name in it can be loaded, and its parts are found by class."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pkgutil import resolve_name

import pytest

from orderflow.herd.live.game import Game
from orderflow.products import PRODUCTS, Parts
from orderflow.services import Services
from orderflow.settings.settings import SECTIONS
from orderflow.web.kit.api import Api


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


def test_parts_are_found_by_their_class(services: Services) -> None:
    assert isinstance(services.part(Game), Game)
    with pytest.raises(LookupError, match="no product has built a dict"):
        services.part(dict)


def test_two_parts_of_one_class_are_refused() -> None:
    parts = Parts()
    parts.add([])
    with pytest.raises(ValueError, match="two parts are a list"):
        parts.add([])


def test_products_start_in_order_and_stop_in_the_reverse_order(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    services = make_services()
    for name in ("stop", "keep"):
        for kind, part in services.parts._parts.items():
            if hasattr(part, name):
                monkeypatch.setattr(
                    part, name, lambda kind=kind, name=name: calls.append(f"{kind.__name__}.{name}"), raising=False
                )
    services.reset()
    assert calls == ["Simulation.keep"]
    calls.clear()
    services.stop()
    assert [call for call in calls if call.endswith("stop")] == ["Game.stop", "SampleReplay.stop"]
