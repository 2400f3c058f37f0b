"""Colours of static figures. A test checks that they equal the page's (`assets/kit/plot/canvas.js`)."""

from __future__ import annotations

from dataclasses import dataclass

from orderflow.errors import BadInput


@dataclass(frozen=True, slots=True)
class Palette:
    """Hex colours. buy and sell can be distinguished with colour-vision deficiencies."""

    paper: str
    grid: str
    strong: str
    text: str
    cell: str
    muted: str
    poc: str
    vwap: str
    volume: str
    buy: str
    sell: str


DARK = Palette(
    paper="#0c1017",
    grid="#1a212d",
    strong="#2c3646",
    text="#dbe3ee",
    cell="#dfe6ef",
    muted="#8592a6",
    poc="#f8fafc",
    vwap="#c79bff",
    volume="#7d8fd1",
    buy="#3d9bff",
    sell="#ff8f3a",
)
LIGHT = Palette(
    paper="#ffffff",
    grid="#eceff4",
    strong="#cdd5e0",
    text="#1b2533",
    cell="#1b2533",
    muted="#5d6b7e",
    poc="#0f172a",
    vwap="#7c3aed",
    volume="#5b6dc4",
    buy="#1273de",
    sell="#e06510",
)
FONT = 'Inter, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


def palette(theme: str) -> Palette:
    """The colours of "dark" or "light". Raises BadInput for another name."""
    if theme not in ("dark", "light"):
        raise BadInput(f"theme {theme!r} is not known; use 'dark' or 'light'")
    return DARK if theme == "dark" else LIGHT


def blend(over: str, under: str, share: float) -> str:
    """`over` on top of `under` with opacity `share`, as rgb(). Needed because a colour scale cannot be translucent."""
    parts = [(int(over[i : i + 2], 16), int(under[i : i + 2], 16)) for i in (1, 3, 5)]
    mixed = [round(a * share + b * (1 - share)) for a, b in parts]
    return f"rgb({mixed[0]},{mixed[1]},{mixed[2]})"
