"""The Dash app: one for all pages, on the server that the web layer made.

`PRODUCTS` names the modules of the pages, and each has its row as `PAGE`. Each page is a document of its own: by its
path it gets one script, one style sheet and the component libraries that it uses, and links between pages are plain
links. Nothing is registered at import time, so a process may hold several apps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from dash.exceptions import DependencyException

from callbacks import notices, problems
from callbacks.page import Page, PlainPage
from layouts.document import (
    DOCUMENT,
    LIBRARIES,
    VIEWPORT,
    add_scripts,
    add_styles,
    heading,
    keep_libraries,
    page_title,
    set_theme,
)
from layouts.missing import TITLE, missing_page
from layouts.notices import notices as notice_places
from layouts.shell import PROVIDER, Link
from layouts.sign_out import WORDS, sign_out_page
from orderflow.products import PRODUCTS
from orderflow.web.kit.bundles import put_script, put_style, versioned
from orderflow.web.kit.callback_requests import check_callback_requests
from orderflow.web.kit.missing import answer_missing
from orderflow.web.kit.responses import not_found
from orderflow.web.kit.sign_out import PATH as SIGN_OUT
from orderflow.web.kit.sign_out import put_sign_out, sign_out_state
from orderflow.web.kit.users import CSRF_COOKIE, CSRF_HEADER

if TYPE_CHECKING:
    from orderflow.services import Services

PLOTLY = "00-plotly-basic.min.js"
"""Plotly's basic bundle. Where it is there, Dash does not load the full one (1,471 KB gzipped)."""


def load_pages() -> list[Page | PlainPage]:
    """The `PAGE` of each module that `PRODUCTS` names, in order."""
    return [resolve_name(f"{module}:PAGE") for product in PRODUCTS for module in product.pages]


PAGES: tuple[Page, ...] = tuple(
    sorted((page for page in load_pages() if isinstance(page, Page)), key=lambda page: page.place)
)
PLAIN_PAGES: tuple[PlainPage, ...] = tuple(page for page in load_pages() if isinstance(page, PlainPage))


@dataclass(frozen=True, slots=True)
class Head:
    """What the document of a page has: its title, addresses of scripts and style sheets, component libraries, and its
    theme until the reader chooses."""

    title: str = ""
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    libraries: tuple[str, ...] = LIBRARIES
    theme: str = ""


class DocumentDash(Dash):
    """Dash, with a document of its own for each page. heads: by path, "" for a path without a page."""

    heads: dict[str, Head]

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]  # Dash calls it so, by keyword
        """Dash's document with the head of the page that is asked for."""
        head = self.heads.get(with_slash(self.backend.request_adapter().path), self.heads[""])
        parts["title"] = page_title(head.title)
        parts["scripts"] = add_scripts(keep_libraries(parts["scripts"], head.libraries), head.scripts)
        parts["css"] = add_styles(keep_libraries(parts["css"], head.libraries), head.styles)
        document = str(super().interpolate_index(**parts))  # type: ignore[no-untyped-call]  # Dash has no types here
        return set_theme(document, head.theme)


def assets_folder() -> Path:
    """Where style sheets and scripts are: inside the installed package, else in the repository."""
    installed = Path(str(files("orderflow"))) / "_assets"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[1] / "assets"


def create_app(services: Services, server: Any) -> DocumentDash:
    """The app with every page of `PAGES`, on `server` (a flask.Flask, which only the web layer names). Runs nothing."""
    app = DocumentDash(
        "orderflow",
        server=server,
        assets_folder=str(assets_folder()),
        include_assets_files=False,  # a page names its files; all stay below /assets/
        title="Orderflow",
        update_title=None,  # type: ignore[arg-type]  # Dash documents None: leave the title alone
        index_string=DOCUMENT,
        meta_tags=[VIEWPORT],
        use_pages=False,
        pages_folder="",
        use_async=False,
        compress=False,
        csrf_token_name=CSRF_COOKIE,
        csrf_header_name=CSRF_HEADER,
        suppress_callback_exceptions=True,  # a document has one page's components, the app has all pages' callbacks
    )
    links = [Link(page.path, page.name) for page in PAGES if page.name]
    app.heads = make_heads(services, server, links)
    app.layout = html.Div([dcc.Location(id="location", refresh="callback-nav"), *notice_places(), html.Div(id="page")])

    @app.callback(Output("page", "children"), Input("location", "pathname"))
    def show(path: str | None) -> Component:
        way_out = [Link(SIGN_OUT, "Sign out")] if sign_out_state() == "signed in" else []
        return page_at(path, services, [*links, *way_out])

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash has no types here
        ClientsideFunction("kit", "theme"), Output(PROVIDER, "forceColorScheme"), Input(PROVIDER, "id")
    )
    problems.register(app, services)
    for page in PAGES:
        page.register(app, services)
    notices.register(app, services)
    check_callback_requests(server, app.callback_map)
    server.register_error_handler(DependencyException, not_found)  # a script or library that no page has
    put_sign_out(server, make_sign_out(server, links))
    for plain in PLAIN_PAGES:
        plain.register(server, services, assets_folder())
    return app


def make_heads(services: Services, server: Any, links: list[Link]) -> dict[str, Head]:
    """Join the scripts and style sheets of every page, put them on the server, and say what each document loads.

    Elsewhere the server answers 404.
    """
    assets = assets_folder()
    plotly = (versioned(assets, PLOTLY),)
    missing = put_style(server, "missing", assets, ("page.css",))
    answer_missing(server, [page.path for page in PAGES], missing_page(links, missing))
    heads = {"": Head(styles=(missing,))}
    for page in PAGES:
        heads[page.path] = Head(
            heading(page.layout(services, links)),
            (*(plotly if page.plotly else ()), put_script(server, page.slug, assets, page.scripts)),
            (put_style(server, page.slug, assets, page.styles),),
            page.libraries,
            page.theme,
        )
    return heads


def make_sign_out(server: Any, links: list[Link]) -> Callable[[str], str]:
    """The page to sign out, by what the browser is. links: to the other pages."""
    assets = assets_folder()
    style = put_style(server, "sign-out", assets, ("page.css",))
    script = put_script(server, "sign-out", assets, ("kit/storage.js", "kit/theme.js"))
    return lambda state: sign_out_page(WORDS[state], links, style=style, script=script)


def with_slash(path: Any) -> str:
    """A path as `PAGES` has it: "/chart" is "/chart/". Anything but a string counts as "/"."""
    return (path if isinstance(path, str) else "").rstrip("/") + "/"


def page_at(path: str | None, services: Services, links: list[Link]) -> Component:
    """The page at a path, or a page that says it does not exist and lists the others."""
    wanted = with_slash(path)
    for page in PAGES:
        if wanted == page.path or wanted == "/":
            return page.layout(services, links)
    return html.Main(
        [
            html.H1(TITLE),
            html.P(f"Nothing is at {path}."),
            html.Ul([html.Li(html.A(link.name, href=link.path)) for link in links]),
        ],
        className="of-missing",
    )
