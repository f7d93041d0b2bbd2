"""The standard normal base."""

from __future__ import annotations

from dataclasses import dataclass

from ._spec import Base


@dataclass(frozen=True, repr=False)
class StandardNormal(Base):
    r"""Independent standard normal latents, without parameters.

    .. math:: \log p(z) = -\tfrac{1}{2} \sum_{j=1}^{D} z_j^2 - \tfrac{D}{2} \log(2\pi)

    Examples
    --------
    >>> from nflows_np.specs import Flow, LinearGaussian, StandardNormal
    >>> Flow([LinearGaussian()], base=StandardNormal()) == Flow([LinearGaussian()])
    True
    """

    name = "standard_normal"
