"""A normal with full covariance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._draws import Columns, Draw, bounded_scale, draw
from ._spec import Base


@dataclass(frozen=True, repr=False)
class FullNormal(Base):
    r"""Normal latents with a trained location and a trained full covariance.

    .. math:: \log p(z) = -\tfrac{1}{2} |u|^2 - \sum_j \alpha_j - \tfrac{D}{2} \log(2\pi), \qquad
              u = \operatorname{diag}(e^{-\alpha})\, L\, (z - \mu)

    with a unit lower triangular :math:`L`: :math:`\operatorname{diag}(e^{-\alpha}) L` is the Cholesky factor of the
    precision, so that every value of the parameters is a density, at the price of one matrix product a row. The
    log-scales are bounded, :math:`\alpha = c \tanh(a / c)` with :math:`c = 7`. Parameters :math:`\mu` and :math:`a`,
    ``(D,)``, and the strict lower part of :math:`L`, ``(D, D)``: the standard normal at zero. The data-dependent start
    takes the mean and the covariance of the latents.

    References
    ----------
    Pourahmadi (1999), "Joint mean-covariance models with applications to longitudinal data: unconstrained
    parameterisation", Biometrika 86(3), 677-690.

    Examples
    --------
    A Gaussian fit, and nothing else:

    >>> from nflows_np.specs import Flow, FullNormal
    >>> Flow([], base=FullNormal())
    Flow((), base=FullNormal())
    """

    name = "full_normal"

    def draws(self, columns: Columns, parameters: Mapping[str, NDArray[Any]]) -> list[Draw]:
        n = len(columns)
        lower = np.eye(n) + np.asarray(parameters["lower"], dtype=np.float64).reshape(n, n)
        # z = mu + L^-1 diag(exp(alpha)) e for a standard normal e.
        factor = np.linalg.solve(lower, np.diag(bounded_scale(parameters["log_scale"])))
        return draw("affine", columns, parameters["loc"], np.tril(factor))
