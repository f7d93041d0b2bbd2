"""The autoregressive wiring: every column's parameters come from the columns before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

from ._checks import check_activation, check_hidden_units, check_instance
from ._spec import Bijection, Transformer
from .affine import Affine


@dataclass(frozen=True, repr=False)
class Autoregressive(Bijection):
    r"""Masked autoregressive layer: the parameters of column i are a function of columns 0, ..., i-1.

    With a transformer :math:`\tau` of one number and a masked network (MADE),

    .. math:: z_i = \tau(x_i;\, \theta_i(x_{<i})), \qquad
              \log|\det J| = \sum_i \log|\tau'(x_i;\, \theta_i(x_{<i}))| .

    Networks see a column :math:`x` as :math:`x / (1 + |x| / 10)`: far from the data, where they were never
    trained, they level off, and the layer acts on each column alone.

    Data to latent is one network pass. Latent to data is sequential; the engine does it incrementally, at
    about the cost of one pass. The columns are taken in their natural order: put a `Permutation` between two
    layers. With `Affine` this is a layer of MAF; its `Inverse` is a layer of IAF.

    Parameters
    ----------
    transformer : Transformer, default=Affine()
        The map of each column.
    hidden_units : sequence of int, default=(64, 64)
        Widths of the hidden layers of the MADE.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    References
    ----------
    Germain, Gregor, Murray, Larochelle (2015), "MADE: Masked Autoencoder for Distribution Estimation",
    arXiv:1502.03509.
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057.

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive
    >>> Autoregressive(hidden_units=(128, 128), activation="tanh")
    Autoregressive(hidden_units=(128, 128), activation='tanh')
    """

    transformer: Transformer = field(default=Affine())
    _: KW_ONLY
    hidden_units: Sequence[int] = (64, 64)
    activation: str = "relu"

    name = "autoregressive"

    def __post_init__(self) -> None:
        check_instance(self, "transformer", self.transformer, Transformer)
        self._store("hidden_units", check_hidden_units(self, self.hidden_units))
        check_activation(self, self.activation)
        super().__post_init__()
