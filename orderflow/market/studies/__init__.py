"""Order-flow studies, one file each, listed in `registry`.

A study is a pure function of arrays. For one bar these are its ladder: `level` int64[m], m >= 1, ascending and
distinct, in ticks; `bid`, `ask` and `unknown` int64[m], size units traded at the level by aggressive sellers, by
aggressive buyers, and with unknown side. A missing level between the first and the last counts as zero, so a ladder
with gaps is equivalent to one with zero rows in them. All comparisons use integers.
"""
