"""Exports of a session: exact, reproducible, readable by the replay client, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderflow.errors import BadInput, NotFound
from orderflow.formats import open_ticks
from orderflow.herd.debrief.columns import FILLED, REJECTED, build_record
from orderflow.herd.debrief.export import EXPORTS, export, format_amount, iso
from orderflow.herd.rules.events import Event, decode, decode_log, encode
from orderflow.herd.rules.money import MICRO
from orderflow.herd.rules.state import State
from orderflow.herd.rules.wall_time import on_wall_clock
from tests.herd.logs import SECOND, START, Log, chance_game


def made(what: str, events: list[Event]) -> bytes:
    return b"".join(export(what, lambda: events)[0])


def rows(what: str, log: Log) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made(what, log.events).decode())))


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
    pieces, kind = export("ticks.csv", lambda: small.events)
    body = b"".join(pieces)
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
    path.write_bytes(made("ticks.csv", log.events))
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
    again = list(decode_log(made("events.jsonl", log.events)))
    for what in EXPORTS:
        body = made(what, log.events)
        assert body == made(what, twin.events)
        assert body == made(what, again)


def test_undone_events_are_in_the_event_log_only() -> None:
    log = Log()
    log.people(1)
    begin = log.add(1, "round", round=1, of=1, state="begin", seconds=9, fundamental=None, preset=None, dividend=None)
    log.trade(2, {"p1": 1})
    log.add(3, "undo", round=1, back=begin)
    log.trade(4, {"p1": -1})
    assert [row["side"] for row in rows("ticks.csv", log)] == ["sell"]
    assert [row["side"] for row in rows("orders.csv", log)] == ["sell"]
    assert len(made("events.jsonl", log.events).splitlines()) == len(log.events)


def test_amounts_and_times_as_text() -> None:
    assert [format_amount(value) for value in (0, 1, -1_500_000, 10**12)] == ["0", "0.000001", "-1.5", "1000000"]
    assert iso(1_795_000_000_123_456_789).endswith(".123456789Z")


def test_unknown_export_lists_the_known_ones() -> None:
    with pytest.raises(NotFound, match=r"ticks\.csv"):
        export("secrets.csv", list)


def test_profit_counts_from_joining() -> None:
    """The price has doubled when p2 joins."""
    log = Log()
    log.people(1)
    log.trade(1, {"p1": 1}, price=200)
    log.join("p2", 2)
    first, late = rows("participants.csv", log)
    assert (first["start_wealth"], first["wealth"], first["profit"]) == ("10000", "15000", "5000")
    assert (late["start_wealth"], late["wealth"], late["profit"]) == ("15000", "15000", "0")


def wild_game(seed: int) -> Log:
    """Rounds that are undone, also several at once, orders that wait over the begin of a round, late joiners, kicks,
    dividends, news, experiments and jumps of the clock."""
    chance = random.Random(seed)
    log = Log()
    names = log.people(4)
    begins: list[int] = []
    waiting: list[int] = []
    second, on = 1.0, False
    for _ in range(120):
        second += 1
        match chance.randrange(12):
            case 0:
                fields = {"seconds": 9, "fundamental": None, "preset": None, "dividend": None}
                begins.append(log.add(second, "round", round=len(begins) + 1, of=9, state="begin", **fields))
            case 1 if begins:
                back = chance.randrange(len(begins))
                log.add(second, "undo", round=back + 1, back=begins[back])
                del begins[back:]
                waiting.clear()
            case 2:
                names.append(f"p{len(names) + 1}")
                log.join(names[-1], second, group=chance.choice(["see", "blind"]) if on else None)
            case 3:
                log.price = log.price * chance.choice([9, 11]) // 10
                log.add(second, "news", text="News", move=1.5, after=log.price)
            case 4:
                on = not on
                groups = {name: chance.choice(["see", "blind"]) for name in names} if on else {}
                log.add(second, "experiment", on=on, groups=groups)
            case 5:
                log.add(second, "clock", since=START, before=0, offset=chance.randrange(-9, 9) * SECOND)
            case 6:
                log.add(second, "dividend", round=1, amount=chance.randrange(5) * MICRO, paid=0)
            case _:
                waiting += [log.order(second, chance.choice(names), chance.choice([1, -1])) for _ in range(3)]
                decided = [n for n in waiting if chance.random() < 0.8]
                rejected = tuple(n for n in decided if chance.random() < 0.2)
                price = chance.randrange(50, 150) + 0.125
                log.batch(second + 0.25, decided, price=price, rejected=rejected, after=price + 1)
                waiting = [n for n in waiting if n not in decided]
    return log


@pytest.mark.parametrize("seed", range(12))
def test_exports_that_are_written_as_the_log_is_read_agree_with_its_columns(seed: int) -> None:
    log = wild_game(seed)
    events = list(on_wall_clock(log.events))
    record, orders = build_record(log.events), build_record(log.events).orders
    fills = State.fold(events).fills
    assert [
        (row["timestamp"], row["price"], row["size"], row["side"], row["id"]) for row in rows("ticks.csv", log)
    ] == [
        (iso(time), f"{price // 100}.{price % 100:02d}", str(size), "buy" if side > 0 else "sell", str(n))
        for time, price, size, side, n in zip(fills.time, fills.price, fills.size, fills.side, fills.id, strict=True)
    ]
    found = rows("orders.csv", log)
    words = {FILLED: "filled", REJECTED: "rejected"}
    assert [(row["order"], row["time"], row["participant"], row["status"], row["shares_change"]) for row in found] == [
        (str(n), iso(time), record.members[who].id, words.get(status, "accepted"), str(shares) if shares else "")
        for n, time, who, status, shares in zip(
            *(column.tolist() for column in (orders.number, orders.time, orders.who, orders.status, orders.shares)),
            strict=True,
        )
    ]
    assert [row["cleared"] for row in found] == [iso(time) if time else "" for time in orders.filled.tolist()]
    price = round(record.price * MICRO)
    groups = {name: group for split in record.experiments for name, group in split.groups.items()}
    assert [list(row.values()) for row in rows("participants.csv", log)] == [
        [
            member.id, member.nick, "", groups.get(member.id, ""), iso(member.joined),
            format_amount(member.cash0), str(member.shares0), format_amount(member.cash), str(member.shares),
            format_amount(member.cash + member.shares * price),
            format_amount(member.cash + member.shares * price - member.start_wealth),
            str(int((orders.who == i).sum())), str(int((orders.status[orders.who == i] == FILLED).sum())),
            str(int(member.kicked)), format_amount(member.start_wealth),
        ]
        for i, member in enumerate(record.members)
    ]  # fmt: skip


@pytest.mark.parametrize("what", EXPORTS)
def test_memory_does_not_grow_with_the_session(what: str) -> None:
    short, long = chance_game(people=20, seconds=400), chance_game(people=20, seconds=2_400)

    def peak(log: Log) -> int:
        def read() -> Iterator[Event]:
            return map(decode, lines)

        lines = [encode(event) for event in log.events]
        tracemalloc.start()
        for piece in export(what, read)[0]:
            del piece
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(short)  # what is loaded at the first use stays
    assert peak(long) < 1.5 * peak(short)


def test_an_export_is_of_the_log_as_it_was_when_it_began() -> None:
    log = chance_game(people=5, seconds=60)
    for what in EXPORTS:
        whole, events = made(what, log.events), list(log.events)
        pieces, _ = export(what, lambda events=events: events)
        events += chance_game(people=5, seconds=90).events[len(events) :]
        assert b"".join(pieces) == whole


@pytest.mark.parametrize("cut", [slice(0, 0), slice(1, None), slice(0, None, 2)])
def test_a_log_with_a_gap_is_refused_before_anything_is_sent(cut: slice) -> None:
    events = chance_game(people=5, seconds=10).events[cut]
    for what in EXPORTS:
        with pytest.raises(BadInput):
            export(what, lambda: events)
