"""What each server and each test would make again, made once in a process of the tests."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

from orderflow.herd.live import game
from orderflow.herd.rules.profanity import ProfanityFilter
from tests.running import end_forge

gc.disable()  # the modules and the tests stay: looking through them again and again takes a sixth of the collection


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Collect garbage again, in each process."""
    gc.enable()


def pytest_collection_finish() -> None:
    """Leave the modules and the tests out of later collections: they stay until the end."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    end_forge()


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """An application compiles 250 addresses, a game reads a dictionary: together two thirds of a server's start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", _remembering(Rule._compile_builder))
        patch.setattr(game, "ProfanityFilter", functools.cache(ProfanityFilter))
        yield


def _remembering(compile: Callable[[Rule, bool], Any]) -> Callable[..., Any]:
    """werkzeug's function that makes an address of its parts; it depends on the text of a rule and its defaults."""
    made: dict[Any, Any] = {}

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, *rule._trace, *sorted((rule.defaults or {}).items()), append_unknown)
        if key not in made:
            made[key] = compile(rule, append_unknown)
        return made[key]

    return once
