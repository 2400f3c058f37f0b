"""From cells to ticks, on two paths with the same results: a fast path over columns and a row path.

`fast` parses Arrow columns and raises `NotVectorizable` at anything unusual; `rows` then parses the same cells one by
one and reports each error with its field. Each rule is in one module that serves both paths: `numbers`, `times`,
`zones`, `words`. The role of each column is decided by the formats, not here.
"""
