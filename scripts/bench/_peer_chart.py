"""The peer of `chart.py`: Dash sends a whole Plotly figure for every update.

Cells are a heatmap with text, ticks a list under a lock, bars a pandas groupby on each update. It shows the last 30
minutes and nothing else: no delta, no profile, no studies.
"""

from __future__ import annotations

import io
import threading

import dash
import flask
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from dash import Input, Output, dcc, html
from gevent.pywsgi import WSGIServer

BARS = 30
REFRESH_MS = 500
SIZE = {"height": "95vh", "width": "98vw"}


def application() -> flask.Flask:
    app = dash.Dash("peer", assets_ignore=".*")  # with the full Plotly bundle, not the basic one in `assets`
    server: flask.Flask = app.server
    parts: list[pd.DataFrame] = []
    lock = threading.Lock()
    app.layout = html.Div([dcc.Graph(id="graph", style=SIZE), dcc.Interval(id="beat", interval=REFRESH_MS)])

    @server.post("/ticks")
    def many() -> tuple[dict[str, int], int]:
        part = pd.read_csv(io.BytesIO(flask.request.get_data()), parse_dates=["timestamp"])
        with lock:
            parts.append(part)
        return {"accepted": len(part)}, 202

    @app.callback(Output("graph", "figure"), Input("beat", "n_intervals"))
    def draw(_beat: int | None) -> go.Figure:
        with lock:
            return figure(pd.concat(parts)) if parts else go.Figure()

    return server


def figure(ticks: pd.DataFrame) -> go.Figure:
    """Bid × ask of the last bars. `layout.meta` is the number of ticks that the figure is made from."""
    minute = ticks["timestamp"].dt.floor("1min")
    shown = minute > minute.max() - pd.Timedelta(minutes=BARS)
    sides = ticks[shown].groupby([minute[shown], "price", "side"])["size"].sum().unstack("side", fill_value=0)
    ask, bid = (sides[side].unstack("timestamp", fill_value=0).sort_index() for side in ("buy", "sell"))
    text = np.char.add(np.char.add(bid.to_numpy().astype(str), " x "), ask.to_numpy().astype(str))
    cells = go.Heatmap(x=ask.columns, y=ask.index, z=(ask - bid).to_numpy(), text=text, colorscale="RdBu")
    cells.update(texttemplate="%{text}", textfont={"size": 8})  # without a size Plotly omits labels that do not fit
    return go.Figure(cells, {"meta": len(ticks), "uirevision": "same", "margin": dict.fromkeys("lrtb", 30)})


if __name__ == "__main__":
    listener = WSGIServer(("127.0.0.1", 0), application(), log=None)
    listener.start()
    print(f"the peer is at http://127.0.0.1:{listener.server_port}/", flush=True)
    listener.serve_forever()
