"""Read people's files of candles and signals: any delimiter, header, number and time format that can be told for sure.

    with open_table(path, options) as table:
        candles = read_candles(table)        # or read_signals(table)

- `source`: opens and unpacks a file, decodes it, and yields whole lines with their numbers, in bounded memory.
- `table`: finds the header and the columns (`candle_layout`, `signal_layout`), or takes them from the user's mapping.
- `numbers`, `times`: parse whole columns of text exactly. Nothing is rounded unless the user asks for it.
- `candles`, `signals`: the rows, and a refusal with line, column and reason for every row that is not one.

Prices and volumes are scaled integers from the text on; no float is in between.
"""
