"""Generate the reference pages: `python scripts/make_docs.py`.

`docs/reference/` describes settings, routes and definitions. tests/test_docs.py fails if a page differs from what this
script generates.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it also works without an installation

from orderflow.market.studies.registry import STUDIES
from orderflow.services import build_services
from orderflow.settings.load import PREFIX
from orderflow.settings.settings import SECTIONS, Settings, describe
from orderflow.web.app import create_server
from orderflow.web.kit.routes import Route

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "<!-- Made by scripts/make_docs.py: change the program, then run it. -->\n"


def settings_page() -> str:
    """Markdown with every setting: flag and environment name, name in the toml file, default, bounds, meaning."""
    lines = [
        "# Settings",
        "",
        MADE,
        f"A setting `name` is the flag `--name`, the environment variable `{PREFIX}NAME` (or its short name",
        "where there is one), and `name` in `orderflow.toml`, where a product's setting may also stand in the",
        "product's table.",
    ]
    for section in ("", *SECTIONS):
        lines += ["", f"## {section.capitalize() or 'Server and market'}", ""]
        if section:
            lines += [f"In `orderflow.toml` also below `[{section}]`, by the second name.", ""]
        lines += ["| setting | default | allowed | short name | meaning |", "|---|---|---|---|---|"]
        for each in describe():
            if each.section == section:
                names = f"`{each.name}`" + (f", `{section}.{each.attribute}`" if section else "")
                short = ", ".join(f"`{other}`" for other in each.meta.names)
                shown = _shown(each.name, each.default)
                lines.append(f"| {names} | {shown} | {each.meta.allowed} | {short} | {each.meta.doc} |")
    return "\n".join(lines) + "\n"


def _shown(name: str, default: Any) -> str:
    if name == "data_dir":
        return "by platform"
    if name == "max_body":
        return f"{default // 2**20} MiB"
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, int):
        return f"{default:,}" if default > 9999 else str(default)
    return str(default) if default else "none"


def definitions_page() -> str:
    """Markdown with every study, its rule and the defaults of its options."""
    lines = [
        "# Definitions in force",
        "",
        MADE,
        "*Buy* means that the buyer aggressed (traded at the ask), *sell* that the seller did (at the bid). The side",
        "comes from the first rule that applies: the venue's flag, separate bid and ask volumes, the quote, the tick",
        "rule; else it is unknown, and counts in volume but never in delta. A bar covers `[start, end)`, is named by",
        "its start, and exists only when something traded. Late ticks amend the bar they belong to. Two ticks are one",
        "trade only if they have the same id, time, price and size; the same id alone is an id conflict: both count.",
        "",
        "| study | name | definition | defaults |",
        "|---|---|---|---|",
    ]
    for study in STUDIES:
        _, _, options = study.in_force().partition(": ")
        rule = study.rule.replace("|", "\\|")
        lines.append(f"| {study.title} | `{study.name}` | {rule} | {options} |")
    return "\n".join(lines) + "\n"


def routes_page() -> str:
    """Markdown with every route by product, its parameters and whether it needs the key."""
    services = build_services(Settings.of(feeds=(), ephemeral=True, ticker_count=0))
    try:
        routes: tuple[Route, ...] = create_server(services).extensions["orderflow.routes"]
    finally:
        services.stop()
    lines = [
        "# Routes",
        "",
        MADE,
        "Where a key is set, calls marked *key* need it. A running server has the same with schemas at `/docs` and",
        "`/openapi.json`.",
    ]
    for title, group in _grouped(routes):
        lines += ["", f"## {title}", "", "| call | what | parameters | key |", "|---|---|---|---|"]
        for route in group:
            params = ", ".join(f"`{param.name}`" for param in route.params)
            needed = "key" if route.needs_key else ""
            lines.append(
                f"| `{route.method} {route.path}` | {route.summary.replace('|', chr(92) + '|')} | {params} | {needed} |"
            )
    return "\n".join(lines) + "\n"


def _grouped(routes: tuple[Route, ...]) -> Iterator[tuple[str, list[Route]]]:
    titles = {
        "Herd game": ("/herd/", "/j", "/public/"),
        "Simulated exchange": ("/exchange/",),
        "Simulated instruments": (
            "/api/v1/tickers",
            "/api/v1/models",
            "/api/v1/simulation",
            "/ws/instruments",
            "/ws/{",
        ),
    }
    rest = list(routes)
    found: list[tuple[str, list[Route]]] = []
    for title, prefixes in titles.items():
        found.append((title, [route for route in rest if route.path.startswith(prefixes)]))
        rest = [route for route in rest if not route.path.startswith(prefixes)]
    yield "Market", rest
    yield from found


PAGES = {"settings.md": settings_page, "definitions.md": definitions_page, "routes.md": routes_page}


def main() -> int:
    """Write the pages; returns 0."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
