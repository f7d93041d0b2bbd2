"""Like for like on a real table: the MAF of this project and zuko's, on power.npz, in one run.

Both train 5 layers of (128, 128) with ReLU by Adam on shuffled batches of 512 rows at a rate of 1e-3 for the
same number of epochs, and keep the weights that are best on the validation rows. Each runs in a process of
its own, one after the other, on the same cores.

    python -m bench.power --data DIR [--epochs 20] [--threads 2] [--zuko-python PYTHON]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ._report import in_own_process, machine

LAYERS, HIDDEN, BATCH, RATE = 5, (128, 128), 512, 1e-3


def run_ours(tables: dict[str, np.ndarray], epochs: int, threads: int) -> dict[str, Any]:
    from nflows_np import FlowDensity

    model = FlowDensity(
        "maf", n_layers=LAYERS, hidden_units=HIDDEN, activation="relu", alpha=0.0, batch_size=BATCH,
        learning_rate_init=RATE, max_iter=epochs, n_iter_no_change=np.inf, n_jobs=threads, random_state=0,
    )  # fmt: skip
    began = time.perf_counter()
    model.fit(tables["train"], X_val=tables["val"])
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "test": model.score(tables["test"]),
        "validation": model.best_validation_score_,
        "parameters": model.n_parameters_,
    }


def run_zuko(tables: dict[str, np.ndarray], epochs: int, threads: int) -> dict[str, Any]:
    import torch
    import zuko

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    train, val, test = (torch.from_numpy(tables[name]) for name in ("train", "val", "test"))
    flow = zuko.flows.MAF(train.shape[1], transforms=LAYERS, hidden_features=HIDDEN)
    optimizer = torch.optim.Adam(flow.parameters(), lr=RATE)

    def score(rows: torch.Tensor) -> float:
        with torch.no_grad():
            return float(torch.cat([flow().log_prob(part) for part in rows.split(8192)]).double().mean())

    best, state = -np.inf, None
    began = time.perf_counter()
    for _ in range(epochs):
        for batch in torch.randperm(len(train)).split(BATCH):
            optimizer.zero_grad()
            (-flow().log_prob(train[batch]).mean()).backward()
            optimizer.step()
        now = score(val)
        if now > best:
            best, state = now, {name: value.clone() for name, value in flow.state_dict().items()}
    seconds = time.perf_counter() - began
    assert state is not None, "zuko: validation never became a number"
    flow.load_state_dict(state)
    n = sum(p.numel() for p in flow.parameters())
    return {"seconds": seconds, "test": score(test), "validation": best, "parameters": n}


CONTESTANTS = {"nflows_np": run_ours, "zuko": run_zuko}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds power.npz")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--zuko-python", default=sys.executable, help="interpreter that has zuko")
    parser.add_argument("--only", choices=CONTESTANTS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        with np.load(args.data / "power.npz") as tables:
            print(json.dumps(CONTESTANTS[args.only](dict(tables), args.epochs, args.threads)))
        return

    shared = [
        "--data",
        str(args.data.resolve()),
        "--epochs",
        str(args.epochs),
        "--threads",
        str(args.threads),
    ]
    pythons = {"nflows_np": sys.executable, "zuko": args.zuko_python}
    results = {
        name: in_own_process("bench.power", *shared, "--only", name, python=pythons[name])
        for name in CONTESTANTS
    }
    print(
        json.dumps(
            {"machine": machine(), "epochs": args.epochs, "threads": args.threads, **results}, indent=2
        )
    )
    ours, theirs = results["nflows_np"], results["zuko"]
    print(f"test log-likelihood: {ours['test']:.3f} nats against {theirs['test']:.3f}")
    print(f"time of zuko / time of nflows_np: {theirs['seconds'] / ours['seconds']:.1f}")


if __name__ == "__main__":
    main()
