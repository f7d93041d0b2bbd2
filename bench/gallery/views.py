"""One preset on one set: the fit, and what there is to see of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from nflows_np import FlowDensity, datasets

Array = NDArray[np.float64]

# How to draw rows, and their log-density where it is known.
SETS: dict[str, tuple[Callable[..., Array], Callable[[Array], Array] | None]] = {
    "moons": (datasets.two_moons, datasets.two_moons_log_density),
    "pinwheel": (datasets.pinwheel, datasets.pinwheel_log_density),
    "two spirals": (datasets.two_spirals, None),
    "checkerboard": (datasets.checkerboard, datasets.checkerboard_log_density),
    "eight Gaussians": (datasets.eight_gaussians, datasets.eight_gaussians_log_density),
}

LATENT = 3.0  # the warped grid spans so many standard deviations to each side
N_LINES, N_POINTS = 17, 1200  # of the warped grid, in each direction and on each line


@dataclass(frozen=True)
class View:
    """What a fitted flow makes of a set.

    ``density`` is that at the middles of the cells of a box around the rows, whose edges are ``x`` and ``y``;
    ``grid`` the image of a regular grid of the latent space, one line after the other. ``score`` is the mean
    log-likelihood of rows that the fit has not seen, ``error`` two standard errors of it, ``true`` that of the set's
    own density; in nats.
    """

    rows: Array
    samples: Array
    x: Array
    y: Array
    density: Array
    grid: Array
    score: float
    error: float
    true: float | None
    epochs: int
    converged: bool

    @property
    def mass(self) -> float:
        """Integral of the density over the box, by the midpoint rule."""
        return float(self.density.sum() * (self.x[1] - self.x[0]) * (self.y[1] - self.y[0]))


def fit(preset: str, X: Array, *, seconds: float = np.inf, epochs: int = 500) -> FlowDensity:
    """A preset with its defaults: epochs until it has converged, or the time or their number is over."""
    flow = FlowDensity(preset, max_iter=1, warm_start=True, random_state=0)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an epoch at a time ends while there is progress
        for _ in range(epochs):
            flow.fit(X)
            if flow.converged_ or time.perf_counter() - began > seconds:
                break
    return flow


def view(
    preset: str, name: str, n_rows: int, *, margin: float = 0.1, n_cells: int = 160, **budget: Any
) -> View:
    """Fit a preset to a set within a budget of `fit`, and look at it.

    The box reaches beyond the rows by ``margin`` of their range.
    """
    draw, log_density = SETS[name]
    rows, held_out = draw(n_rows, random_state=0), draw(n_rows, random_state=1)
    flow = fit(preset, rows, **budget)
    low, high = rows.min(axis=0), rows.max(axis=0)
    reach = margin * (high - low)
    x, y = np.linspace(low - reach, high + reach, n_cells + 1).T
    cells = np.stack(np.meshgrid(*(0.5 * (edges[1:] + edges[:-1]) for edges in (x, y))), axis=-1)
    density = np.exp(flow.score_samples(cells.reshape(-1, 2))).reshape(n_cells, n_cells)
    scores = flow.score_samples(held_out)
    return View(
        rows,
        flow.sample(n_rows, random_state=2),
        x,
        y,
        density,
        flow.inverse_transform(latent_grid().reshape(-1, 2)).reshape(-1, N_POINTS, 2),
        float(scores.mean()),
        float(2.0 * scores.std() / np.sqrt(n_rows)),
        None if log_density is None else float(log_density(held_out).mean()),
        flow.n_iter_,
        flow.converged_,
    )


def latent_grid() -> Array:
    """Lines of one constant column after those of the other, (2 N_LINES, N_POINTS, 2)."""
    at, along = np.meshgrid(
        np.linspace(-LATENT, LATENT, N_LINES), np.linspace(-LATENT, LATENT, N_POINTS), indexing="ij"
    )
    return np.concatenate([np.stack([at, along], axis=-1), np.stack([along, at], axis=-1)])
