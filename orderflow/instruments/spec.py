"""The specification of one simulated instrument: model and parameters, arrivals, seed, pace.

A spec comes from the settings (a number of equal instruments, and a table for each that differs) and from later changes
on the page; both are checked by the same code, which names the wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from orderflow.errors import BadInput, BadSetting, FieldError, NotFound, OrderflowError
from orderflow.instruments import arrivals, zero_intelligence
from orderflow.instruments.flow import PARAMS
from orderflow.instruments.models import registry
from orderflow.instruments.params import checked
from orderflow.settings.settings import Settings

LOWEST_INTERVAL, HIGHEST_INTERVAL = 0.001, 3600.0
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
TAKEN = {"DEFAULT", "HERD", "INSTRUMENTS"}
"""Reserved ids, in capitals: symbols of other sources and addresses of other sockets."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One instrument.

    params: of the model, where they differ from its defaults; arrival_params: likewise of the arrivals. seed: None uses
    the child of the common seed for `id`. interval: seconds between two prices. initial_price: None draws one between
    the settings' bounds. group, correlation: instruments of one group share a part of their noise; the correlation of
    two of them is the product of theirs. book: trades come from an order book with zero-intelligence traders around the
    model's price, instead of from the trade flow; flow: parameters of the one or the other.
    """

    id: str
    name: str
    model: str = "garch"
    params: Mapping[str, float] = field(default_factory=dict)
    arrivals: str = "hawkes"
    arrival_params: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None
    interval: float = 1.0
    initial_price: float | None = None
    group: str | None = None
    correlation: float = 0.6
    book: bool = False
    flow: Mapping[str, float] = field(default_factory=dict)

    def changed(self, changes: Mapping[str, Any]) -> Spec:
        """Return the spec with some fields changed. Another model or arrival law starts with its defaults.

        Raises BadInput that names every unknown or wrong field; parameters as `params.NAME`.
        """
        errors: list[FieldError] = []
        values: dict[str, Any] = {}
        for key, value in changes.items():
            if key not in READERS:
                errors.append(
                    FieldError(None, str(key), f"is not a field of an instrument; the fields are {', '.join(READERS)}")
                )
                continue
            try:
                values[key] = READERS[key](value)
            except (ValueError, TypeError) as error:
                errors.append(FieldError(None, key, str(error)))
        if values.get("model", self.model) != self.model:
            values.setdefault("params", {})
        if values.get("arrivals", self.arrivals) != self.arrivals:
            values.setdefault("arrival_params", {})
        if values.get("book", self.book) != self.book:
            values.setdefault("flow", {})
        spec = replace(self, **values)
        errors += spec.faults()
        if errors:
            raise BadInput(f"{self.id}: " + "; ".join(f"{error.field} {error.reason}" for error in errors), errors)
        return spec

    def faults(self) -> list[FieldError]:
        """The errors in the parameters of the model and the arrivals."""
        found: list[FieldError] = []
        for name, check in (
            ("params", lambda: registry.get(self.model).check(self.params)),
            ("arrival_params", lambda: arrivals.get(self.arrivals).check(self.arrival_params)),
            ("flow", lambda: zero_intelligence.check(self.flow) if self.book else checked("trades", PARAMS, self.flow)),
        ):
            try:
                check()
            except NotFound as error:
                found.append(FieldError(None, "model", str(error).removeprefix("model ")))
            except BadInput as error:
                found += [
                    FieldError(None, e.field if e.field == "arrivals" else f"{name}.{e.field}", e.reason)
                    for e in error.errors
                ]
        return found

    def warnings(self) -> list[str]:
        """Warnings about parameters that are allowed but unusual."""
        return registry.get(self.model).check(self.params)[1]

    def table(self) -> dict[str, Any]:
        """The spec as plain JSON values."""
        return asdict(self)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 60 or not value.isprintable():
        raise ValueError("must be 1 to 60 visible characters")
    return value.strip()


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a name")
    return value.strip().lower()


def _group(value: Any) -> str | None:
    return None if value in (None, "") else _name(value)


def _number(low: float, high: float, *, none: bool = False) -> Callable[[Any], float | None]:
    def read(value: Any) -> float | None:
        if none and value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return float(value)

    return read


def _seed(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("must be a whole number from 0 to 2^63 - 1")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _params(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("must be a table of numbers")
    return {str(name): float(given) if isinstance(given, Decimal) else given for name, given in value.items()}


READERS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "model": _word,
    "params": _params,
    "arrivals": _word,
    "arrival_params": _params,
    "seed": _seed,
    "interval": _number(LOWEST_INTERVAL, HIGHEST_INTERVAL),
    "initial_price": _number(0.01, 1e9, none=True),
    "group": _group,
    "correlation": _number(-1.0, 1.0),
    "book": _flag,
    "flow": _params,
}
"""The fields of an instrument, each with its reader."""


def specs(settings: Settings) -> list[Spec]:
    """The instruments of the settings: `ticker_count` equal ones, then those of tables with other ids.

    Raises BadSetting that names the table and the field.
    """
    # always two digits: an id gives the seed, and one more instrument must not change the others
    made = {
        key: _spec(settings, key, f"Item {number:02d}")
        for number in range(settings.instruments.count)
        if (key := f"ITEM_{number:02d}")
    }
    for key, table in settings.instruments.simulated.items():
        if not ID.fullmatch(key):
            raise BadSetting(f"simulated.{key}: an id has letters, digits, dots, dashes and underscores, at most 32")
        if key.upper() in TAKEN:
            raise BadSetting(f"simulated.{key}: this id is reserved; choose another one")
        try:
            made[key] = made.get(key, _spec(settings, key, key)).changed(table)
        except BadInput as error:
            source = settings.sources.get("simulated", "the settings")
            raise BadSetting(f"simulated.{error} (from {source})") from error
    if settings.instruments.price_min > settings.instruments.price_max:
        raise BadSetting(
            f"initial_price_min = {settings.instruments.price_min:g} is above initial_price_max = "
            f"{settings.instruments.price_max:g}"
        )
    if len(made) > settings.max_symbols:
        raise BadSetting(f"{len(made):,} simulated instruments are more than max_symbols = {settings.max_symbols:,}")
    return list(made.values())


def _spec(settings: Settings, key: str, name: str) -> Spec:
    model = settings.instruments.model.strip().lower()
    params = {"range": settings.instruments.change_range} if model == "uniform" else {}
    spec = Spec(key, name, model, params, settings.instruments.arrivals, interval=settings.instruments.interval)
    try:
        registry.get(model)
    except OrderflowError as error:
        raise BadSetting(f"ticker_model: {error}") from error
    return spec
