"""The densities that scikit-learn has: a mixture of Gaussians and a kernel density, for scoring only."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from ..configs import Config

TRAINING_ROWS = 10_000


class Density:
    measures = ("score",)
    compiles = False
    n_params = expected_params = 0

    def __init__(self, estimator: Any, config: Config, rows_to_score: int | None = None) -> None:
        self._estimator, self._rows = estimator, rows_to_score
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(config.table(TRAINING_ROWS))

    def table(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return X[: self._rows]

    def score(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = self._estimator.score_samples(rows)
        return scores

    chunked_score = score


def build(name: str, config: Config, threads: int, dtype: str) -> Density:
    if name == "kernel_density":  # every row meets every training row
        return Density(KernelDensity(bandwidth=0.5), config, rows_to_score=1000)
    return Density(GaussianMixture(16, max_iter=5, random_state=0), config)
