"""Events of a session's log: one struct for each kind, one JSON object a line. Everything else is derived from the log.

Every event has `n` (its number in the log, from 0) and `t` (ns since 1970 UTC, never decreasing). `t` is the session's
own time: the wall clock when the server started, and then durations. Where the wall clock jumped, `ClockSet` says how
far the two are apart (`orderflow.herd.rules.wall_time`). The key "e" of the JSON object tells the kind. Money is in
whole micro-units (10^-6 of the currency). Participants are known by their ids ("p1", "p2", … in order of joining),
orders by the `n` of their event.

Attributes have readable names; the JSON keys are the short ones of the first version, so logs of every version load.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from orderflow.errors import BadInput

VERSION = 1

Phase = Literal["lobby", "open", "frozen", "ended"]
Group = Literal["see", "blind"]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of one session. price: p0 in micro-units; impact: k as decimal text; curve: "exponential" | "linear";
    cash (micro-units), shares: each participant's endowment; short: largest short position, 0 = none; batch_ms: ms
    between two batches; max_quantity: shares, of one order."""

    price: int = 100_000_000
    impact: str = "0.001"
    curve: str = "exponential"
    cash: int = 5_000_000_000
    shares: int = 50
    short: int = 0
    batch_ms: int = 250
    max_quantity: int = 100


class BaseEvent(msgspec.Struct, frozen=True, tag_field="e"):
    """n: number in the log, from 0; t: ns since 1970 UTC."""

    n: int
    t: int

    @property
    def tag(self) -> str:
        """The value of the key "e", such as "join"."""
        return str(self.__struct_config__.tag)


class SessionStarted(BaseEvent, frozen=True, tag="session"):
    """The first event of a log. version: of the log's format; code: join code; seed: of every random number."""

    version: int
    id: str
    code: str
    seed: int
    config: Config


class ParticipantJoined(BaseEvent, frozen=True, tag="join", rename={"participant": "p"}):
    """cash (micro-units), shares: the endowment; bot: kind of bot, None for a person; group: of the experiment."""

    participant: str
    nick: str
    cash: int
    shares: int
    bot: str | None
    group: Group | None


class OrderAccepted(
    BaseEvent, frozen=True, tag="order", rename={"participant": "p", "client_id": "c", "sign": "s", "quantity": "q"}
):
    """client_id: the client's UUID; sign: 1 buys, -1 sells; quantity: shares."""

    participant: str
    client_id: str
    sign: int
    quantity: int


class BatchCleared(BaseEvent, frozen=True, tag="batch", rename={"number": "b", "position": "pos"}):
    """One batch; written only where there were orders. Money in micro-units, quantities in shares.

    number: of the batch, from 0; position: q before it; net: Q; price: the uniform price, rounded down; after:
    p(q + Q); cost: C(q + Q) - C(q); fills: (order number, change of cash, change of shares); rejects: (order number,
    reason); buys, sells: quantities that filled.
    """

    number: int
    position: int
    net: int
    price: int
    after: int
    cost: int
    dust: int
    fills: list[tuple[int, int, int]]
    rejects: list[tuple[int, str]]
    buys: int
    sells: int


class PhaseChanged(BaseEvent, frozen=True, tag="phase", omit_defaults=True):
    """paused: ns by which the end of the running round is put off after the server was away; 0 otherwise."""

    phase: Phase
    paused: int = 0


class NewsPublished(BaseEvent, frozen=True, tag="news"):
    """move: percent by which the price level moves, 0 for a headline only; after: the price then, micro-units."""

    text: str
    move: float
    after: int


class RoundChanged(BaseEvent, frozen=True, tag="round", rename={"number": "round"}):
    """number, of: from 1; seconds: time limit; fundamental: micro-units per share; preset: None | "ssw"; dividend:
    micro-units per share, at "begin" the fixed one, at "end" the one that is paid."""

    number: int
    of: int
    state: Literal["begin", "end"]
    seconds: int | None
    fundamental: int | None
    preset: str | None
    dividend: int | None


class DividendPaid(BaseEvent, frozen=True, tag="dividend", rename={"number": "round"}):
    """number: of the round; amount: micro-units per share; paid: micro-units in all. A short position pays it."""

    number: int
    amount: int
    paid: int


class BotsSet(BaseEvent, frozen=True, tag="bots"):
    """count: how many bots of this kind there are from now on. The joins and kicks that make it so follow."""

    kind: str
    count: int


class ExperimentSet(BaseEvent, frozen=True, tag="experiment"):
    """groups: by participant, empty when the experiment ends."""

    on: bool
    groups: dict[str, Group]


class ParticipantKicked(BaseEvent, frozen=True, tag="kick", rename={"participant": "p"}):
    participant: str


class IdleRemoved(BaseEvent, frozen=True, tag="clear", rename={"participants": "ps"}):
    """Participants who never sent an order and had no page open were removed, to make room."""

    participants: list[str]


class CodeChanged(BaseEvent, frozen=True, tag="code"):
    """code: for joining, from now on; required: whether newcomers need it."""

    code: str
    required: bool


class RoundUndone(BaseEvent, frozen=True, tag="undo", rename={"number": "round"}):
    """number: of the round; back: the state becomes that before event `back` (see `orderflow.herd.rules.state`)."""

    number: int
    back: int


class ClockSet(BaseEvent, frozen=True, tag="clock"):
    """The wall clock jumped, or the server came back after a while. since: the first `t` of this run of the server;
    before: the last one of the run before it; offset: ns that the wall clock is ahead of `t` from `since` on."""

    since: int
    before: int
    offset: int


class ParticipantRenamed(BaseEvent, frozen=True, tag="rename", rename={"participant": "p"}):
    participant: str
    nick: str


Event = (
    SessionStarted
    | ParticipantJoined
    | OrderAccepted
    | BatchCleared
    | PhaseChanged
    | NewsPublished
    | RoundChanged
    | DividendPaid
    | BotsSet
    | ExperimentSet
    | ParticipantKicked
    | IdleRemoved
    | CodeChanged
    | RoundUndone
    | ParticipantRenamed
    | ClockSet
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """The event as one line, with its newline. `decode` reads it, and `encode` of that gives the same bytes."""
    # msgspec writes the tag first; logs have n and t before it, which takes the same number of bytes
    head = b'{"n":%d,"t":%d,"e":"%s"' % (event.n, event.t, event.tag.encode())
    return head + _encoder.encode(event)[len(head) :] + b"\n"


def decode(line: bytes, number: int | None = None) -> Event:
    """The event of one line. number: of the line, from 1. Raises BadInput, naming it, if the line is not an event."""
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError as error:
        named = "not an event" if number is None else f"line {number} is not an event"
        raise BadInput(f"{named}: {error}") from error


def decode_log(data: bytes) -> Iterator[Event]:
    """The events of a whole log, in order. Raises BadInput naming the line (from 1) that is not an event."""
    return (decode(line, number) for number, line in enumerate(data.splitlines(), 1))
