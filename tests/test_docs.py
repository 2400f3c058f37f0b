"""The documentation is correct: it names all settings, routes, arguments and formats, and its examples run."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

from orderflow import __version__
from orderflow.cli import build_parser
from orderflow.formats import names as format_names
from orderflow.replay.cli import add_arguments
from orderflow.settings.settings import describe
from tests.conftest import require
from tests.scripts.load import load

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
API = (ROOT / "docs" / "guide" / "api.md").read_text("utf-8")
REPLAY = (ROOT / "docs" / "guide" / "replay.md").read_text("utf-8")
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "data" / "README.md")
)
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}
SAMPLE_TICKS = 20_061


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


REFERENCE = load("make_docs")


@pytest.mark.parametrize("name", list(REFERENCE.PAGES))
def test_reference_is_up_to_date(name: str) -> None:
    there = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert REFERENCE.PAGES[name]() == there, "run: python scripts/make_docs.py"


def test_every_setting_is_documented() -> None:
    named = re.findall(r"^\| `([a-z_]+)`", TEXTS["docs/reference/settings.md"], re.MULTILINE)
    assert named == [each.name for each in describe()]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 250


def test_every_route_is_named(web: flask.Flask) -> None:
    named = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", TEXTS["docs/reference/routes.md"], re.MULTILINE))
    assert named == {f"{route.method} {route.path}" for route in web.extensions["orderflow.routes"]}


def test_every_argument_of_the_replay_client_is_named() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    given = {flag for action in parser._actions for flag in action.option_strings} - {"-h", "--help"}
    named = re.findall(r"^\| (`-[^|]*) \|", REPLAY, re.MULTILINE)
    assert {flag for cell in named for flag in re.findall(r"`([^`]+)`", cell)} == given


def test_every_format_is_named() -> None:
    table = REPLAY.split("## Formats")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == set(format_names())


def commands() -> Iterator[list[str]]:
    for block in [block for text in TEXTS.values() for block in blocks("bash", text)]:
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words


def test_the_command_lines_are_understood() -> None:
    seen = set()
    for words in commands():
        if words[0] == "orderflow-replay" or words[:2] == ["python", "scripts/replay.py"]:
            parser = argparse.ArgumentParser()
            add_arguments(parser)
            parser.parse_args(words[1:] if words[0] == "orderflow-replay" else words[2:])
        elif words[0] == "orderflow":
            build_parser(words[1]).parse_args(words[1:])
        elif words[0] in ("python", "python3") and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), words
        seen.add(words[0])
    assert {"orderflow", "orderflow-replay", "python3"} <= seen


def examples(text: str) -> Iterator[tuple[str, str]]:
    """(command, expected output) from a document's console blocks."""
    for block in blocks("console", text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            for count in range(1, len(lines) + 1):
                try:
                    shlex.split("\n".join(lines[:count]))
                except ValueError:  # a quotation is still open
                    continue
                yield "\n".join(lines[:count]), "\n".join(lines[count:])
                break


@pytest.mark.skipif(os.name == "nt", reason="the examples are written for a POSIX shell")
@pytest.mark.parametrize(("text", "least"), [(README, 2), (API, 5)], ids=["README.md", "docs/guide/api.md"])
def test_the_curl_examples_print_what_they_say(launch: Callable[..., Any], text: str, least: int) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        require("curl and bash are needed to run the README's examples")
    server = launch("--ephemeral")
    ran = 0
    for command, expected in examples(text):
        assert command.startswith("curl "), command
        line = f"curl --silent --show-error --noproxy '*' {command[5:]}".replace("localhost:8765", server.url)
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, timeout=30)
        pattern = ".*".join(re.escape(part) for part in expected.split("…"))
        assert re.fullmatch(pattern, done.stdout.strip(), re.DOTALL), done.stdout
        ran += 1
    assert ran >= least


@pytest.mark.parametrize("text", [README, API], ids=["README.md", "docs/guide/api.md"])
def test_the_notebook_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    for block in blocks("python", text):
        exec(compile(block, "example", "exec"), found)
    assert len(found["ticks"]) == SAMPLE_TICKS
    assert found["bars"]["trades"].sum() == SAMPLE_TICKS
    assert found["levels"]["trades"].sum() == SAMPLE_TICKS
    assert len(found["figure"].data) > 0


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_link_is_broken(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text("utf-8")), target


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "CHANGELOG.md"])
def test_every_file_that_is_named_is_there(name: str) -> None:
    folders = "orderflow|layouts|callbacks|assets|data|docs|scripts|tests"
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", TEXTS[name]):
        assert "NAME" in path or (ROOT / path).exists(), path


def test_every_test_that_truth_names_is_there() -> None:
    file, named = "", 0
    for path, test in re.findall(r"`(tests/[\w/.]+)?(?:::(\w+))?`", TEXTS["docs/reference/truth.md"]):
        file = path or file
        text = (ROOT / file).read_text("utf-8")
        assert not test or f"def {test}(" in text, f"{file}::{test}"
        named += 1
    assert named >= 30


def test_readme_starts_with_two_commands() -> None:
    first = blocks("bash")[0].splitlines()
    assert first[0].startswith("python3 scripts/run.py")
    assert first[1].startswith("python3 scripts/test.py")


def test_changelog_has_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\]|^## \[Unreleased\]", text, re.MULTILINE)
