"""Bernstein polynomial flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import (
    Autoregressive,
    Bernstein,
    Bijection,
    Elementwise,
    Flow,
    LinearGaussian,
    Permutation,
    SinhArcsinh,
)

from ._checks import checked_layers


def bernstein(
    n_layers: int = 5,
    hidden_units: Sequence[int] = (64, 64),
    activation: str = "relu",
    degree: int = 32,
    bound: float = 5.0,
) -> Flow:
    r"""Bernstein polynomial flow: `maf` with increasing Bernstein polynomials for affine maps.

    A step of the flow is

    .. math:: u_i = \sinh(\delta_i \operatorname{asinh}(x_i) - \epsilon_i), \qquad
              z_i = \sum_{k=0}^{n} \theta_{ik} \binom{n}{k} t_i^k (1 - t_i)^{n-k}, \quad
              t_i = \frac{u_i + B}{2 B}, \qquad \theta_{ik} \text{ functions of } u_{<i},

    with increasing coefficients from -B to B, and with the columns reversed between steps. A polynomial takes
    :math:`[-B, B]` to itself and goes on as its tangents at the ends, whose slopes only rows near the ends can teach.
    So each column's tails are fitted first, and the bound leaves few rows beyond it: with a narrow one, a few samples
    lie hundreds of standard deviations out.

    Parameters
    ----------
    n_layers : int, default=5
        Number of steps.
    hidden_units : sequence of int, default=(64, 64)
        Widths of each MADE's hidden layers.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    degree : int, default=32
        Degree n of the polynomials.
    bound : float, default=5.0
        The bound B, in standard deviations or so.

    Returns
    -------
    flow : Flow

    Raises
    ------
    ValueError
        If `n_layers` is not a positive integer, or a width, the activation, `degree` or `bound` is not valid.

    References
    ----------
    Sick, Hothorn, Duerr (2021), "Deep transformation models: Tackling complex regression problems with neural
    network based transformation models", arXiv:2004.00464.
    Ramasinghe, Fernando, Khan, Barnes (2021), "Robust normalizing flows using Bernstein-type polynomials",
    arXiv:2102.03509.

    Examples
    --------
    >>> from nflows_np.presets import bernstein
    >>> bernstein(n_layers=1).bijections
    (LinearGaussian(), Elementwise(SinhArcsinh()), Autoregressive(Bernstein(32)), Permutation())
    """
    polynomial = Bernstein(degree, bound=bound)
    step: list[Bijection] = [
        Elementwise(SinhArcsinh()),
        Autoregressive(polynomial, hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return Flow([LinearGaussian(), *step * checked_layers(n_layers)])
