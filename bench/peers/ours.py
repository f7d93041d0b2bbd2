"""nflows_np: training steps on the engine, all else through FlowDensity as its users do.

Steps clip the gradient's norm, which is nflows_np's default; those of the peers do not.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from nflows_np import FlowDensity, specs
from nflows_np._engine import engine
from nflows_np.columns import Gather

from ..configs import LEARNING_RATE, N_BINS, TAIL_BOUND, Config
from . import FLOW_MEASURES

FLOWS = {"float32": engine.Flow32, "float64": engine.Flow64}


def spec(config: Config) -> specs.Flow:
    """The configuration's flow, without a linear layer: as many parameters as the peers have."""
    shape: dict[str, Any] = {"hidden_units": config.hidden, "activation": "relu"}
    if config.splines:
        shape["transformer"] = specs.RationalQuadratic(N_BINS, tail_bound=TAIL_BOUND)
    if config.autoregressive:
        layers = [specs.Autoregressive(**shape), specs.Permutation("reverse")] * config.n_layers
        return specs.Flow(layers)
    return specs.Flow([specs.Coupling(swap=i % 2 == 1, **shape) for i in range(config.n_layers)])


class Ours:
    measures = FLOW_MEASURES
    compiles = False

    def __init__(self, config: Config, threads: int, dtype: str) -> None:
        self.config, self.threads, self.dtype = config, threads, dtype
        self._flow = FLOWS[dtype](spec(config).resolve(config.n_features).to_dict(), config.n_features)
        self._flow.start(0)
        self._trainer = self._flow.trainer(learning_rate=LEARNING_RATE)
        self.n_params, self.expected_params = self._flow.n_params, config.n_params()
        self._density: FlowDensity | None = None

    def batch(self, X: NDArray[np.float64]) -> tuple[NDArray[Any], int]:
        rows = Gather(X, slice(None), np.zeros(X.shape[1]), np.ones(X.shape[1]), self.dtype)
        return rows.move(np.empty(rows.shape, self.dtype)), len(X)

    def table(self, X: NDArray[np.float64]) -> NDArray[Any]:
        return X.astype(self.dtype, copy=False)  # a memory map stays one

    def step(self, rows: tuple[NDArray[Any], int]) -> None:
        panels, n = rows
        self._trainer.run(panels, n, n, n_threads=self.threads)

    def epoch(self, rows: NDArray[Any], batch: int) -> float:
        """A fit has costs of its own beside its epochs: the difference of a longer and a shorter one has none."""
        further = 3 if self.config.wide else max(3, 200_000 // len(rows))
        seconds = []
        for epochs in (1, 1 + further):
            began = time.perf_counter()
            self._fit(rows, epochs, batch)
            seconds.append(time.perf_counter() - began)
        return (seconds[1] - seconds[0]) / further

    def fit(self, rows: NDArray[Any], batch: int) -> None:
        self._fit(rows, 1, batch)

    def score(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        return self._fitted().score_samples(rows)

    def chunked_score(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        return self.score(rows)  # the engine goes by tiles in any case

    def sample(self, n: int) -> NDArray[np.float64]:
        return self._fitted().sample(n, random_state=0)

    def _fitted(self) -> FlowDensity:
        if self._density is None:
            self._density = self._fit(self.table(self.config.table(1024)), 1, 256)
        return self._density

    def _fit(self, rows: NDArray[Any], epochs: int, batch: int) -> FlowDensity:
        density = FlowDensity(
            spec(self.config), max_iter=epochs, batch_size=batch, learning_rate_init=LEARNING_RATE, alpha=0.0,
            early_stopping=False, n_iter_no_change=np.inf, dtype=self.dtype, n_jobs=self.threads, random_state=0,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a bench ends long before
            return density.fit(rows)


def build(name: str, config: Config, threads: int, dtype: str) -> Ours:
    return Ours(config, threads, dtype)
