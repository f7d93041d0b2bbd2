"""Pictures of a fitted density. matplotlib is imported when a picture is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from nflows_np._messages import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_density"]

# More columns make panels too small to read.
MAX_COLUMNS = 5
MAX_POINTS = 4000
GRID = 200


def plot_density(
    estimator: Any, X: ArrayLike, *, names: Sequence[str] | None = None, random_state: Any = None
) -> Figure:
    """Draw data, density and samples of a fitted estimator.

    Two columns give three panels side by side: the rows, the density and as many samples. Other numbers of
    columns give a matrix of panels of the first five: histograms on the diagonal, rows above it, samples
    below.

    Parameters
    ----------
    estimator : FlowDensity
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Rows to show, at most 4000 of them.
    names : sequence of str, default=None
        Names of the columns; by default those of ``X``, or those seen in ``fit``.
    random_state : int, RandomState, Generator or None, default=None
        For the samples.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Made without pyplot, so that no window and no global state is involved; ``figure.savefig(path)``
        writes it.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the estimator is not fitted, ``X`` has other columns than it was fitted to, or ``names`` are not as many.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from nflows_np import FlowDensity
    >>> from nflows_np.plotting import plot_density
    >>> X, _ = make_moons(400, noise=0.1, random_state=0)
    >>> figure = plot_density(FlowDensity(flow="linear").fit(X), X, random_state=0)
    >>> len(figure.axes)
    3
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plotting needs matplotlib: python -m pip install 'nflows_np[plot]'") from error

    check_is_fitted(estimator)
    rows = estimator._possible_rows(X).astype(np.float64)
    table = estimator._fitted.of_table
    if names is None:
        names = getattr(X, "columns", getattr(estimator, "feature_names_in_", None))
    if names is not None and len(names) == len(table.kinds):
        names = [names[j] for j in table.used]
    labels = [f"x{j}" for j in range(rows.shape[1])] if names is None else [str(name) for name in names]
    if len(labels) != rows.shape[1]:
        raise ValueError(f"names must be one for each of {rows.shape[1]} columns; got {shown(labels)}.")
    samples = estimator.sample(min(len(rows), MAX_POINTS), random_state=random_state, output="array")
    rows = rows[:: -(-len(rows) // MAX_POINTS)]
    if rows.shape[1] == 2:
        figure = Figure(figsize=(12, 4), layout="constrained")
        _plane(figure, estimator, rows, samples, labels)
    else:
        n = min(rows.shape[1], MAX_COLUMNS)
        figure = Figure(figsize=(2.2 * n + 1, 2.2 * n + 0.6), layout="constrained")
        _matrix(figure, rows[:, :n], samples[:, :n], labels[:n])
    return figure


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """The bulk of a column with a margin: a few far rows must not shrink the rest to a dot."""
    low, high = np.quantile(values, [0.002, 0.998])
    margin = 0.08 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def _plane(
    figure: Figure, estimator: Any, rows: NDArray[np.float64], samples: NDArray[np.float64], names: list[str]
) -> None:
    data, density, drawn = figure.subplots(1, 3, sharex=True, sharey=True)
    x, y = (np.linspace(*_limits(rows[:, j]), GRID) for j in (0, 1))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    values = np.exp(estimator._model.log_prob(grid.reshape(-1, 2))).reshape(GRID, GRID)
    density.pcolormesh(x, y, values, shading="nearest", cmap="magma", rasterized=True)
    _points(data, rows, "C0")
    _points(drawn, samples, "C1")
    for axes, title in ((data, "data"), (density, "density"), (drawn, "samples")):
        axes.set(title=title, xlabel=names[0], xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    data.set_ylabel(names[1])


def _matrix(
    figure: Figure, rows: NDArray[np.float64], samples: NDArray[np.float64], names: list[str]
) -> None:
    n = rows.shape[1]
    panels = figure.subplots(n, n, squeeze=False)
    limits = [_limits(rows[:, j]) for j in range(n)]
    for i in range(n):
        for j in range(n):
            axes = panels[i][j]
            axes.set_xlim(*limits[j])
            axes.tick_params(labelsize=6)
            if i == j:
                bins = np.linspace(*limits[j], 31)
                axes.hist(rows[:, j], bins, density=True, color="C0", alpha=0.5, label="data")
                axes.hist(samples[:, j], bins, density=True, color="C1", histtype="step", label="samples")
                axes.set_yticks([])
            else:
                axes.set_ylim(*limits[i])
                _points(axes, (samples if i > j else rows)[:, [j, i]], "C1" if i > j else "C0")
            if i == n - 1:
                axes.set_xlabel(names[j], fontsize=7)
            if j == 0:
                axes.set_ylabel(names[i], fontsize=7)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)


def _points(axes: Axes, points: NDArray[np.float64], color: str) -> None:
    axes.scatter(points[:, 0], points[:, 1], s=3, c=color, alpha=0.4, linewidths=0, rasterized=True)


def __dir__() -> list[str]:
    return __all__
