"""Settings of the herd game: `[herd]` in orderflow.toml, `ORDERFLOW_HERD_…` in the environment."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.settings import parsers
from orderflow.settings.declare import setting


@dataclass(frozen=True)
class HerdSettings:
    """The market of the herd game and its limits."""

    price: float = setting(100.0, parsers.number(0.01, 1e6), "0.01 to 1,000,000", "The price at the beginning.")
    curve: str = setting(
        "exponential", parsers.word("exponential", "linear"), "exponential or linear", "The cost function."
    )
    impact: float = setting(
        0.001, parsers.number(1e-7, 1.0), "1e-7 to 1", "How far one share moves the price (k, or lambda)."
    )
    cash: float = setting(5000.0, parsers.number(0.0, 1e9), "0 to 1e9", "Cash that each participant begins with.")
    shares: int = setting(
        50, parsers.integer(0, 1_000_000), "0 to 1,000,000", "Shares that each participant begins with."
    )
    short: int = setting(
        0, parsers.integer(0, 1_000_000), "0 to 1,000,000", "Largest short position (0: no short selling)."
    )
    batch_ms: int = setting(250, parsers.integer(50, 10_000), "50 to 10,000", "Milliseconds of one batch of orders.")
    max_quantity: int = setting(100, parsers.integer(1, 1_000_000), "1 to 1,000,000", "Largest quantity of one order.")
    rate: float = setting(
        4.0, parsers.number(0.1, 1000.0), "0.1 to 1,000", "Orders a second of one participant, on average."
    )
    max_participants: int = setting(5000, parsers.integer(1, 100_000), "1 to 100,000", "Participants at most.")
    code_required: bool = setting(
        False, parsers.boolean, "true or false", "Joining needs the code shown on the screen."
    )
