"""The yardstick: NumPy's matrix product, which tells how fast the machine was during the run."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ..configs import Config
from . import FLOW_MEASURES

SIZE = 1024
FLOP = 2 * SIZE**3


class Matmul:
    measures = FLOW_MEASURES  # one product, whatever the others do at that time
    compiles = False
    n_params = expected_params = 0

    def __init__(self, dtype: str) -> None:
        self._a, self._b = np.random.default_rng(0).normal(size=(2, SIZE, SIZE)).astype(dtype)
        self._product = np.empty_like(self._a)

    def table(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return X[:1]

    def step(self, rows: object) -> None:
        np.matmul(self._a, self._b, out=self._product)

    batch, sample, score, chunked_score = table, step, step, step

    def fit(self, rows: object, batch: int) -> None:
        self.step(rows)

    def epoch(self, rows: object, batch: int) -> float:
        began = time.perf_counter()
        self.step(rows)
        return time.perf_counter() - began


def build(name: str, config: Config, threads: int, dtype: str) -> Matmul:
    return Matmul(dtype)
