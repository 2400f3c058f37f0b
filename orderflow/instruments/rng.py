"""Reproducible randomness per instrument: the same seed always gives the same numbers.

Every random quantity has a stream of its own, drawn from a child of the instrument's seed. So the order in which a
model takes its normals and uniforms, the number of instruments, and their readers do not change the numbers. Numbers
are drawn in blocks and returned one by one, since one scalar draw from numpy costs more than a whole step of a model.
The order of the numbers is numpy's own and does not depend on the block size.

Not suitable for secrets.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from orderflow.arrays import Floats, Ints

Draw = Callable[[], float]
"""The next number of one stream; about 30 ns."""


BLOCK = 256
_COMMON_BLOCK = 1024
_KEPT_BLOCKS = 64


def child_seed(seed: int | np.random.SeedSequence, *key: int | str) -> np.random.SeedSequence:
    """The child of a seed for `key`; for a whole number i it is `SeedSequence(seed).spawn(i + 1)[i]`.

    It is computed without creating the other children, so it does not depend on them. A text key is hashed with CRC-32.
    Raises ValueError for negative numbers.
    """
    parent = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    path = tuple(part if isinstance(part, int) else zlib.crc32(part.encode()) for part in key)
    return np.random.SeedSequence(parent.entropy, spawn_key=(*parent.spawn_key, *path))


class CommonNoise:
    """The shared noise of a group: standard normals that can be read at any index, in any order.

    Number k is always the same, because each block of numbers has a seed of its own. A few blocks are cached; others
    are drawn again when needed.
    """

    def __init__(self, seed: int | np.random.SeedSequence) -> None:
        self._seed = child_seed(seed)
        self._blocks: dict[int, Floats] = {}

    def at(self, k: int) -> float:
        """Number k, k >= 0."""
        return float(self._block(k // _COMMON_BLOCK)[k % _COMMON_BLOCK])

    def between(self, start: int, stop: int) -> Floats:
        """The numbers start ... stop - 1, float64[stop - start], 0 <= start <= stop."""
        first, last = start // _COMMON_BLOCK, max(start, stop - 1) // _COMMON_BLOCK
        whole = np.concatenate([self._block(block) for block in range(first, last + 1)])
        return whole[start - first * _COMMON_BLOCK : stop - first * _COMMON_BLOCK]

    def _block(self, number: int) -> Floats:
        block = self._blocks.get(number)
        if block is None:
            while len(self._blocks) >= _KEPT_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            block = np.random.default_rng(child_seed(self._seed, number)).standard_normal(_COMMON_BLOCK)
            self._blocks[number] = block
        return block


class Noise:
    """The random numbers of one instrument.

    normal, normal2, uniform: `Draw`s of standard normals, of independent standard normals, and of numbers in [0, 1).

    With `common`, normal k is rho × (common k) + sqrt(1 - rho²) × (own k): still a standard normal, and two members of
    the group correlate with rho₁ × rho₂. The own numbers are the same as without a group. `span` is the number of group
    steps in one step of this instrument: its share of the common noise in step k is the sum of the group's numbers k ×
    span ... (k + 1) × span - 1, over sqrt(span), so that a member that moves once a second and one that moves every 10
    ms follow the same market. `begin` is the index in the group's numbers at which a member starts that joins later.

    seed: a whole number >= 0 or a SeedSequence; see `child_seed`. Raises ValueError for rho outside [-1, 1], span < 1.
    """

    def __init__(
        self,
        seed: int | np.random.SeedSequence,
        *,
        common: CommonNoise | None = None,
        rho: float = 0.0,
        span: int = 1,
        begin: int = 0,
    ) -> None:
        if not -1.0 <= rho <= 1.0:
            raise ValueError("rho is a correlation and must be in [-1, 1]")
        if span < 1:
            raise ValueError("span must be at least 1 step of the group")
        self._seed = child_seed(seed)
        self._opened: dict[str, int] = {}
        own = self.generator("normal").standard_normal
        if common is None or rho == 0.0:
            self.normal: Draw = _stream(lambda: own(BLOCK))
        else:
            self.normal = chain.from_iterable(_mixed(own, common, rho, span, begin)).__next__
        # create generators at the first draw, so an unused stream costs nothing
        self.normal2: Draw = self._lazy("normal2", lambda rng: rng.standard_normal(BLOCK))
        self.uniform: Draw = self._lazy("uniform", lambda rng: rng.random(BLOCK))

    def chi2(self, df: float) -> Draw:
        """A new stream of chi-square numbers with df > 0 degrees of freedom."""
        rng = self.generator("chi2")
        return _stream(lambda: rng.chisquare(df, BLOCK))

    def student(self, df: float) -> Draw:
        """A new stream of Student t numbers with df > 2 degrees of freedom, scaled to variance 1.

        Each is the next `normal` over the root of an own chi-square, so members of a group stay correlated, with the
        factor `student_share(df)`.
        """
        normal, chi2, top = self.normal, self.chi2(df), df - 2.0
        return lambda: normal() * math.sqrt(top / chi2())

    def poisson(self, mean: float) -> Draw:
        """A new stream of Poisson counts (as floats) with this mean >= 0."""
        rng = self.generator("poisson")
        return _stream(lambda: rng.poisson(mean, BLOCK))

    def generator(self, purpose: str) -> np.random.Generator:
        """A new numpy generator for a purpose; each call for the same purpose returns another one."""
        count = self._opened.get(purpose, 0)
        self._opened[purpose] = count + 1
        return np.random.default_rng(child_seed(self._seed, purpose, count))

    def _lazy(self, purpose: str, draw: Callable[[np.random.Generator], Floats]) -> Draw:
        def blocks() -> Iterator[list[float]]:
            rng = self.generator(purpose)
            while True:
                yield draw(rng).tolist()

        return chain.from_iterable(blocks()).__next__


def student_share(df: float) -> float:
    """The share of their normals' correlation that two Student t streams keep, df > 2; 0.85 for df = 5, 1 for infinity.

    t = z sqrt((df - 2) / w), w chi-square: the correlation is that of the z times (df - 2) E[w^-1/2]².
    """
    return (df - 2.0) / 2.0 * math.exp(2.0 * (math.lgamma((df - 1.0) / 2.0) - math.lgamma(df / 2.0)))


def _stream(draw: Callable[[], Floats | Ints]) -> Draw:
    def blocks() -> Iterator[list[float]]:
        while True:
            yield draw().tolist()

    return chain.from_iterable(blocks()).__next__


def _mixed(
    own: Callable[[int], Floats], common: CommonNoise, rho: float, span: int, begin: int
) -> Iterator[list[float]]:
    start, rest = 0, math.sqrt(1.0 - rho * rho)
    while True:
        shared = common.between(begin + start * span, begin + (start + BLOCK) * span)
        if span > 1:
            shared = shared.reshape(BLOCK, span).sum(axis=1) / math.sqrt(span)
        yield (rho * shared + rest * own(BLOCK)).tolist()
        start += BLOCK
