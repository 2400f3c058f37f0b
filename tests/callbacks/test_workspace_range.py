"""Which range a chart of the workspace shows: that of a jump, of the address, of the other charts, or its own."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.workspace_link import read
from callbacks.workspace_range import linked_view, range_of, shared_view
from callbacks.workspace_series import Chosen
from callbacks.workspace_state import Known
from orderflow.errors import NotFound
from orderflow.workspace.views import View

MINE = Chosen("custom", "mine", "1m", "calls")
OTHER = Chosen("custom", "other", "1m")
JUMP, ADDRESS, NOW = View(since=1, to=2, y=(1, 2)), View(since=3, to=4, y=(3, 4)), View(since=5, to=6, y=(5, 6))
OTHERS, LEFT = View(since=7, to=8, y=(7, 8)), View(since=9, to=10, y=(9, 10))
TIMES_OF_OTHERS, TIMES_LEFT = View(since=7, to=8), View(since=9, to=10)
STAYS = None
EVERYWHERE, NOWHERE = True, False

TABLE = {
    "nothing is wished for": ({}, EVERYWHERE, STAYS),
    "a jump wins": (
        {"jump": JUMP, "address": ADDRESS, "now": NOW, "others": OTHERS, "left": LEFT}, EVERYWHERE, JUMP,
    ),
    "a jump wins where no candles are": ({"jump": JUMP, "address": ADDRESS, "now": NOW}, NOWHERE, JUMP),
    "the address is before what is shown": (
        {"address": ADDRESS, "now": NOW, "others": OTHERS, "left": LEFT}, EVERYWHERE, ADDRESS,
    ),
    "the address is the first chart's own": ({"leads": True, "address": ADDRESS, "now": NOW}, NOWHERE, ADDRESS),
    "other charts go to the address for candles": ({"address": ADDRESS, "now": NOW}, NOWHERE, STAYS),
    "nor do they go to the times of others then": (
        {"address": ADDRESS, "others": OTHERS, "left": LEFT}, NOWHERE, STAYS,
    ),
    "a chart that has the series stays": ({"now": NOW, "others": OTHERS, "left": LEFT}, EVERYWHERE, STAYS),
    "a new chart takes the times of others": ({"others": OTHERS, "left": LEFT}, EVERYWHERE, TIMES_OF_OTHERS),
    "so does the first one": ({"leads": True, "others": OTHERS}, EVERYWHERE, TIMES_OF_OTHERS),
    "but not where it has no candles": ({"leads": True, "others": OTHERS, "left": LEFT}, NOWHERE, STAYS),
    "or those that were left on the first": ({"left": LEFT}, EVERYWHERE, TIMES_LEFT),
    "but not those where it has no candles": ({"left": LEFT}, NOWHERE, STAYS),
    "the newest candles of others are a range too": ({"others": View(bars=50, y=(1, 2))}, EVERYWHERE, View(bars=50)),
}  # fmt: skip


@pytest.mark.parametrize(("given", "held", "expected"), TABLE.values(), ids=TABLE)
def test_which_range_wins(given: dict[str, Any], held: bool, expected: View | None) -> None:
    left = given.get("left")
    usual = {"leads": False, "jump": None, "address": None, "now": None, "others": None}
    found = range_of(**{**usual, **given, "left": lambda: left}, held=lambda _: held)
    assert found == expected


def test_nothing_is_read_for_a_range_that_needs_it_not() -> None:
    def unread(*_: Any) -> Any:
        raise NotFound("it is read")

    def asked(**given: Any) -> View | None:
        usual: dict[str, Any] = {"leads": False, "jump": None, "address": None, "now": None, "others": None}
        return range_of(**{**usual, **given}, left=unread, held=unread)

    assert asked(jump=JUMP) == JUMP
    assert asked(leads=True, address=ADDRESS) == ADDRESS
    assert asked(now=NOW) is STAYS
    for given in ({}, {"address": ADDRESS}, {"others": OTHERS}):
        with pytest.raises(NotFound, match="it is read"):
            asked(**given)


def test_the_times_of_others_are_those_of_the_first_that_shows_its_series() -> None:
    views = [
        {"key": "custom:gone:1m", "range": {"from": 1, "to": 2}},
        {"key": OTHER.key, "range": {"from": 3, "to": 4}},
        {"key": MINE.key, "range": {"from": 5, "to": 6}},
        "junk",
    ]
    charts = [MINE, OTHER, MINE, None]
    assert shared_view(views, charts, 0) == shared_view(views, charts, 2) == View(since=3, to=4)
    assert shared_view(views, charts, 1) == View(since=5, to=6)
    assert shared_view(views, charts[:2], 1) is None
    assert shared_view([], charts, 0) is None


def test_the_range_of_an_address_counts_once_and_for_its_series_alone() -> None:
    link = read("?mode=custom&charts=1&symbol=mine&frame=1m&from=5&to=9")[0]
    assert linked_view(link, None, MINE, 0) == View(since=5, to=9)
    assert linked_view(link, Known(MINE.key, [], 0, link=1), MINE, 0) == View(since=5, to=9)
    assert linked_view(link, Known(MINE.key, [], 0, link=link.n), MINE, 0) is None
    assert linked_view(link, None, Chosen("custom", "mine", "5m"), 0) is None
    assert linked_view(link, None, Chosen("live", "mine", "1m"), 0) is None
    assert linked_view(None, None, MINE, 0) is None
    assert linked_view(read("?mode=custom&charts=1&symbol=mine&frame=1m")[0], None, MINE, 0) == View()
    assert linked_view(read("?mode=custom&symbol=mine")[0], None, MINE, 0) is None
