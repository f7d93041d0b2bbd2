"""Generated tables of several kinds of columns, whose densities are known."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from nflows_np.columns import Bounded, Categorical, Integer, Periodic, Positive

Floats = NDArray[np.float64]


class Table(NamedTuple):
    """A way to draw rows, their log-density, and what FlowDensity is told."""

    draw: Any  # of (generator, n): rows
    log_density: Any  # of rows
    options: dict[str, Any]


def _exponential(rng: np.random.Generator, n: int) -> Floats:
    return rng.exponential(3.0, (n, 1))


def _arcsine(rng: np.random.Generator, n: int) -> Floats:
    """Beta(0.5, 0.5), but for the ends, which rounding meets."""
    return np.clip(rng.beta(0.5, 0.5, (n, 1)), 1e-12, 1 - 1e-12)


def _uniform(rng: np.random.Generator, n: int) -> Floats:
    return rng.uniform(2.0, 5.0, (n, 1))


KAPPA = 2.0


def _angle(rng: np.random.Generator, n: int) -> Floats:
    """Von Mises around 350 degrees."""
    return np.degrees(rng.vonmises(np.radians(-10.0), KAPPA, (n, 1))) % 360.0


def _angle_density(X: Floats) -> Floats:
    return stats.vonmises.logpdf(np.radians(X[:, 0] + 10.0), KAPPA) + np.log(np.pi / 180)


RATE = 4.0


def _counts(rng: np.random.Generator, n: int) -> Floats:
    return rng.poisson(RATE, (n, 1)).astype(float)


SHARES = np.array([0.5, 0.2, 0.15, 0.1, 0.05])
MEANS = np.array([0.0, 5.0, -3.0, 2.0, 9.0])
SPREADS = np.array([1.0, 0.5, 2.0, 0.2, 1.0])
CODES = np.array([3, 0, 4, 1, 2])  # of the categories, in no order that means anything


def _categories(rng: np.random.Generator, n: int) -> Floats:
    k = rng.choice(5, n, p=SHARES)
    return np.column_stack([CODES[k], rng.normal(MEANS[k], SPREADS[k])]).astype(float)


def _categories_density(X: Floats) -> Floats:
    k = np.argsort(CODES)[X[:, 0].astype(int)]
    return np.log(SHARES[k]) + stats.norm.logpdf(X[:, 1], MEANS[k], SPREADS[k])


ZEROS, SIGMA = 0.35, 1.2


def _inflated(rng: np.random.Generator, n: int) -> Floats:
    return np.where(rng.random(n) < ZEROS, 0.0, rng.lognormal(1.0, SIGMA, n))[:, None]


def _inflated_density(X: Floats) -> Floats:
    x = X[:, 0]
    with np.errstate(divide="ignore"):
        inner = stats.lognorm.logpdf(np.where(x > 0, x, 1.0), SIGMA, scale=np.e)
    return np.where(x == 0, np.log(ZEROS), np.log1p(-ZEROS) + inner)


CORRELATED = 0.7 ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))


def _gappy(rng: np.random.Generator, n: int) -> Floats:
    X = rng.multivariate_normal(np.zeros(4), CORRELATED, n, method="cholesky")
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


def gaussian_density(X: Floats, covariance: Floats) -> Floats:
    """Of the cells that are there."""
    out, there = np.zeros(len(X)), ~np.isnan(X)
    for pattern in np.unique(there, axis=0):
        rows = (there == pattern).all(axis=1)
        if pattern.any():
            part = covariance[np.ix_(pattern, pattern)]
            out[rows] = stats.multivariate_normal.logpdf(X[np.ix_(rows, pattern)], np.zeros(len(part)), part)
    return out


def _all(rng: np.random.Generator, n: int) -> Floats:
    """Each kind, some dependent on those before: category, count, spend with zeros, share, angle, two numbers with
    gaps."""
    k = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    count = rng.poisson(np.array([1.0, 4.0, 9.0])[k])
    zero = rng.random(n) < special.expit(1.0 - 0.5 * count)
    spend = np.where(zero, 0.0, rng.lognormal(0.2 * count, 0.6))
    share = special.expit(rng.normal(np.array([-1.0, 0.0, 1.5])[k], 0.8))
    angle = np.degrees(rng.vonmises(np.array([0.0, 2.0, -2.0])[k], 3.0)) % 360.0
    u = rng.normal(0.5 * count, 1.0)
    v = rng.normal(u, 0.5)
    u[rng.random(n) < 0.2] = np.nan
    v[rng.random(n) < 0.2] = np.nan
    return np.column_stack([k, count, spend, share, angle, u, v])


def _all_density(X: Floats) -> Floats:
    k, count = X[:, 0].astype(int), X[:, 1]
    out = np.log(np.array([0.5, 0.3, 0.2])[k]) + stats.poisson.logpmf(count, np.array([1.0, 4.0, 9.0])[k])
    zero = X[:, 2] == 0
    spend = np.where(zero, 1.0, X[:, 2])
    inner = stats.norm.logpdf(np.log(spend), 0.2 * count, 0.6) - np.log(spend)
    out += np.where(zero, special.log_expit(1.0 - 0.5 * count), special.log_expit(0.5 * count - 1.0) + inner)
    logit = special.logit(X[:, 3])
    out += stats.norm.logpdf(logit, np.array([-1.0, 0.0, 1.5])[k], 0.8) - np.log(X[:, 3]) - np.log1p(-X[:, 3])
    out += stats.vonmises.logpdf(np.radians(X[:, 4]), 3.0, loc=np.array([0.0, 2.0, -2.0])[k]) + np.log(
        np.pi / 180
    )
    u, v = X[:, 5] - 0.5 * count, X[:, 6] - 0.5 * count
    return out + gaussian_density(np.column_stack([u, v]), np.array([[1.0, 1.0], [1.0, 1.25]]))


TABLES = {
    "exponential": Table(
        _exponential, lambda X: stats.expon.logpdf(X[:, 0], scale=3.0), {"columns": Positive()}
    ),
    "beta(0.5, 0.5)": Table(
        _arcsine, lambda X: stats.beta.logpdf(X[:, 0], 0.5, 0.5), {"columns": Bounded(0, 1)}
    ),
    "uniform": Table(_uniform, lambda X: np.full(len(X), -np.log(3.0)), {"columns": "auto"}),
    "von Mises, degrees": Table(_angle, _angle_density, {"columns": Periodic(0, 360)}),
    "Poisson": Table(_counts, lambda X: stats.poisson.logpmf(X[:, 0], RATE), {"columns": Integer(0)}),
    "categories x Gaussians": Table(_categories, _categories_density, {"columns": {0: Categorical()}}),
    "zero-inflated lognormal": Table(_inflated, _inflated_density, {"columns": "auto"}),
    "Gaussian, 20 % missing": Table(_gappy, lambda X: gaussian_density(X, CORRELATED), {"missing": "observed"}),
    "all of them": Table(
        _all, _all_density,
        {
            "missing": "observed",
            "columns": {
                0: Categorical(), 1: Integer(0), 2: Positive(atoms="low"), 3: Bounded(0, 1), 4: Periodic(0, 360),
            },
        },
    ),
}  # fmt: skip
