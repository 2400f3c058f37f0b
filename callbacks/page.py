"""A row for each page: what `callbacks.app` needs to serve it. Each page's module has one as `PAGE`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import Dash
from dash.development.base_component import Component

from layouts.document import LIBRARIES
from layouts.shell import Link

if TYPE_CHECKING:
    from orderflow.services import Services


def nothing(services: Services) -> Sequence[Component]:
    """For pages whose callbacks put in no component that other callbacks name."""
    return ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    path: where it is, with a slash at the end. name: in the navigation, "" leaves it out. layout: the component tree.
    register: binds its callbacks. scripts, styles: files and folders of `assets/`, in the order in which they are
    joined. libraries: namespaces of the components in the tree and in `dynamic`. plotly: whether it draws with Plotly.
    dynamic: the components that callbacks put into the page later, if callbacks name their ids. theme: "dark" or
    "light" until the reader chooses, "" as the system is. place: pages with a higher number come later.
    """

    path: str
    name: str
    layout: Callable[[Services, list[Link]], Component]
    register: Callable[[Dash, Services], None]
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ("page.css",)
    libraries: tuple[str, ...] = LIBRARIES
    plotly: bool = True
    dynamic: Callable[[Services], Sequence[Component]] = nothing
    theme: str = ""
    place: int = 0

    @property
    def slug(self) -> str:
        """The path as a file's name: "herd-debrief"."""
        return self.path.strip("/").replace("/", "-")


@dataclass(frozen=True, slots=True)
class PlainPage:
    """A page without Dash.

    path: where it is. register: puts its document and files on the server (a flask.Flask), from the folder `assets/`.
    """

    path: str
    register: Callable[[Any, Services, Path], None]
