"""The frame that all pages share: theme provider, header with navigation, footer.

A page gives its controls, its main part and its footer; it knows nothing of the others. Icons are drawn by the style
sheet (`of-icon-…`), so that no icon font or service is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

PROVIDER = "mantine"
"""Id of the theme provider; pages set its `forceColorScheme` from the browser."""

HEADER = 52
FOOTER = 30

GREYS = ["#dbe3ee", "#b8c4d6", "#8592a6", "#64748b", "#38445a", "#222b39", "#18202c", "#121822", "#0c1017", "#080b10"]

THEME = {
    "fontFamily": 'Inter, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
    "primaryColor": "blue",
    "colors": {
        # from text to paper: the page's own blue greys in the place of Mantine's neutral ones
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
    """`data-…` attributes for a component, which the scripts of `assets/kit` read: data(hotkey="N")."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}


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
) -> Component:
    """A whole page: `controls` in the header, `main` filling the window, `footer` below; `extras`: dialogs, stores.

    links: the navigation, shown when there is more than one page; path: where this page is.
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
            ],
            header={"height": HEADER},
            footer={"height": FOOTER},
            padding=0,
            transitionDuration=0,
        ),
    )


def navigation(links: Sequence[Link], path: str) -> list[Component]:
    """Links to the other pages, and the same as a menu for narrow windows; nothing while there is only one."""
    if len(links) < 2:
        return []
    here = next((link.name for link in links if link.path == path), "Pages")
    marks = [aria(current="page") if link.path == path else {} for link in links]
    entries = [
        html.A(link.name, href=link.path, className="of-nav-link", **mark)
        for link, mark in zip(links, marks, strict=True)
    ]
    # refresh: a page is a document of its own, which the browser loads
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
    """An icon of the style sheet; decoration only, the control around it carries the label."""
    return html.Span(className=f"of-icon of-icon-{name}", **aria(hidden="true"))


def icon_button(
    id: str, name: str, label: str, *, keys: str = "", pressed: bool | None = None, **more: Any
) -> Component:
    """A small button with an icon, a tooltip and the same words for screen readers.

    pressed: for toggles. more: further attributes of the button.
    """
    attributes = {**more, **aria(label=label)}
    if pressed is not None:
        attributes |= aria(pressed=str(pressed).lower())
    button = dmc.ActionIcon(
        icon(name), id=id, variant="subtle", color="gray", size=32, className="of-icon-button", **attributes
    )
    return dmc.Tooltip(button, label=f"{label} ({keys})" if keys else label, openDelay=500, withArrow=True)
