from __future__ import annotations

from pathlib import Path

import pytest

import orderflow.instruments.models as package
from orderflow.errors import NotFound
from orderflow.instruments.models import registry


def test_names_are_unique_and_every_file_is_listed() -> None:
    assert registry.names() == ("garch", "gbm", "heston", "merton", "ou", "uniform")
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__", "registry", "model"}
    assert set(registry.names()) == files
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")} - {"registry"}
    assert tested == files


def test_get() -> None:
    assert registry.get("ou").title == "Ornstein-Uhlenbeck"
    with pytest.raises(NotFound, match="'sabr' is unknown; the models are garch, gbm, heston, merton, ou, uniform"):
        registry.get("sabr")
