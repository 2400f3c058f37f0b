"""Status 422 for an invalid parameter or field, on the routes of the original systems that answer so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from orderflow.errors import BadInput
from orderflow.web.kit.params import Param, ParamError

T = TypeVar("T")


class Unprocessable(BadInput):
    """A parameter or field is invalid."""

    status = 422


def loose(param: Param) -> Param:
    """`param`, but an invalid value is read as a ParamError instead of raising, so that the view chooses the status."""

    def read(value: str) -> Any:
        try:
            return param.read(value)
        except ValueError as error:
            return ParamError(None, param.name, str(error))

    return Param(param.name, param.doc, param.schema, read, param.place, param.default, param.required)


def with_status(call: Callable[[], T]) -> T:
    """Return `call()`. Raises Unprocessable for a BadInput."""
    try:
        return call()
    except BadInput as error:
        raise Unprocessable(str(error), error.errors) from error
