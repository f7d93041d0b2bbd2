"""Checkerboard: a uniform density with sharp edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nflows_np._random_state import check_random_state

from ._checks import check_n_samples, checked_points


def checkerboard(n_samples: int = 1000, *, random_state: Any = None) -> NDArray[np.float64]:
    r"""Draw uniformly from the dark squares of a board of four by four.

    .. math:: p(x) = \tfrac{1}{8} \quad\text{where}\quad x \in [-2, 2)^2 \text{ and }
              \lfloor x_1 \rfloor + \lfloor x_2 \rfloor \text{ is even,} \qquad 0 \text{ elsewhere.}

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    random_state : int, RandomState, Generator or None, default=None
        Source of the draws.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)

    Raises
    ------
    ValueError
        If `n_samples` is not an integer of at least 0.

    Examples
    --------
    >>> from nflows_np.datasets import checkerboard
    >>> checkerboard(5, random_state=0).shape
    (5, 2)
    """
    check_n_samples(n_samples)
    rng = check_random_state(random_state)
    column = rng.randint(-2, 2, size=n_samples)
    row = 2 * rng.randint(-1, 1, size=n_samples) + column % 2
    return np.column_stack([column, row]) + rng.uniform(size=(n_samples, 2))


def checkerboard_log_density(X: ArrayLike) -> NDArray[np.float64]:
    """Return the log-density of `checkerboard`, in nats and in closed form: minus infinity off the dark squares.

    Parameters
    ----------
    X : array-like of shape (n, 2)
        Points.

    Returns
    -------
    log_density : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If `X` does not have two columns.

    Examples
    --------
    >>> from nflows_np.datasets import checkerboard_log_density
    >>> checkerboard_log_density([[0.5, 0.5], [0.5, 1.5]]).round(4)
    array([-2.0794,    -inf])
    """
    X = checked_points(X)
    square = np.floor(X)
    dark = (np.abs(square + 0.5) < 2.0).all(axis=1) & (square.sum(axis=1) % 2.0 == 0.0)
    return np.where(dark, -np.log(8.0), -np.inf)
