"""The component tree of the workspace's page."""

from __future__ import annotations

from dash import html

from layouts.workspace_upload import upload_dialog
from tests.layouts.trees import walk


def test_links_of_the_upload_dialog_have_the_colour_of_the_page() -> None:
    links = [part for part in walk(upload_dialog(1, [])) if isinstance(part, html.A)]
    assert [link.href for link in links] == ["/chart/"]
    assert all("ws-link" in getattr(link, "className", "") for link in links)
