"""flowjax on a device: the contestant of `bench/peers/flowjax.py`, its steps one after the other without the host."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ._gpu_part import Part, median_of
from .configs import Config
from .peers.flowjax import FlowJax

BATCHES = 16


def run(part: Part) -> None:
    where = jax.default_backend()
    if part.device == "cuda" and where != "gpu":
        return part.record("open", of="flowjax", why=f"JAX computes on {where}")
    for measure in ("step", "score", "sample"):
        for config in part.configs():
            n = config.batch if measure == "step" else part.rows_to_score(config)
            about = {"contestant": "flowjax, jit", "config": config.to_dict(), "rows": n}
            if n:
                part.attempt(measure, lambda c=config, m=measure, n=n: measured(part, c, m, n), **about)
    return None


def measured(part: Part, config: Config, measure: str, n: int) -> dict[str, Any]:
    """Seconds of a measure, the first call left out, which compiles."""
    flow = FlowJax(config, "float32")
    if flow.n_params != flow.expected_params:
        raise AssertionError(f"{flow.n_params} parameters, not {flow.expected_params}")
    X = config.table(BATCHES * n if measure == "step" else n).astype(np.float32)
    if measure == "step":
        batches = [jax.block_until_ready(flow.batch(rows)) for rows in np.split(X, BATCHES)]

        def epoch() -> None:
            for rows in batches:
                flow._advance(rows)
            jax.block_until_ready(flow._params)

        found = median_of(part, epoch)
        return found | {name: found[name] / BATCHES for name in ("seconds", "low", "high")}
    if measure == "sample":
        found = median_of(part, lambda: flow.sample(n))
        return found | {"from NumPy": median_of(part, lambda: np.asarray(flow.sample(n)))["seconds"]}
    there = flow.table(X)
    found = median_of(part, lambda: flow.score(there))
    return found | {"from NumPy": median_of(part, lambda: np.asarray(flow.score(flow.table(X))))["seconds"]}
