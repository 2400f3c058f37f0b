"""The HTML document of a page: title, style sheets and scripts.

Dash puts the scripts of every imported component library into every document. `keep_libraries` removes those that a
page does not use.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from dash.development.base_component import Component

DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0c1017">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#ffffff">
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
{%css%}
</head>
<body>
<noscript>This page draws its charts with JavaScript, which is switched off.
The same data is served as CSV and JSON below /api/v1/.</noscript>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>
"""
"""Dash's page template. It has no inline scripts, because the Content-Security-Policy blocks them."""

VIEWPORT = {"name": "viewport", "content": "width=device-width, initial-scale=1, viewport-fit=cover"}
"""A meta tag that replaces Dash's default viewport."""

LIBRARIES = ("dash_core_components", "dash_html_components", "dash_mantine_components")
"""The libraries that every page uses through `layouts.shell`, by component namespace."""

RENDERER = "/dash-renderer/build/dash_renderer."
_SUITE = re.compile(r"/_dash-component-suites/([\w-]+)/([\w-]+)")
_PARTS = {"dcc": "dash_core_components", "html": "dash_html_components", "dash_table": "dash_table"}
"""Libraries in the package dash, by folder. Its other folders have the renderer and React."""


def components(tree: Any) -> Iterator[Component]:
    """All components of a tree, including those in properties other than children."""
    if isinstance(tree, Component):
        yield tree
        for name in tree._prop_names:
            yield from components(getattr(tree, name, None))
    elif isinstance(tree, dict):
        yield from components(list(tree.values()))
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from components(part)


def libraries(tree: Any) -> set[str]:
    """The namespaces of the components in a tree: "dash_html_components", …"""
    return {part._namespace for part in components(tree)}


def heading(tree: Any) -> str:
    """The text of a page's first H1, or "". It is the page's name in the document title."""
    found = (part.children for part in components(tree) if part._type == "H1")
    return str(next(found, ""))


def set_theme(document: str, theme: str) -> str:
    """The document with a theme that `assets/kit/theme.js` applies until the reader chooses; "" is the system's."""
    root = '<html lang="en"'
    return document.replace(root, f'{root} data-default-theme="{theme}"', 1) if theme else document


def page_title(name: str) -> str:
    """The document title of a page, HTML-escaped."""
    return html.escape(f"{name} · Orderflow" if name else "Orderflow")


def keep_libraries(tags: str, wanted: Collection[str]) -> str:
    """Script or style tags, one per line, without those of component libraries that are not in `wanted`."""
    return "\n".join(tag for tag in tags.splitlines() if (library := _library(tag)) is None or library in wanted)


def _library(tag: str) -> str | None:
    """The namespace of the component library that a tag loads, None for other tags."""
    match = _SUITE.search(tag)
    if match is None:
        return None
    package, folder = match.groups()
    return _PARTS.get(folder) if package == "dash" else package


def add_scripts(tags: str, addresses: Iterable[str]) -> str:
    """Insert the page's scripts into Dash's script tags, before the renderer, which uses what they define."""
    ours = [f'<script src="{address}"></script>' for address in addresses]
    lines = tags.splitlines()
    at = next((number for number, line in enumerate(lines) if RENDERER in line), len(lines))
    return "\n".join([*lines[:at], *ours, *lines[at:]])


def add_styles(tags: str, addresses: Iterable[str]) -> str:
    """Append the page's style sheets to those of the libraries, so that they override them."""
    return "\n".join([*tags.splitlines(), *(f'<link rel="stylesheet" href="{address}">' for address in addresses)])
