"""What the three wirings share: a transformer, the network that conditions it, and features on a circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Self

from ._angles import Mapped, Places
from ._checks import check_activation, check_flag, check_hidden_units, check_instance, check_integers, require
from ._spec import Bijection, Permuter, Transformer
from .affine import Affine
from .circular_spline import CircularSpline


@dataclass(frozen=True, repr=False)
class Wiring(Bijection):
    """Where the parameters of a transformer come from."""

    transformer: Transformer = field(default=Affine())
    _: KW_ONLY
    hidden_units: Sequence[int] = (64, 64)
    activation: str = "relu"
    residual: bool = False
    circular: Sequence[int] = ()
    circular_spline: CircularSpline = field(default=CircularSpline())

    def __post_init__(self) -> None:
        check_instance(self, "transformer", self.transformer, Transformer)
        units = check_hidden_units(self, self.hidden_units)
        self._store("hidden_units", units)
        check_activation(self, self.activation)
        self._store("residual", check_flag(self, "residual", self.residual))
        if self.residual:
            in_blocks = len(units) % 2 == 1 and len(set(units)) == 1
            require(
                in_blocks, self, "hidden_units", units, "one width, an odd number of times, for residual=True"
            )
        wanted = "a sequence of distinct column indices"
        circular = check_integers(self, "circular", self.circular, wanted)
        require(len(set(circular)) == len(circular), self, "circular", self.circular, wanted)
        self._store("circular", tuple(sorted(circular)))
        check_instance(self, "circular_spline", self.circular_spline, CircularSpline)
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        in_range = max(self.circular, default=-1) < n_features
        wanted = f"column indices below n_features={n_features}"
        require(in_range, self, "circular", self.circular, wanted)
        if not isinstance(self.transformer, CircularSpline):
            return self
        circular = set(self.circular) | set(self._moved(n_features))
        return replace(self, circular=tuple(circular), circular_spline=self.transformer)

    def _follow(self, places: Places, inverted: bool) -> tuple[Places, list[Mapped]]:
        return places, [Mapped(self, places, {places[j] for j in self.circular})]

    def _moved(self, n_features: int) -> Sequence[int]:
        """The columns that the transformer moves, of a resolved wiring."""
        return range(n_features)
