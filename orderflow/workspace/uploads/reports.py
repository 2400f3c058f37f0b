"""Reports of refused rows, kept in memory for a while so that they can be downloaded."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Sequence

from orderflow.errors import FieldError, NotFound
from orderflow.runtime.workers import plain_lock
from orderflow.workspace.uploads.refusals import report_csv

MOST = 50
MOST_BYTES = 32 * 2**20


class Reports:
    """The newest reports; the oldest go when there are too many, and all with the server."""

    def __init__(self) -> None:
        self._lock = plain_lock()
        self._reports: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def add(self, owner: str, errors: Sequence[FieldError]) -> str:
        """Keep a report. Returns its id."""
        made, text = secrets.token_hex(16), report_csv(errors)
        with self._lock:
            self._reports[made] = owner, text
            while len(self._reports) > MOST or sum(len(each) for _, each in self._reports.values()) > MOST_BYTES:
                self._reports.popitem(last=False)
        return made

    def get(self, owner: str, report: str) -> bytes:
        """A user's report as CSV. Raises NotFound, also for another user's."""
        found = self._reports.get(report)
        if found is None or found[0] != owner:
            raise NotFound("there is no such report any more: send the file again")
        return found[1]
