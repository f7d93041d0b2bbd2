"""`FlowDensity` on the POWER table, on a device and on the CPU: held-out likelihood and seconds.

The split is that of `bench.sooner`: a tenth of the rows is held out. Both fits have the same limit of epochs; where
time is left the device gets a fit without one. Without the table one of the same shape is drawn.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils._param_validation import StrOptions

from nflows_np import FlowDensity

from ._gpu_part import Part, timed
from ._real import Array, load, split

SHAPE = (225_878, 6)


class OnAnyDevice(FlowDensity):
    """FlowDensity that takes the device of tests too."""

    _parameter_constraints = FlowDensity._parameter_constraints | {
        "device": [StrOptions({"cpu", "cuda", "host"})]
    }


def run(part: Part) -> None:
    found = Path(part.data) / "power.npz" if part.data else None
    known = found is not None and found.exists()
    X = load("power", Path(part.data)) if known and part.data else generated(*SHAPE)
    rows = split(X[:2000] if part.quick else X, 0)
    learnt = np.concatenate([rows.train, rows.val])
    part.record("table", name="power" if known else "generated", rows=len(learnt), columns=learnt.shape[1])
    for device, max_iter in ((part.device, part.max_iter), ("cpu", part.max_iter), (part.device, None)):
        if max_iter is None and part.quick:
            continue
        part.attempt(
            "fit", lambda d=device, m=max_iter: fit(learnt, rows.test, d, m), device=device, max_iter=max_iter
        )


def generated(n: int, d: int) -> Array:
    """Correlated, skewed rows of two clusters."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n, d)) + 3.0 * rng.integers(0, 2, (n, 1))
    rows[:, 1:] += 0.3 * rows[:, :-1] ** 2
    rows[:, 0] = np.exp(0.5 * rows[:, 0])
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def fit(learnt: Array, held_out: Array, device: str, max_iter: int | None) -> dict[str, Any]:
    """A fit: its seconds, its epochs and what it says of the rows that were held out."""
    limit = {} if max_iter is None else {"max_iter": max_iter}
    model = OnAnyDevice(device=device, random_state=0, **limit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds = timed(lambda: model.fit(learnt))
    scores: list[float] = []
    to_score = timed(lambda: scores.append(model.score(held_out)))
    return {
        "seconds": seconds, "epochs": model.n_iter_, "seconds an epoch": seconds / max(model.n_iter_, 1),
        "held out": scores[0], "seconds to score": to_score, "where": model.device_, "layers": model.n_layers_,
    }  # fmt: skip
