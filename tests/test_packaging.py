"""The wheel contains every package, the page files and the samples, and works outside the repository."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import orderflow
from tests.conftest import require
from tests.scripts.load import load

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("orderflow", "layouts", "callbacks")
# setuptools that knows `bdist_wheel` without a further package, and the licence fields of today
SETUPTOOLS = 77
# required without being imported: zoneinfo reads tzdata, Dash makes its answers with orjson where it is installed
BY_NAME = {"ccxt", "yfinance"}
"""Libraries of extras that feeds import by their name when they are in use; they need not be installed here."""
UNSEEN = {"orjson", "tzdata"}


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once from a copy of the sources and without a network."""
    version = importlib.metadata.version("setuptools")
    if int(version.split(".")[0]) < SETUPTOOLS:
        require(f"building needs setuptools >= {SETUPTOOLS}, this environment has {version}")
    folder = tmp_path_factory.mktemp("wheel")
    check_wheel = load("check_wheel")
    sources: Path = check_wheel.copy_sources(folder / "source")
    built: Path = check_wheel.build_wheel(sources, folder / "dist", "--no-build-isolation", "--no-index")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's contents, as site-packages would hold them."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix()


def run_away(installed: Path, folder: Path, *command: str) -> str:
    """Run this Python in `folder`, where only the wheel's contents can be imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDERFLOW_")}
    environment |= {"PYTHONPATH": str(installed), "ORDERFLOW_DATA_DIR": str(folder / "state")}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_package_of_the_tree_is_listed(setup: configparser.ConfigParser) -> None:
    listed = set(setup["options"]["packages"].split())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts) for room in ROOMS for path in (ROOT / room).rglob("__init__.py")
    }
    assert listed == there | {"orderflow._assets", "orderflow._data"}


def test_python_files_stand_in_packages() -> None:
    loose = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    assert [folder for folder in loose if not (folder / "__init__.py").exists()] == []


def test_the_wheel_holds_the_whole_tree_and_nothing_else(wheel: Path) -> None:
    expected = {f"{room}/{name}" for room in ROOMS for name in files(ROOT / room)}
    expected |= {f"orderflow/_assets/{name}" for name in files(ROOT / "assets")}
    expected |= {f"orderflow/_data/{name}" for name in files(ROOT / "data")}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected


def test_wheel_metadata(installed: Path) -> None:
    (info,) = installed.glob("*.dist-info")
    found = importlib.metadata.Distribution.at(info)
    assert found.version == orderflow.__version__
    assert found.metadata["Requires-Python"] == ">=3.11"
    assert (info / "licenses" / "LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")
    scripts = {point.name: point.value for point in found.entry_points if point.group == "console_scripts"}
    assert scripts == {"orderflow": "orderflow.__main__:main", "orderflow-replay": "orderflow.replay.cli:main"}


def test_the_commands_answer_from_an_empty_directory(installed: Path, tmp_path: Path) -> None:
    said = run_away(installed, tmp_path, "-m", "orderflow", "--help")
    for command in ("serve", "demo", "replay", "export", "doctor"):
        assert re.search(rf"\b{command}\b", said), command
    run_away(installed, tmp_path, "-c", "import sys; from orderflow.replay.cli import main; sys.exit(main(['--help']))")


def test_the_sample_and_the_page_files_are_found_from_an_empty_directory(installed: Path, tmp_path: Path) -> None:
    program = "import orderflow.formats.samples as s; print(*(s.sample_path(x.name) for x in s.SAMPLES), sep='\\n')"
    paths = [Path(line) for line in run_away(installed, tmp_path, "-c", program).split("\n") if line]
    assert {path.parent for path in paths} == {installed / "orderflow" / "_data"}
    assert all(path.is_file() for path in paths)


def imported(folder: Path) -> set[str]:
    """The top-level names that the Python files of a folder import."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names


def declared(text: str) -> set[str]:
    """The distributions in a list of requirements, with normalized names."""
    lines = [line for line in text.strip().splitlines() if not line.startswith("#")]
    return {re.split(r"[<>=!~; \[]", line)[0].lower().replace("_", "-") for line in lines}


def test_imports_and_requirements_match(setup: configparser.ConfigParser) -> None:
    homes = importlib.metadata.packages_distributions()
    used = set().union(*(imported(ROOT / room) for room in ROOMS)) - set(sys.stdlib_module_names) - set(ROOMS)
    dists = {homes[name][0].lower().replace("_", "-") for name in used}
    extras = [declared(text) for name, text in setup["options.extras_require"].items() if name != "test"]
    optional = set().union(*extras)
    assert optional - BY_NAME <= dists
    text = "".join(path.read_text() for path in (ROOT / "orderflow" / "feeds").glob("*.py"))
    assert all(f'import_module("{name}")' in text for name in BY_NAME)
    assert dists - optional == declared(setup["options"]["install_requires"]) - UNSEEN


def test_the_fresh_clone_check_is_runnable() -> None:
    run = ROOT / ".ci" / "run"
    assert run.read_bytes().startswith(b"#!/usr/bin/env bash\n")
    assert os.name == "nt" or os.access(run, os.X_OK)
