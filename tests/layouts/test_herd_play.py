"""The phone's page as text: what it is made of, what a screen reader finds in it, and that both schemes can be read."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from callbacks.app import assets_folder
from callbacks.herd_play import style_sheet
from layouts.herd_play import STEPS, Terms, play_page
from tests.contrast import contrast

STYLE = style_sheet(assets_folder())
VOID = {"meta", "link", "input", "br"}


class Tree(HTMLParser):
    """All elements with their attributes; complains of tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.found if name == tag]


def page(**terms: Any) -> str:
    return play_page(Terms(**terms), style=STYLE, script="/herd/play.1.js")


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(page())


def test_it_is_a_whole_document_in_one_language_with_unique_ids(tree: Tree) -> None:
    assert page().startswith("<!DOCTYPE html>")
    assert tree.all("html")[0]["lang"] == "en"
    assert len(tree.all("title")) == len(tree.all("main")) == len(tree.all("h1")) == 1
    ids = [attributes["id"] for _, attributes in tree.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_one_script_and_nothing_from_elsewhere(tree: Tree) -> None:
    assert tree.all("script") == [{"defer": None, "src": "/herd/play.1.js"}]
    assert all("href" not in link or link["href"].startswith("data:") for link in tree.all("link"))
    assert re.findall(r"https?://(?!www\.w3\.org)", page()) == []
    assert not any(name.startswith("on") for _, attributes in tree.found for name in attributes)


def test_zooming_is_allowed(tree: Tree) -> None:
    (viewport,) = [meta["content"] for meta in tree.all("meta") if meta.get("name") == "viewport"]
    assert "width=device-width" in viewport
    assert "viewport-fit=cover" in viewport
    assert not re.search("maximum-scale|user-scalable", viewport)


def test_every_control_has_a_name(tree: Tree) -> None:
    labelled = {label.get("for") for label in tree.all("label")}
    for field in tree.all("input"):
        assert field.get("id") in labelled or field["type"] == "radio"
    assert len(tree.all("legend")) == 1
    roles = [attributes.get("role") for _, attributes in tree.found]
    assert roles.count("status") == 2
    assert roles.count("alert") == 2
    price = next(attributes for _, attributes in tree.found if attributes.get("id") == "price")
    assert not {"role", "aria-live"} & set(price)


def test_the_page_states_the_starting_portfolio() -> None:
    assert "You start with 5,000 in cash and 50 shares." in page()
    assert "You start with 12.50 in cash and 1 share." in page(cash=12.5, shares=1)
    assert "in cash and no shares." in page(shares=0)


@pytest.mark.parametrize(("most", "values"), [(100, ["1", "5", "10", "25", "max"]), (7, ["1", "5", "max"])])
def test_quantities_beyond_the_limit_are_not_offered(most: int, values: list[str]) -> None:
    radios = [field for field in Tree(page(max_quantity=most)).all("input") if field.get("type") == "radio"]
    assert [radio["value"] for radio in radios] == values
    assert ["checked" in radio for radio in radios] == [True] + [False] * (len(values) - 1)
    assert max(STEPS) == 25


def test_the_script_learns_the_rules_from_the_body() -> None:
    (body,) = Tree(page(max_quantity=40, short=3, impact=0.0005)).all("body")
    assert body == {"data-max-order": "40", "data-short": "3", "data-impact": "0.0005"}


def test_an_address_is_escaped_and_a_style_sheet_cannot_end_early() -> None:
    assert 'src="/a?b&amp;&quot;c"' in play_page(Terms(), style="", script='/a?b&"c')
    with pytest.raises(ValueError, match="end tag"):
        play_page(Terms(), style="</style>", script="/a.js")


def colours(scheme: str) -> dict[str, str]:
    """The palette of a scheme, as the style sheet has it."""
    light, dark = re.findall(r":root \{([^}]*)\}", STYLE)[:2]
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", light if scheme == "light" else dark))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_level_aa(scheme: str) -> None:
    palette = colours(scheme)
    assert len(palette) == 10
    for ground in ("paper", "panel"):
        for text in ("text", "muted", "buy", "sell", "bad"):
            assert contrast(palette[text], palette[ground]) >= 4.5, f"{text} on {ground}"
        assert contrast(palette["edge"], palette[ground]) >= 3, "borders of controls"
    for button in ("buy", "sell"):
        assert contrast(palette["on"], palette[button]) >= 4.5, f"words on {button}"


def test_the_style_sheet_is_read_by_phones_of_2020() -> None:
    young = r"light-dark\(|:has\(|\binset:|(?<!grid-)\bgap:|aspect-ratio|@layer|@container|color-mix|&"
    assert re.findall(young, STYLE) == []
    assert re.search(r"100vh;\s+min-height: 100dvh", STYLE)
