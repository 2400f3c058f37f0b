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
    """Root of the tree; `str(error)` is the sentence a user reads."""

    status: ClassVar[int] = 500


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong at one place.

    `row` counts data rows from 0 within the body or file; `line` is the 1-based line of the text
    (header and blank lines included) where there are lines; `field` is the field as the sender named it.
    """

    row: int | None
    field: str | None
    reason: str
    line: int | None = None

    @property
    def loc(self) -> list[str | int]:
        """The place as a path, the way the JSON error body prints it."""
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
    """What was sent cannot be accepted; nothing of it was kept."""

    status = 400

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class UnknownFormat(BadInput):
    """No format recognises the text, or the named one does not fit it."""


class BadSetting(OrderflowError):
    """A setting's value has no meaning."""

    status = 400


class Unauthorized(OrderflowError):
    """The call needs the key and came without one."""

    status = 401


class Forbidden(OrderflowError):
    """The origin, the host or the key is not allowed."""

    status = 403


class NotFound(OrderflowError):
    """There is no such thing."""

    status = 404


class Conflict(OrderflowError):
    """Right call, wrong moment."""

    status = 409


class TooLarge(OrderflowError):
    """The body is larger than the server takes in one call."""

    status = 413


class Busy(OrderflowError):
    """The queue is full; try again after `retry_after` seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class StorageFailed(OrderflowError):
    """The storage refused the write (disk full, for one); the call changed nothing."""

    status = 507
