"""What a file of ticks holds and how it was understood, before anything of it is used: the dry run.

`report` reads a whole file and makes a `FileReport`, which `orderflow-replay --dry-run` prints and the chart's page
shows; a file that cannot be read gives one that says why and which options answer it.
"""

from __future__ import annotations

from orderflow.formats.summary.counts import FileCounts, SymbolCounts, count
from orderflow.formats.summary.report import FileReport, report, report_of
from orderflow.formats.summary.text import lines

__all__ = ["FileCounts", "FileReport", "SymbolCounts", "count", "lines", "report", "report_of"]
