"""The layout that all pages share: theme provider, header with navigation, footer.

A page supplies its controls, its main part and its footer, and knows nothing of other pages. Icons are drawn by the
style sheet (`of-icon-…`), so no icon font or service is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

PROVIDER = "mantine"
"""Id of the theme provider; pages set its `forceColorScheme` from the browser."""

PROBLEMS, PROBLEMS_POLL = "of-problems", "of-problems-poll"
"""Ids of the banner for what is wrong with the server's disk, and of its interval."""
PROBLEMS_MS = 3_000

HEADER = 52
FOOTER = 30

GREYS = ["#dbe3ee", "#b8c4d6", "#8592a6", "#64748b", "#38445a", "#222b39", "#18202c", "#121822", "#0c1017", "#080b10"]

THEME = {
    "fontFamily": 'Inter, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
    "primaryColor": "blue",
    "primaryShade": 8,  # white on it has a contrast of 5; on the default of light pages, 3.5
    "colors": {
        # from text to background: blue greys instead of Mantine's neutral greys
        "dark": [
            "#dbe3ee",
            "#b8c4d6",
            "#8592a6",
            "#64748b",
            "#38445a",
            "#222b39",
            "#18202c",
            "#121822",
            "#0c1017",
            "#080b10",
        ],
    },
    "defaultRadius": "sm",
    "cursorType": "pointer",
}


def aria(**words: str) -> dict[str, Any]:
    """`aria-…` attributes for a component: aria(label="Close") is {"aria-label": "Close"}."""
    return {f"aria-{name}": value for name, value in words.items()}


def data(**values: str | int) -> dict[str, Any]:
    """`data-…` attributes for a component, read by the scripts of `assets/kit`: data(hotkey="N")."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}


ONCE = data(once="")
"""Of a button that sends something: a double click on it counts as one click."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation."""

    path: str
    name: str


def page_shell(
    title: str,
    *,
    links: Sequence[Link],
    path: str,
    controls: Component,
    main: Component,
    footer: Component,
    extras: Sequence[Component] = (),
    banner: bool = True,
) -> Component:
    """The component tree of a page.

    links: the navigation, shown if there is more than one page. path: the path of this page. controls: shown in the
    header. main: fills the window. extras: dialogs and stores. banner: whether the shell says what is wrong with the
    server's disk; False for a page that does so itself.
    """
    return dmc.MantineProvider(
        id=PROVIDER,
        forceColorScheme="dark",
        theme=THEME,
        children=dmc.AppShell(
            [
                dmc.AppShellHeader(
                    [html.H1(title, className="of-title"), *navigation(links, path), controls],
                    className="of-header",
                ),
                dmc.AppShellMain(main, className="of-main"),
                dmc.AppShellFooter(footer, className="of-footer"),
                *extras,
                *(problem_banner() if banner else ()),
            ],
            header={"height": HEADER},
            footer={"height": FOOTER},
            padding=0,
            transitionDuration=0,
        ),
    )


def problem_banner() -> list[Component]:
    """A banner over the page's foot, hidden while all is well, and the interval that asks for its text."""
    return [
        html.P(id=PROBLEMS, className="of-problems", role="status", hidden=True),
        dcc.Interval(id=PROBLEMS_POLL, interval=PROBLEMS_MS),
    ]


def navigation(links: Sequence[Link], path: str) -> list[Component]:
    """Links to the pages, and a menu of them for narrow windows. Empty if there is only one page."""
    if len(links) < 2:
        return []
    here = next((link.name for link in links if link.path == path), "Pages")
    marks = [aria(current="page") if link.path == path else {} for link in links]
    entries = [
        html.A(link.name, href=link.path, className="of-nav-link", **mark)
        for link, mark in zip(links, marks, strict=True)
    ]
    # refresh: load the page as a new document
    items = [
        dmc.MenuItem(link.name, href=link.path, refresh=True, disabled=link.path == path, **mark)
        for link, mark in zip(links, marks, strict=True)
    ]
    menu = dmc.Menu(
        [
            dmc.MenuTarget(
                dmc.Button(
                    here, variant="subtle", color="gray", size="compact-md", className="of-nav-menu",
                    rightSection=html.Span("▾", **aria(hidden="true")), **aria(label=f"Pages; this is {here}"),
                )
            ),
            dmc.MenuDropdown(items),
        ],
        position="bottom-start",
    )  # fmt: skip
    return [html.Nav([*entries, menu], className="of-nav", **aria(label="Pages"))]


def icon(name: str) -> Component:
    """An icon from the style sheet. It is hidden from screen readers: the control around it has the label."""
    return html.Span(className=f"of-icon of-icon-{name}", **aria(hidden="true"))


def icon_button(
    id: str, name: str, label: str, *, keys: str = "", pressed: bool | None = None, **more: Any
) -> Component:
    """A small button with an icon and a label, which is its tooltip and its name for screen readers.

    keys: the hotkey shown in the tooltip. pressed: the state of a toggle button. more: further attributes.
    """
    attributes = {**more, **aria(label=label)}
    if pressed is not None:
        attributes |= aria(pressed=str(pressed).lower())
    # not a dmc.Tooltip: the renderer goes through the whole page for each of them whenever a component changes
    tooltip = {"root": {"title": f"{label} ({keys})" if keys else label}}
    return dmc.ActionIcon(
        icon(name), id=id, variant="subtle", color="gray", size=32, className="of-icon-button", attributes=tooltip,
        **attributes,
    )  # fmt: skip


def side_drawer(**given: Any) -> Component:
    """A drawer at the right, beside which the page can be used. given: of `dmc.Drawer`, as id, title and children."""
    return dmc.Drawer(
        position="right",
        withOverlay=False,
        lockScroll=False,
        closeOnClickOutside=False,
        trapFocus=False,
        transitionProps={"exitDuration": 0},  # while it closes it takes the page's keys
        zIndex=300,
        **given,
    )
