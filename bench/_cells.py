"""Masses that a mixture of Gaussians has on the cells of a table: what a model of several kinds of columns is compared
with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.stats import qmc
from sklearn.mixture import GaussianMixture

Floats = NDArray[np.float64]

N_POINTS = 512
"""Points of a cell at which the density is averaged."""


class Cells:
    """The cells of a table's columns: an interval around each value, or none where a column has a density.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        All rows, whose values are the cells' middles.
    steps : mapping of int to float or "values"
        The step of a column, or "values" for cells between the midpoints of its distinct values.
    atoms : mapping of int to float
        The least value of a column, an atom, whose cell reaches down to nothing that is seen.
    """

    def __init__(self, X: Floats, steps: dict[int, Any], atoms: dict[int, float]) -> None:
        self.steps, self.atoms = steps, atoms
        self.edges = {}
        for j, step in steps.items():
            if step == "values":
                values = np.unique(X[:, j])
                middles = 0.5 * (values[1:] + values[:-1])
                first, last = values[1] - values[0], values[-1] - values[-2]
                self.edges[j] = values, np.r_[values[0] - first / 2, middles, values[-1] + last / 2]
        self.next = {j: np.min(X[X[:, j] > low, j]) for j, low in atoms.items()}
        self.spread = {j: np.std(X[:, j]) for j in atoms}

    def ends(self, X: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """The lower and the upper end of every row's cells, and which cells are intervals."""
        low, high, counted = X.copy(), X.copy(), np.zeros(X.shape, dtype=bool)
        for j, step in self.steps.items():
            counted[:, j] = True
            if step == "values":
                values, edges = self.edges[j]
                k = np.searchsorted(values, X[:, j])
                low[:, j], high[:, j] = edges[k], edges[k + 1]
            else:
                low[:, j], high[:, j] = X[:, j] - step / 2, X[:, j] + step / 2
        for j, atom in self.atoms.items():
            at = X[:, j] == atom
            counted[at, j] = True
            low[at, j], high[at, j] = atom - self.spread[j], 0.5 * (atom + self.next[j])
        return low, high, counted

    def spread_out(self, X: Floats, rng: np.random.Generator) -> Floats:
        """Rows with every cell's value anywhere in it."""
        low, high, _ = self.ends(X)
        return low + (high - low) * rng.random(X.shape)


def log_masses(mixture: GaussianMixture, cells: Cells, X: Floats) -> Floats:
    """The logarithm of the mixture's mass on the rows' cells, times its density in the columns that have one."""
    low, high, counted = cells.ends(X)
    if mixture.covariance_type == "diag":
        return _of_independent(mixture, X, low, high, counted)
    volume = np.where(counted, high - low, 1.0)
    points = qmc.Sobol(X.shape[1], seed=0).random(N_POINTS)
    out = np.empty((N_POINTS, len(X)))
    for i, point in enumerate(points):
        out[i] = mixture.score_samples(low + (high - low) * point)
    mean: Floats = special.logsumexp(out, axis=0) - np.log(N_POINTS)
    return mean + np.log(volume).sum(axis=1)


def _of_independent(
    mixture: GaussianMixture, X: Floats, low: Floats, high: Floats, counted: NDArray[np.bool_]
) -> Floats:
    """The same by distribution functions, of a mixture of independent normals."""
    terms = np.empty((len(X), mixture.n_components))
    for k in range(mixture.n_components):
        mean, scale = mixture.means_[k], np.sqrt(mixture.covariances_[k])
        a, b, z = (low - mean) / scale, (high - mean) / scale, (X - mean) / scale
        flip = a > 0
        a, b = np.where(flip, -b, a), np.where(flip, -a, b)
        with np.errstate(divide="ignore", invalid="ignore"):
            mass = special.log_ndtr(b) + np.log1p(-np.exp(special.log_ndtr(a) - special.log_ndtr(b)))
        density = -0.5 * z * z - 0.5 * np.log(2 * np.pi) - np.log(scale)
        terms[:, k] = np.log(mixture.weights_[k]) + np.where(counted, mass, density).sum(axis=1)
    out: Floats = special.logsumexp(terms, axis=1)
    return out
