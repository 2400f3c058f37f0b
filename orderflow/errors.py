"""Every error this project raises on purpose, in one tree.

    OrderflowError                500
    ├── BadInput                  400   something sent is wrong: `errors` names each row and field
    │   └── UnknownFormat         400   no CSV format fits, or the forced one does not
    ├── BadSetting                400   a setting has no meaning; stops the start with one line
    ├── Unauthorized              401   a key is needed and was not given
    ├── Forbidden                 403   a foreign origin or host, or a wrong key
    ├── NotFound                  404   no such symbol, page or thing
    ├── Conflict                  409   the state does not allow it now
    ├── TooLarge                  413   the body is beyond the limit
    ├── Busy                      429   more than can be queued; `retry_after` says when to come back
    └── StorageFailed             507   the disk refused the write; nothing of the call was kept

The HTTP status sits on the class, so the web layer needs no table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class OrderflowError(Exception):
    """Base class of all errors; `str(error)` is the message for the user."""

    status: ClassVar[int] = 500


@dataclass(frozen=True, slots=True)
class FieldError:
    """One error at one place.

    `row` counts data rows from 0 within the body or file; `line` is the 1-based line of the text (including header and
    blank lines), if there are lines; `field` is the field as sent.
    """

    row: int | None
    field: str | None
    reason: str
    line: int | None = None

    @property
    def loc(self) -> list[str | int]:
        """The place as a path, as in the JSON error body."""
        path: list[str | int] = ["body"]
        if self.row is not None:
            path.append(self.row)
        if self.field:
            path.append(self.field)
        return path

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line is not None else f"row {self.row}" if self.row is not None else "body"
        return f"{where}{f', {self.field}' if self.field else ''}: {self.reason}"


class BadInput(OrderflowError):
    """The input cannot be accepted; nothing of it was stored.

    batch: which of several batches the rows of `errors` belong to, None if there is one. rejected: number of bad rows
    if `errors` does not name each of them, else None. symbol: of the bad rows, None if it is not known.
    """

    status = 400
    batch: int | None = None
    rejected: int | None = None
    symbol: str | None = None

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class UnknownFormat(BadInput):
    """No format matches the text, or the given one does not match."""


class BadSetting(OrderflowError):
    """The value of a setting is invalid."""

    status = 400


class Unauthorized(OrderflowError):
    """The call needs a key but has none."""

    status = 401


class Forbidden(OrderflowError):
    """The origin, the host or the key is not allowed."""

    status = 403


class NotFound(OrderflowError):
    """The requested object does not exist."""

    status = 404


class Conflict(OrderflowError):
    """The call is valid but not possible in the current state."""

    status = 409


class TooLarge(OrderflowError):
    """The body is larger than the server accepts."""

    status = 413


class Busy(OrderflowError):
    """The queue is full; try again after `retry_after` seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class StorageFailed(OrderflowError):
    """The storage rejected the write (for example because the disk is full); the call changed nothing."""

    status = 507
