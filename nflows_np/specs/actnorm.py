"""Activation normalisation."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class ActNorm(Bijection):
    r"""Activation normalisation: one shift and one scale per column, started from the data.

    .. math:: z_j = (x_j - b_j)\, e^{-s_j}, \qquad \log|\det J| = -\sum_j s_j

    The log-scales :math:`s_j` are bounded. The data-dependent start gives every column mean 0 and variance 1
    on the training data; from there shifts and scales are ordinary parameters.

    References
    ----------
    Kingma, Dhariwal (2018), "Glow: Generative Flow with Invertible 1x1 Convolutions", arXiv:1807.03039, sec.
    3.1.

    Examples
    --------
    >>> from nflows_np.specs import ActNorm
    >>> ActNorm().to_dict()
    {'name': 'actnorm'}
    """

    name = "actnorm"
