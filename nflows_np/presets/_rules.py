"""What "auto" stands for in a preset's options.

The rules are measured, not derived: for "maf" they did best on held-out rows of nine tables of 440 to 18,000 rows and
2 to 16 columns; those of splines, on seven of 4,500 to 226,000 rows and 6 to 36 columns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

SHARED = ("n_layers", "hidden_units", "activation")
"""The options of every preset."""


class Rule(ABC):
    """A value that a table decides. Its ``str`` says how."""

    @abstractmethod
    def __call__(self, n_rows: int, n_features: int) -> Any:
        """The value for a table of so many rows and columns."""


@dataclass(frozen=True)
class ByRows(Rule):
    """One value for tables of fewer than `n` rows, another for larger ones."""

    few: Any
    many: Any
    n: int

    def __call__(self, n_rows: int, n_features: int) -> Any:
        return self.few if n_rows < self.n else self.many

    def __str__(self) -> str:
        return f"{self.few}, and {self.many} for tables of {self.n:,} rows or more"


WIDTHS = ByRows((64, 64), (128, 128), 50_000)
"""As many units as the rows can teach; the decay, not the width, suits networks to few rows."""

ACTIVATION = "elu"

N_BINS = ByRows(5, 8, 50_000)
"""Bins of a spline: the fewer, the less its knots follow single rows."""
