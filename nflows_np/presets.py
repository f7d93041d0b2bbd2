r"""The flows of the literature by name: small functions that return a `Flow` spec.

Every preset begins with `LinearGaussian`, which starts at the Gaussian fit of the data, and its other layers
start at the identity: an untrained preset IS the full-covariance Gaussian, and training begins at the
Gaussian's likelihood.

Numbers of layers: couplings leave half of the columns alone, so they come in even numbers, six by default
(every column is transformed three times); an autoregressive layer transforms every column, and five is the
number that its paper and most later comparisons use. Planar and radial layers have few parameters and bend little
each: sixteen; a Sylvester layer is as many planar ones as its rank: eight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from types import MappingProxyType

from .specs import (
    ActNorm,
    Additive,
    Affine,
    AffineSpline,
    Autoregressive,
    Bijection,
    Coupling,
    Elementwise,
    Flow,
    Inverse,
    LinearGaussian,
    LinearLU,
    Permutation,
    Planar,
    Radial,
    Scale,
    Sylvester,
)


def nice(n_layers: int = 6, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""NICE: additive couplings on alternating columns and a final diagonal scaling.

    Each coupling keeps the columns :math:`A` and shifts the others, then the next swaps the two:

    .. math:: z_A = x_A, \qquad z_B = x_B - \mu(x_A), \qquad \log|\det J| = 0 ;

    the volume changes in the first layer and in the last, :math:`z_j = x_j e^{-\alpha_j}`, alone.

    Parameters
    ----------
    n_layers : int, default=6
        Number of couplings.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each coupling's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width or the activation is not valid.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516.

    Examples
    --------
    >>> from nflows_np.presets import nice
    >>> nice(n_layers=1).bijections
    (LinearGaussian(), Coupling(Additive()), Elementwise(Scale()))
    """
    couplings = [
        Coupling(Additive(), swap=layer % 2 == 1, hidden_units=hidden_units, activation=activation)
        for layer in range(_checked(n_layers))
    ]
    return Flow([LinearGaussian(), *couplings, Elementwise(Scale())])


