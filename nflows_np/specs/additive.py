"""The additive transformer of NICE."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Transformer


@dataclass(frozen=True, repr=False)
class Additive(Transformer):
    r"""Shift of one number: the volume-preserving transformer of NICE.

    .. math:: z = x - \mu, \qquad \log\left|\frac{dz}{dx}\right| = 0

    One parameter per feature, :math:`\mu`; the identity at :math:`\mu = 0`.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516, sec.
    3.2.

    Examples
    --------
    >>> from nflows_np.specs import Additive, Coupling
    >>> Coupling(Additive(), mask="half")
    Coupling(Additive(), mask='half')
    """

    name = "additive"
