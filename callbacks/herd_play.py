"""The phone's page of the herd game on the server: one document and one script, no callback.

It is made once, at the start. All style sheets of `assets/play` stand inside the document, and its scripts with those
parts of `assets/kit` that they use are one file, each in the order below, so that a phone asks twice and no more.
Comments and indentation, which are for those who read the sources, stay here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callbacks.page import PlainPage
from layouts.herd_play import Terms, play_page
from orderflow.web.kit.static_page import put_file, put_page

if TYPE_CHECKING:
    from orderflow.services import Services

PATH = "/herd/play"
STYLES = ("base", "market", "trade", "screens")
KIT = ("storage",)
SCRIPTS = ("text", "memory", "http", "market", "link", "orders", "line", "view", "page")


def register_page(server: Any, services: Services, assets: Path) -> None:
    """Put the page at `PATH` and its script beside it. server: a flask.Flask; assets: the folder of that name."""
    script = "".join(slim(file.read_text("utf-8")) for file in scripts(assets))
    address = put_file(server, f"{PATH}.js", script)
    put_page(server, PATH, play_page(terms(services), style=style_sheet(assets), script=address))


def scripts(assets: Path) -> list[Path]:
    """The files of the page's script in the order in which they are joined."""
    return [*(assets / "kit" / f"{name}.js" for name in KIT), *(assets / "play" / f"{name}.js" for name in SCRIPTS)]


def style_sheet(assets: Path) -> str:
    """The style sheets of the page as one text, without comments."""
    text = "".join((assets / "play" / f"{name}.css").read_text("utf-8") for name in STYLES)
    return re.sub(r"\s*/\*.*?\*/", "", text, flags=re.DOTALL)


def slim(script: str) -> str:
    """A script without the lines that are comments, and without indentation.

    It knows no JavaScript: a script must have no text that runs over several lines, and no code beside the end of a
    comment that begins a line.
    """
    code = re.sub(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)[ \t]*\n", "", script, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^\s+", "", code, flags=re.MULTILINE)


def terms(services: Services) -> Terms:
    """What the settings let a participant do."""
    settings = services.settings
    return Terms(
        cash=settings.herd.cash,
        shares=settings.herd.shares,
        short=settings.herd.short,
        max_quantity=settings.herd.max_quantity,
        impact=settings.herd.impact,
    )


PAGE = PlainPage(PATH, register_page)
