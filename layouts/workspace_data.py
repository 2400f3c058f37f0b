"""What the workspace's dialog says when a file is stored or refused, and the list of one's own data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import ONCE, aria, data
from layouts.workspace_preview import KINDS, counted, errors_view, moment, size_text, span_text
from orderflow.market.kline_columns import KLINE_BYTES
from orderflow.workspace.uploads.library import ALL_SIGNALS

Row = Mapping[str, Any]
NOTHING = "You have no data of your own yet: upload a file, or drop it on the page."
HEADS = ("Name", "What", "Rows", "Size", "From", "To", "File", "")
THINGS = {"ohlcv": "candle", "signals": "signal"}


def data_id(action: str, row: Row, place: str = "list") -> dict[str, str]:
    """The id of a button for a set of data. action: show, undo, delete, sure or keep. place: "list" or "done"."""
    names = {"kind": row["kind"], "name": row["name"], "frame": row["timeframe"]}
    return {"type": f"ws-own-{action}", "place": place, **names}


def stored_view(row: Row, errors: Sequence[Row]) -> list[Component]:
    """What was stored of a file, in words. row: as POST /data/upload answers. errors: the refused rows."""
    frame = f" ({row['timeframe']})" if row["timeframe"] else ""
    what = counted(row["rows"], THINGS[row["kind"]])
    total = f" There are {row['total']:,} now." if row["total"] != row["rows"] else ""
    span = f", {span_text(row['first'], row['last'])}" if row["first"] is not None else ""
    notes = [html.Li(f"{note[:1].upper()}{note[1:]}.") for note in row["notes"]]
    return [
        html.H3(f"{what} stored as “{row['name']}”{frame}{span}.{total}"),
        *([html.Ul(notes, className="ws-up-note")] * bool(notes)),
        *refused_view(row["refused"], errors, row["report"]),
        html.Div(
            [
                dmc.Button("Show on the chart", id=data_id("show", row, "done"), size="sm", **{"data-autofocus": True}),
                dmc.Button("Undo", id=data_id("undo", row, "done"), size="sm", variant="default", **ONCE),
                dmc.Button("Another file", id={"type": "ws-up-next", "n": 0}, size="sm", variant="default"),
            ],
            className="ws-up-row",
        ),
        html.P(id="ws-up-undone", className="ws-up-note", role="status"),
    ]


def refused_view(count: int, errors: Sequence[Row], report: str | None) -> list[Component]:
    """How many rows were left out, the first of them, and all of them as a file."""
    if not count:
        return []
    link = [html.A("Download the list (CSV)", href=report, className="ws-link", download="refused-rows.csv")]
    return [html.P(f"{counted(count, 'row')} left out:"), errors_view(errors, count), *(link if report else [])]


def refused_note(why: str, report: str | None) -> list[Component | str]:
    """Why nothing was stored, with all refused rows as a file."""
    link = html.A("Download the list (CSV)", href=report, className="ws-link", download="refused-rows.csv")
    return [why, " ", link] if report else [why]


def ticks_view(row: Row) -> list[Component]:
    """What was taken of a file of ticks."""
    symbols = ", ".join(row["symbols"])
    first = row["symbols"][0] if row["symbols"] else ""
    again = f" {counted(row['duplicates'], 'tick')} were there already." if row["duplicates"] else ""
    return [
        html.H3(f"{counted(row['accepted'], 'tick')} of {symbols or 'no symbol'} stored.{again}"),
        *refused_view(row["refused"], row["errors"], row["report"]),
        html.Div(
            [
                html.A("Open in the chart", href=f"/chart/?symbol={quote(first, safe='')}", className="ws-button"),
                dmc.Button("Another file", id={"type": "ws-up-next", "n": 0}, size="sm", variant="default"),
            ],
            className="ws-up-row",
        ),
        html.P("Ticks belong to the market that everybody sees here; they are no one's own data.",
               className="ws-up-note"),
    ]  # fmt: skip


def data_list(rows: Sequence[Row], most: int, asked: Mapping[str, Any] | None) -> list[Component]:
    """All of a user's data. most: candles. asked: the id of the row whose deletion is to be confirmed."""
    if not rows:
        return [html.P(NOTHING, className="ws-up-note")]
    return [
        html.Div(
            html.Table(
                [
                    html.Thead(html.Tr([html.Th(head, scope="col") for head in HEADS])),
                    html.Tbody([_row(row, asked) for row in rows]),
                ],
                className="ws-up-table",
            ),
            className="ws-up-scroll",
            tabIndex=0,
        ),
        html.P(f"{quota_text(rows, most)} The size is that of the rows as numbers and texts, without what an undo "
               "keeps; the file's name is that of the last upload.", className="ws-up-note"),
    ]  # fmt: skip


def quota_text(rows: Sequence[Row], most: int) -> str:
    """What a user's data take up of what they may. most: candles."""
    (candles, size), (signals, texts) = (
        [sum(row[name] for row in rows if row["kind"] == kind) for name in ("rows", "bytes")] for kind in THINGS
    )
    return (
        f"You have {candles:,} of the {most:,} candles that you may have ({size_text(size)} of "
        f"{size_text(most * KLINE_BYTES)}), and {signals:,} of {ALL_SIGNALS:,} signals ({size_text(texts)})."
    )


def _row(row: Row, asked: Mapping[str, Any] | None) -> Component:
    what = f"{KINDS[row['kind']]} {row['timeframe']}".strip()
    first, last = (moment(row[name]) if row[name] is not None else "" for name in ("first", "last"))
    sure = asked is not None and {**asked, "type": ""} == {**data_id("delete", row), "type": ""}
    cells = [row["name"], what, f"{row['rows']:,}", size_text(row["bytes"]), first, last, row["source"]]
    named = [html.Td(cell, **data(head=head)) for head, cell in zip(HEADS[1:], cells[1:], strict=False)]
    return html.Tr([html.Td(cells[0]), *named, html.Td(_sure(row) if sure else _actions(row))])


def _actions(row: Row) -> Component:
    base = f"/data/custom/{quote(row['name'], safe='')}/{row['kind']}"
    frame = f"timeframe={quote(row['timeframe'], safe='')}&" if row["timeframe"] else ""
    files = [
        html.A(
            label, href=f"{base}?{frame}format={kind}", className="ws-link", **aria(label=f"{row['name']} as {label}")
        )
        for kind, label in (("csv", "CSV"), ("feather", "Feather"))
    ]
    undo = [_button("Undo", "undo", row)] if row["undo"] else []
    show = [_button("Show", "show", row)]
    return html.Div([*show, *files, *undo, _button("Delete", "delete", row)], className="ws-up-actions")


def _sure(row: Row) -> Component:
    buttons = [_button("Delete for good", "sure", row, color="red"), _button("Keep", "keep", row)]
    return html.Div(buttons, className="ws-up-actions")


def _button(words: str, action: str, row: Row, **more: Any) -> Component:
    return dmc.Button(
        words, id=data_id(action, row), size="compact-xs", variant="default" if not more else "filled",
        **aria(label=f"{words}: {row['name']}"), **ONCE, **more,
    )  # fmt: skip


def undone_text(row: Row | None, name: str) -> str:
    """What an undo has done. row: what is there now, None for nothing."""
    if row is None:
        return f"“{name}” is gone again: nothing was there before it."
    return f"Undone: “{name}” has the {counted(row['rows'], 'row')} of before. Undo once more takes that back."
