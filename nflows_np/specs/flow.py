"""A flow: a chain of bijections over a base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Self

import numpy as np

from ._chain import check_chain, count_layers
from ._checks import check_instance, check_names, is_integer, require
from ._named import named_base
from ._recipe import Recipe
from ._spec import Base, Bijection, Conditional, Permuter, Spec
from .autoregressive import Autoregressive, has_conditionals
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
        A preset's function leaves here what a table decides, until `for_table`.
    base : Base or str, default=StandardNormal()
        Distribution of the latents, or its name: "standard_normal", "diagonal_normal", "full_normal",
        "gaussian_mixture" or "student_t".

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

    bijections: Sequence[Bijection] | Recipe
    _: KW_ONLY
    base: Base | str = field(default=StandardNormal())

    name = "flow"

    def __post_init__(self) -> None:
        if not isinstance(self.bijections, Recipe):
            self._store("bijections", check_chain(self, self.bijections))
        if isinstance(self.base, str):
            self._store("base", named_base(self, self.base))
        check_instance(self, "base", self.base, Base)
        super().__post_init__()

    @property
    def _base(self) -> Base:
        """The base, which a name has become when the flow was made."""
        return self.base  # type: ignore[return-value]

    def for_table(self, n_rows: int, n_features: int, feature_names: Sequence[str] | None = None) -> Self:
        """Return the flow with all that a table decides: options of a preset that are "auto", and named columns.

        Parameters
        ----------
        n_rows, n_features : int
            Rows to learn from, those to validate on included, and columns.
        feature_names : sequence of str, optional
            The columns' names, for layers that are `On` some of them.

        Returns
        -------
        flow : Flow
            The same flow where nothing was left to decide.

        Raises
        ------
        ValueError
            If a layer is on a column that the table does not have, or on a name where it has no names.

        Examples
        --------
        >>> from nflows_np.presets import nsf
        >>> nsf(n_layers=1)
        Flow(nsf(n_layers=1))
        >>> nsf(n_layers=1).for_table(1000, 4).bijections[1:]
        (LinearLU('random'), Coupling(AffineSpline(5), activation='elu', mask='half'))
        """
        for name, value in (("n_rows", n_rows), ("n_features", n_features)):
            require(is_integer(value) and value >= 1, self, name, value, "an integer of at least 1")
        n_rows, n_features = int(n_rows), int(n_features)
        names = feature_names
        if names is not None:
            names = check_names(self, "feature_names", names, n_features)
        bijections = self.bijections
        if isinstance(bijections, Recipe):
            bijections = bijections.for_table(n_rows, n_features)
        return replace(self, bijections=tuple(layer._for_table(n_features, names) for layer in bijections))

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        bijections = tuple(bijection.resolve(n_features, rng) for bijection in self.bijections)
        resolved = replace(self, bijections=bijections, base=self._base.resolve(n_features, rng))
        resolved._circular(n_features)
        resolved._check_conditionals()
        return resolved

    def _check_conditionals(self) -> None:
        """What has a mass and no density is known only once all else is: its layer comes last."""
        layers = [i for i, layer in enumerate(self.bijections) if has_conditionals(layer)]
        if not layers:
            return
        chain: Sequence[Bijection] = self.bijections  # type: ignore[assignment]
        last, rest = chain[layers[-1]], chain[layers[-1] + 1 :]
        wanted = "an Autoregressive layer of its own with conditionals that move, and none but permutations after it"
        has_own = isinstance(last, Autoregressive) and bool(last._conditioned())
        is_last = has_own and all(isinstance(layer, Permutation) for layer in rest)
        require(is_last, self, f"bijections[{layers[-1]}]", last, wanted)
        for i in layers[:-1]:
            layer = chain[i]
            keeps = isinstance(layer, Autoregressive) and not layer._conditioned()
            require(
                keeps,
                self,
                f"bijections[{i}]",
                layer,
                "a layer whose conditionals are Kept, before the last one",
            )
        normal = isinstance(self.base, StandardNormal)
        require(normal, self, "base", self.base, "StandardNormal() with columns that have conditionals")

    def _n_layers(self) -> int:
        """How many layers there are, with those that stand in sequences."""
        return count_layers(self.bijections)

    def circular_columns(self, n_features: int) -> tuple[int, ...]:
        """Return which columns of the data are angles, of a resolved flow, if their latents are such too.

        Parameters
        ----------
        n_features : int
            Number of columns that the flow acts on.

        Returns
        -------
        columns : tuple of int
            Those that the layers name as ``circular``, followed back through the layers before them.

        Raises
        ------
        ValueError
            If a layer maps one of them as a number of the line, or the latents that `base` takes for angles are not
            theirs: densities would not be of the circle.
        """
        columns, latents = self._circular(n_features)
        of_base = sorted(self._base._circular(n_features))
        which = (
            f"von Mises in the latents {latents}, and in no others"
            if columns
            else "without von Mises latents"
        )
        wanted = f"{which}: the circular columns are {columns}"
        require(of_base == latents, self, "base", self.base, wanted)
        return tuple(columns)

    def conditionals(self, n_features: int) -> dict[int, Conditional]:
        """Return the conditionals of columns of the data, of a resolved flow.

        Parameters
        ----------
        n_features : int
            Number of columns that the flow acts on.

        Returns
        -------
        conditionals : dict of int to Conditional
            By column, followed back through the layers before the one that has them.
        """
        places, found = list(range(n_features)), dict[int, Conditional]()
        for layer in self.bijections:
            if isinstance(layer, Autoregressive):
                own = dict(layer.conditionals)
                found |= {places[j]: own[j] for j in layer._conditioned()}
            if isinstance(layer, Permutation):
                places = layer._follow(places, False)[0]
        return found

    def _circular(self, n_features: int) -> tuple[list[int], list[int]]:
        """The circular columns, and where they stand among the latents."""
        places, maps = list(range(n_features)), []
        for i, bijection in enumerate(self.bijections):
            places, mapped = bijection._follow(places, False)
            maps += [(i, *found) for found in mapped]
        circular = sorted(set().union(*(angles for _, _, _, angles in maps)))
        for i, bijection, columns, angles in maps:
            fits = not circular or angles == set(circular).intersection(columns)
            wanted = f"a map of the angles in columns {circular}, which are circular in other layers"
            require(fits, self, f"bijections[{i}]", bijection, wanted)
        return circular, sorted(np.argsort(places)[circular].tolist())
