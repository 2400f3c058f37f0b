"""What the workspace's dialog shows of a file before it is stored: how it is read, its rows, and the columns' roles."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layouts.shell import aria
from orderflow.market.signal import BUY, SELL

KINDS = {"ohlcv": "Candles", "signals": "Signals", "ticks": "Ticks"}
UNUSED = "none"
"""The role of a column that is left out."""
MOST_COLUMNS = 60
MOST_ERRORS = 8
ROLES = {
    "time": "Time", "clock": "Time of day", "open": "Open", "high": "High", "low": "Low", "close": "Close",
    "volume": "Volume", "ticks": "Tick volume", "trades": "Number of trades", "taker": "Takers' buy volume",
    "type": "Type", "side": "Side", "price": "Price", "label": "Label", "color": "Colour", "icon": "Icon",
    "stop": "Stop", "target": "Target", "trade": "Number of the trade", "entry_time": "Entry time",
    "exit_time": "Exit time", "entry_price": "Entry price", "exit_price": "Exit price", "direction": "Direction",
    "short": "Is short", "size": "Size", "entry_label": "Entry label", "exit_label": "Exit label",
}  # fmt: skip
READ_AS = {
    "ohlcv": ("open", "high", "low", "close", "volume"),
    "signals": ("type", "side", "price", "label", "color", "icon", "stop", "target"),
}
MINUTE, DAY = 60_000, 86_400_000

Found = Mapping[str, Any]


def map_id(index: int) -> dict[str, Any]:
    """The id of the list with the role of a column."""
    return {"type": "ws-map", "index": index}


def facts_view(found: Found) -> list[Component]:
    """How a file is read, in words."""
    facts = [f"{found['filename']} · {size_text(found['size'])}"]
    if "rows" in found:
        facts.append(counted(found["rows"], "row"))
    if found.get("first") is not None:
        facts.append(span_text(found["first"], found["last"]))
    if found.get("taken") and found.get("timeframe"):
        facts.append(f"time frame {found['timeframe']}")
    if found.get("order") == "newest first":
        facts.append("newest first: turned round")
    if found.get("unit") and found.get("rows"):
        facts.append(f"times: {found['unit']}{zone_text(found)}")
    if found.get("format"):
        facts.append(f"format {found['format']}")
    notes = [html.Li(f"{note[:1].upper()}{note[1:]}.") for note in found.get("notes", ())]
    return [
        html.P(" · ".join(facts), className="ws-up-facts"),
        *([html.Ul(notes, className="ws-up-note")] * bool(notes)),
    ]


def zone_text(found: Found) -> str:
    """The zone that times are taken in, where they have none."""
    return f", taken as {found.get('zone') or 'UTC'}" if "without" in found["unit"] else ""


def problem_view(found: Found) -> list[Component]:
    """Why a file cannot be read yet, or which rows are refused."""
    if found.get("problem"):
        note = HELP_TICKS if found["kind"] == "ticks" else HELP
        return [html.P(f"{found['problem'][:1].upper()}{found['problem'][1:]}."), html.P(note, className="ws-up-note")]
    if not found.get("refused"):
        return []
    head = f"{counted(found['refused'], 'row')} of {found['rows']:,} cannot be stored:"
    return [html.P(head), errors_view(found["errors"], found["refused"])]


HELP = "Choose below which column is which, or say how the file is read; the rows are shown as they are."
NO_ROWS = "The rows of such a file cannot be shown here. They are checked before any of them is taken."
HELP_TICKS = "Say above how the file is read, or drop it on the chart, where you choose which column is which."


def errors_view(errors: Sequence[Found], total: int) -> Component:
    """The first refused rows. errors: with line, column and reason."""
    rows = [
        html.Li(f"Line {each['line']:,}{', ' + str(each['column']) if each['column'] else ''}: {each['reason']}")
        for each in errors[:MOST_ERRORS]
    ]
    if total > len(rows):
        rows.append(html.Li(f"and {total - len(rows):,} more"))
    return html.Ul(rows)


def preview_view(found: Found, mapping: Sequence[str]) -> Component:
    """The file's rows under their roles, and beside them the rows as they are read. mapping: role of each column."""
    if not found["raw"] and not found["header"]:
        return html.P(NO_ROWS, id="ws-up-views", className="ws-up-note")
    tabs = [("raw", "The file", file_table(found, mapping))]
    if found.get("taken"):
        tabs.append(("taken", "As it is read", taken_table(found)))
    return dmc.Tabs(
        [
            dmc.TabsList([dmc.TabsTab(words, value=name) for name, words, _ in tabs]),
            *(
                dmc.TabsPanel(html.Div(table, className="ws-up-scroll", tabIndex=0), value=name)
                for name, _, table in tabs
            ),
        ],
        id="ws-up-views",
        value="raw",
    )


