"""The elementwise wiring: every column on its own."""

from __future__ import annotations

from dataclasses import dataclass

from ._wiring import Wiring


@dataclass(frozen=True, repr=False)
class Elementwise(Wiring):
    r"""Elementwise layer: every column passes through the transformer with parameters of its own.

    .. math:: z_j = \tau(x_j;\, \theta_j), \qquad \log|\det J| = \sum_j \log|\tau'(x_j;\, \theta_j)| .

    Without a context :math:`\theta_j` are free parameters; with one, :math:`\theta_j(c)` comes from an MLP of
    the context, which is the only use of `hidden_units`, `activation` and `residual`.

    Parameters
    ----------
    transformer : Transformer, default=Affine()
        The map of each column; `Scale` gives the diagonal scaling of NICE.
    hidden_units : sequence of int, default=(64, 64)
        Widths of the hidden layers of the context's MLP.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    residual : bool, default=False
        Add to every second hidden layer after the first the one two below it, before their activations (He et al.
        2016): ``hidden_units=(64, 64, 64, 64, 64)`` are a first layer and two blocks. Their number is odd
        and their widths are equal.
    circular : sequence of int, default=()
        The columns that are angles, in radians. They move by `circular_spline`, a map of the circle.
    circular_spline : CircularSpline, default=CircularSpline()
        The map of those columns.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516, sec.
    3.3.
    He, Zhang, Ren, Sun (2016), "Identity Mappings in Deep Residual Networks", arXiv:1603.05027 (residual blocks).
    Rezende, Papamakarios, Racanière, Albergo, Kanwar, Shanahan, Cranmer (2020), "Normalizing Flows on Tori and
    Spheres", arXiv:2002.02428 (circular columns).

    Examples
    --------
    >>> from nflows_np.specs import Elementwise, Scale
    >>> Elementwise(Scale())
    Elementwise(Scale())
    >>> Elementwise(Scale()).to_dict()["transformer"]
    {'name': 'scale'}
    """

    name = "elementwise"
