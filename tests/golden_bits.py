"""Golden bits: what an engine computes, recorded before a refactoring and compared after it.

    PYTHONPATH=tests python -m golden_bits record before.npz --isa avx2
    PYTHONPATH=tests python -m golden_bits compare before.npz after.npz

A recording holds, for both number types, the start of every case that the law tests walk, alone and from data; at
random parameters its log-densities, both directions and all vector-Jacobian products; and ten training losses of
every preset from its start on data. A comparison prints what differs, with the largest difference in units in the
last place (ULP) of the largest number of an array, and what is missing, and ends with status 1 if there is anything;
new arrays are no fault.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from cases import BASE_CASES, CASES
from engine_flows import DTYPES, ISAS, log_prob, log_prob_vjp, make_flow, rows_and_context

from nflows_np import presets
from nflows_np.testing import apply, to_panels, vjp

N_ROWS = 37  # three panels, the last one not full
TRAINING = {"n": 512, "n_features": 3, "n_steps": 10, "learning_rate": 3e-3}


def numbers_of(flow, n_features, n_context):
    """{quantity: array} of a flow at its parameters."""
    rows, context = rows_and_context(N_ROWS, n_features, n_context, seed=1)
    rng = np.random.default_rng(2)
    d_out, d_log_det = rng.standard_normal(rows.shape), rng.standard_normal(N_ROWS)
    found = {"log_prob": log_prob(flow, rows, context)}
    found |= named("log_prob_vjp", log_prob_vjp(flow, rows, d_log_det, context))
    for direction in ("forward", "inverse"):
        out, log_det = apply(flow, direction, rows, context)
        found |= {direction: out, f"{direction}_log_det": log_det}
        found |= named(f"{direction}_vjp", vjp(flow, direction, rows, context, d_out, d_log_det))
    return found | starts_of(flow, n_features, n_context)


def named(name, gradients):
    parts = zip(("rows", "params", "context"), gradients, strict=True)
    return {f"{name}_{part}": gradient for part, gradient in parts if gradient is not None}


def starts_of(flow, n_features, n_context):
    """{quantity: parameters} of a flow that is started for a seed, and then from data."""
    rows, context = rows_and_context(N_ROWS, n_features, n_context, seed=4)
    dtype = flow.get_params().dtype
    flow.start(5)
    found = {"start": flow.get_params()}
    given = None if context is None else to_panels(context, dtype)
    flow.start_from_data(to_panels(rows, dtype), N_ROWS, context=given)
    return found | {"start_from_data": flow.get_params()}


def losses_of(preset, isa, dtype):
    """Ten training losses of a preset, each of the same rows."""
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((TRAINING["n"], TRAINING["n_features"]))
    rows[:, 1:] += 0.5 * rows[:, :-1] ** 2
    spec = getattr(presets, preset)().for_table(*rows.shape)
    flow = make_flow(list(spec.bijections), rows.shape[1], isa=isa, dtype=dtype, base=spec.base)
    panels = to_panels(rows, dtype)
    flow.start_from_data(panels, len(rows))
    trainer = flow.trainer(learning_rate=TRAINING["learning_rate"])
    steps = [trainer.run(panels, len(rows), len(rows))[0] for _ in range(TRAINING["n_steps"])]
    return {"losses": np.concatenate(steps)}


def record(isa, only=""):
    """{"case/dtype/quantity": array} of every case and preset whose label contains `only`."""
    found = {}
    for dtype in DTYPES:
        for case in [case for case in CASES if only in case.label]:
            flow, _, _ = case.random_flow(isa, dtype)
            numbers = numbers_of(flow, case.n_features, case.n_context)
            found |= {f"{case.label}/{dtype}/{name}": array for name, array in numbers.items()}
        for case in [case for case in BASE_CASES if only in case.label]:
            flow, _, _ = case.random_flow(isa, dtype)
            numbers = numbers_of(flow, case.n_features, 0)
            found |= {f"base-{case.label}/{dtype}/{name}": array for name, array in numbers.items()}
        for preset in [name for name in sorted(presets.PRESETS) if only in name]:
            numbers = losses_of(preset, isa, dtype)
            found |= {f"preset-{preset}/{dtype}/{name}": array for name, array in numbers.items()}
    return found


def differences(before, after):
    """{label: largest difference in ULP}: of what is in both and differs; inf where a shape or a NaN does."""
    found = {}
    for label in sorted(set(before) & set(after)):
        a, b = before[label], after[label]
        if a.shape == b.shape and a.tobytes() == b.tobytes():
            continue
        found[label] = np.inf
        if a.shape == b.shape and np.array_equal(np.isfinite(a), np.isfinite(b)):
            finite = np.isfinite(a)
            dtype = np.float32 if "/float32/" in label else np.float64
            largest = np.abs(a[finite]).max(initial=0.0)
            found[label] = float(np.abs(a[finite] - b[finite]).max(initial=0.0) / np.spacing(dtype(largest)))
    return found


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="write a recording")
    recording.add_argument("file", type=Path)
    recording.add_argument("--isa", choices=ISAS, default=ISAS[-1])
    recording.add_argument("--only", default="", help="of cases and presets whose label contains this")
    comparing = commands.add_parser("compare", help="compare two recordings")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    args = parser.parse_args(argv)
    if args.command == "record":
        np.savez_compressed(args.file, **record(args.isa, args.only))
        return 0
    before, after = dict(np.load(args.before)), dict(np.load(args.after))
    found = differences(before, after)
    for label, ulp in found.items():
        print(f"{label}: {ulp:.3g} ULP")
    lost = set(before) - set(after)
    for label in sorted(lost):
        print(f"{label}: missing in the second recording")
    alone = len(set(before) ^ set(after))
    print(
        f"{len(set(before) & set(after))} arrays compared, {len(found)} differ, {alone} are in one recording only"
    )
    return 1 if found or lost else 0


if __name__ == "__main__":
    sys.exit(main())
