"""The scripts of assets/ stay small and are checked: lines by folder as prettier writes them, and the checks' lists."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import ROOT

LIMITS = {
    "chart": 2_588,
    "kit/plot": 3_080,
    "play": 1_302,
    "kit": 660,
    "herd": 27,
    "instruments": 155,
    "workspace": 265,
}
"""Most lines of each folder, without those in it; formatting is checked by prettier, so that a line is a line."""


@pytest.mark.parametrize("folder", LIMITS)
def test_scripts_of_a_folder_are_few_lines(folder: str) -> None:
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in (ROOT / "assets" / folder).glob("*.js"))
    assert 0 < lines <= LIMITS[folder]


def test_both_checks_leave_out_the_same_folders_and_only_those_without_a_limit() -> None:
    ignored = (ROOT / ".prettierignore").read_text("utf-8").splitlines()
    config = (ROOT / "eslint.config.mjs").read_text("utf-8")
    scripts = {path.parent.relative_to(ROOT / "assets").as_posix() for path in (ROOT / "assets").rglob("*/*.js")}
    left_out = {line.split("/")[1] for line in ignored if line.startswith("assets/") and line.endswith("/")}
    assert left_out == scripts - set(LIMITS)
    assert {name for name in scripts if f'"assets/{name}/"' in config} == left_out


def test_kit_uses_nothing_of_the_pages() -> None:
    scripts = {path: path.read_text("utf-8") for path in (ROOT / "assets").rglob("*/*.js")}
    kit = {path: text for path, text in scripts.items() if "kit" in path.parts}
    pages = {name for path, text in scripts.items() if path not in kit for name in re.findall(r"\bof\.(\w+) = ", text)}
    assert {"page", "model", "Chart"} <= pages
    used = {(path.name, name) for path, text in kit.items() for name in re.findall(r"\bof\.(\w+)", text)}
    assert [(file, name) for file, name in used if name in pages] == []


def test_tools_are_pinned() -> None:
    versions = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]
    assert all(version[0].isdigit() for version in versions.values()), versions
