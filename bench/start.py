"""From the start of a process to the first log-density, and what an installation takes on disk.

Every contestant is a fresh Python process that imports, builds a masked autoregressive flow of 5 layers (64,
64), fits one epoch of 1,000 rows of 6 columns in batches of 256, and scores 1,000 rows, written as that
library's users write it. Beside them a process that only imports sklearn.base, which everything that is a
scikit-learn estimator has to, and one that does nothing. Processes take turns; figures are medians, up to
the moment that the densities are there.

On disk: the files of a package and of all it depends on, save NumPy, SciPy, scikit-learn and what these
bring.

    python -m bench.start [--rounds 5] [--json FILE] [--quick]
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ._markdown import described, table
from ._report import machine
from ._sizes import install_sizes
from ._turns import in_turns, spread

# The functions of this first half run in processes of their own, from their source alone, and print when they
# are done. Above them stands `data`, and for the users of torch `fit`.


def data():  # type: ignore[no-untyped-def]
    import numpy as np

    return np.random.default_rng(0).standard_normal((1000, 6)).astype(np.float32)


def fit(flow, log_prob, X):  # type: ignore[no-untyped-def]
    import torch

    X = torch.from_numpy(X)
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
    for batch in torch.randperm(len(X)).split(256):
        optimizer.zero_grad()
        (-log_prob(X[batch]).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        assert log_prob(X).shape == (1000,)


def python():  # type: ignore[no-untyped-def]
    pass


def sklearn_base():  # type: ignore[no-untyped-def]
    import sklearn.base  # noqa: F401


def nflows_np():  # type: ignore[no-untyped-def]
    from nflows_np import FlowDensity

    X = data()
    flow = FlowDensity(
        "maf", n_layers=5, hidden_units=(64, 64), activation="relu", batch_size=256, max_iter=1,
        early_stopping=False,
    )  # fmt: skip
    assert flow.fit(X).score_samples(X).shape == (1000,)


def nflows():  # type: ignore[no-untyped-def]
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow
    from nflows.transforms import (
        CompositeTransform,
        MaskedAffineAutoregressiveTransform,
        ReversePermutation,
    )

    layers = []
    for _ in range(5):
        layers.append(ReversePermutation(6))
        layers.append(MaskedAffineAutoregressiveTransform(6, 64, num_blocks=1, use_residual_blocks=False))
    flow = Flow(CompositeTransform(layers), StandardNormal([6]))
    fit(flow, flow.log_prob, data())


def normflows():  # type: ignore[no-untyped-def]
    import normflows as nf

    layers = []
    for _ in range(5):
        made = nf.flows.MaskedAffineAutoregressive(6, 64, num_blocks=1, use_residual_blocks=False)
        layers += [nf.flows.Reverse(made), nf.flows.Permute(6)]
    flow = nf.NormalizingFlow(nf.distributions.DiagGaussian(6, trainable=False), layers)
    fit(flow, flow.log_prob, data())


def zuko():  # type: ignore[no-untyped-def]
    import zuko

    flow = zuko.flows.MAF(6, transforms=5, hidden_features=(64, 64))
    fit(flow, lambda X: flow().log_prob(X), data())


def flowjax():  # type: ignore[no-untyped-def]
    import jax.random as jr
    import optax
    from flowjax.distributions import StandardNormal
    from flowjax.flows import masked_autoregressive_flow
    from flowjax.train import fit_to_data

    X = data()
    flow = masked_autoregressive_flow(
        jr.key(0), base_dist=StandardNormal((6,)), flow_layers=5, nn_width=64, nn_depth=2, invert=True
    )
    flow, _ = fit_to_data(
        jr.key(1), flow, X, optimizer=optax.adam(1e-3), max_epochs=1, batch_size=256, val_prop=0.1,
        show_progress=False,
    )  # fmt: skip
    assert flow.log_prob(X).block_until_ready().shape == (1000,)


YARDSTICKS: list[Callable[[], None]] = [python, sklearn_base]
CONTESTANTS: list[Callable[[], None]] = [nflows_np, nflows, normflows, zuko, flowjax]


def program(run: Callable[[], None]) -> str:
    """The source of a process that prints a line when it is done."""
    parts = [inspect.getsource(part) for part in (data, fit, run)]
    return "\n".join([*parts, f"{run.__name__}()", "print('done', flush=True)"])


def seconds_to_done(name: str, source: str) -> float:
    """From the start of a Python process to its line of output."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", source], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
    if line != "done\n" or process.returncode:
        raise RuntimeError(f"{name} failed (exit status {process.returncode})")
    return seconds


def start_times(rounds: int) -> dict[str, list[float]]:
    sources = {run.__name__: program(run) for run in [*YARDSTICKS, *CONTESTANTS]}
    timers = {name: partial(seconds_to_done, name, source) for name, source in sources.items()}
    return in_turns(timers, dict.fromkeys(timers, rounds))


def records(times: dict[str, list[float]], sizes: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    seconds = {name: spread(values)["seconds"] for name, values in times.items()}
    return [
        {
            "process": name,
            "seconds": seconds[name],
            "fastest": min(times[name]),
            "times ours": seconds[name] / seconds["nflows_np"],
            "beyond sklearn.base": seconds[name] - seconds["sklearn_base"],
            "MB on disk": sizes[name][0] / 1e6 if name in sizes else None,
            "packages": sizes[name][1] if name in sizes else None,
        }
        for name in sorted(seconds, key=lambda name: seconds[name])
    ]


def report(result: dict[str, Any]) -> str:
    by_name = {row["process"]: row for row in result["start"]}
    best = min(by_name[peer.__name__]["times ours"] for peer in CONTESTANTS[1:])
    beyond = by_name["nflows_np"]["beyond sklearn.base"]
    return (
        table(f"To the first log-density, median of {result['machine']['rounds']} processes", result["start"])
        + f"\n\nBest peer / nflows_np: {best:.2f} (at least 2);"
        + f" nflows_np beyond sklearn.base: {beyond:.2f} s (at most 0.3)."
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--quick", action="store_true", help="one round")
    args = parser.parse_args()

    if hasattr(os, "sched_setaffinity"):  # processes inherit it
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    rounds = 1 if args.quick else args.rounds
    rows = records(start_times(rounds), install_sizes([run.__name__ for run in CONTESTANTS]))
    result: dict[str, Any] = {"machine": machine() | {"rounds": rounds}, "start": rows}
    print(described(result["machine"]) + "\n\n" + report(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
