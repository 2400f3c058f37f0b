"""The automatic row sizes in force as text, which is stored with the ticks, so that a restart keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress

from orderflow.errors import OrderflowError
from orderflow.market.row_size import RowSize
from orderflow.market.symbol import SymbolState
from orderflow.market.tape import Lock
from orderflow.market.tick_log import TickLog

NAME = "row_sizes"
"""Of the stored value."""


def packed(symbols: Mapping[str, SymbolState], without: str | None = None) -> bytes | None:
    """The row sizes of symbols whose ticks are stored, but for one of them; None if there are none."""
    states = [state for name, state in symbols.items() if name != without and not state.simulated]
    found = {state.tape.symbol: _packed(state) for state in states if state.row_sizes}
    return json.dumps(found).encode() if found else None


def store(log: TickLog, symbols: Mapping[str, SymbolState], lock: Lock) -> bool:
    """Store the row sizes in force, if the log can be written. Returns False: there is no more to do."""

    def sizes(old: bytes | None) -> bytes | None:
        with lock:
            return packed(symbols)

    with suppress(OrderflowError):
        log.update_meta(NAME, sizes)
    return False


def restore(stored: bytes | None, states: Iterable[SymbolState]) -> None:
    """Put stored row sizes in force again; not those of another tick size or session, and none from damaged text."""
    try:
        found = json.loads(stored or b"{}")
        for state in states:
            each = found.get(state.tape.symbol, {})
            if each.get("basis") == _basis(state):
                for frame, (rows, until, bars) in each["sizes"].items():
                    state.row_sizes[frame] = RowSize(int(rows), int(until), int(bars), state.tape.revision)
    except (ValueError, TypeError, AttributeError, KeyError):
        return


def _packed(state: SymbolState) -> dict[str, object]:
    sizes = {frame: [size.rows, size.until, size.bars] for frame, size in list(state.row_sizes.items())}
    return {"basis": _basis(state), "sizes": sizes}


def _basis(state: SymbolState) -> list[str]:
    return [state.tape.grid.tick_text, state.tape.session.label]
