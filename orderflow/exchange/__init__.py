"""A simulated exchange: Binance's spot market data API over the trades of the tick engine.

The web layer mounts `exchange.Exchange`. `market_data` answers REST calls and `streams` makes stream events, both from
`klines` (bars, with empty intervals filled in), `ledger` (trade ids without gaps) and `rolling` (the last 24 hours).
`limits` counts request weight, `script` injects faults, `recording` plays recorded frames instead. Nothing here knows
HTTP or sockets. It is market data only: there are no orders.
"""
