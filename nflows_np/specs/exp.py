"""The exponential of every column, and with `Inverse` the logarithm."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class Exp(Bijection):
    r"""Exponential of every column: the real line onto the positive numbers. Nothing is learned.

    .. math:: z_j = e^{x_j}, \qquad \log|\det J| = \sum_j x_j

    ``Inverse(Exp())`` is the logarithm, for positive columns. Below zero its density is 0: such rows have the
    log-density minus infinity, and are mapped as the smallest positive number, about 1e-38 in float32 and
    1e-308 in float64. A zero counts as that number. A context is ignored.

    `FlowDensity` centres and scales columns before the flow: there the layers see no column that is positive
    throughout. `FixedAffine` undoes a known scaling.

    References
    ----------
    Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2019), "Normalizing Flows for Probabilistic
    Modeling and Inference", arXiv:1912.02762.

    Examples
    --------
    A log-normal density, and what may follow:

    >>> from nflows_np.specs import Autoregressive, Exp, Flow, Inverse, LinearGaussian
    >>> Flow([Inverse(Exp()), LinearGaussian(), Autoregressive()])
    Flow((Inverse(Exp()), LinearGaussian(), Autoregressive()))
    """

    name = "exp"
