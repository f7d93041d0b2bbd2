"""nflows_np on a device and on the CPU: training steps, scoring and sampling.

A step is the difference of a long and a short call of the trainer over the steps in between: the way of the table to
the device, and the graph that a call makes once, do not count. What a call costs beside its steps is a figure of its
own. Rows come from and go to NumPy arrays: as `score_samples` and `sample` do it, and in one call of the engine. They
are also drawn from the noise of a counter, which a device makes itself.
"""

from __future__ import annotations

import os
import statistics
from typing import Any

import numpy as np
from nflows_np._stream import StandardNormal

from nflows_np._model import FlowModel
from nflows_np.columns import ColumnScaler

from ._gpu_part import Part, median_of, timed
from .configs import LEARNING_RATE, Config
from .peers.ours import spec

SHORT, LONG, LONG_OF_WIDE, BATCHES = 4, 132, 36, 16  # steps of a call; batches of the table


def run(part: Part) -> None:
    contestants = {f"nflows_np, {part.device}": part.device, "nflows_np, CPU": "cpu"}
    for config in part.configs():
        n = part.rows_to_score(config)
        for contestant, device in contestants.items():
            about = {"contestant": contestant, "config": config.to_dict()}
            part.attempt("step", lambda c=config, d=device: step(part, c, d), **about)
            for measure in ("score", "sample") if n else ():
                part.attempt(
                    measure, lambda c=config, d=device, m=measure: rows(part, c, d, m), rows=n, **about
                )


def model(config: Config, device: str) -> FlowModel:
    """The flow at its start, its columns as they are, held to the count of its parameters."""
    d = config.n_features
    made = FlowModel(
        spec(config).resolve(d), ColumnScaler(np.zeros(d), np.ones(d)), np.dtype("float32"), device=device
    )
    made.flow.start(0)
    if made.flow.n_params != config.n_params():
        raise AssertionError(f"{made.flow.n_params} parameters, not {config.n_params()}")
    return made


def threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def step(part: Part, config: Config, device: str) -> dict[str, Any]:
    """Seconds of a training step, and those of a call beside its steps."""
    made, batch = model(config, device), config.batch
    trainer = made.trainer(learning_rate=LEARNING_RATE)
    X = config.table(BATCHES * batch).astype(np.float32)
    table = made.rows(X, slice(None))
    rng = np.random.default_rng(0)
    short, long = SHORT, LONG_OF_WIDE if config.wide else LONG
    if part.quick or (config.wide and device == "cpu"):
        long = 12
    orders = {k: rng.integers(0, len(X), k * batch) for k in (short, long)}

    def seconds(k: int) -> float:
        call = lambda: trainer.run(table, len(X), batch, n_threads=threads(), order=orders[k])  # noqa: E731
        return timed(call)

    seconds(short)
    first = seconds(long)
    differences, calls = [], []
    for _ in range(part.enough(first)):
        calls.append(seconds(short))
        differences.append((seconds(long) - calls[-1]) / (long - short))
    median = statistics.median(differences)
    return {
        "seconds": median, "low": min(differences), "high": max(differences), "repeats": len(differences),
        "beside": statistics.median(calls) - short * median,
    }  # fmt: skip


def rows(part: Part, config: Config, device: str, measure: str) -> dict[str, Any]:
    """Seconds of scoring or drawing rows."""
    n, made = part.rows_to_score(config), model(config, device)
    if measure == "score":
        X = config.table(n).astype(np.float32)
        whole = lambda: made.flow.log_prob(made.rows(X, slice(None)), n, n_threads=threads())  # noqa: E731
        usual = lambda: made.log_prob(X, n_threads=threads())  # noqa: E731
    else:
        state, out = np.random.RandomState(0), np.empty((n, config.n_features))

        def whole() -> Any:
            with StandardNormal(state, n, config.n_features, made.dtype) as latent:
                return made.flow.inverse(
                    latent, n, n_threads=threads(), out=made.scaler.scatter(out, made.dtype)
                )

        usual = lambda: made.sample(n, state, n_threads=threads())  # noqa: E731
    found = {**median_of(part, usual), "one call": median_of(part, whole)["seconds"]}
    if measure == "sample":
        counted = lambda: made.sample(n, state, n_threads=threads(), noise="counter")  # noqa: E731
        found["by a counter"] = median_of(part, counted)["seconds"]
    return found
