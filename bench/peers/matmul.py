"""The yardstick: NumPy's matrix product, which tells how fast the machine was during the run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..configs import Config

SIZE = 1024
FLOP = 2 * SIZE**3


class Matmul:
    measures = ("step",)
    compiles = False
    n_params = expected_params = 0

    def __init__(self, dtype: str) -> None:
        self._a, self._b = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(dtype)
        self._product = np.empty_like(self._a)

    def batch(self, X: NDArray[np.float64]) -> None:
        return None

    def step(self, rows: None) -> None:
        np.matmul(self._a, self._b, out=self._product)


def build(name: str, config: Config, threads: int, dtype: str) -> Matmul:
    return Matmul(dtype)
