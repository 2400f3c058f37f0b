"""Type aliases for NumPy arrays, one name per element type.

A docstring adds what the type cannot express: length, unit and order, as in "int64[n] ns, ascending".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
"""Times (ns), levels (ticks), sizes (size units), deltas, counts."""

Floats = npt.NDArray[np.float64]
"""Prices and statistics that are not integers."""

Flags = npt.NDArray[np.bool_]
"""One boolean per element."""

Codes = npt.NDArray[np.int8]
"""Small codes: a tick's side, the rule that found it, or both packed into one byte."""

Bytes = npt.NDArray[np.uint8]
"""Characters of text."""

Indices = npt.NDArray[np.intp]
"""Positions in another array."""

Objects = npt.NDArray[np.object_]
"""Python objects, mostly strings."""
