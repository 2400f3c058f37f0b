"""Coalesces concurrent `POST /tick` calls: one parse, one log entry, one append.

Calls that arrive while a group is being processed wait and form the next group, so a thousand senders of single ticks
cost little more than one sender of batches. A lone sender never waits. Every call gets its own response. Ticks with a
trade id, and groups that the parser or the market refuses, are processed call by call.

All calls run in greenlets of one hub, so code between two waits needs no lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from orderflow.errors import BadInput, FieldError, OrderflowError
from orderflow.formats import ParsedTicks
from orderflow.market.ports import MarketReader, MarketWriter
from orderflow.market.ticks import NO_ID
from orderflow.runtime.workers import Event, Workers

MAX_GROUP = 2_000
"""Maximum number of ticks in a group."""
MAX_TICK = 4096
"""Bytes of the longest tick that is grouped."""

Parse = Callable[[bytes], ParsedTicks]
ProcessSingle = Callable[[bytes], bytes]


@dataclass(eq=False)
class _Call:
    """One tick that waits. When `done` is set it has an answer or an error, or it is the leader of the next group."""

    body: bytes
    done: Event
    answer: bytes = b""
    error: Exception | None = None
    is_leader: bool = False


@dataclass
class _Queue:
    """Calls waiting for the next group. busy: a group is being processed."""

    calls: list[_Call] = field(default_factory=list)
    busy: bool = False


class Coalescer:
    """Groups calls by `key`, which stands for everything besides the body that parsing depends on."""

    def __init__(self, reader: MarketReader, writer: MarketWriter, workers: Workers) -> None:
        self._reader = reader
        self._writer = writer
        self._workers = workers
        self._queues: dict[Hashable, _Queue] = {}

    def take(self, key: Hashable, body: bytes, parse: Parse, process_single: ProcessSingle) -> bytes:
        """Return the response to one tick.

        body: one JSON object. parse: parses a JSON array of ticks to columns. process_single: processes a call that
        cannot be grouped. Raises what `process_single` raises.
        """
        if not can_group(body):
            return process_single(body)
        queue = self._queues.setdefault(key, _Queue())
        call = _Call(body, self._workers.event())
        queue.calls.append(call)
        if queue.busy:
            call.done.wait()
            if not call.is_leader:
                return _result(call)
        queue.busy = True
        self._workers.wait(0)  # let calls that have arrived already join the group
        group, queue.calls = queue.calls[:MAX_GROUP], queue.calls[MAX_GROUP:]
        try:
            self._work(group, parse, process_single)
        finally:
            for other in group:
                if not other.answer and other.error is None:  # the group failed with an unexpected error
                    other.error = OrderflowError("the server could not finish this call; send the tick again")
                if other is not call:
                    other.done.set()
            if queue.calls:
                queue.calls[0].is_leader = True
                queue.calls[0].done.set()
            else:
                self._queues.pop(key, None)
        return _result(call)

    def _work(self, group: list[_Call], parse: Parse, process_single: ProcessSingle) -> None:
        if len(group) > 1:
            try:
                parsed = parse(b"[" + b",".join([call.body for call in group]) + b"]")
                listed = len({error.row for error in parsed.errors})
                if (
                    listed == parsed.rejected
                    and parsed.rows == len(group)
                    and not any((batch.id != NO_ID).any() for batch in parsed.batches)
                ):
                    self._share(group, parsed)
                    return
            except BadInput:
                pass  # one of them is bad: process each alone, so that each gets its own error
            except OrderflowError as error:
                for call in group:
                    call.error = error
                return
        for call in group:
            try:
                call.answer = process_single(call.body)
            except OrderflowError as error:
                call.error = error

    def _share(self, group: list[_Call], parsed: ParsedTicks) -> None:
        """Append all good ticks at once. Raises what the market raises; no tick was taken then."""
        self._writer.ingest(parsed.batches)
        for batch, rows in zip(parsed.batches, parsed.origins, strict=True):
            revision = self._reader.revision(batch.symbol)
            for row, count in zip(*(part.tolist() for part in np.unique(rows, return_counts=True)), strict=True):
                group[row].answer = b'{"accepted":%d,"revision":%d}' % (count, revision)
        wrong: dict[int, list[int]] = defaultdict(list)
        for number, found in enumerate(parsed.errors):
            if found.row is not None:
                wrong[found.row].append(number)
        for row, numbers in wrong.items():
            errors = [replace(parsed.errors[number], row=0) for number in numbers]
            group[row].error = refusal(errors)


def can_group(body: bytes) -> bool:
    """True if the body is one complete JSON object without an id, so that it can be an element of an array."""
    try:
        # a tick with an id may be a duplicate, which a shared append cannot report for it
        return len(body) <= MAX_TICK and b'"id"' not in body and isinstance(msgspec.json.decode(body), dict)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False


def refusal(errors: list[FieldError]) -> BadInput:
    """The error for a single tick that was refused."""
    first = errors[0]
    return BadInput(f"the tick was refused: {first.field or 'it'} {first.reason}", errors)


def _result(call: _Call) -> bytes:
    if call.error is not None:
        raise call.error
    return call.answer
