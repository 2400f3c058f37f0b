"""The registry of feeds is what a server builds."""

from __future__ import annotations

from orderflow.feeds.registry import FEEDS
from orderflow.services import Services


def test_server_has_every_feed_and_none_runs_at_first(services: Services) -> None:
    assert FEEDS
    for kind in FEEDS:
        feed = services.part(kind.type)
        assert isinstance(feed, kind.type)
        assert feed.status() is None
        feed.stop()  # one that never ran


def test_names_are_unique() -> None:
    assert len({kind.name for kind in FEEDS}) == len({kind.type for kind in FEEDS}) == len(FEEDS)
