"""A flow: a chain of bijections over a base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Self

import numpy as np

from nflows_np._limits import MAX_BIJECTIONS

from ._checks import check_instance, fail, require
from ._spec import Base, Bijection, Permuter, Spec
from ._wiring import Wiring
from .inverse import Inverse
from .permutation import Permutation
from .standard_normal import StandardNormal


@dataclass(frozen=True, repr=False)
class Flow(Spec):
    r"""A normalizing flow: bijections applied one after the other, data to latent, over a base.

    With :math:`z^{(0)} = x`, :math:`z^{(k)} = f_k(z^{(k-1)})` and :math:`z = z^{(K)}`,

    .. math:: \log p(x) = \log p_{\mathrm{base}}(z) + \sum_{k=1}^{K} \log|\det J_{f_k}(z^{(k-1)})| .

    Parameters
    ----------
    bijections : sequence of Bijection
        The layers, the data's side first. Without any the flow is its base.
    base : Base, default=StandardNormal()
        Distribution of the latents.

    Raises
    ------
    ValueError
        If a layer or the base is none, and by ``resolve`` if one of them does not fit the number of columns, or a
        column is an angle in one layer and a number of the line in another.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516, sec.
    2.
    Papamakarios, Nalisnick, Rezende, Mohamed, Lakshminarayanan (2019), "Normalizing Flows for Probabilistic
    Modeling and Inference", arXiv:1912.02762.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.specs import Autoregressive, Flow, LinearGaussian, Permutation, from_dict
    >>> flow = Flow([LinearGaussian(), Autoregressive(), Permutation("random"), Autoregressive()])
    >>> resolved = flow.resolve(6, np.random.default_rng(0))
    >>> sorted(resolved.bijections[2].order)
    [0, 1, 2, 3, 4, 5]
    >>> from_dict(resolved.to_dict()) == resolved
    True
    """

    bijections: Sequence[Bijection]
    _: KW_ONLY
    base: Base = field(default=StandardNormal())

    name = "flow"

    def __post_init__(self) -> None:
        if not isinstance(self.bijections, (list, tuple)):
            fail(self, "bijections", self.bijections, "a list of bijection specs")
        n, wanted = len(self.bijections), f"at most {MAX_BIJECTIONS}"
        require(n <= MAX_BIJECTIONS, self, "len(bijections)", n, wanted)
        for i, bijection in enumerate(self.bijections):
            check_instance(self, f"bijections[{i}]", bijection, Bijection)
        self._store("bijections", tuple(self.bijections))
        check_instance(self, "base", self.base, Base)
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        bijections = tuple(bijection.resolve(n_features, rng) for bijection in self.bijections)
        resolved = replace(self, bijections=bijections, base=self.base.resolve(n_features, rng))
        resolved._circular(n_features)
        return resolved

    def circular_columns(self, n_features: int) -> tuple[int, ...]:
        """Return which columns of the data are angles, of a resolved flow, if their latents are such too.

        Parameters
        ----------
        n_features : int
            Number of columns that the flow acts on.

        Returns
        -------
        columns : tuple of int
            Those that the layers name as ``circular``, followed back through the permutations before them.

        Raises
        ------
        ValueError
            If a layer maps one of them as a number of the line, or the latents that `base` takes for angles are not
            theirs: densities would not be of the circle.
        """
        columns, latents = self._circular(n_features)
        of_base = sorted(self.base._circular(n_features))
        which = (
            f"von Mises in the latents {latents}, and in no others"
            if columns
            else "without von Mises latents"
        )
        wanted = f"{which}: the circular columns are {columns}"
        require(of_base == latents, self, "base", self.base, wanted)
        return tuple(columns)

    def _circular(self, n_features: int) -> tuple[list[int], list[int]]:
        """The circular columns, and where they stand among the latents."""
        layers, place = [], list(range(n_features))  # the column of the data that stands where
        for bijection in self.bijections:
            layer, inverted = bijection, False
            while isinstance(layer, Inverse):
                layer, inverted = layer.bijection, not inverted
            if isinstance(layer, Permutation):
                order = np.asarray(layer.order)
                place = [place[j] for j in (np.argsort(order) if inverted else order)]
            named = {place[j] for j in layer.circular} if isinstance(layer, Wiring) else set()
            layers.append((layer, named))
        circular = sorted(set().union(*(named for _, named in layers)))
        for i, (layer, named) in enumerate(layers):
            fits = not circular or sorted(named) == circular or isinstance(layer, Permutation)
            wanted = f"a map of the angles in columns {circular}, which are circular in other layers"
            require(fits, self, f"bijections[{i}]", layer, wanted)
        return circular, sorted(np.argsort(place)[circular].tolist())
