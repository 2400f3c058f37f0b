"""The vocabulary of a session's log: one JSON object a line. The log is the session; everything else is derived.

Every event begins with "n" (its place, from 0), "t" (ns since 1970 UTC, never falling) and "e" (its kind). Money is in
whole micro-units (10^-6 of the currency). An order is known by the "n" of its event.

    session     version, id, code, seed, config {price, impact (text), curve, cash, shares, short, batch_ms,
                max_quantity}
    join        p ("p1", "p2", … in order), nick, cash, shares, bot (null | kind of bot), group (null | "see" | "blind")
    order       p, c (UUID), s (1 | -1), q
    batch       b (0, 1, …), pos (q before), net (Q), price (uniform, rounded down), after (p(q + Q)),
                cost (C(q + Q) - C(q)), dust, fills [[order n, change of cash, change of shares]], rejects [[order n,
                reason]], buys, sells (quantities that filled). Only where there were orders.
    phase       phase ("lobby" | "open" | "frozen" | "ended"), paused (ns by which a round's clock is put off; only
                where the server came back in the middle of one)
    news        text, move (percent; 0: a headline only), after (price)
    round       round, of, state ("begin" | "end"), seconds | null, fundamental | null, preset (null | "ssw"),
                dividend (per share; the fixed one at "begin", the one paid at "end") | null
    dividend    round, amount (per share), paid (in all). Who is short pays it.
    bots        kind, count (how many there shall be; the joins and kicks that make it so follow)
    experiment  on, groups {p: "see" | "blind"}
    kick        p
    undo        round, back (the state becomes that before event `back`; see `state`)
    rename      p, nick

The functions make the part behind "n" and "t". `encode` writes what `decode` reads, byte for byte the same again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import msgspec

from orderflow.errors import BadInput

VERSION = 1

Event = dict[str, Any]
"""One decoded line."""

Phase = Literal["lobby", "open", "frozen", "ended"]
Group = Literal["see", "blind"]

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


@dataclass(frozen=True, slots=True)
class Config:
    """The rules of one session. price: p0 in micro-units; impact: k as decimal text; curve: "exponential" | "linear";
    cash (micro-units), shares: what everybody starts with; short: largest short position, 0 = none; batch_ms;
    max_quantity: of one order."""

    price: int = 100_000_000
    impact: str = "0.001"
    curve: str = "exponential"
    cash: int = 5_000_000_000
    shares: int = 50
    short: int = 0
    batch_ms: int = 250
    max_quantity: int = 100


def encode(event: Event) -> bytes:
    """One line, with its newline."""
    return _encoder.encode(event) + b"\n"


def decode(line: bytes) -> Event:
    """The event of one line. Raises BadInput for what is none."""
    try:
        event = _decoder.decode(line)
    except msgspec.DecodeError as error:
        raise BadInput(f"no event: {error}") from error
    if not (isinstance(event.get("n"), int) and isinstance(event.get("t"), int) and isinstance(event.get("e"), str)):
        raise BadInput("no event: n, t or e is missing")
    return event


def session(id: str, code: str, seed: int, config: Config) -> Event:
    return {"e": "session", "version": VERSION, "id": id, "code": code, "seed": seed, "config": asdict(config)}


def join(p: str, nick: str, cash: int, shares: int, bot: str | None, group: str | None) -> Event:
    return {"e": "join", "p": p, "nick": nick, "cash": cash, "shares": shares, "bot": bot, "group": group}


def order(p: str, client_id: str, sign: int, quantity: int) -> Event:
    return {"e": "order", "p": p, "c": client_id, "s": sign, "q": quantity}


def batch(
    b: int,
    position: int,
    net: int,
    price: int,
    after: int,
    cost: int,
    dust: int,
    fills: Sequence[tuple[int, int, int]],
    rejects: Sequence[tuple[int, str]],
    buys: int,
    sells: int,
) -> Event:
    return {
        "e": "batch",
        "b": b,
        "pos": position,
        "net": net,
        "price": price,
        "after": after,
        "cost": cost,
        "dust": dust,
        "fills": fills,
        "rejects": rejects,
        "buys": buys,
        "sells": sells,
    }


def phase(name: Phase, paused: int = 0) -> Event:
    return {"e": "phase", "phase": name, **({"paused": paused} if paused else {})}


def news(text: str, move: float, after: int) -> Event:
    return {"e": "news", "text": text, "move": move, "after": after}


def round_(
    number: int,
    of: int,
    state: Literal["begin", "end"],
    seconds: int | None,
    fundamental: int | None,
    preset: str | None,
    dividend: int | None,
) -> Event:
    return {
        "e": "round",
        "round": number,
        "of": of,
        "state": state,
        "seconds": seconds,
        "fundamental": fundamental,
        "preset": preset,
        "dividend": dividend,
    }


def dividend(number: int, amount: int, paid: int) -> Event:
    return {"e": "dividend", "round": number, "amount": amount, "paid": paid}


def bots(kind: str, count: int) -> Event:
    return {"e": "bots", "kind": kind, "count": count}


def experiment(on: bool, groups: Mapping[str, str]) -> Event:
    return {"e": "experiment", "on": on, "groups": dict(groups)}


def kick(p: str) -> Event:
    return {"e": "kick", "p": p}


def undo(number: int, back: int) -> Event:
    return {"e": "undo", "round": number, "back": back}


def rename(p: str, nick: str) -> Event:
    return {"e": "rename", "p": p, "nick": nick}
