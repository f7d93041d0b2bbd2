"""Sum-of-squares polynomial flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import (
    Autoregressive,
    Bijection,
    Elementwise,
    Flow,
    LinearGaussian,
    Permutation,
    SinhArcsinh,
    SumOfSquares,
)

from ._checks import checked_layers


def sos(
    n_layers: int = 5,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    degree: int = 3,
    bound: float = 1.0,
) -> Flow:
    r"""SOS flow: `maf` with integrals of squared polynomials for affine maps.

    A step of the flow is

    .. math:: u_i = \sinh(\delta_i \operatorname{asinh}(x_i) - \epsilon_i), \qquad
              z_i = c_i + \int_0^{u_i} \sum_k A_{ik}(v)^2\, dv, \qquad
              c_i, A_{ik} \text{ functions of } u_{<i},

    with polynomials :math:`A_{ik}` of degree r, and with the columns reversed between steps. A polynomial alone
    has the steeper tails the higher its degree: one row far out can cost the likelihood of all others. So each
    column's tails are fitted first, and the polynomials end where rows are still many, at the bound, and go on as
    their tangents.

    Parameters
    ----------
    n_layers : int, default=5
        Number of steps.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    degree : int, default=3
        Degree r of the polynomials that are squared.
    bound : float, default=1.0
        Where the maps become affine, in standard deviations or so. A wider one fits the bulk of the rows a little
        better, and may lose thousands of nats on a single row far out.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width, the activation, `degree` or `bound` is not valid.

    References
    ----------
    Jaini, Selby, Yu (2019), "Sum-of-Squares Polynomial Flow", arXiv:1905.02325.

    Examples
    --------
    >>> from nflows_np.presets import sos
    >>> sos(n_layers=1).bijections
    (LinearGaussian(), Elementwise(SinhArcsinh()), Autoregressive(SumOfSquares(bound=1.0)), Permutation())
    """
    polynomial = SumOfSquares(degree, bound=bound)
    step: list[Bijection] = [
        Elementwise(SinhArcsinh()),
        Autoregressive(polynomial, hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
