"""JSON schemas of the files of ticks that wait to be loaded."""

from __future__ import annotations

from orderflow.web.kit.schemas import COUNT, FLAG, WHOLE, WORD, Schema, array, record

WORDS = array(WORD)
COUNTS: Schema = {"type": "object", "additionalProperties": COUNT}
SENT = record({"file": WORD, "filename": WORD, "size": COUNT}, doc="file: the id. size: bytes.")
COLUMN = record(
    {"reference": WORD, "name": WORD, "role": WORD, "cells": WORDS},
    doc="reference: how the option `columns` names it. role: empty for none. cells: of the first rows.",
)
TICK = record(dict.fromkeys(("time", "price", "size", "side", "rule", "id"), WORD))
SYMBOL = record(
    {
        "name": WORD,
        "ticks": COUNT,
        "ids": COUNT,
        "repeated": COUNT,
        "conflicts": COUNT,
        "compared": COUNT,
        "first": WHOLE,
        "last": WHOLE,
        "late": COUNT,
        "low": WORD,
        "high": WORD,
        "price_decimals": COUNT,
        "size_decimals": COUNT,
        "sides": array(record({"rule": WORD, "words": WORD, "ticks": COUNT})),
        "gap_count": COUNT,
        "gaps": array(record({"begin": WHOLE, "end": WHOLE})),
        "missing": COUNT,
        "missing_lines": WORDS,
    },
    doc="Times are ns since 1970 UTC. repeated, conflicts: ids among `compared` ticks. late: ticks older than one "
    "before them. missing: trade ids that are not there.",
)
REPORT = record(
    {
        "parts": WORDS,
        "columns": array(COLUMN),
        "format": WORD,
        "recognised": WORD,
        "note": WORD,
        "header": WORDS,
        "options": WORD,
        "assumed": WORDS,
        "warnings": WORDS,
        "counts": COUNTS,
        "first": array(TICK),
        "rows": COUNT,
        "bad_rows": COUNT,
        "named_rows": COUNT,
        "ticks": COUNT,
        "no_trades": COUNTS,
        "symbols": array(SYMBOL),
        "errors": WORDS,
        "common": WORDS,
        "bad": WORD,
        "refused": WORD,
        "refused_rows": WORDS,
        "questions": array(record({"text": WORD, "options": WORDS})),
        "loadable": FLAG,
        "lines": WORDS,
    },
    doc="refused: why nothing can be read; empty if it can. bad: why there are too many bad rows. questions: what the "
    "file leaves open, and the options that answer it. lines: the report as text.",
)
