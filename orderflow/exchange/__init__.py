"""A simulated exchange that speaks the dialect of Binance's spot market data, over what the tick engine holds.

`exchange.Exchange` is what the web mounts. `market_data` answers REST calls, `streams` makes stream events, both from
`klines` (bars with the empty ones filled in), `ledger` (trade numbers without gaps) and `rolling` (the last 24 hours).
`limits` counts request weight, `script` misbehaves when told to, `recording` plays recorded frames instead.
Nothing here knows HTTP or sockets, and nothing can be ordered: it is market data only.
"""
