"""JSON schemas of the herd game's calls, for the OpenAPI document."""

from __future__ import annotations

from orderflow.web.kit.schemas import COUNT, FLAG, NUMBER, WHOLE, WORD, Schema, array, maybe, record

ID: Schema = {"type": "string", "format": "uuid"}
PHASE: Schema = {"type": "string", "enum": ["lobby", "open", "frozen", "ended"]}
SIDE: Schema = {"type": "string", "enum": ["buy", "sell"]}
MS: Schema = {"type": "integer", "description": "ms since 1970 UTC."}
ANYTHING: Schema = {}

JOIN = record(
    {},
    {
        "nickname": {**maybe(WORD), "maxLength": 40, "description": "Shown on the big screen; may be left out."},
        "code": {**maybe(WORD), "maxLength": 40, "description": "The code on the big screen, where one is required."},
    },
)
OWN: dict[str, Schema] = {"participant": WORD, "cash": NUMBER, "shares": WHOLE, "wealth": NUMBER}
MORE: dict[str, Schema] = {"nick": WORD, "rank": maybe(COUNT), "of": maybe(COUNT), "start_wealth": NUMBER}
JOINED = record({**OWN, **MORE, "session": WORD}, doc="Who you are, what you own, and your place.")
ORDER = record(
    {
        "client_id": {**ID, "description": "Made by the sender: the same one never trades twice."},
        "side": SIDE,
        "quantity": {"type": "integer", "minimum": 1},
    }
)
ORDER = {**ORDER, "examples": [{"client_id": "9f0c3c1e-6f3a-4b7e-9a55-0d6f2b8f4f11", "side": "buy", "quantity": 5}]}
STATUS: Schema = {"type": "string", "enum": ["accepted", "filled", "rejected"]}
ACCEPTED = record({"client_id": ID, "status": {"type": "string", "const": "accepted"}})
ORDER_STATE = record(
    {"client_id": ID, "status": STATUS, "side": SIDE, "quantity": COUNT},
    {"price": {**NUMBER, "description": "Of the fill."}, "reason": {**WORD, "description": "Why it was rejected."}},
)
STATE = record(
    {
        "version": COUNT,
        "phase": PHASE,
        "price": NUMBER,
        "time": MS,
        "start": NUMBER,
        "session": WORD,
        "round": {"type": ["object", "null"]},
        "news": {"type": ["object", "null"]},
        "n": COUNT,
        "you": {**record({**OWN, **MORE}), "type": ["object", "null"]},
    },
    {"meter": maybe(NUMBER), "undone": array(array(MS))},
    "`you` is null for those who have not joined. `meter`: the buyers' share of what was traded in the last seconds. "
    "`undone`: from when to when the presenter has taken rounds back.",
)
STATS: Schema = {
    **record(
        {
            "connected": COUNT,
            "participants": COUNT,
            "active": COUNT,
            "trades": COUNT,
            "net_position": WHOLE,
            "max_shares": maybe(WHOLE),
            "min_cash": maybe(NUMBER),
            "max_cash": maybe(NUMBER),
            "refused": {**COUNT, "description": "Calls and messages that were refused."},
            "refusals": {"type": "object", "additionalProperties": COUNT, "description": "The same by reason."},
        }
    ),
    "additionalProperties": True,
}
CONTROL: Schema = {
    **record(
        {
            "action": {
                "type": "string",
                "enum": [
                    *("start", "lobby", "freeze", "resume", "news", "round", "bots", "experiment", "undo", "kick"),
                    *("reset", "end"),
                ],
            }
        },
        {
            "text": {**WORD, "description": "news: the headline."},
            "move": {**NUMBER, "description": "news: percent by which the price moves."},
            "rounds": {**COUNT, "description": "round: how many."},
            "seconds": {**NUMBER, "description": "round: how long one takes."},
            "fundamental": {"description": "round: the fundamental value of a share."},
            "preset": {**maybe(WORD), "description": "round: ssw for the design of Smith, Suchanek and Williams."},
            "dividend": {"description": "round: paid per share at its end."},
            "stop": {**FLAG, "description": "round: end the rounds."},
            "kind": {**WORD, "description": "bots: zero, trend or fundamental."},
            "count": {**COUNT, "description": "bots: how many there shall be of the kind."},
            "on": {**FLAG, "description": "experiment: whether half of the phones do not see the crowd's meter."},
            "participant": {**WORD, "description": "kick: who."},
        },
    ),
    "examples": [{"action": "news", "text": "The mine is empty", "move": -20}],
}
CONTROLLED = record({"phase": PHASE, "session": WORD, "version": COUNT})
ADDRESS = record({"url": WORD, "code": WORD, "session": WORD})
SESSION = record({"id": WORD, "started": ANYTHING, "ended": ANYTHING, "participants": COUNT, "orders": COUNT})
SESSIONS = record({"sessions": array({**SESSION, "additionalProperties": True})}, doc="The newest first.")
FRAMES = record(
    {
        "session": WORD,
        "start": NUMBER,
        "t": array(MS),
        "price": array(NUMBER),
        "buys": array(COUNT),
        "sells": array(COUNT),
        "events": array(record({"t": MS, "kind": WORD, "text": WORD})),
        "fundamental": {"type": ["array", "null"], "items": maybe(NUMBER)},
    },
    doc="A session as the big screen replays it: one entry of each list for every moment at which the price was made.",
)
