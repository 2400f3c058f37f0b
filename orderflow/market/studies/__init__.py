"""Studies: what a footprint tells, one file each, all of them listed in `registry`.

A study is a pure function of arrays. On one bar these are its ladder: `level` int64[m], m >= 1, ascending and distinct,
in ticks; `bid`, `ask` and `unknown` int64[m], size units traded there by aggressive sellers, aggressive buyers and
nobody knows whom. A level that is absent between the first and the last counts as zero, so a ladder with gaps and the
same ladder with zero rows in them mean the same. Every comparison is made in integers.
"""
