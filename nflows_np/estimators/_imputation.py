"""Draws of left-out cells, given those that are there.

The flow is a product of conditionals in the order of its columns, so cells can be drawn one column after the other; but
a cell that is drawn has to fit those that come later. That is a particle filter (Gordon, Salmond and Smith 1993): for
every row some particles walk through the columns. Where a cell is left out each draws one; where a cell is there each
is weighted by its density, and the particles are resampled when few of them carry the weight.

A column's term is the difference of two log-densities, those of the columns up to it and of the columns before it: all
later ones count as left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nflows_np._model import FlowModel

PARTICLES = 128
"""Particles of a row, or as many as are to be drawn, if those are more."""

AT_ONCE = 1 << 16
"""Particles that are in memory at a time, but for a row's own."""

Floats = NDArray[np.float64]


def imputed(
    model: FlowModel, rows: Floats, n_draws: int, random: np.random.Generator, n_threads: int
) -> list[Floats]:
    """Complete rows, so many of each.

    Parameters
    ----------
    model : FlowModel
        Whose columns are conditionals in the order of the table.
    rows : ndarray of shape (n, n_features)
        The model's numbers, NaN where a cell is left out.
    n_draws : int
    random : numpy.random.Generator
    n_threads : int

    Returns
    -------
    draws : list of ndarray of shape (n, n_features)
    """
    out = [rows.copy() for _ in range(n_draws)]
    left_out = np.isnan(rows)
    incomplete = np.flatnonzero(left_out.any(axis=1))
    # Rows that need the same columns go together: particles part at the first cell that is drawn.
    incomplete = incomplete[np.argsort(left_out[incomplete].argmax(axis=1), kind="stable")]
    n_particles = max(PARTICLES, n_draws)
    size = max(1, AT_ONCE // n_particles)
    for start in range(0, len(incomplete), size):
        some = incomplete[start : start + size]
        particles = _walk(model, rows[some], n_particles, random, n_threads)
        for draw, table in enumerate(out):
            table[some] = particles[:, draw]
    return out


def _walk(
    model: FlowModel, rows: Floats, n_particles: int, random: np.random.Generator, n_threads: int
) -> Floats:
    """Equally likely particles of some rows, (n, n_particles, n_features), in random order."""
    n, d = rows.shape
    there = ~np.isnan(rows)
    first = int(np.argmin(there.all(axis=0)))
    x = np.full((n, n_particles, d), np.nan)
    x[:, :, :first] = rows[:, None, :first]
    flat = x.reshape(-1, d)
    log_weight = np.zeros((n, n_particles))
    before = model.log_prob(flat, n_threads=n_threads).reshape(n, n_particles)
    for j in range(first, d):
        if not there[:, j].all():
            z = model.transform(flat, n_threads)
            z[:, j] = random.standard_normal(len(flat))
            x[:, :, j] = model.inverse_transform(z, n_threads)[:, j].reshape(n, n_particles)
        x[there[:, j], :, j] = rows[there[:, j], None, j]
        now = model.log_prob(flat, n_threads=n_threads).reshape(n, n_particles)
        log_weight[there[:, j]] += (now - before)[there[:, j]]
        before = now
        share = _shares(log_weight)
        poor = 1.0 / np.sum(share * share, axis=1) < (
            0.5 * n_particles if j < d - 1 else n_particles * (1 - 1e-9)
        )
        for i in np.flatnonzero(poor):
            chosen = _resampled(share[i], random)
            x[i], before[i], log_weight[i] = x[i, chosen], before[i, chosen], 0.0
    for row in range(n):
        x[row] = x[row, random.permutation(n_particles)]
    return x


def _shares(log_weight: Floats) -> Floats:
    """Weights that add up to 1, row by row."""
    most = log_weight.max(axis=1, keepdims=True)
    weight = np.exp(np.where(np.isfinite(most), log_weight - most, 0.0))  # all alike where none can be
    share: Floats = weight / weight.sum(axis=1, keepdims=True)
    return share


def _resampled(share: Floats, random: np.random.Generator) -> NDArray[np.intp]:
    """Systematic resampling (Kitagawa 1996): each particle about as often as its share says."""
    places = (np.arange(len(share)) + random.random()) / len(share)
    return np.minimum(np.searchsorted(np.cumsum(share), places), len(share) - 1)
