"""Crypto tickers: names for series of venues, their prices and their alerts."""
