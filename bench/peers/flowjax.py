"""flowjax: its two flows with a base that has no parameters, and a jitted step of optax' Adam.

The step is that of `flowjax.train.fit_to_data` without its progress bar and losses. jax takes as many threads as the
process has cores, so that pinning the process sets them.
"""

from __future__ import annotations

import time
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import paramax
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import StandardNormal
from flowjax.flows import coupling_flow, masked_autoregressive_flow
from numpy.typing import NDArray

from ..configs import LEARNING_RATE, N_BINS, TAIL_BOUND, Config
from . import CHUNK, FLOW_MEASURES

FLOWS = {
    "maf": masked_autoregressive_flow,
    "coupling": coupling_flow,
    "nsf": coupling_flow,
    "nsf_ar": masked_autoregressive_flow,
}


class FlowJax:
    measures = FLOW_MEASURES
    compiles = True

    def __init__(self, config: Config, dtype: str) -> None:
        jax.config.update("jax_enable_x64", dtype == "float64")
        self._dtype = dtype
        flow = FLOWS[config.model](
            jr.key(0), base_dist=StandardNormal((config.n_features,)), flow_layers=config.n_layers,
            nn_width=config.hidden[0], nn_depth=len(config.hidden), invert=True,
            transformer=RationalQuadraticSpline(knots=N_BINS - 1, interval=TAIL_BOUND) if config.splines else None,
        )  # fmt: skip
        self._params, static = eqx.partition(
            flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable)
        )
        self.n_params = sum(leaf.size for leaf in jax.tree.leaves(self._params))
        self.expected_params = config.n_params(always_last=True, free_ends=True)
        adam = optax.adam(LEARNING_RATE)
        self._state = adam.init(self._params)
        self._rng = np.random.default_rng(0)
        self._key = jr.key(1)

        def log_prob(params: Any, rows: jax.Array) -> jax.Array:
            return paramax.unwrap(eqx.combine(params, static)).log_prob(rows)

        def step(params: Any, state: Any, rows: jax.Array) -> tuple[Any, Any]:
            gradient = jax.grad(lambda p: -log_prob(p, rows).mean())(params)
            updates, state = adam.update(gradient, state, params)
            return optax.apply_updates(params, updates), state

        def sample(params: Any, key: jax.Array, n: int) -> jax.Array:
            return paramax.unwrap(eqx.combine(params, static)).sample(key, (n,))

        self._step = jax.jit(step, donate_argnums=(0, 1))
        self._log_prob = jax.jit(log_prob)
        self._sampler = jax.jit(sample, static_argnums=2)

    def table(self, X: NDArray[np.float64]) -> jax.Array:
        return jnp.asarray(X, self._dtype)

    batch = table

    def step(self, rows: jax.Array) -> None:
        self._advance(rows)
        jax.block_until_ready(self._params)

    def epoch(self, rows: jax.Array, batch: int) -> float:
        began = time.perf_counter()
        shuffled = rows[self._rng.permutation(len(rows))]
        for start in range(0, len(rows) - batch + 1, batch):
            self._advance(shuffled[start : start + batch])
        jax.block_until_ready(self._params)
        return time.perf_counter() - began

    def fit(self, rows: jax.Array, batch: int) -> None:
        self.epoch(rows, batch)

    def score(self, rows: jax.Array) -> jax.Array:
        return jax.block_until_ready(self._log_prob(self._params, rows))

    def chunked_score(self, rows: jax.Array) -> jax.Array:
        parts = [self._log_prob(self._params, rows[i : i + CHUNK]) for i in range(0, len(rows), CHUNK)]
        return jax.block_until_ready(jnp.concatenate(parts))

    def sample(self, n: int) -> jax.Array:
        self._key, key = jr.split(self._key)
        return jax.block_until_ready(self._sampler(self._params, key, n))

    def _advance(self, rows: jax.Array) -> None:
        self._params, self._state = self._step(self._params, self._state, rows)


def build(name: str, config: Config, threads: int, dtype: str) -> FlowJax:
    return FlowJax(config, dtype)
