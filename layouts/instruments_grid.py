"""The table of the instruments' page: dash-ag-grid with one page of rows, whose cells are texts that the server made.

`row` says what a row holds. The sparkline is the one cell that is drawn (`assets/instruments/grid.js`). Sorting,
searching and paging are the server's, so the grid's own are off. Its colours are the page's CSS variables, so that it
follows the theme by itself.
"""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash.development.base_component import Component

from layouts.instruments_text import arrow, direction, number, percent, price
from orderflow.instruments.board import Window, change, volatility
from orderflow.instruments.instrument import Instrument

ROW = 44
"""Height of a row in px: enough for a finger."""
HEIGHT = 90
"""Points of a sparkline are whole numbers from 0 (lowest price) to this."""
BASE = 35
"""Character of the point 0 in a sparkline's text: "#", then "$", ... A text is compared and copied as one
value, where a list would be walked through."""

THEME = """themeQuartz.withParams({
  backgroundColor: 'var(--of-paper)', foregroundColor: 'var(--of-text)', browserColorScheme: 'inherit',
  chromeBackgroundColor: 'var(--of-panel)', headerTextColor: 'var(--of-muted)', headerFontSize: 12,
  headerFontWeight: 550, borderColor: 'var(--of-line)', rowBorder: true, wrapperBorder: false, wrapperBorderRadius: 0,
  rowHoverColor: 'var(--of-panel)', selectedRowBackgroundColor: 'var(--of-panel)', accentColor: 'var(--of-accent)',
  fontFamily: 'inherit', fontSize: 13, cellHorizontalPadding: 12, headerHeight: 34
})"""

UP_OR_DOWN = {"ix-up": "params.data.dir > 0", "ix-down": "params.data.dir < 0"}

COLUMNS: list[dict[str, Any]] = [
    {"field": "place", "headerName": "#", "width": 64, "cellClass": "ix-place"},
    {"field": "id", "headerName": "Id", "minWidth": 96, "flex": 2, "cellClass": "ix-id"},
    {"field": "name", "headerName": "Name", "minWidth": 110, "flex": 3, "cellClass": "ix-name"},
    {"field": "model", "headerName": "Model", "minWidth": 120, "flex": 3, "cellClass": "ix-tag"},
    {
        "field": "spark",
        "headerName": "Last prices",
        "minWidth": 130,
        "flex": 5,
        "cellClass": "ix-spark",
        "cellClassRules": UP_OR_DOWN,
        "cellRenderer": "Sparkline",
    },
    {
        "field": "price",
        "headerName": "Price",
        "minWidth": 110,
        "flex": 3,
        "type": "rightAligned",
        "cellClass": ["ag-right-aligned-cell", "ix-price"],
    },
    {
        "field": "change",
        "headerName": "Change",
        "minWidth": 110,
        "flex": 3,
        "type": "rightAligned",
        "cellClass": ["ag-right-aligned-cell", "ix-change"],
        "cellClassRules": UP_OR_DOWN,
    },
    {
        "field": "sigma",
        "headerName": "Volatility",
        "headerTooltip": "Share by which the price moves in a minute",
        "minWidth": 136,
        "flex": 3,
        "type": "rightAligned",
        "cellClass": ["ag-right-aligned-cell", "ix-sigma"],
    },
    {
        "field": "mark",
        "headerName": "State",
        "minWidth": 90,
        "flex": 2,
        "cellClass": "ix-mark-cell",
        "tooltipField": "why",
        "cellClassRules": {"ix-halted": "params.value === 'Halted'", "ix-failed": "params.value === 'Failed'"},
    },
]


def grid() -> Component:
    """The table, empty: rows come with the first answer of the page's interval."""
    return dag.AgGrid(
        id="instruments-grid",
        className="ix-grid",
        style={"height": None, "width": "100%"},
        columnDefs=COLUMNS,
        rowData=[],
        getRowId="params.data.id",
        eventListeners={"rowDataUpdated": ["instrumentsArrived(params)"]},
        defaultColDef={
            "sortable": False,
            "resizable": False,
            "suppressMovable": True,
            "suppressHeaderMenuButton": True,
            "suppressKeyboardEvent": {"function": "instrumentsKeys(params)"},
        },
        dashGridOptions={
            "theme": {"function": THEME},
            "rowHeight": ROW,
            "animateRows": False,
            "rowBuffer": 2,  # rows out of sight that are drawn all the same
            "suppressColumnVirtualisation": True,
            "suppressHeaderFocus": True,
            "tooltipShowDelay": 400,
            "navigateToNextCell": {"function": "instrumentsNavigate(params)"},
            "tabToNextCell": {"function": "instrumentsTab(params)"},
            "suppressNoRowsOverlay": True,
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
        },
    )


def row(instrument: Instrument, shown: Window, place: int) -> dict[str, Any]:
    """One row. place: in the order of the whole list, from 1.

    spark: the window's prices from 0 to HEIGHT, a character each; base: the initial price on the same scale, None
    outside it; dir: 1 up, -1 down, 0 neither since the start; why: the reason of a failure or halt.
    """
    spec, share, sigma = instrument.spec, change(instrument), volatility(shown)
    spark, base = scaled(shown.prices, instrument.initial_price)
    mark, why = marked(instrument)
    return {
        "id": spec.id,
        "place": place,
        "name": "" if spec.name == spec.id else spec.name,
        "model": " · ".join(filter(None, (spec.model.upper(), "BOOK" if spec.book else "", spec.group))),
        "spark": "".join(chr(BASE + point) for point in spark),
        "base": base,
        "dir": direction(share),
        "price": price(instrument.shown),
        "change": f"{arrow(share)} {percent(share)}",
        "sigma": "" if sigma is None else f"σ {number(100 * sigma, 3 if sigma < 0.001 else 2)} % a minute",
        "mark": mark,
        "why": why,
    }


def marked(instrument: Instrument) -> tuple[str, str]:
    """(mark, why): "Failed" before "Halted"; both are empty while all is well."""
    if instrument.failure is not None:
        return "Failed", instrument.failure
    return ("Halted", "A scenario has halted the trading") if instrument.halted else ("", "")


def scaled(prices: list[float], initial: float) -> tuple[list[int], int | None]:
    """(points, base): prices and the initial price from 0 to HEIGHT. A flat line lies in the middle."""
    if not prices:
        return [], None
    low, high = min(prices), max(prices)
    least = max(high * 1e-4, 1e-9)
    if high - low < least:
        low = (high + low - least) / 2
        high = low + least
    factor = HEIGHT / (high - low)
    base = round((initial - low) * factor) if low < initial < high else None
    return [round((each - low) * factor) for each in prices], base
