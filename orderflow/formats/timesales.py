"""Time and sales as the source order-flow system reads them: `Timestamp;Precio;Volumen;Lado;Bid;Ask`.

Layout: the source system's README and data (`;`, decimal comma, times with milliseconds and without a zone). `Lado`
says where the trade was done: at the ASK the buyer was the aggressor, at the BID the seller. Without `Lado` the quotes
decide. Single letters are rejected: B could be bid or buy.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import SIDE_WORDS

FORMAT = Format(
    name="timesales",
    title="time and sales, Timestamp;Precio;Volumen;Lado;Bid;Ask",
    needs=("timestamp", "precio", "volumen"),
    roles={
        Role.TIME: ("timestamp",),
        Role.PRICE: ("precio",),
        Role.SIZE: ("volumen",),
        Role.SIDE: ("lado",),
        Role.BID: ("bid",),
        Role.ASK: ("ask",),
        Role.ID: ("id", "tradeid"),
        Role.SYMBOL: ("symbol",),
    },
    side_words=SIDE_WORDS,
)
