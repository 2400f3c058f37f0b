"""Signals meet data: what prices did after signals, against entries at random moments.

    path = path_of_candles(klines, 60_000)
    study = study_signals(signals, path, horizons=(5 * MINUTE, HOUR))

Pure functions over arrays; a study is the same for the same input and seed.
"""
