"""Sum-of-squares polynomial flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import (
    Autoregressive,
    Bijection,
    Elementwise,
    LinearGaussian,
    Permutation,
    SinhArcsinh,
    SumOfSquares,
)

from ._preset import AUTO, preset_of


@preset_of(n_layers=5)
def sos(
    n_layers: int = AUTO,
    hidden_units: Sequence[int] = AUTO,
    activation: str = AUTO,
    degree: int = 3,
    bound: float = 1.0,
) -> list[Bijection]:
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
    degree : int, default=3
        Degree r of the polynomials that are squared.
    bound : float, default=1.0
        Where the maps become affine, in standard deviations or so. A wider one fits the bulk of the rows a little
        better, and may lose thousands of nats on a single row far out.

    References
    ----------
    Jaini, Selby, Yu (2019), "Sum-of-Squares Polynomial Flow", arXiv:1905.02325.

    Examples
    --------
    >>> from nflows_np.presets import sos
    >>> sos(n_layers=1, hidden_units=(64, 64)).bijections[1:]
    (Elementwise(SinhArcsinh()), Autoregressive(SumOfSquares(bound=1.0), activation='elu'), Permutation())
    """
    polynomial = SumOfSquares(degree, bound=bound)
    step: list[Bijection] = [
        Elementwise(SinhArcsinh()),
        Autoregressive(polynomial, hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return [LinearGaussian(), *step * n_layers]
