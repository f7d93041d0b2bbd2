"""Layers that are still to be decided, by the size of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from ._checks import fail
from ._spec import Bijection, Spec


class Recipe(Spec):
    """What `Flow.bijections` holds until `Flow.for_table`: how to make the layers once a table is known."""

    def for_table(self, n_rows: int, n_features: int) -> tuple[Bijection, ...]:
        """Return the layers for a table of so many rows and columns."""
        raise NotImplementedError(f"{type(self).__name__} does not say its layers.")

    def __iter__(self) -> Iterator[Bijection]:
        self._undecided()

    def __len__(self) -> int:
        self._undecided()

    def __getitem__(self, index: object) -> Bijection:
        self._undecided()

    def _undecided(self) -> NoReturn:
        wanted = "known, and a table decides what is 'auto': call flow.for_table(n_rows, n_features) first"
        fail(self, "layers", self, wanted)
