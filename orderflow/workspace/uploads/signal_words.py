"""What people's words for a signal mean: BUY, sell, Long, HOLD, and entries and exits in TradingView's languages."""

from __future__ import annotations

from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.market.signal import BUY, NEUTRAL, SELL
from orderflow.workspace.uploads.styles import type_word

_PLAIN = {
    "buy": BUY, "b": BUY, "1": BUY, "bull": BUY, "bullish": BUY, "bid": BUY, "cover": BUY, "compra": BUY,
    "comprar": BUY, "kauf": BUY, "kaufen": BUY, "achat": BUY, "acheter": BUY, "al": BUY, "покупка": BUY, "买": BUY,
    "买入": BUY, "買": BUY, "買い": BUY, "매수": BUY, "sell": SELL, "s": SELL, "-1": SELL, "bear": SELL,
    "bearish": SELL, "ask": SELL, "venta": SELL, "vender": SELL, "venda": SELL, "verkauf": SELL, "verkaufen": SELL,
    "vente": SELL, "vendre": SELL, "sat": SELL, "продажа": SELL, "卖": SELL, "卖出": SELL, "賣": SELL, "売り": SELL,
    "매도": SELL, "hold": NEUTRAL, "flat": NEUTRAL, "neutral": NEUTRAL, "none": NEUTRAL, "wait": NEUTRAL, "0": NEUTRAL,
}  # fmt: skip
_EXIT = (
    "exit", "close", "ausstieg", "salida", "saída", "sortie", "uscita", "выход", "çıkış", "出场", "出場", "決済",
    "청산", "wyjście",
)  # fmt: skip
_LONG = ("long", "larg", "lung", "comprad", "kauf", "длин", "uzun", "多头", "多頭", "ロング", "매수", "buy")
_SHORT = (
    "short", "corto", "corta", "court", "curta", "vendid", "verkauf", "корот", "kısa", "空头", "空頭", "ショート",
    "매도", "sell",
)  # fmt: skip
NAMES = {BUY: "buy", SELL: "sell", NEUTRAL: "hold"}


def side_of(text: str) -> tuple[int, str] | None:
    """The side and the type of a word; None if it says nothing about a side.

    An exit trades against its position: leaving a long one is a sell.
    """
    word = " ".join(text.casefold().split())
    if word in _PLAIN:
        return _PLAIN[word], NAMES[_PLAIN[word]]
    side = SELL if any(each in word for each in _SHORT) else BUY if any(each in word for each in _LONG) else NEUTRAL
    leaves = any(each in word for each in _EXIT)
    if not side:
        return (NEUTRAL, "exit") if leaves else None
    if word in _LONG or word in _SHORT:
        return side, NAMES[side]
    return (-side if leaves else side), f"{'exit' if leaves else 'entry'} {'long' if side == BUY else 'short'}"


def type_and_side(kind: str, side: str) -> tuple[int, str]:
    """The side and the type of a row from its two columns, of which one may be empty. Raises ParseError."""
    found = side_of(kind)
    if found is None and side:
        found = side_of(side)
        if found is not None and kind:
            return found[0], type_word(kind)
    if found is not None:
        return found
    word = type_word(kind or side)
    if not word:
        raise ParseError("is missing")
    return NEUTRAL, word
