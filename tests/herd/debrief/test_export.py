"""Exports of a session: exact, reproducible, readable by the replay client, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from orderflow.errors import NotFound
from orderflow.formats import open_ticks
from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.export import EXPORTS, escape_formula, export, format_amount, iso
from orderflow.herd.rules.events import decode_log
from tests.herd.logs import SECOND, START, Log, chance_game


def rows(what: str, log: Log) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export(what, log.events)[0].decode())))


@pytest.fixture
def small() -> Log:
    log = Log()
    log.join("p1", 0.5, nick="=HYPERLINK(1)")
    log.join("p2", nick='Ann "the bull", Ltd', bot="zero", group="see")
    buy, sell, big = log.order(1, "p1", 1, 3), log.order(1.1, "p2", -1, 2), log.order(1.2, "p1", 1, 90)
    log.batch(1.25, [buy, sell, big], price=101.123456, rejected=(big,), after=101.2)
    log.order(2, "p2", 1)
    return log


def test_ticks_have_the_columns_that_the_replay_client_reads(small: Log, tmp_path: Path) -> None:
    body, kind = export("ticks.csv", small.events)
    assert kind.startswith("text/csv")
    first = iso(START + SECOND + SECOND // 4)
    assert body.decode().splitlines() == [
        "timestamp,price,size,side,id,symbol",
        f"{first},101.12,3,buy,3,HERD",
        f"{first},101.12,2,sell,4,HERD",
    ]


def test_all_ticks_of_a_game_are_read_without_errors(tmp_path: Path) -> None:
    log = chance_game(people=10, seconds=60)
    path = tmp_path / "ticks.csv"
    path.write_bytes(export("ticks.csv", log.events)[0])
    record = build_record(log.events)
    with open_ticks(path) as reader:
        chunks = list(reader)
    assert reader.format == "generic"
    assert [error for chunk in chunks for error in chunk.errors] == []
    batches = [batch for chunk in chunks for batch in chunk.batches]
    assert {batch.symbol for batch in batches} == {"HERD"}
    times = [int(time) for batch in batches for time in batch.time]
    sides = [int(side) for batch in batches for side in batch.side]
    assert times == record.orders.filled[record.orders.status == 1].tolist()
    assert sides == record.orders.sign[record.orders.status == 1].tolist()
    assert (
        sum(int(size) for batch in batches for size in batch.size)
        == int(abs(record.orders.shares).sum()) * 10 ** batches[0].size_decimals
    )


def test_participants_are_exact_and_escape_formulas(small: Log) -> None:
    first, second = rows("participants.csv", small)
    assert (first["participant"], first["nickname"]) == ("p1", "'=HYPERLINK(1)")
    assert (second["nickname"], second["bot"]) == ('Ann "the bull", Ltd', "zero")
    assert (first["cash"], first["shares"], first["orders"], first["filled"]) == ("4696.629632", "53", "2", "1")
    assert first["wealth"] == "10060.229632"
    assert first["profit"] == "60.229632"
    assert first["joined"] == iso(START + SECOND // 2)


def test_orders_have_status_price_and_changes(small: Log) -> None:
    first, second, third, last = rows("orders.csv", small)
    assert (first["status"], first["price"], first["cash_change"], first["shares_change"]) == (
        "filled",
        "101.123456",
        "-303.370368",
        "3",
    )
    assert (second["side"], second["cash_change"]) == ("sell", "202.246912")
    assert (third["status"], third["price"], third["cleared"]) == ("rejected", "", iso(START + SECOND + SECOND // 4))
    assert (last["status"], last["cleared"]) == ("accepted", "")


def test_exports_are_reproducible_also_from_the_exported_log() -> None:
    log, twin = chance_game(people=8, seconds=30, groups=True), chance_game(people=8, seconds=30, groups=True)
    again = list(decode_log(export("events.jsonl", log.events)[0]))
    for what in EXPORTS:
        body = export(what, log.events)[0]
        assert body == export(what, twin.events)[0]
        assert body == export(what, again)[0]


def test_undone_events_are_in_the_event_log_only() -> None:
    log = Log()
    log.people(1)
    begin = log.add(1, "round", round=1, of=1, state="begin", seconds=9, fundamental=None, preset=None, dividend=None)
    log.trade(2, {"p1": 1})
    log.add(3, "undo", round=1, back=begin)
    log.trade(4, {"p1": -1})
    assert [row["side"] for row in rows("ticks.csv", log)] == ["sell"]
    assert [row["side"] for row in rows("orders.csv", log)] == ["sell"]
    assert len(export("events.jsonl", log.events)[0].splitlines()) == len(log.events)


def test_amounts_times_and_formulas_as_text() -> None:
    assert [format_amount(value) for value in (0, 1, -1_500_000, 10**12)] == ["0", "0.000001", "-1.5", "1000000"]
    assert iso(1_795_000_000_123_456_789).endswith(".123456789Z")
    assert escape_formula("Ann") == "Ann"
    for nick in ("=1", "+1", "-1", "@x", " =1", "\t=1", "＝1"):
        assert escape_formula(nick) == f"'{nick}"


def test_unknown_export_lists_the_known_ones() -> None:
    with pytest.raises(NotFound, match=r"ticks\.csv"):
        export("secrets.csv", [])


def test_profit_counts_from_joining() -> None:
    """The price has doubled when p2 joins."""
    log = Log()
    log.people(1)
    log.trade(1, {"p1": 1}, price=200)
    log.join("p2", 2)
    first, late = rows("participants.csv", log)
    assert (first["start_wealth"], first["wealth"], first["profit"]) == ("10000", "15000", "5000")
    assert (late["start_wealth"], late["wealth"], late["profit"]) == ("15000", "15000", "0")
