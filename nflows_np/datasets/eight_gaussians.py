"""Eight Gaussians."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from nflows_np._random_state import check_random_state

from ._checks import check_n_samples, check_positive, checked_points


def eight_gaussians(
    n_samples: int = 1000, *, radius: float = 2.0, noise: float = 0.2, random_state: Any = None
) -> NDArray[np.float64]:
    r"""Draw from a mixture of eight Gaussians on a circle.

    .. math:: p(x) = \frac{1}{8} \sum_{k=0}^{7} N(x;\, \rho\, (\cos \tfrac{k\pi}{4}, \sin \tfrac{k\pi}{4}),\,
              \sigma^2 I)

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    radius : float, default=2.0
        Radius :math:`\rho > 0` of the circle of the means.
    noise : float, default=0.2
        Standard deviation :math:`\sigma > 0` of each Gaussian.
    random_state : int, RandomState, Generator or None, default=None
        Source of the draws.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)

    Raises
    ------
    ValueError
        If `radius` or `noise` is not positive and finite, or `n_samples` is not an integer of at least 0.

    Examples
    --------
    >>> from nflows_np.datasets import eight_gaussians
    >>> eight_gaussians(5, random_state=0).shape
    (5, 2)
    """
    check_positive(radius=radius, noise=noise)
    check_n_samples(n_samples)
    rng = check_random_state(random_state)
    component = rng.randint(8, size=n_samples)
    return _octagon(radius)[component] + noise * rng.standard_normal((n_samples, 2))


def eight_gaussians_log_density(
    X: ArrayLike, *, radius: float = 2.0, noise: float = 0.2
) -> NDArray[np.float64]:
    """Return the log-density of `eight_gaussians`, in nats and in closed form.

    Parameters
    ----------
    X : array-like of shape (n, 2)
        Points.
    radius : float, default=2.0
        Radius of the circle of the means.
    noise : float, default=0.2
        Standard deviation of each Gaussian.

    Returns
    -------
    log_density : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If `X` does not have two columns, or `radius` or `noise` is not positive and finite.

    Examples
    --------
    >>> from nflows_np.datasets import eight_gaussians_log_density
    >>> eight_gaussians_log_density([[2.0, 0.0], [0.0, 0.0]]).round(4)
    array([ -0.6984, -48.619 ])
    """
    check_positive(radius=radius, noise=noise)
    X = checked_points(X)
    squares = ((X[:, None, :] - _octagon(radius)) ** 2).sum(axis=2) / noise**2
    return logsumexp(-0.5 * squares, axis=1) - np.log(8.0 * 2.0 * np.pi * noise**2)


def _octagon(radius: float) -> NDArray[np.float64]:
    angles = np.arange(8) * (np.pi / 4.0)
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])
