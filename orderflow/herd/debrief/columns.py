"""One session as columns: what statistics, reports and exports read instead of the raw event log.

A record is made from the whole log and never changes. What an undo took back is left out, as if it had not been, and
bots are marked. It does not run the market: prices and fills are those that the log says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.errors import BadInput

Event = Mapping[str, Any]

MICRO = 1_000_000
"""Money in the log is in millionths."""
WAITING, FILLED, REJECTED = 0, 1, 2
UNDOABLE = frozenset({"order", "batch", "news", "round", "dividend"})
"""Kinds of events that an undo takes back."""


@dataclass(slots=True)
class Member:
    """A participant as the log leaves them. cash in micro-units; cash0, shares0: what they began with; joined: ns."""

    id: str
    nick: str
    joined: int
    bot: str | None
    cash0: int
    shares0: int
    cash: int
    shares: int
    kicked: bool = False


@dataclass(slots=True)
class Round:
    """begin, end: ns, end is None while it runs; fundamental, dividend: in currency, None where there is none."""

    number: int
    of: int
    begin: int
    end: int | None
    fundamental: float | None
    dividend: float | None
    preset: str | None


@dataclass(slots=True)
class Split:
    """One run of the experiment. begin, end: ns, end is None while it runs; groups: "see" or "blind" by participant."""

    begin: int
    end: int | None
    groups: dict[str, str]


@dataclass(frozen=True, slots=True)
class Orders:
    """n orders as they came. number: the event's; time: int64 ns; who: index into `members`; sign: 1 buys, -1 sells;
    quantity; status: WAITING, FILLED or REJECTED; filled: ns of the batch that decided (0: none yet); cash: int64
    micro-units and shares: int64, what the fill changed; batch: index into `batches` of the one that decided (-1)."""

    number: Ints
    time: Ints
    who: Ints
    sign: Ints
    quantity: Ints
    status: Ints
    filled: Ints
    cash: Ints
    shares: Ints
    batch: Ints

    @property
    def price(self) -> Floats:
        """float64[n]: of the fill, NaN where there was none."""
        out = np.full(len(self.cash), np.nan)
        done = self.shares != 0
        out[done] = np.abs(self.cash[done]) / np.abs(self.shares[done]) / MICRO
        return out


@dataclass(frozen=True, slots=True)
class Batches:
    """m batches that held orders. time: int64 ns; price: what they filled at, after: where the price went (float64,
    currency); net, buys, sells: quantities that filled."""

    time: Ints
    price: Floats
    after: Floats
    net: Ints
    buys: Ints
    sells: Ints


@dataclass(frozen=True, slots=True)
class Record:
    """One session. time is ns since 1970 UTC throughout, prices are in currency.

    path_time, path_price: the price and when it took that value, from the start on. open_spans: (begin, end) in which
    orders were taken. captions: (ns, kind, words) of what happened. steps: what changed cash or price, in order:
    ("batch", ns, its index), ("news", ns, percent), ("dividend", ns, micro-units a share). taken_back: events that
    undos removed. last: time of the last event.
    """

    session: str
    started: int
    last: int
    ended: bool
    start_price: float
    batch_ns: int
    config: Mapping[str, Any]
    members: tuple[Member, ...]
    orders: Orders
    batches: Batches
    path_time: Ints
    path_price: Floats
    rounds: tuple[Round, ...]
    open_spans: tuple[tuple[int, int], ...]
    experiments: tuple[Split, ...]
    captions: tuple[tuple[int, str, str], ...]
    steps: tuple[tuple[str, int, float], ...]
    taken_back: int

    @property
    def price(self) -> float:
        """The last price."""
        return float(self.path_price[-1])

    @property
    def bots(self) -> Flags:
        """bool[members]: which are bots."""
        return np.array([member.bot is not None for member in self.members], bool)

    @property
    def wealth(self) -> Floats:
        """float64[members]: cash and shares at the last price, in currency."""
        return np.array([member.cash / MICRO + member.shares * self.price for member in self.members], float)

    def by_people(self) -> Flags:
        """bool[orders]: which orders came from people."""
        return ~self.bots[self.orders.who] if len(self.members) else np.zeros(0, bool)


def standing(events: Iterable[Event]) -> tuple[list[Event], int]:
    """The events without what undos took back, and how many they took. An undo takes back the orders, batches, news,
    rounds and dividends since its `back`; who joined, left, or got a name or a group since then keeps that."""
    kept: list[Event] = []
    taken = 0
    for event in events:
        if event["e"] == "undo":
            at = len(kept)
            while at and kept[at - 1]["n"] >= event["back"]:
                at -= 1
            stay = [old for old in kept[at:] if old["e"] not in UNDOABLE]
            taken += len(kept) - at - len(stay)
            kept[at:] = stay
        kept.append(event)
    return kept, taken


def build_record(events: Sequence[Event]) -> Record:
    """The record of a log. Raises BadInput when it does not begin with a session event."""
    if not events or events[0]["e"] != "session":
        raise BadInput("this is no log of a session: it does not begin with a session event")
    kept, taken = standing(events)
    builder = _Builder(kept[0])
    for event in kept:
        builder.take(event)
    return builder.record(taken)


@dataclass
class _Builder:
    """Takes the events one by one."""

    first: Event
    members: dict[str, Member] = field(default_factory=dict)
    index: dict[str, int] = field(default_factory=dict)
    rows: list[list[int]] = field(default_factory=list)  # in the order of Orders' columns
    row_of: dict[int, int] = field(default_factory=dict)
    batches: list[tuple[int, float, float, int, int, int]] = field(default_factory=list)
    path: list[tuple[int, float]] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    opened: list[list[int | None]] = field(default_factory=list)
    splits: list[Split] = field(default_factory=list)
    captions: list[tuple[int, str, str]] = field(default_factory=list)
    steps: list[tuple[str, int, float]] = field(default_factory=list)
    ended: bool = False
    last: int = 0

    def take(self, event: Event) -> None:
        """Apply one event that stands; kinds that say nothing about orders or prices pass."""
        self.last = max(self.last, int(event["t"]))
        act = getattr(self, f"_{event['e']}", None)
        if act is not None:
            act(event)

    def _session(self, event: Event) -> None:
        self.path.append((event["t"], event["config"]["price"] / MICRO))
        self.opened.append([event["t"], None])

    def _join(self, event: Event) -> None:
        if event["p"] in self.members:
            return
        self.index[event["p"]] = len(self.members)
        start = (int(event["cash"]), int(event["shares"]))
        self.members[event["p"]] = Member(event["p"], event["nick"], event["t"], event["bot"], *start, *start)

        if event["group"] is not None and self.splits and self.splits[-1].end is None:
            self.splits[-1].groups[event["p"]] = event["group"]

    def _rename(self, event: Event) -> None:
        self.members[event["p"]].nick = event["nick"]

    def _kick(self, event: Event) -> None:
        self.members[event["p"]].kicked = True

    def _order(self, event: Event) -> None:
        self.row_of[event["n"]] = len(self.rows)
        row = [event["n"], event["t"], self.index[event["p"]], event["s"], event["q"], WAITING, 0, 0, 0, -1]
        self.rows.append(row)

    def _batch(self, event: Event) -> None:
        people = list(self.members.values())
        for number, cash, shares in event["fills"]:
            row = self.rows[self.row_of[number]]
            row[5:] = [FILLED, event["t"], cash, shares, len(self.batches)]
            people[row[2]].cash += cash
            people[row[2]].shares += shares
        for number, _ in event["rejects"]:
            self.rows[self.row_of[number]][5:] = [REJECTED, event["t"], 0, 0, len(self.batches)]
        after = event["after"] / MICRO
        self.steps.append(("batch", event["t"], len(self.batches)))
        self.batches.append((event["t"], event["price"] / MICRO, after, event["net"], event["buys"], event["sells"]))
        self.path.append((event["t"], after))

    def _phase(self, event: Event) -> None:
        name = str(event["phase"])
        _span(self.opened, event["t"], name == "open")
        self.ended = self.ended or name == "ended"
        words = {"lobby": "Lobby", "open": "Market open", "frozen": "Frozen", "ended": "The end"}.get(name, name)
        self.captions.append((event["t"], "phase", words))

    def _news(self, event: Event) -> None:
        self.path.append((event["t"], event["after"] / MICRO))
        self.steps.append(("news", event["t"], event["move"]))
        move = f" ({event['move']:+g}%)".replace("-", "−") if event["move"] else ""
        self.captions.append((event["t"], "news", f"{event['text']}{move}"))

    def _round(self, event: Event) -> None:
        if event["state"] == "begin":
            value, paid = (
                event[key] / MICRO if event[key] is not None else None for key in ("fundamental", "dividend")
            )
            self.rounds.append(Round(event["round"], event["of"], event["t"], None, value, paid, event["preset"]))
            self.captions.append((event["t"], "round", f"Round {event['round']} of {event['of']}"))
        elif self.rounds and self.rounds[-1].end is None:
            self.rounds[-1].end = event["t"]

    def _dividend(self, event: Event) -> None:
        self.steps.append(("dividend", event["t"], event["amount"]))
        for member in self.members.values():
            if not member.kicked:
                member.cash += event["amount"] * member.shares
        self.captions.append((event["t"], "dividend", f"Dividend {event['amount'] / MICRO:g} per share"))

    def _experiment(self, event: Event) -> None:
        if self.splits and self.splits[-1].end is None:
            self.splits[-1].end = event["t"]
        if event["on"]:
            self.splits.append(Split(event["t"], None, dict(event["groups"])))
        said = "some phones no longer see the crowd" if event["on"] else "every phone sees the crowd again"
        self.captions.append((event["t"], "experiment", f"Experiment: {said}"))

    def _undo(self, event: Event) -> None:
        self.captions.append((event["t"], "undo", f"Round {event['round']} was taken back"))

    def _bots(self, event: Event) -> None:
        self.captions.append((event["t"], "bots", f"{event['count']} {event['kind']} bots"))

    def record(self, taken: int) -> Record:
        columns = np.array(self.rows, np.int64).reshape(-1, 10).T
        batches: Any = list(zip(*self.batches, strict=True)) or [()] * 6
        kinds = (np.int64, np.float64, np.float64, np.int64, np.int64, np.int64)
        made: list[Any] = [np.array(column, kind) for column, kind in zip(batches, kinds, strict=True)]
        config = self.first["config"]
        return Record(
            session=str(self.first["id"]),
            started=int(self.first["t"]),
            last=self.last,
            ended=self.ended,
            start_price=config["price"] / MICRO,
            batch_ns=int(config["batch_ms"]) * 1_000_000,
            config=config,
            members=tuple(self.members.values()),
            orders=Orders(*columns),
            batches=Batches(*made),
            path_time=np.array([time for time, _ in self.path], np.int64),
            path_price=np.array([price for _, price in self.path], np.float64),
            rounds=tuple(self.rounds),
            open_spans=_closed(self.opened, self.last),
            experiments=tuple(self.splits),
            captions=tuple(self.captions),
            steps=tuple(self.steps),
            taken_back=taken,
        )


def _span(spans: list[list[int | None]], time: int, on: bool) -> None:
    """Begin or end the last span."""
    running = bool(spans) and spans[-1][1] is None
    if on and not running:
        spans.append([time, None])
    elif not on and running:
        spans[-1][1] = time


def _closed(spans: list[list[int | None]], last: int) -> tuple[tuple[int, int], ...]:
    return tuple((int(begin or 0), last if end is None else end) for begin, end in spans)
