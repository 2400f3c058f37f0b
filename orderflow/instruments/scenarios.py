"""Find a scenario: a bundled one by name, or a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from orderflow.errors import BadInput, NotFound
from orderflow.instruments.scenario import Scenario

LARGEST = 1 << 20


def bundled() -> list[Path]:
    """The bundled files; the stem is the name."""
    package = Path(__file__).parents[1]
    for folder in (package / "_data" / "scenarios", package.parent / "data" / "scenarios"):
        if folder.is_dir():
            return sorted(folder.glob("*.toml"))
    return []


def load_scenario(name: str, known: Collection[str]) -> Scenario:
    """Load the bundled scenario of that name. known: ids and groups that it can name. Raises NotFound, BadInput."""
    for path in bundled():
        if path.stem == name:
            return Scenario.parse(path.read_bytes(), name, known)
    names = ", ".join(path.stem for path in bundled())
    raise NotFound(f"unknown scenario {name!r}; the scenarios are {names or 'none'}")


def open_scenario(text: str, known: Collection[str]) -> Scenario:
    """Load a scenario file, or the bundled scenario of that name. Raises BadInput if it cannot be read."""
    path = Path(text).expanduser()
    if not path.is_file() and path.suffix == "":
        return load_scenario(text, known)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"cannot read the scenario {text}: {error.strerror or error}") from error
    if len(data) > LARGEST:
        raise BadInput(f"the scenario {text} is larger than {LARGEST:,} bytes")
    return Scenario.parse(data, path.name, known)
