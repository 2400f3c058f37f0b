"""Routes and sockets of the crypto tickers."""
