"""One run of the replay client, from its arguments to its exit code: file, server, signals, progress."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType

from orderflow.errors import BadInput
from orderflow.feeds.pacing import Pacer
from orderflow.formats import ParsedTicks, TickReader, open_ticks
from orderflow.replay.client import Client, Refused, ServerGone, Stopped
from orderflow.replay.progress import Bar, Lines, Progress, Silent, Tally, moment, span
from orderflow.replay.replayer import Doubt, Ended, Limits, Replay

DONE, FAILED, INTERRUPTED = 0, 1, 130

CHUNK_ROWS = 25_000
"""Rows read at a time: a batch of full size each; more is hardly faster and takes more memory."""

KEY_ENV = "ORDERFLOW_API_KEY"

_BLINK = 0.1
"""Seconds between two looks at whether the user wants to stop."""


def open_file(args: argparse.Namespace, skip: int) -> TickReader:
    """The file that the arguments name, from data row `skip` on."""
    return open_ticks(
        Path(args.file),
        format=args.format,
        tz=args.tz,
        symbol=args.symbol,
        member=args.member,
        side=args.side,
        chunk_rows=CHUNK_ROWS,
        skip_rows=skip,
    )


class Session:
    """One run against a server. Raises BadSetting, BadInput and OSError for what is wrong before anything is sent."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._stopped = False
        self._tally = Tally(args.start_from, args.start_from, limit=args.max_ticks)
        self._sent_before = 0  # by the laps before this one
        self._doubt: Doubt | None = args.resume
        self._client = Client(
            args.server,
            api_key=args.key or os.environ.get(KEY_ENV),
            retry_for=args.retry_for,
            sleep=self._sleep,
            on_wait=lambda reason, left: self._progress.waiting(reason, left),
            on_back=lambda: self._progress.back(),
        )
        self._progress: Progress = Silent(sys.stderr)
        self._replay: Replay | None = None

    def run(self) -> int:
        """Replay the file; the exit code."""
        began = time.monotonic()
        code, complaint = DONE, ""
        try:
            with _on_signals(self._interrupt):
                self._play()
        except Ended as ended:
            code = INTERRUPTED if ended.stopped else FAILED
            complaint = f"{ended}\n{self._where_to_resume(ended.doubt)}"
        except (Refused, ServerGone) as error:  # before the first batch: nothing to resume
            code = INTERRUPTED if isinstance(error, Stopped) else FAILED
            complaint = str(error)
        except BadInput as error:
            if not self._tally.sent:
                raise
            code, complaint = FAILED, f"the file is broken: {error}\n{self._where_to_resume(None)}"
        except KeyboardInterrupt:
            doubt = self._replay.doubt if self._replay is not None else None
            code, complaint = INTERRUPTED, f"interrupted twice\n{self._where_to_resume(doubt)}"
        finally:
            self._progress.close()
            self._client.close()
        if code == DONE and not self._tally.sent:
            code, complaint = FAILED, self._nothing()
        if not self._args.quiet:
            print(summary(self._tally, time.monotonic() - began), flush=True)
        if complaint:
            print(f"orderflow-replay: {complaint}", file=sys.stderr, flush=True)
        return code

    def _play(self) -> None:
        """All laps; returns at the end of the last."""
        args = self._args
        symbols: set[str] = set()
        for lap in count(1):
            with open_file(args, args.start_from) as reader:  # before the reset: a bad file must not cost the data
                if lap == 1:
                    self._progress = progress_for(args, self._tally)
                    if args.reset:
                        self._client.reset()
                for symbol in symbols:
                    self._client.reset(symbol)
                self._replay = self._new_replay()
                self._replay.play(self._measured(reader))
            symbols = self._replay.symbols
            if not args.loop or not symbols:
                return
            self._tally.next_row = args.start_from
            self._sent_before = self._tally.sent

    def _measured(self, reader: TickReader) -> Iterator[ParsedTicks]:
        """The reader's chunks; what was read says how many rows the file may have."""
        for chunk in reader:
            if reader.progress > 0:
                self._tally.file_rows = int(reader.rows / reader.progress)
            yield chunk

    def _new_replay(self) -> Replay:
        args = self._args
        doubt, self._doubt = self._doubt, None
        return Replay(
            self._client,
            Pacer(args.velocity, most=args.batch_ticks, max_gap=args.max_gap, sleep=self._idle),
            self._progress,
            self._tally,
            run=uuid.uuid4().hex,
            limits=Limits(args.max_ticks, args.strict, args.tick_size),
            doubt=doubt,
            stopped=lambda: self._stopped,
        )

    def _idle(self, seconds: float) -> bool:
        """Use the time until the next tick: hear what became of the last batch, else wait; True to stop."""
        if self._replay is not None and self._replay.settle():
            return self._stopped
        self._progress.update(self._tally)
        return self._sleep(seconds)

    def _sleep(self, seconds: float) -> bool:
        """Wait in blinks: a signal only sets a mark, for an event set by its handler can deadlock with its waiter."""
        end = time.monotonic() + seconds
        while not self._stopped and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _BLINK))
        return self._stopped

    def _interrupt(self) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        self._stopped = True

    def _where_to_resume(self, doubt: Doubt | None) -> str:
        tally = self._tally
        words = [f"--start-from {tally.next_row}"]
        if self._args.max_ticks is not None:
            words.append(f"--max-ticks {max(1, self._args.max_ticks - tally.sent + self._sent_before)}")
        if doubt is not None:
            words.append(f"--resume {doubt}")
        extra = f"; the server may have the next {doubt.ticks:,} ticks already, their key tells" if doubt else ""
        reset = " instead of --reset" if self._args.reset else ""
        return f"to go on where it ended: {' '.join(words)}{reset}{extra}"

    def _nothing(self) -> str:
        tally = self._tally
        if tally.next_row <= tally.first_row:
            return f"{self._args.file} has no rows from row {tally.first_row} on"
        return (
            f"{self._args.file} has no usable rows: {tally.skipped:,} of {tally.next_row - tally.first_row:,} are bad"
        )


def progress_for(args: argparse.Namespace, tally: Tally) -> Progress:
    """The progress that suits the arguments and the terminal."""
    if args.quiet:
        return Silent(sys.stderr)
    return Bar(sys.stderr, tally) if sys.stderr.isatty() else Lines(sys.stderr, tally)


def summary(tally: Tally, seconds: float) -> str:
    """What a run did, in two lines at the most."""
    rate = tally.sent / seconds if seconds > 0 else 0.0
    text = f"{tally.sent:,} ticks sent in {span(seconds)} ({rate:,.0f}/s), {tally.batches:,} batches"
    if tally.duplicates:
        text += f", {tally.duplicates:,} of the ticks known to the server already"
    if tally.skipped:
        text += f", {tally.skipped:,} bad rows skipped"
    if tally.waited >= 0.1:
        text += f", {span(tally.waited)} waited for the server"
    if tally.market_first is not None and tally.market_last is not None:
        text += f"\nmarket time {moment(tally.market_first)} to {moment(tally.market_last)}"
        if tally.worst_lag:
            text += f", behind schedule {tally.worst_lag:.2f} s at the most"
    return text


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` for Ctrl+C and for a polite kill, as long as it lasts."""

    def handle(number: int, frame: FrameType | None) -> None:
        act()

    if threading.current_thread() is not threading.main_thread():  # signals go to the main thread only
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, handle) for kind in kinds]
    try:
        yield
    finally:
        for kind, old in zip(kinds, before, strict=True):
            signal.signal(kind, old)
