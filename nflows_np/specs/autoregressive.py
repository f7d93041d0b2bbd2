"""The autoregressive wiring: every column's parameters come from the columns before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, Self

from ._checks import check_instance, check_integers, fail, require, shown
from ._spec import Bijection, Conditional, Permuter, Spec
from ._wiring import Wiring
from .kept import Kept


def has_conditionals(spec: Spec) -> bool:
    """Whether a bijection is, or holds, a layer with conditionals."""
    if isinstance(spec, Autoregressive):
        return bool(spec.conditionals)
    held = [getattr(spec, field.name) for field in fields(spec)]  # type: ignore[arg-type]
    within = [v for value in held for v in (value if isinstance(value, tuple) else (value,))]
    return any(has_conditionals(v) for v in within if isinstance(v, Bijection))


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
    conditionals : sequence of (column, Conditional), default=()
        Columns that are not moved by a transformer but have a distribution of their own kind: `Category`, `Cells`,
        `Atoms`. No layer may mix such a column with others later, and the base is the standard normal.

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

    _: KW_ONLY
    conditionals: Sequence[tuple[int, Conditional]] = ()

    name = "autoregressive"

    def __post_init__(self) -> None:
        wanted = "a sequence of pairs (column, conditional)"
        if not isinstance(self.conditionals, (list, tuple)):
            fail(self, "conditionals", self.conditionals, wanted)
        pairs = []
        for i, pair in enumerate(self.conditionals):
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                fail(self, f"conditionals[{i}]", pair, "a pair (column, conditional)")
            (column,) = check_integers(self, f"conditionals[{i}]", [pair[0]], "a column index")
            check_instance(self, f"conditionals[{i}][1]", pair[1], Conditional)
            pairs.append((column, pair[1]))
        self._store("conditionals", tuple(sorted(pairs, key=lambda pair: pair[0])))
        super().__post_init__()
        columns = [column for column, _ in self.conditionals]
        distinct = len({*columns, *self.circular}) == len(columns) + len(self.circular)
        require(distinct, self, "conditionals", columns, "of distinct columns that are not circular")

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        columns = [column for column, _ in self.conditionals]
        wanted = f"of columns below n_features={n_features}"
        require(max(columns, default=-1) < n_features, self, "conditionals", columns, wanted)
        return super()._resolve(n_features, rng)

    def _moved(self, n_features: int) -> Sequence[int]:
        columns = {column for column, _ in self.conditionals}
        return [j for j in range(n_features) if j not in columns]

    def _conditioned(self) -> list[int]:
        """The columns whose conditionals are this layer's."""
        return [column for column, own in self.conditionals if not isinstance(own, Kept)]

    def _depth(self) -> int:
        return max(super()._depth(), 1 + max((own._depth() for _, own in self.conditionals), default=0))

    # Pairs are written as two lists.

    def _entries(self) -> dict[str, Any]:
        entries = super()._entries()
        entries["conditional_columns"] = tuple(column for column, _ in self.conditionals)
        entries["conditionals"] = tuple(own for _, own in self.conditionals)
        return entries

    @classmethod
    def _arguments(cls, entries: dict[str, Any]) -> dict[str, Any]:
        if "conditionals" in entries or "conditional_columns" in entries:
            entries = entries.copy()
            columns, own = entries.pop("conditional_columns", None), entries.pop("conditionals", None)
            if not isinstance(columns, tuple) or not isinstance(own, tuple) or len(columns) != len(own):
                raise ValueError(
                    "Autoregressive: conditionals and conditional_columns must be two lists of one length; got "
                    f"{shown(own)} and {shown(columns)}."
                )
            entries["conditionals"] = tuple(zip(columns, own, strict=True))
        return super()._arguments(entries)
