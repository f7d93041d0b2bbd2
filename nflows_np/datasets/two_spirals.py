"""Two spirals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._random_state import check_random_state

from ._checks import check_n_samples, check_positive

_END = 3.0 * np.pi  # one turn and a half


def two_spirals(
    n_samples: int = 1000, *, noise: float = 0.1, random_state: Any = None
) -> NDArray[np.float64]:
    r"""Draw from two interleaving spirals with Gaussian noise.

    One of two arms, mirror images of each other in the origin, is chosen with probability 1/2, a point on it, and noise
    is added:

    .. math:: x = \pm \frac{t}{3}\, (-\cos t, \sin t) + \sigma\varepsilon, \qquad t = 3\pi\sqrt{u}, \quad
              u \sim U(0, 1), \quad \varepsilon \sim N(0, I) .

    With the square root, points lie about evenly along the arms. The density is an integral without a closed form.

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

    References
    ----------
    Lang, Witbrock (1988), "Learning to tell two spirals apart", Proceedings of the 1988 Connectionist Models Summer
    School, pp. 52-59.

    Examples
    --------
    >>> from nflows_np.datasets import two_spirals
    >>> two_spirals(5, random_state=0).shape
    (5, 2)
    """
    check_positive(noise=noise)
    check_n_samples(n_samples)
    rng = check_random_state(random_state)
    side = 2.0 * rng.randint(2, size=n_samples) - 1.0
    t = _END * np.sqrt(rng.uniform(size=n_samples))
    arms = (side * t / 3.0)[:, None] * np.column_stack([-np.cos(t), np.sin(t)])
    return arms + noise * rng.standard_normal((n_samples, 2))
