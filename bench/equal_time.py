"""Held-out log-likelihoods on five real tables after equal time, and beside zuko after equal epochs.

First, every preset is trained for the same time on every table, and `GaussianMixture` with as many components as do
best on the validation rows stands beside. Then MAF and the autoregressive spline flow of this project and of zuko are
trained for the same epochs, at least ten, with the same layers, optimiser, rate and batches. Each fit runs in a
process of its own, one after the other, on the same cores. Log-likelihoods are in nats, in the units of the table's
columns: means over the test rows with two standard errors, and medians, which say how the bulk of the rows fares.

    python -m bench.equal_time --data DIR [--tables power htru2 ...] [--seconds 30] [--steps 2000] [--markdown FILE]
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import FlowDensity
from nflows_np.presets import PRESETS
from nflows_np.specs import Flow

from ._markdown import described, markdown
from ._report import in_own_process, machine

TABLES = ("power", "htru2", "higgs", "pendigits", "satellite")
LAYERS, BINS, BATCH, RATE = 5, 8, 512, 1e-3
COMPONENTS = (1, 2, 4, 8, 16, 32, 64, 128)
AGAINST_ZUKO = ("maf", "nsf_ar")

Table = dict[str, NDArray[Any]]


def load(folder: Path, name: str) -> Table:
    """Rows to learn from, to validate on and to test on: the table's own, or 70, 10 and 20 % of its rows."""
    with np.load(folder / f"{name}.npz") as arrays:
        if "train" in arrays:
            return {part: arrays[part] for part in ("train", "val", "test")}
        X = arrays["X"].astype(np.float32)
    order = np.random.default_rng(0).permutation(len(X))
    test, val, train = np.split(order, [len(X) // 5, 3 * len(X) // 10])
    return {"train": X[train], "val": X[val], "test": X[test]}


def summary(log_prob: NDArray[Any], seconds: float, **more: Any) -> dict[str, Any]:
    log_prob = np.asarray(log_prob, dtype=np.float64)
    error = 2 * log_prob.std() / np.sqrt(len(log_prob))
    return {
        "mean": log_prob.mean(), "error": error, "median": float(np.median(log_prob)), "seconds": seconds, **more,
    }  # fmt: skip


def run_preset(table: Table, preset: str, seconds: float) -> dict[str, Any]:
    """Defaults, but for the time: epochs until it is over or the fit has converged."""
    model = FlowDensity(preset, max_iter=1, warm_start=True, random_state=0)
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        model.fit(table["train"], X_val=table["val"])
        if model.converged_:
            break
    took = time.perf_counter() - began
    return summary(model.score_samples(table["test"]), took, epochs=model.n_iter_)


def run_mixture(table: Table, seconds: float) -> dict[str, Any]:
    """More and more components, while the time lasts; the best on the validation rows."""
    from sklearn.mixture import GaussianMixture

    double = {part: rows.astype(np.float64) for part, rows in table.items()}
    loc, scale = double["train"].mean(axis=0), double["train"].std(axis=0)
    scaled = {part: (rows - loc) / scale for part, rows in double.items()}
    best, best_score = None, -np.inf
    began = time.perf_counter()
    for k in COMPONENTS:
        try:
            mixture = GaussianMixture(k, reg_covar=1e-6, random_state=0).fit(scaled["train"])
        except ValueError:  # a component fell onto one value of a discrete column: more of them would, too
            break
        score = mixture.score(scaled["val"])
        if score > best_score:
            best, best_score = mixture, score
        if time.perf_counter() - began > seconds:
            break
    took = time.perf_counter() - began
    assert best is not None
    log_prob = best.score_samples(scaled["test"]) - np.log(scale).sum()
    return summary(log_prob, took, epochs=best.n_components)


def run_ours(table: Table, preset: str, hidden: int, epochs: int) -> dict[str, Any]:
    """The layers of zuko's flow alone: without the linear one that a preset begins with."""
    own = {"n_bins": BINS} if preset == "nsf_ar" else {}
    layers = PRESETS[preset](LAYERS, (hidden,) * 2, "relu", **own).bijections[1:]
    model = FlowDensity(
        Flow(layers), alpha=0.0, clip_ratio=np.inf, batch_size=BATCH, learning_rate_init=RATE, max_iter=epochs,
        n_iter_no_change=np.inf, random_state=0,
    )  # fmt: skip
    began = time.perf_counter()
    model.fit(table["train"], X_val=table["val"])
    took = time.perf_counter() - began
    return summary(model.score_samples(table["test"]), took, epochs=epochs)


def run_zuko(table: Table, preset: str, hidden: int, epochs: int) -> dict[str, Any]:
    """On rows scaled as ours are, for splines act on an interval only; the best weights on validation are kept."""
    import torch
    import zuko

    from nflows_np.columns import ColumnScaler

    from ._zuko import copied, log_prob, train_epoch

    torch.manual_seed(0)
    scaler = ColumnScaler.fit(table["train"], np.arange(len(table["train"])))
    train, val, test = (
        torch.from_numpy(((table[part] - scaler.loc) / scaler.scale).astype(np.float32))
        for part in ("train", "val", "test")
    )
    kind = zuko.flows.MAF if preset == "maf" else lambda *a, **k: zuko.flows.NSF(*a, bins=BINS, **k)
    flow = kind(train.shape[1], transforms=LAYERS, hidden_features=(hidden,) * 2)
    optimizer = torch.optim.Adam(flow.parameters(), lr=RATE)

    best, state = -np.inf, flow.state_dict()
    began = time.perf_counter()
    for _ in range(epochs):
        train_epoch(flow, optimizer, train, BATCH)
        now = float(log_prob(flow, val).mean())
        if now > best:
            best, state = now, copied(flow)
    took = time.perf_counter() - began
    flow.load_state_dict(state)
    return summary(log_prob(flow, test).numpy() + scaler.log_jacobian, took, epochs=epochs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the tables' .npz files")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--seconds", type=float, default=30.0, help="training time of a preset")
    parser.add_argument("--steps", type=int, default=2000, help="at least so many beside zuko; 0: without it")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--markdown", type=Path, help="file to write the tables to")
    parser.add_argument("--only", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        who, name, preset, amount = args.only
        table, hidden = load(args.data, name), 128 if name == "power" else 64
        warnings.simplefilter("ignore")
        match who:
            case "preset":
                result = run_preset(table, preset, float(amount))
            case "mixture":
                result = run_mixture(table, float(amount))
            case "nflows_np":
                result = run_ours(table, preset, hidden, int(amount))
            case _:
                result = run_zuko(table, preset, hidden, int(amount))
        print(json.dumps(result))
        return

    def run(*only: str) -> dict[str, Any]:
        return in_own_process("bench.equal_time", "--data", str(args.data.resolve()), "--only", *only)

    found: dict[str, Any] = {"machine": machine(), "seconds": args.seconds}
    command = f"`python -m bench.equal_time --data DIR --seconds {args.seconds:g}`"
    parts = ["# Likelihoods of real tables after equal time", command, described(machine())]
    parts.append((__doc__ or "").split("\n\n")[1])
    for name in args.tables:
        before = len(parts)
        seconds, n_rows = str(args.seconds), len(load(args.data, name)["train"])
        entries = {preset: run("preset", name, preset, seconds) for preset in args.presets}
        entries["GaussianMixture"] = run("mixture", name, "-", seconds)
        found[name] = {"time": entries}
        rows = [[who, *shown(e), str(e["epochs"])] for who, e in entries.items()]
        parts.append(f"## {name}: {n_rows:,} rows, {args.seconds:g} s each")
        parts.append(markdown(["", "mean", "median", "seconds", "epochs (components)"], rows))
        if args.steps:
            epochs = max(10, -(-args.steps // (n_rows // BATCH)))
            pairs = {
                f"{preset}, {who}": run(who, name, preset, str(epochs))
                for preset in AGAINST_ZUKO
                for who in ("nflows_np", "zuko")
            }
            found[name]["epochs"] = pairs
            parts.append(f"The same layers for {epochs} epochs each:")
            parts.append(
                markdown(["", "mean", "median", "seconds"], [[w, *shown(e)] for w, e in pairs.items()])
            )
        print("\n\n".join(parts[before:]), flush=True)
        if args.json:
            args.json.write_text(json.dumps(found, indent=2))
    if args.markdown:
        args.markdown.write_text("\n\n".join(parts) + "\n")


def shown(entry: dict[str, Any]) -> list[str]:
    return [
        f"{entry['mean']:.3f} ± {entry['error']:.3f}",
        f"{entry['median']:.3f}",
        f"{entry['seconds']:.1f}",
    ]


if __name__ == "__main__":
    main()
