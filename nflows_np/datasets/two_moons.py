"""Two moons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nflows_np._random_state import check_random_state

from ._checks import check_n_samples, check_positive, checked_points

_CENTRES = np.array([[0.0, 0.0], [1.0, 0.5]])  # of the circles: the upper half of one, the lower of the other
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(48)
_NEGLIGIBLE = 40.0  # nats below the maximum of an integrand where it is cut: e^-40 = 4e-18
_CHUNK = 4096


def two_moons(n_samples: int = 1000, *, noise: float = 0.1, random_state: Any = None) -> NDArray[np.float64]:
    r"""Draw from two interleaving half circles with Gaussian noise.

    One of two arcs is chosen with probability 1/2, a point on it uniformly, and noise is added:

    .. math:: x = (\cos t, \sin t) + \sigma\varepsilon \quad\text{or}\quad
              x = (1 - \cos t, \tfrac{1}{2} - \sin t) + \sigma\varepsilon, \qquad
              t \sim U(0, \pi), \quad \varepsilon \sim N(0, I) .

    Unlike scikit-learn's ``make_moons``, which spaces the points evenly along the arcs, the rows are
    independent draws of one distribution, whose density is `two_moons_log_density`.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    noise : float, default=0.1
        Standard deviation :math:`\sigma > 0` of the noise.
    random_state : int, RandomState, Generator or None, default=None
        Source of the draws.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)

    Raises
    ------
    ValueError
        If `noise` is not positive and finite, or `n_samples` is not an integer of at least 0.

    Examples
    --------
    >>> from nflows_np.datasets import two_moons
    >>> two_moons(5, random_state=0).shape
    (5, 2)
    """
    check_positive(noise=noise)
    check_n_samples(n_samples)
    rng = check_random_state(random_state)
    lower = rng.randint(2, size=n_samples)
    angle = np.pi * (rng.uniform(size=n_samples) + lower)
    arcs = _CENTRES[lower] + np.column_stack([np.cos(angle), np.sin(angle)])
    return arcs + noise * rng.standard_normal((n_samples, 2))


def two_moons_log_density(X: ArrayLike, *, noise: float = 0.1) -> NDArray[np.float64]:
    r"""Return the log-density of `two_moons`, in nats.

    With :math:`(r, \varphi)` the polar coordinates of x about the centre of an arc over the angles :math:`A`,
    the density of that arc's half is one integral,

    .. math:: p(x) = \frac{1}{2\pi\sigma^2} e^{-(r-1)^2 / 2\sigma^2}\;
              \frac{1}{\pi} \int_A e^{-\kappa (1 - \cos(t - \varphi))}\, dt, \qquad \kappa = r / \sigma^2,

    split where the distance of t from :math:`\varphi` has its extrema and computed by Gauss-Legendre
    quadrature over the part that matters. Accurate to about 1e-10 nats, however far out the point.

    Parameters
    ----------
    X : array-like of shape (n, 2)
        Points.
    noise : float, default=0.1
        Standard deviation :math:`\sigma > 0` of the noise.

    Returns
    -------
    log_density : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If `X` does not have two columns or `noise` is not positive and finite.

    Examples
    --------
    >>> from nflows_np.datasets import two_moons_log_density
    >>> two_moons_log_density([[0.0, 1.0], [5.0, 5.0]]).round(4)
    array([-4.5300000e-01, -1.4676818e+03])
    """
    check_positive(noise=noise)
    X = checked_points(X)
    out = np.empty(len(X))
    for start in range(0, len(X), _CHUNK):
        moons = [_log_arc(X[start : start + _CHUNK] - _CENTRES[lower], lower, noise) for lower in (0, 1)]
        out[start : start + _CHUNK] = np.logaddexp(*moons) - np.log(2.0)
    return out


def _log_arc(offset: NDArray[np.float64], lower: int, noise: float) -> NDArray[np.float64]:
    """Log-density at an offset from the centre of a half circle of radius 1, the upper or the lower one."""
    r = np.hypot(*offset.T)
    phi = np.abs(np.arctan2(-offset[:, 1] if lower else offset[:, 1], offset[:, 0]))
    beyond = (offset[:, 1] > 0) if lower else (offset[:, 1] < 0)
    kappa = r / noise**2
    # The distance |t - phi| runs from phi down to 0 and up to pi - phi, or, where phi points away from the
    # arc, from either end of the arc to pi. Both pieces are integrals of exp(-kappa (1 - cos d)), which
    # decreases with d.
    pieces = [
        _log_integral(kappa, np.where(beyond, phi, 0.0), np.where(beyond, np.pi, phi)),
        _log_integral(kappa, np.where(beyond, np.pi - phi, 0.0), np.where(beyond, np.pi, np.pi - phi)),
    ]
    gaussian = -0.5 * ((r - 1.0) / noise) ** 2 - np.log(2.0 * np.pi * noise**2)
    return gaussian + np.logaddexp(*pieces) - np.log(np.pi)


def _log_integral(
    kappa: NDArray[np.float64], start: NDArray[np.float64], stop: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log of the integral of exp(-kappa (1 - cos d)) over distances 0 <= start <= d <= stop <= pi."""
    with np.errstate(divide="ignore"):  # kappa = 0: the integrand is 1 and nothing is cut
        cut = 2.0 * np.arcsin(np.sqrt(np.minimum(1.0, np.sin(0.5 * start) ** 2 + 0.5 * _NEGLIGIBLE / kappa)))
    half = 0.5 * (np.minimum(stop, cut) - start)
    along = half[:, None] * (1.0 + _NODES)  # distance from start
    # cos(start) - cos(start + along), without cancellation
    drop = 2.0 * np.sin(start[:, None] + 0.5 * along) * np.sin(0.5 * along)
    integral = half * (np.exp(-kappa[:, None] * drop) @ _NODE_WEIGHTS)
    with np.errstate(divide="ignore"):  # an empty piece
        return np.log(integral) - 2.0 * kappa * np.sin(0.5 * start) ** 2
