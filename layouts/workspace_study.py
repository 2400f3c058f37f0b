"""The workspace's dialog about signals: what prices did after them, as a table and three figures."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layouts.figures.signals import distribution_figure, each_of, excursions_figure, returns_figure
from layouts.shell import aria
from orderflow.workspace.signals.report import horizon_name, summary_rows
from orderflow.workspace.signals.study import Study

HEADS = ("Horizon", "Signals", "Mean return", "Median", "Hit rate", "Worst, mean", "Best, mean", "Random entries", "p",
         "Overlap")  # fmt: skip
RULE = (
    "The entry is the first price after a signal, the exit the last price within the horizon; a sell gains when the "
    "price falls. Intervals are of a block bootstrap. Random entries: 1,000 sets (200 to 999 with more than 20,000 "
    "signals) of the same number, sides and hours of the day; p is the share of them that is at least as good. Worst "
    "and best are the means of how far prices went against a signal and for it (MAE, MFE). Costs are not counted."
)
PRICES = (("candles", "Candles shown"), ("ticks", "Ticks"))
GRAPHS = {"returns": "Mean return by horizon", "distribution": "Returns", "excursions": "Worst and best"}


def study_button(id_: Any) -> Component:
    """Opens the dialog; hidden until a chart has signals."""
    words = aria(label="What prices did after signals")
    return html.Span(
        dmc.Button("Study", variant="default", size="compact-xs", id=id_, **words),
        id={**id_, "type": "ws-study-of"},
        hidden=True,
    )  # fmt: skip


def study_dialog() -> list[Component]:
    """The dialog, closed, and its stores."""
    return [
        dmc.Modal(
            id="ws-study",
            title="What prices did after signals",
            size="min(1240px, 96vw)",
            transitionProps={"duration": 0},
            children=html.Div(
                [
                    html.P(id="ws-study-what", className="ws-study-what"),
                    _form(),
                    html.P(id="ws-study-error", className="ws-error", role="alert"),
                    html.Div(
                        [dmc.LoadingOverlay(id="ws-study-busy", visible=False), html.Div(id="ws-study-body")],
                        className="ws-study-results",
                    ),
                    html.P(RULE, className="ws-study-rule"),
                ],
                className="ws-study",
            ),
        ),
        dcc.Store(id="ws-study-chart"),
        dcc.Download(id="ws-study-file"),
    ]


def _form() -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id="ws-study-horizons", label="Horizons", size="xs", value="", n_submit=0,
                description="Up to 12, such as 5m, 1h, 1d",
            ),
            dmc.Select(
                id="ws-study-prices", label="Prices", size="xs", value="candles", allowDeselect=False,
                description="What entries and exits are read from",
                data=[{"value": value, "label": label} for value, label in PRICES],
            ),
            dmc.Select(
                id="ws-study-at", label="Horizon of the pictures", size="xs", value=None, data=[], allowDeselect=False,
                description="Of the second and the third",
            ),
            dmc.Switch(id="ws-study-exits", label="Exits are signals too", size="xs", checked=False),
            dmc.Button("Compute", id="ws-study-run", size="xs"),
            dmc.Button("Table (CSV)", id="ws-study-csv", size="xs", variant="default"),
            dmc.Button("Every signal (CSV)", id="ws-study-each", size="xs", variant="default"),
        ],
        className="ws-study-form",
    )  # fmt: skip


def study_body(study: Study, horizon: int, theme: str) -> list[Component]:
    """A study in words, as a table, and as figures, two of them at one horizon (ns)."""
    result = next(each for each in study.results if each.horizon == horizon)
    every = each_of(result.count)
    points = f"Of the excursions one signal in {every} is a point." if every > 1 else ""
    at = f" after {horizon_name(horizon)}"
    figures = {
        "returns": returns_figure(study, theme=theme),
        "distribution": distribution_figure(study, horizon, theme=theme),
        "excursions": excursions_figure(study, horizon, theme=theme),
    }
    return [
        html.P(counts_text(study), className="ws-study-what"),
        html.Ul([html.Li(f"{note[:1].upper()}{note[1:]}.") for note in study.notes], className="ws-study-notes"),
        html.Div(_table(study), className="ws-study-table"),
        html.Div(
            [_graph(name, figures[name], at if name != "returns" else "") for name in GRAPHS],
            className="ws-study-graphs",
        ),
        html.P(points, className="ws-study-what", hidden=not points),
    ]


def horizon_choices(study: Study) -> list[dict[str, str]]:
    """Which horizons the distribution and the excursions can be of."""
    return [{"value": str(each.horizon), "label": horizon_name(each.horizon)} for each in study.results]


def counts_text(study: Study) -> str:
    """How many signals were studied and left out."""
    count = len(study.signals)
    left = ", ".join(f"{number:,} {reason}" for reason, number in study.left_out.items())
    return f"{count:,} signal{'' if count == 1 else 's'} studied." + (f" Left out: {left}." if left else "")


def _table(study: Study) -> Component:
    rows = [html.Tr([html.Td(cell) for cell in _cells(row)]) for row in summary_rows(study)]
    heads = [html.Th(head, scope="col") for head in HEADS]
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)])


def _cells(row: dict[str, Any]) -> list[str]:
    beyond = f" ({row['beyond']} beyond the data)" if row["beyond"] else ""
    return [
        row["horizon"],
        f"{row['signals']}{beyond}",
        _with(_percent(row["mean"]), _percent(row["mean_low"]), _percent(row["mean_high"])),
        _percent(row["median"]),
        _with(_share(row["hit_rate"]), _share(row["hit_low"]), _share(row["hit_high"])),
        _percent(row["mae"]),
        _percent(row["mfe"]),
        _with(_percent(row["random_mean"]), _percent(row["random_low"]), _percent(row["random_high"])),
        "–" if row["p"] is None else f"{row['p']:.3f}",
        _share(row["overlapping"]),
    ]


def _with(value: str, low: str, high: str) -> str:
    """A value with its interval, where it has one."""
    return value if low == "–" else f"{value} ({low} to {high})"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3%}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _graph(name: str, figure: dict[str, Any], at: str) -> Component:
    return html.Figure(
        [
            html.Figcaption(GRAPHS[name] + at),
            dcc.Graph(
                id=f"ws-study-{name}",
                figure=figure,
                config={"displayModeBar": False, "showTips": False},
                responsive=True,
                style={"height": 280},
            ),
        ]
    )
