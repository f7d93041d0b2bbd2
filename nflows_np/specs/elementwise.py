"""The elementwise wiring: every column on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

from ._checks import check_activation, check_hidden_units, check_instance
from ._spec import Bijection, Transformer
from .affine import Affine


@dataclass(frozen=True, repr=False)
class Elementwise(Bijection):
    r"""Elementwise layer: every column passes through the transformer with parameters of its own.

    .. math:: z_j = \tau(x_j;\, \theta_j), \qquad \log|\det J| = \sum_j \log|\tau'(x_j;\, \theta_j)| .

    Without a context :math:`\theta_j` are free parameters; with one, :math:`\theta_j(c)` comes from an MLP of
    the context, which is the only use of `hidden_units` and `activation`.

    Parameters
    ----------
    transformer : Transformer, default=Affine()
        The map of each column; `Scale` gives the diagonal scaling of NICE.
    hidden_units : sequence of int, default=(64, 64)
        Widths of the hidden layers of the context's MLP.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516, sec.
    3.3.

    Examples
    --------
    >>> from nflows_np.specs import Elementwise, Scale
    >>> Elementwise(Scale()).to_dict()
    {'name': 'elementwise', 'transformer': {'name': 'scale'}, 'hidden_units': [64, 64], 'activation': 'relu'}
    """

    transformer: Transformer = field(default=Affine())
    _: KW_ONLY
    hidden_units: Sequence[int] = (64, 64)
    activation: str = "relu"

    name = "elementwise"

    def __post_init__(self) -> None:
        check_instance(self, "transformer", self.transformer, Transformer)
        self._store("hidden_units", check_hidden_units(self, self.hidden_units))
        check_activation(self, self.activation)
        super().__post_init__()
