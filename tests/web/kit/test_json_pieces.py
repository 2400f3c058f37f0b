"""JSON in pieces is that of the whole value, and is read as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from orderflow.web.kit import json_pieces as module
from orderflow.web.kit.json_pieces import json_pieces
from orderflow.web.kit.responses import encode

ROW = {"time": 1, "label": 'a "word"', "price": None}


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
def test_iterators_are_written_as_lists(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 4)
    plain: dict[str, Any] = {"user": {"id": "x"}, "none": {}, "rows": {"a": [ROW] * count, "b": [[1], [2]]}, "n": 1.5}
    rows = {"a": iter([ROW] * count), "b": (each for each in ([1], [2]))}
    assert b"".join(json_pieces({**plain, "rows": rows})) == encode(plain)
    assert b"".join(json_pieces(iter(range(count)))) == encode(list(range(count)))


def test_a_piece_is_written_before_the_rest_is_read() -> None:
    read: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(20_000):
            read.append(number)
            yield ROW

    pieces = json_pieces({"rows": rows()})
    first = next(pieces)
    assert 0 < len(read) < 5_000
    rest = list(pieces)
    assert max(map(len, rest)) < 4 * module.PIECE
    assert len(msgspec.json.decode(first + b"".join(rest))["rows"]) == 20_000
