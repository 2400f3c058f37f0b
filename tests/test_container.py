"""The Dockerfile and docker-compose.yml, as far as they can be checked without a container engine: names exist."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

from orderflow.cli import build_parser
from orderflow.settings.load import PREFIX
from orderflow.settings.settings import describe

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")


def test_what_they_set_are_settings() -> None:
    known = {name for each in describe() for name in (PREFIX + each.name.upper(), *each.meta.names)}
    passed = re.findall(r"^      (\w+): \$\{(\w+):-\}$", COMPOSE, re.MULTILINE)
    given = re.findall(r"\b(ORDERFLOW_\w+)=[^…]", DOCKERFILE)
    assert len(passed) == 5
    assert len(given) == 3
    assert all(inside == outside for inside, outside in passed)
    assert {name for name, _ in passed} | set(given) <= known


def test_what_they_install_and_run_exists() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    (extras,) = re.findall(r'"/source\[([a-z,]+)\]"', DOCKERFILE)
    assert set(extras.split(",")) <= set(setup["options.extras_require"])
    (command,) = re.findall(r'^CMD \["orderflow", "(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    assert build_parser(command).parse_args([command])
    (volume,) = re.findall(r"^VOLUME (/\w+)$", DOCKERFILE, re.MULTILINE)
    assert f"ORDERFLOW_DATA_DIR={volume}" in DOCKERFILE
    assert f"orderflow-data:{volume}" in COMPOSE
    (port,) = re.findall(r"ORDERFLOW_PORT=(\d+)", DOCKERFILE)
    assert f'"127.0.0.1:{port}:{port}"' in COMPOSE
