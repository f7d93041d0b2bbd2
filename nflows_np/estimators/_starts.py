"""Where training starts: at the Gaussian fit of the rows, or at a mixture of normals in clusters of them.

Layers are the identity but for the first, which is linear and fitted in a closed form. The Gaussian start fits it to
the rows as they are. Where rows lie in clusters far apart, that Gaussian is mostly the gaps between them. So the start
at clusters fits the layer to the rows' deviations from their clusters' centres, and the base has a component where the
layers take each centre: normals that share their covariance, which is shrunk as the Gaussian's is.

What a start knows of a column is no finer than the column's own steps: one that is 0 in all rows but a few, or in all,
would otherwise be known to a small part of a step, and any other value be hopeless. So columns with ties are looked at
with uniform noise of one step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._model import FlowModel
from nflows_np._stream import PANEL_ROWS
from nflows_np.columns import ColumnScaler
from nflows_np.estimators._seeds import Seeds
from nflows_np.specs import Flow, GaussianMixture
from nflows_np.training_state import Rows

Start = Callable[[FlowModel, Rows, Seeds], None]
"""Brings a model to its start for some rows."""

# Rows that are looked at: more of them move no mean and no covariance by an amount that matters.
START_ROWS = 32_768

# Scaled values beyond this are taken for this by the start: its means and covariances, unlike the medians and
# quartiles of the scaling, can be ruined by a few wild rows. What a twentieth of the rows have is not wild, up to a
# limit of its own, and the quartiles of a handful say too little to tell.
START_RANGE, USUAL, LARGEST, HANDFUL = 100.0, 0.95, 1e5, 50

# Values closer than this share of a column's largest, or than some roundings, are one that rounding has parted.
SAME, ROUNDINGS = 1e-9, 8

# The share of a column's variance that is left at least: one with modes far apart does not outweigh all others.
LEAST_LEFT = 1e-8


def at_gaussian(model: FlowModel, rows: Rows, seeds: Seeds) -> None:
    """Start at the Gaussian fit; a base that has a start of its own is fitted to what the layers make of the rows."""
    some = _some(rows, seeds)
    model.flow.start(_seed(seeds))
    model.flow.start_from_data(_panels(model, some, seeds), len(some), weights=some.normalised_weights())


def at_clusters(model: FlowModel, rows: Rows, seeds: Seeds) -> None:
    """Start at normals of one covariance, one a component of the base, a mixture, at centres that k-means finds."""
    some, base = _some(rows, seeds), model.spec.base
    assert isinstance(base, GaussianMixture)
    panels, weights = _panels(model, some, seeds), some.normalised_weights()
    units = _units(panels, len(some), weights)
    clusters = FlowModel(Flow((), base=base), model.scaler, model.dtype)
    clusters.flow.start(_seed(seeds))
    clusters.flow.start_from_data(panels / units[:, None], len(some), weights=weights)
    found = clusters.of_base(clusters.flow.get_params())
    centres = found["loc"].reshape(base.n_components, -1) * units
    model.flow.start(_seed(seeds))
    model.flow.start_from_data(_deviations(panels, centres, units), len(some), weights=weights)
    parameters: NDArray[Any] = model.flow.get_params()
    unscaled = ColumnScaler(np.zeros(model.n_features), np.ones(model.n_features))
    latent = FlowModel(model.spec, unscaled, model.dtype, parameters).transform(centres.astype(np.float64))
    own = model.of_base(parameters)
    own["logits"][:], own["loc"][:], own["log_scale"][:] = found["logits"], latent.ravel(), 0.0
    model.flow.set_params(parameters)


def _seed(seeds: Seeds) -> int:
    return int(seeds.start.generate_state(1, np.uint64)[0] >> 1)


def _some(rows: Rows, seeds: Seeds) -> Rows:
    """At most `START_ROWS` of the rows."""
    if len(rows) <= START_ROWS:
        return rows
    order = np.random.Generator(np.random.PCG64(seeds.order_of_start)).permutation(len(rows))
    return rows.take(np.sort(order[:START_ROWS]))


def _panels(model: FlowModel, some: Rows, seeds: Seeds) -> NDArray[Any]:
    """Scaled rows in panels, without wild values, columns with ties blurred by one of their steps."""
    stream = model.rows(some.X, some.index)
    panels = stream.move(np.empty(stream.shape, model.dtype))
    random = np.random.Generator(np.random.PCG64(seeds.start.generate_state(4)))
    masses = model.spec.conditionals(model.n_features)
    for j, loc in enumerate(model.scaler.loc):
        if j in masses:  # no start looks at it
            continue
        column = panels[:, j]
        values = np.sort(column.ravel()[: len(some)])
        if len(some) >= HANDFUL:
            usual = float(np.quantile(np.abs(values), USUAL))
            bound = max(START_RANGE, min(usual, LARGEST))
            np.clip(column, -bound, bound, out=column)
            values = values[np.abs(values) <= bound]
        step = _step(values, loc)
        if step:
            column += (step * random.uniform(-0.5, 0.5, column.shape)).astype(model.dtype)
    return panels


def _step(values: NDArray[Any], loc: float) -> float:
    """The least distance between sorted values of a column with ties, 0 without them.

    A constant has none, and its scale is 1: where it is a whole number, its step is taken for 1.
    """
    gaps = np.diff(values)
    same = max(SAME, ROUNDINGS * np.finfo(values.dtype).eps) * np.abs(values).max()
    if (gaps > same).all():
        return 0.0
    return float(gaps[gaps > same].min()) if (gaps > same).any() else float(loc == np.round(loc))


def _units(panels: NDArray[Any], n: int, weights: NDArray[np.float64] | None) -> NDArray[Any]:
    """What is left of each column's spread when it is cut in two where that leaves least: a unit for distances.

    A column whose modes are far apart tells clusters better than many that are alike in all of them.
    """
    w, units = np.ones(n) if weights is None else weights, np.ones(panels.shape[1], panels.dtype)
    for j in range(panels.shape[1]):
        z = panels[:, j].ravel()[:n].astype(np.float64)
        order = np.argsort(z)
        sums = np.cumsum([w[order], (w * z)[order], (w * z * z)[order]], axis=1)
        parts = sums[:, :-1], sums[:, -1:] - sums[:, :-1]
        left = sum(squares - total * total / mass for mass, total, squares in parts).min() / sums[0, -1]
        whole = sums[2, -1] / sums[0, -1] - (sums[1, -1] / sums[0, -1]) ** 2
        if whole > 0.0:
            units[j] = np.sqrt(max(left, LEAST_LEFT * whole))
    return units


def _deviations(panels: NDArray[Any], centres: NDArray[Any], units: NDArray[Any]) -> NDArray[Any]:
    """What rows in panels are away from the nearest of some centres."""
    least, nearest = np.full((len(panels), PANEL_ROWS), np.inf), np.empty_like(panels)
    for centre in centres:
        deviation = panels - centre[:, None]
        distance = np.square(deviation / units[:, None]).sum(axis=1, dtype=np.float64)
        nearest = np.where((distance < least)[:, None], deviation, nearest)
        least = np.minimum(distance, least)
    return nearest