def realnvp(n_layers: int = 6, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""RealNVP: affine couplings on alternating columns.

    Each coupling keeps the columns :math:`A` and shifts and scales the others, then the next swaps the two:

    .. math:: z_A = x_A, \qquad z_B = (x_B - \mu(x_A))\, e^{-\alpha(x_A)}, \qquad
              \log|\det J| = -\sum_{j \in B} \alpha_j(x_A) .

    Parameters
    ----------
    n_layers : int, default=6
        Number of couplings.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each coupling's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width or the activation is not valid.

    References
    ----------
    Dinh, Sohl-Dickstein, Bengio (2016), "Density estimation using Real NVP", arXiv:1605.08803.

    Examples
    --------
    >>> from nflows_np.presets import realnvp
    >>> realnvp(n_layers=2).bijections
    (LinearGaussian(), Coupling(), Coupling(swap=True))
    """
    couplings = [
        Coupling(Affine(), swap=layer % 2 == 1, hidden_units=hidden_units, activation=activation)
        for layer in range(_checked(n_layers))
    ]
    return Flow([LinearGaussian(), *couplings])


def glow(n_layers: int = 6, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""Glow on vectors: activation normalisation, an invertible linear map and an affine coupling, repeated.

    A step of the flow is

    .. math:: y = (x - b)\, e^{-s}, \qquad u = P L U y + d, \qquad
              z_A = u_A, \quad z_B = (u_B - \mu(u_A))\, e^{-\alpha(u_A)},

    with the first half of the columns as :math:`A`. On vectors Glow's 1x1 convolution is the matrix
    :math:`PLU`: it replaces the fixed alternation of columns by a learned mixture of them.

    Parameters
    ----------
    n_layers : int, default=6
        Number of steps.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each coupling's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width or the activation is not valid.

    References
    ----------
    Kingma, Dhariwal (2018), "Glow: Generative Flow with Invertible 1x1 Convolutions", arXiv:1807.03039.

    Examples
    --------
    >>> from nflows_np.presets import glow
    >>> glow(n_layers=1).bijections
    (LinearGaussian(), ActNorm(), LinearLU('random'), Coupling(mask='half'))
    """
    step: list[Bijection] = [
        ActNorm(),
        LinearLU("random"),
        Coupling(Affine(), mask="half", hidden_units=hidden_units, activation=activation),
    ]
    return Flow([LinearGaussian(), *step * _checked(n_layers)])


def maf(n_layers: int = 5, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""MAF: affine masked autoregressive layers with the columns reversed in between.

    .. math:: z_i = (x_i - \mu_i(x_{<i}))\, e^{-\alpha_i(x_{<i})}, \qquad
              \log|\det J| = -\sum_i \alpha_i(x_{<i})

    where :math:`\mu` and :math:`\alpha` are the outputs of one MADE. Densities cost one network pass a layer,
    and the engine's incremental inverse makes sampling cost about as much.

    Parameters
    ----------
    n_layers : int, default=5
        Number of autoregressive layers.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width or the activation is not valid.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057.
    Germain, Gregor, Murray, Larochelle (2015), "MADE: Masked Autoencoder for Distribution Estimation",
    arXiv:1502.03509.

    Examples
    --------
    >>> from nflows_np.presets import maf
    >>> maf(n_layers=1).bijections
    (LinearGaussian(), Autoregressive(), Permutation())
    """
    step: list[Bijection] = [
        Autoregressive(Affine(), hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * _checked(n_layers)])


def iaf(n_layers: int = 5, hidden_units: Sequence[int] = (64, 64), activation: str = "relu") -> Flow:
    r"""IAF: inverted autoregressive layers with the columns reversed in between.

    .. math:: x_i = z_i\, e^{\alpha_i(z_{<i})} + \mu_i(z_{<i}), \qquad
              z_i = (x_i - \mu_i(z_{<i}))\, e^{-\alpha_i(z_{<i})}, \qquad
              \log|\det J| = -\sum_i \alpha_i(z_{<i})

    where :math:`x` is the layer's input on the data's side. It is `maf` with the two directions of its layers
    swapped: sampling is parallel, and densities are computed column after column.

    Parameters
    ----------
    n_layers : int, default=5
        Number of inverted autoregressive layers.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width or the activation is not valid.

    References
    ----------
    Kingma, Salimans, Jozefowicz, Chen, Sutskever, Welling (2016), "Improving Variational Inference with
    Inverse Autoregressive Flow", arXiv:1606.04934.

    Examples
    --------
    >>> from nflows_np.presets import iaf
    >>> iaf(n_layers=1).bijections
    (LinearGaussian(), Inverse(Autoregressive()), Permutation())
    """
    step: list[Bijection] = [
        Inverse(Autoregressive(Affine(), hidden_units=hidden_units, activation=activation)),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * _checked(n_layers)])


def nsf(
    n_layers: int = 6,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    n_bins: int = 8,
    tail_bound: float = 3.0,
) -> Flow:
    r"""Neural spline flow: rational-quadratic couplings with linear maps in between.

    A step of the flow is

    .. math:: u = P L U x + d, \qquad z_A = u_A, \quad z_j = \tau(u_j;\, \theta_j(u_A)) \quad (j \in B)

    with the first half of the columns as :math:`A`. :math:`\tau` is an affine map and then a spline of `n_bins` bins
    on :math:`[-B, B]`: the paper's spline alone leaves rows beyond its interval to the Gaussian base as they are, and
    a few of them can cost more likelihood than the spline gains on all others.

    Parameters
    ----------
    n_layers : int, default=6
        Number of steps.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each coupling's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    n_bins : int, default=8
        Bins of the splines.
    tail_bound : float, default=3.0
        The bound B. Beyond it the splines are the identity, and the layers affine.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width, the activation, `n_bins` or `tail_bound` is not valid.

    References
    ----------
    Durkan, Bekasov, Murray, Papamakarios (2019), "Neural Spline Flows", arXiv:1906.04032 (RQ-NSF (C)).

    Examples
    --------
    >>> from nflows_np.presets import nsf
    >>> nsf(n_layers=1).bijections
    (LinearGaussian(), LinearLU('random'), Coupling(AffineSpline(), mask='half'))
    """
    spline = AffineSpline(n_bins, tail_bound=tail_bound)
    step: list[Bijection] = [
        LinearLU("random"),
        Coupling(spline, mask="half", hidden_units=hidden_units, activation=activation),
    ]
    return Flow([LinearGaussian(), *step * _checked(n_layers)])


def nsf_ar(
    n_layers: int = 5,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    n_bins: int = 8,
    tail_bound: float = 3.0,
) -> Flow:
    r"""Autoregressive neural spline flow: `maf` with splines for affine maps.

    .. math:: z_i = \tau(x_i;\, \theta_i(x_{<i})), \qquad
              \log|\det J| = \sum_i \log \tau'(x_i;\, \theta_i(x_{<i}))

    with the columns reversed between layers. :math:`\tau` is the affine map of `maf` and then a spline of `n_bins` bins
    on :math:`[-B, B]`: the paper's spline alone leaves rows beyond its interval to the Gaussian base as they are, and
    a few of them can cost more likelihood than the spline gains on all others.

    Parameters
    ----------
    n_layers : int, default=5
        Number of autoregressive layers.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    n_bins : int, default=8
        Bins of the splines.
    tail_bound : float, default=3.0
        The bound B. Beyond it the splines are the identity, and the layers affine.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width, the activation, `n_bins` or `tail_bound` is not valid.

    References
    ----------
    Durkan, Bekasov, Murray, Papamakarios (2019), "Neural Spline Flows", arXiv:1906.04032 (RQ-NSF (AR)).

    Examples
    --------
    >>> from nflows_np.presets import nsf_ar
    >>> nsf_ar(n_layers=1).bijections
    (LinearGaussian(), Autoregressive(AffineSpline()), Permutation())
    """
    spline = AffineSpline(n_bins, tail_bound=tail_bound)
    step: list[Bijection] = [
        Autoregressive(spline, hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * _checked(n_layers)])


def planar(n_layers: int = 16, hidden_units: Sequence[int] = (), activation: str = "relu") -> Flow:
    r"""Planar flow: shifts in one direction each, by how far a row is beyond a plane.

    .. math:: z = x + \hat u \tanh(w^\top x + b), \qquad
              \log|\det J| = \log\bigl(1 + w^\top \hat u\, (1 - \tanh^2(w^\top x + b))\bigr)

    with :math:`w^\top \hat u > -1`. The map from data to latent rows is the formula above, and sampling solves it
    for :math:`x`, by one equation for one number a layer.

    Parameters
    ----------
    n_layers : int, default=16
        Number of planar layers.
    hidden_units, activation
        Taken so that all presets are called alike, and without effect: there are no networks.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer.

    References
    ----------
    Rezende, Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770.

    Examples
    --------
    >>> from nflows_np.presets import planar
    >>> planar(n_layers=2).bijections
    (LinearGaussian(), Planar(), Planar())
    """
    return Flow([LinearGaussian(), *[Planar()] * _checked(n_layers)])


def radial(n_layers: int = 16, hidden_units: Sequence[int] = (), activation: str = "relu") -> Flow:
    r"""Radial flow: contractions and expansions around one point each.

    .. math:: z = x + \frac{\beta\, (x - c)}{\alpha + r}, \qquad r = \|x - c\|, \qquad
              \log|\det J| = (D - 1) \log\left(1 + \frac{\beta}{\alpha + r}\right)
              + \log\left(1 + \frac{\alpha\beta}{(\alpha + r)^2}\right)

    with :math:`\alpha > 0` and :math:`\beta > -\alpha`. Both directions are closed formulas.

    Parameters
    ----------
    n_layers : int, default=16
        Number of radial layers.
    hidden_units, activation
        Taken so that all presets are called alike, and without effect: there are no networks.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer.

    References
    ----------
    Rezende, Mohamed (2015), "Variational Inference with Normalizing Flows", arXiv:1505.05770.

    Examples
    --------
    >>> from nflows_np.presets import radial
    >>> radial(n_layers=2).bijections
    (LinearGaussian(), Radial(), Radial())
    """
    return Flow([LinearGaussian(), *[Radial()] * _checked(n_layers)])


def sylvester(n_layers: int = 8, hidden_units: Sequence[int] = (), activation: str = "relu") -> Flow:
    r"""Sylvester flow: many planar shifts a layer, in orthogonal directions and with a triangular Jacobian.

    .. math:: z = x + Q R \tanh(\tilde R Q^\top x + b), \qquad
              \log|\det J| = \sum_{i=1}^M \log\bigl(1 + R_{ii} \tilde R_{ii} \tanh'_i\bigr)

    with :math:`Q` of :math:`M = \min(D, 8)` orthonormal columns, by Householder reflections, and upper triangular
    :math:`R` and :math:`\tilde R`. The map from data to latent rows is the formula above, and sampling solves it,
    by one equation for one number for each of the :math:`M` directions of a layer.

    Parameters
    ----------
    n_layers : int, default=8
        Number of Sylvester layers.
    hidden_units, activation
        Taken so that all presets are called alike, and without effect: there are no networks.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer.

    References
    ----------
    van den Berg, Hasenclever, Tomczak, Welling (2018), "Sylvester Normalizing Flows for Variational Inference",
    arXiv:1803.05649.

    Examples
    --------
    >>> from nflows_np.presets import sylvester
    >>> sylvester(n_layers=2).bijections
    (LinearGaussian(), Sylvester(), Sylvester())
    """
    return Flow([LinearGaussian(), *[Sylvester()] * _checked(n_layers)])


def linear(n_layers: int = 1, hidden_units: Sequence[int] = (), activation: str = "relu") -> Flow:
    r"""The linear flow: a Gaussian with full covariance, the baseline of every other preset.

    .. math:: z_i = \Big(x_i - b_i - \sum_{j<i} A_{ij} x_j\Big)\, e^{-\alpha_i}, \qquad
              \log|\det J| = -\sum_i \alpha_i

    Parameters
    ----------
    n_layers, hidden_units, activation
        Taken so that all presets are called alike, and without effect: a chain of linear maps is one linear
        map, and it has no networks.

    Returns
    -------
    flow : Flow

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 3.1 (Gaussian conditionals, here with linear means and constant scales).

    Examples
    --------
    >>> from nflows_np.presets import linear
    >>> linear()
    Flow((LinearGaussian(),))
    """
    return Flow([LinearGaussian()])


PRESETS: Mapping[str, Callable[..., Flow]] = MappingProxyType(
    {
        function.__name__: function
        for function in (nice, realnvp, glow, maf, iaf, nsf, nsf_ar, planar, radial, sylvester, linear)
    }
)
"""The preset functions by name."""


def preset(name: str, **kwargs: float | str | Sequence[int]) -> Flow:
    """Return the flow of a preset by its name.

    Parameters
    ----------
    name : {"nice", "realnvp", "glow", "maf", "iaf", "nsf", "nsf_ar", "planar", "radial", "sylvester", "linear"}
        Name of the preset.
    **kwargs
        `n_layers`, `hidden_units`, `activation`, and for some `n_bins` and `tail_bound`; what is left out takes
        the preset's own default.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If there is no preset of that name, it has no such parameter, or a value is not valid.

    Examples
    --------
    >>> from nflows_np.presets import preset
    >>> preset("realnvp", n_layers=1, hidden_units=(32,)).bijections[1]
    Coupling(hidden_units=(32,))
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ValueError(f"preset: name must be one of {sorted(PRESETS)}; got {name!r}.")
    for parameter, value in kwargs.items():
        if parameter not in signature(PRESETS[name]).parameters:
            raise ValueError(f"{parameter}={value!r} has no meaning with {name!r}, which has none.")
    return PRESETS[name](**kwargs)


def _checked(n_layers: int) -> int:
    if isinstance(n_layers, bool) or not hasattr(n_layers, "__index__") or n_layers < 1:
        raise ValueError(f"preset: n_layers must be an integer of at least 1; got {n_layers!r}.")
    return int(n_layers)
