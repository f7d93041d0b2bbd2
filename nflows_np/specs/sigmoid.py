"""The logistic function of every column, and with `Inverse` the logit."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Bijection


@dataclass(frozen=True, repr=False)
class Sigmoid(Bijection):
    r"""Logistic sigmoid of every column: the real line onto (0, 1). Nothing is learned.

    .. math:: z_j = \frac{1}{1 + e^{-x_j}}, \qquad \log|\det J| = \sum_j \log z_j + \log(1 - z_j)

    ``Inverse(Sigmoid())`` is the logit, :math:`\log z - \log(1 - z)`, for proportions. Outside [0, 1] its
    density is 0: such rows have the log-density minus infinity, and are mapped as the nearest number inside.
    0 and 1 themselves count as the numbers next to them: half a unit of rounding below 1, whose logit is 17 in
    float32 and 37 in float64. A context is ignored.

    References
    ----------
    Dinh, Sohl-Dickstein, Bengio (2016), "Density estimation using Real NVP", arXiv:1605.08803, sec. 4.1 (logits
    of bounded data).

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Flow, Inverse, Sigmoid
    >>> Flow([Inverse(Sigmoid()), Autoregressive()])
    Flow((Inverse(Sigmoid()), Autoregressive()))
    """

    name = "sigmoid"
