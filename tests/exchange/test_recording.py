"""Recordings: parsing, and playing at a given speed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from orderflow.errors import BadInput
from orderflow.exchange.dialect import Refusal
from orderflow.exchange.exchange import Exchange
from orderflow.exchange.recording import Player, Recording

LINES = [
    b'{"t":"header","format":2}',
    b'{"t":"recv","ts":100.0,"data":"{\\"stream\\":\\"a@trade\\",\\"data\\":{\\"e\\":\\"trade\\", \\"t\\":1}}"}',
    b'{"t":"recv","ts":102.5,"data":"{\\"e\\":\\"aggTrade\\",\\"s\\":\\"ABC\\",\\"a\\":7}"}',
    b"",
    b'{"t":"recv","ts":101.0,"data":"{\\"e\\":\\"kline\\",\\"s\\":\\"ABC\\",\\"k\\":{\\"i\\":\\"1m\\"}}"}',
    b'{"t":"recv","ts":103.0,"data":"{\\"u\\":5,\\"s\\":\\"ABC\\",\\"b\\":\\"1\\"}"}',
    b'{"t":"recv","ts":103.0,"data":"{\\"result\\":null,\\"id\\":1}"}',
    b'{"t":"http","url":"https://api.example.com/api/v3/depth?symbol=ABC&limit=5","data":"{\\"bids\\":[]}"}',
]


def test_parse_finds_frames_and_answers() -> None:
    found = Recording.parse(LINES)
    assert [(frame.at, frame.stream) for frame in found.frames] == [
        (0.0, "a@trade"), (1.0, "abc@kline_1m"), (2.5, "abc@aggTrade"), (3.0, "abc@bookTicker"),
    ]  # fmt: skip
    assert found.frames[0].data == b'{"e":"trade", "t":1}'
    assert found.answer("depth", [("limit", "5"), ("symbol", "ABC")]) == b'{"bids":[]}'
    assert found.answer("depth", [("symbol", "ABC")]) is None


def test_player_keeps_the_timing() -> None:
    player = Player(Recording.parse(LINES), 2.0)
    assert [frame.stream for frame in player.due(50.0)] == ["a@trade"]
    assert player.due(50.4) == []
    assert [frame.stream for frame in player.due(51.25)] == ["abc@kline_1m", "abc@aggTrade"]
    assert [frame.stream for frame in player.due(99.0)] == ["abc@bookTicker"]
    assert player.due(200.0) == []


def test_player_loops() -> None:
    player = Player(Recording.parse(LINES), loop=True)
    assert len(player.due(0.0)) + len(player.due(10.0)) == 4
    assert [frame.stream for frame in player.due(11.0)] == ["a@trade"]


def test_shared_recording(shared_data: Path) -> None:
    path = shared_data / "ws_recorded" / "BINANCE.jsonl.gz"
    found = Recording.load(path)
    assert len(found.frames) == 177 + 84 + 2 + 2
    assert 10 < found.length < 60
    assert "nknusdt@aggTrade" in found.streams
    with gzip.open(path, "rt") as file:
        texts = [json.loads(line)["data"] for line in file if '"t":"recv"' in line]
    joined = [f'{{"stream":"{frame.stream}","data":{frame.data.decode()}}}' for frame in found.frames]
    assert sorted(joined) == sorted(texts)


def test_playing_exchange_serves_recorded_streams_and_answers(exchange: Exchange) -> None:
    exchange.play(Recording.parse(LINES))
    assert exchange.stream("abc@aggTrade").kind == "recorded"
    with pytest.raises(Refusal, match="invalid stream"):
        exchange.stream("abc@trade")
    with pytest.raises(Refusal, match="invalid stream"):
        exchange.stream("btcusdt@aggTrade")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "line 2 is not valid in a recording"),
        (b'{"t":"recv","ts":"x","data":""}', "line 2 is not valid"),
        (b'{"t":"recv","ts":1,"data":"{"}', "line 2 is not valid"),
    ],
)
def test_invalid_recording_is_refused(line: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        Recording.parse([LINES[0], line])


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        Recording.load(tmp_path / "none.jsonl")
    damaged = tmp_path / "x.gz"
    damaged.write_bytes(b"no gzip")
    with pytest.raises(BadInput, match="cannot be read"):
        Recording.load(damaged)
