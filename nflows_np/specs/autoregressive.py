"""The autoregressive wiring: every column's parameters come from the columns before it."""

from __future__ import annotations

from dataclasses import dataclass

from ._wiring import Wiring


@dataclass(frozen=True, repr=False)
class Autoregressive(Wiring):
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
    residual : bool, default=False
        Add to every second hidden layer after the first the one two below it, before their activations (He et al.
        2016): ``hidden_units=(64, 64, 64, 64, 64)`` are a first layer and two blocks. Their number is odd
        and their widths are equal.
    circular : sequence of int, default=()
        The columns that are angles, in radians. They move by `circular_spline`, and the networks see them as sine and
        cosine, so that densities are periodic in them.
    circular_spline : CircularSpline, default=CircularSpline()
        The map of those columns.

    References
    ----------
    Germain, Gregor, Murray, Larochelle (2015), "MADE: Masked Autoencoder for Distribution Estimation",
    arXiv:1502.03509.
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057.
    He, Zhang, Ren, Sun (2016), "Identity Mappings in Deep Residual Networks", arXiv:1603.05027 (residual blocks).
    Rezende, Papamakarios, Racanière, Albergo, Kanwar, Shanahan, Cranmer (2020), "Normalizing Flows on Tori and
    Spheres", arXiv:2002.02428 (circular columns).

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive
    >>> Autoregressive(hidden_units=(128, 128), activation="tanh")
    Autoregressive(hidden_units=(128, 128), activation='tanh')
    """

    name = "autoregressive"
