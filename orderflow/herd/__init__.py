"""The herd game: an audience trades one share against a cost function, and the crowd becomes a market.

`events` is the vocabulary of the session's log, `curve` and `clearing` the market's arithmetic, `state` the fold of
the log, `session` the only writer of it, `game` what the web and the pages call. Everything that decides who owns what
is an integer; floats are for the eye.
"""
