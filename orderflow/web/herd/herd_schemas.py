"""JSON schemas of the herd game's requests and responses, for the OpenAPI document."""

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
        "nickname": {**maybe(WORD), "maxLength": 40, "description": "Shown on the big screen; optional."},
        "code": {**maybe(WORD), "maxLength": 40, "description": "The code on the big screen, if the game needs one."},
    },
)
OWN: dict[str, Schema] = {"participant": WORD, "cash": NUMBER, "shares": WHOLE, "wealth": NUMBER}
MORE: dict[str, Schema] = {"nick": WORD, "rank": maybe(COUNT), "of": maybe(COUNT), "start_wealth": NUMBER}
JOINED = record({**OWN, **MORE, "session": WORD}, doc="Your participant id, portfolio and rank.")
ORDER = record(
    {
        "client_id": {**ID, "description": "Made by the sender. An id trades once only."},
        "side": SIDE,
        "quantity": {"type": "integer", "minimum": 1},
    }
)
ORDER = {**ORDER, "examples": [{"client_id": "9f0c3c1e-6f3a-4b7e-9a55-0d6f2b8f4f11", "side": "buy", "quantity": 5}]}
STATUS: Schema = {"type": "string", "enum": ["accepted", "filled", "rejected"]}
ACCEPTED = record({"client_id": ID, "status": {"type": "string", "const": "accepted"}})
ORDER_STATE = record(
    {"client_id": ID, "status": STATUS, "side": SIDE, "quantity": COUNT},
    {
        "price": {**NUMBER, "description": "Price of the fill."},
        "reason": {**WORD, "description": "Why it was rejected."},
    },
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
    "`you` is null if you have not joined. `meter`: the buyers' share of the volume of the last seconds. "
    "`undone`: time ranges of rounds that the presenter has undone.",
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
            "idle": {**COUNT, "description": "Participants who never sent an order and have no page open."},
            "joined_1min": {**COUNT, "description": "How many joined in the last minute."},
            "joined_1min_address": {**COUNT, "description": "The most of them from one address."},
            "refused": {**COUNT, "description": "Refused requests and messages."},
            "refusals": {"type": "object", "additionalProperties": COUNT, "description": "Refusals by reason."},
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
                    *("clear", "code", "recover", "reset", "end"),
                ],
            }
        },
        {
            "text": {**WORD, "description": "news: the headline."},
            "move": {**NUMBER, "description": "news: change of the price in percent."},
            "rounds": {**COUNT, "description": "round: number of rounds."},
            "seconds": {**NUMBER, "description": "round: duration of a round."},
            "fundamental": {"description": "round: the fundamental value of a share."},
            "preset": {**maybe(WORD), "description": "round: ssw for the design of Smith, Suchanek and Williams."},
            "dividend": {"description": "round: dividend per share, paid at its end."},
            "stop": {**FLAG, "description": "round: end the rounds."},
            "kind": {**WORD, "description": "bots: zero, trend or fundamental."},
            "count": {**COUNT, "description": "bots: number of bots of the kind."},
            "on": {
                **FLAG,
                "description": "experiment: hide the crowd's meter from half of the phones. code: from now on joining "
                "needs a code, a new one.",
            },
            "participant": {**WORD, "description": "kick: the participant's id."},
        },
    ),
    "examples": [{"action": "news", "text": "The mine is empty", "move": -20}],
}
CONTROLLED = record({"phase": PHASE, "session": WORD, "version": COUNT})
ADDRESS = record({"url": WORD, "code": WORD, "session": WORD})
SESSION = record({"id": WORD, "started": ANYTHING, "ended": ANYTHING, "participants": COUNT, "orders": COUNT})
SESSIONS = record({"sessions": array({**SESSION, "additionalProperties": True})}, doc="Sessions, newest first.")
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
    doc="A session for replay. All lists but `events` have one entry for each moment of the price path.",
)