def file_table(found: Found, mapping: Sequence[str]) -> Component:
    """The rows as they are, with a list of roles over each column where the kind has any."""
    rows, header = found["raw"], found["header"]
    width = min(MOST_COLUMNS, max([len(header), *map(len, rows)]))
    names = [header[index] if index < len(header) else "" for index in range(width)]
    choices = [{"value": UNUSED, "label": "not used"}] + [
        {"value": role, "label": ROLES.get(role, role)} for role in found.get("roles", ())
    ]
    heads = [html.Th(_head(index, name, mapping, choices), scope="col") for index, name in enumerate(names)]
    body = [html.Tr([html.Td(row[index] if index < len(row) else "") for index in range(width)]) for row in rows]
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="ws-up-table")


def _head(index: int, name: str, mapping: Sequence[str], choices: list[dict[str, str]]) -> list[Component]:
    words = name or f"Column {index + 1}"
    title = html.Span(words, className="ws-up-column")
    if len(choices) < 2:
        return [title]
    role = mapping[index] if index < len(mapping) else UNUSED
    return [
        title,
        dmc.Select(
            id=map_id(index), data=choices, value=role, size="xs", allowDeselect=False, className="ws-up-role",
            comboboxProps={"zIndex": 310, "width": 180}, **aria(label=f"What the column {words} is"),
        ),
    ]  # fmt: skip


def taken_table(found: Found) -> Component:
    """The first rows as they would be stored."""
    names = READ_AS[found["kind"]]
    heads = [html.Th("Time (UTC)", scope="col"), *(html.Th(ROLES[name], scope="col") for name in names)]
    body = [
        html.Tr([html.Td(moment(row["time"], seconds=True)), *(html.Td(_cell(name, row.get(name))) for name in names)])
        for row in found["taken"]
    ]
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="ws-up-table")


def _cell(name: str, value: Any) -> str:
    if name == "side":
        return {BUY: "buy", SELL: "sell"}.get(value, "")
    return "" if value is None else str(value)


def moment(ms: int, *, seconds: bool = False) -> str:
    """A time in UTC: to the day where it is midnight, else to the minute, or to what `seconds` needs."""
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    if seconds:
        return time.isoformat(" ", "milliseconds" if ms % 1000 else "seconds")
    return time.isoformat(" ", "minutes") if ms % DAY else time.date().isoformat()


def span_text(first: int, last: int) -> str:
    """From a time to another (ms UTC): both to the day, or both to the minute, the day once if it is the same."""
    times = [datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms) for ms in (first, last)]
    if not (first % DAY or last % DAY):
        return f"{times[0].date()} to {times[1].date()} UTC"
    end = f"{times[1]:%H:%M}" if first // DAY == last // DAY else f"{times[1]:%Y-%m-%d %H:%M}"
    return f"{times[0]:%Y-%m-%d %H:%M} to {end} UTC"


def counted(number: int, word: str) -> str:
    """A number with its word: "1 row", "2 rows"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def size_text(size: int) -> str:
    """Bytes in words."""
    return (
        f"{size / 2**20:,.1f} MiB"
        if size >= 2**20
        else f"{size / 2**10:,.1f} KiB"
        if size >= 2**10
        else f"{size} bytes"
    )
