"""Load scripts by file: they are not in a package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def load(name: str) -> ModuleType:
    """Load scripts/`name`.py as a new module, without running its `__main__` part."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fresh_fixture(name: str) -> Any:
    """A fixture: a module of scripts/, imported anew for each test as scripts beside it do."""

    @pytest.fixture
    def fresh(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        monkeypatch.syspath_prepend(str(SCRIPTS))
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    return fresh
