"""Bernstein polynomial flow."""

from __future__ import annotations

from collections.abc import Sequence

from nflows_np.specs import (
    Autoregressive,
    Bernstein,
    Bijection,
    Elementwise,
    LinearGaussian,
    Permutation,
    SinhArcsinh,
)

from ._preset import AUTO, preset_of


@preset_of(n_layers=5)
def bernstein(
    n_layers: int = AUTO,
    hidden_units: Sequence[int] = AUTO,
    activation: str = AUTO,
    degree: int = 32,
    bound: float = 5.0,
) -> list[Bijection]:
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
    degree : int, default=32
        Degree n of the polynomials.
    bound : float, default=5.0
        The bound B, in standard deviations or so.

    References
    ----------
    Sick, Hothorn, Duerr (2021), "Deep transformation models: Tackling complex regression problems with neural
    network based transformation models", arXiv:2004.00464.
    Ramasinghe, Fernando, Khan, Barnes (2021), "Robust normalizing flows using Bernstein-type polynomials",
    arXiv:2102.03509.

    Examples
    --------
    >>> from nflows_np.presets import bernstein
    >>> bernstein(n_layers=1, hidden_units=(64, 64)).bijections
    (LinearGaussian(), Elementwise(SinhArcsinh()), Autoregressive(Bernstein(32), activation='elu'), Permutation())
    """
    polynomial = Bernstein(degree, bound=bound)
    step: list[Bijection] = [
        Elementwise(SinhArcsinh()),
        Autoregressive(polynomial, hidden_units=hidden_units, activation=activation),
        Permutation("reverse"),
    ]
    return [LinearGaussian(), *step * n_layers]
