"""From cells to ticks: the fast path over whole columns and the plain path over single rows, with one meaning.

`fast` parses Arrow columns and gives up (`Odd`) at anything it does not fully understand; `rows` then parses the same
cells one by one and says precisely what is wrong where. Every rule stands in one module that serves both paths:
`numbers`, `times`, `zones`, `words`. Which column means what is not decided here but by the formats.
"""
