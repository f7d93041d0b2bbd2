"""Kinds of generated tables whose density is known: what `bench.trust` and `bench.chains` draw from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

FRESH = 10_000
"""Rows that a fit is scored on."""


@dataclass(frozen=True)
class Kind:
    """A distribution: how rows are drawn, their log-density, and its moments."""

    draw: Callable[[np.random.Generator, int], Array]
    log_prob: Callable[[Array], Array]
    mean: Array
    covariance: Array
    gaussian: bool = False


def normal(mean: Array, covariance: Array) -> Callable[[Array], Array]:
    """The log-density of a normal, by a Cholesky factor in float64."""
    factor = np.linalg.cholesky(covariance)
    constant = np.log(np.diag(factor)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)

    def log_prob(X: Array) -> Array:
        z = np.linalg.solve(factor, (X - mean).T)
        return np.asarray(-0.5 * np.square(z).sum(axis=0) - constant)

    return log_prob


def _gaussian(covariance: Array) -> Kind:
    d = len(covariance)
    factor, mean = np.linalg.cholesky(covariance), np.zeros(d)
    return Kind(
        lambda rng, n: rng.standard_normal((n, d)) @ factor.T,
        normal(mean, covariance), mean, covariance, gaussian=True,
    )  # fmt: skip


def _independent(d: int, column: Any, n_special: int) -> Kind:
    """Columns by themselves: the first `n_special` of a distribution of scipy's, the others standard normal."""
    of = [column] * n_special + [stats.norm()] * (d - n_special)

    def draw(rng: np.random.Generator, n: int) -> Array:
        return np.column_stack([c.rvs(size=n, random_state=rng) for c in of])

    def log_prob(X: Array) -> Array:
        return np.asarray(sum(c.logpdf(X[:, j]) for j, c in enumerate(of)))

    moments = np.array([c.stats("mv") for c in of], dtype=float)
    return Kind(draw, log_prob, moments[:, 0], np.diag(moments[:, 1]))


class _Pair:
    """An even mixture of two normals, with what is used here of a distribution of scipy's."""

    def __init__(self, apart: float, scale: float) -> None:
        self.apart, self.scale = apart, scale

    def rvs(self, size: int, random_state: np.random.Generator) -> Array:
        side = np.where(random_state.random(size) < 0.5, -0.5, 0.5) * self.apart
        return np.asarray(side + self.scale * random_state.standard_normal(size))

    def logpdf(self, x: Array) -> Array:
        each = [stats.norm.logpdf(x, s * self.apart / 2, self.scale) for s in (-1, 1)]
        return np.asarray(np.logaddexp(*each) - math.log(2))

    def stats(self, _: str) -> tuple[float, float]:
        return 0.0, self.scale**2 + self.apart**2 / 4


def _clusters(d: int, apart: float) -> Kind:
    """Two unit normals, `apart` standard deviations from each other along the diagonal."""
    half = np.full(d, 0.5 * apart / math.sqrt(d))

    def draw(rng: np.random.Generator, n: int) -> Array:
        side = np.where(rng.random(n) < 0.5, -1.0, 1.0)
        return np.asarray(rng.standard_normal((n, d)) + side[:, None] * half)

    def log_prob(X: Array) -> Array:
        each = [stats.norm.logpdf(X - s * half).sum(axis=1) for s in (-1, 1)]
        return np.asarray(np.logaddexp(*each) - math.log(2))

    return Kind(draw, log_prob, np.zeros(d), np.eye(d) + np.outer(half, half))


def _repeated(d: int) -> Kind:
    """A Gaussian whose rows are five times as many as are distinct, on average."""
    kind = _gaussian(_toeplitz(d))

    def draw(rng: np.random.Generator, n: int) -> Array:
        if n == FRESH:
            return kind.draw(rng, n)
        return kind.draw(rng, -(-n // 5))[rng.integers(0, -(-n // 5), n)]

    return Kind(draw, kind.log_prob, kind.mean, kind.covariance, gaussian=True)


def _toeplitz(d: int) -> Array:
    return np.asarray(0.7 ** np.abs(np.subtract.outer(np.arange(d), np.arange(d))))


def _collinear(d: int, eps: float) -> Kind:
    """The last column is the first and a little noise."""
    factor = np.eye(d)
    factor[-1, 0], factor[-1, -1] = 1.0, eps
    kind = _gaussian(np.eye(d))

    def log_prob(X: Array) -> Array:
        z = X.copy()
        z[:, -1] = (X[:, -1] - X[:, 0]) / eps
        return np.asarray(stats.norm.logpdf(z).sum(axis=1) - math.log(eps))

    return Kind(
        lambda rng, n: kind.draw(rng, n) @ factor.T, log_prob, np.zeros(d), factor @ factor.T, gaussian=True
    )


KINDS: dict[str, tuple[int, Callable[[int], Kind]]] = {
    "gaussian": (1, lambda d: _gaussian(_toeplitz(d))),
    "one bimodal": (2, lambda d: _independent(d, _Pair(4.0, 0.5), 1)),
    "all bimodal": (1, lambda d: _independent(d, _Pair(4.0, 0.5), d)),
    "uniform": (1, lambda d: _independent(d, stats.uniform(), d)),
    "exponential": (1, lambda d: _independent(d, stats.expon(), d)),
    "t3": (1, lambda d: _independent(d, stats.t(3), d)),
    "lognormal": (1, lambda d: _independent(d, stats.lognorm(1.0), d)),
    "repeated": (1, _repeated),
    **{f"collinear 1e-{k}": (2, lambda d, k=k: _collinear(d, 10.0**-k)) for k in range(2, 8)},
    **{f"clusters 1e{k}": (1, lambda d, k=k: _clusters(d, 10.0**k)) for k in range(1, 5)},
}
