"""The registry of price models, one line each, in the order in which a page shows them.

To add a model: write its module with a path and a `Model` record, add its line here, and add its test class.
"""

from __future__ import annotations

from orderflow.errors import NotFound
from orderflow.instruments.models import garch, gbm, heston, merton, ou, uniform
from orderflow.instruments.models.model import Model

MODELS: tuple[Model, ...] = (
    garch.MODEL,
    gbm.MODEL,
    heston.MODEL,
    merton.MODEL,
    ou.MODEL,
    uniform.MODEL,
)


def names() -> tuple[str, ...]:
    """Names of all models, in the page's order."""
    return tuple(model.name for model in MODELS)


def get(name: str) -> Model:
    """Return the model of that name. Raises NotFound, listing all models."""
    for model in MODELS:
        if model.name == name:
            return model
    raise NotFound(f"model {name!r} is unknown; the models are {', '.join(names())}")
