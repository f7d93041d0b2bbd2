"""Pinwheel: bent arms around a centre."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from nflows_np._random_state import check_random_state

from ._checks import check_n_samples, check_positive, checked_points

_ARMS = 5
_LENGTH = 0.3  # standard deviation along an arm, whose middle is at radius 1
_SWIRL = 0.8  # radians by which an arm turns from radius 0 to 1


def pinwheel(n_samples: int = 1000, *, noise: float = 0.1, random_state: Any = None) -> NDArray[np.float64]:
    r"""Draw from five arms that bend around the origin.

    A row is a draw of a long and narrow Gaussian, turned by its arm's angle and by an angle that grows with its
    distance r from the origin:

    .. math:: x = R\bigl(\tfrac{2\pi k}{5} + 0.8\, r\bigr)\, u, \qquad r = \|u\|, \quad
              u = (1 + 0.3\,\varepsilon_1, \sigma\varepsilon_2), \quad k \sim U\{0, \dots, 4\}, \quad
              \varepsilon \sim N(0, I) .

    The angle is a function of the distance, which a rotation leaves alone: the map keeps areas, and the density is
    known (`pinwheel_log_density`).

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    noise : float, default=0.1
        Standard deviation :math:`\sigma > 0` across an arm.
    random_state : int, RandomState, Generator or None, default=None
        Source of the draws.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)

    Raises
    ------
    ValueError
        If `noise` is not positive and finite, or `n_samples` is not an integer of at least 0.

    References
    ----------
    Johnson, Duvenaud, Wiltschko, Datta, Adams (2016), "Composing graphical models with neural networks for structured
    representations and fast inference", arXiv:1603.06277 (whose angle depends on :math:`u_1` alone).

    Examples
    --------
    >>> from nflows_np.datasets import pinwheel
    >>> pinwheel(5, random_state=0).shape
    (5, 2)
    """
    check_positive(noise=noise)
    check_n_samples(n_samples)
    rng = check_random_state(random_state)
    arm = rng.randint(_ARMS, size=n_samples)
    straight = [1.0, 0.0] + rng.standard_normal((n_samples, 2)) * [_LENGTH, noise]
    return _turned(straight, 2.0 * np.pi * arm / _ARMS + _SWIRL * np.hypot(*straight.T))


def pinwheel_log_density(X: ArrayLike, *, noise: float = 0.1) -> NDArray[np.float64]:
    r"""Return the log-density of `pinwheel`, in nats and in closed form.

    .. math:: p(x) = \frac{1}{5} \sum_{k=0}^{4} N\Bigl(R\bigl(-\tfrac{2\pi k}{5} - 0.8\, \|x\|\bigr)\, x;\; (1, 0),\;
              \operatorname{diag}(0.3^2, \sigma^2)\Bigr)

    Parameters
    ----------
    X : array-like of shape (n, 2)
        Points.
    noise : float, default=0.1
        Standard deviation :math:`\sigma > 0` across an arm.

    Returns
    -------
    log_density : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If `X` does not have two columns or `noise` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.datasets import pinwheel_log_density
    >>> pinwheel_log_density([[np.cos(0.8), np.sin(0.8)], [0.0, 0.0]]).round(4)
    array([ 0.0592, -3.8869])
    """
    check_positive(noise=noise)
    X = checked_points(X)
    swirl = _SWIRL * np.hypot(*X.T)
    arms = []
    for arm in range(_ARMS):
        along, across = _turned(X, -2.0 * np.pi * arm / _ARMS - swirl).T
        arms.append(-0.5 * (((along - 1.0) / _LENGTH) ** 2 + (across / noise) ** 2))
    return logsumexp(arms, axis=0) - np.log(_ARMS * 2.0 * np.pi * _LENGTH * noise)


def _turned(X: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.column_stack([cos * X[:, 0] - sin * X[:, 1], sin * X[:, 0] + cos * X[:, 1]])
