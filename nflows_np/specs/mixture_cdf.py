"""The mixture-of-Gaussians transformer."""

from __future__ import annotations

from dataclasses import dataclass

from ._checks import check_integer
from ._spec import Transformer

MAX_COMPONENTS = 64


@dataclass(frozen=True, repr=False)
class MixtureCDF(Transformer):
    r"""Distribution function of a mixture of Gaussians, seen through the probit.

    .. math:: z = \Phi^{-1}\Big(\sum_{k=1}^{K} w_k\, \Phi(u_k)\Big), \qquad
              u_k = (x - \mu_k)\, e^{-\alpha_k}, \quad w_k > 0, \quad \sum_k w_k = 1

    .. math:: \frac{dz}{dx} = \frac{1}{\phi(z)} \sum_{k=1}^{K} w_k\, e^{-\alpha_k} \phi(u_k)

    Next to a standard normal base an autoregressive layer with it is MADE MoG: each column is a mixture of K Gaussians
    given the columns before it. Under affine autoregressive layers it is MAF MoG. Standard deviations lie within
    :math:`e^{\pm 3}` and means within :math:`\pm 30`, in units of the layer's input. The inverse is a root, found to
    machine precision by Newton's steps within a bracket.

    Parameters
    ----------
    n_components : int, default=8
        Number of Gaussians K, at most 64.

    Raises
    ------
    ValueError
        If `n_components` is not an integer from 1 to 64.

    References
    ----------
    Papamakarios, Pavlakou, Murray (2017), "Masked Autoregressive Flow for Density Estimation",
    arXiv:1705.07057, sec. 4 (MADE MoG, MAF MoG).

    Examples
    --------
    >>> from nflows_np.specs import Autoregressive, Flow, MixtureCDF
    >>> flow = Flow([Autoregressive(MixtureCDF(n_components=10))])
    """

    n_components: int = 8

    name = "mixture_cdf"

    def __post_init__(self) -> None:
        self._store("n_components", check_integer(self, "n_components", self.n_components, 1, MAX_COMPONENTS))
        super().__post_init__()
