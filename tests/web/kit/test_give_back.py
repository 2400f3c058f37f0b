"""Memory is given back once for all that ends together, beside the caller."""

from __future__ import annotations

import threading

import pytest

from orderflow.runtime.workers import Workers
from orderflow.web.kit import give_back


def test_memory_is_given_back_once_a_moment_later(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    done = threading.Semaphore(0)

    def note() -> bool:
        threads.append(threading.get_ident())
        done.release()
        return True

    monkeypatch.setattr(give_back, "give_back", note)
    soon = give_back.GiveBack(workers, 0.05)
    for round_ in (1, 2):
        for _ in range(5):
            soon()
        assert done.acquire(timeout=60)
        assert len(threads) == round_
    assert threading.get_ident() not in threads


def test_nothing_is_begun_while_the_server_stops(workers: Workers) -> None:
    soon = give_back.GiveBack(workers)
    soon()
    workers.stop()
    soon()
    assert workers.errors() == {}
