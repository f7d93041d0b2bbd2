"""How fast the engine's parts are alone: maths functions, the products of a linear layer, transformers, single layers.

One thread. What is compared is timed in turns, so that the machine's moods hit all of it alike; figures are
medians. Maths functions run on 16,384 numbers, NumPy's beside them. Products run over a tile of 8 panels (128
rows); their operations are those that are needed: a staircase's zeros do not count. Beside them are NumPy's
matrix product and multiply-adds that never leave the registers. Transformers run over numbers that have parameters of
their own each, as a network would hand them, but without one; beside them is the time that reading those takes, and how
many of the engine's exps take as long as forward does.

    python -m bench.kernels [--isa ISA] [--dtype float64] [--json FILE] [--quick]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special
from threadpoolctl import threadpool_limits

from nflows_np import _engine, specs
from nflows_np.testing import to_panels

from ._markdown import described, table
from ._report import machine
from ._turns import medians

Figures = list[dict[str, Any]]
Timer = Callable[[], float]

SLICE = 5e-3  # seconds that a timer takes, about
N_VALUES = 1 << 14
N_PANELS, WIDTHS, MASK_FEATURES = 8, (64, 128, 512), 8
MATRIX_SIZES = (512, 1024)
TRANSFORMER_PANELS = 64  # their parameters lie in the second-level cache
N_ROWS, N_FEATURES = 2048, 8

TITLES = {
    "maths": "Maths functions",
    "products": f"Products over {16 * N_PANELS} rows (staircase: a MADE's of {MASK_FEATURES} features)",
    "transformers": "Transformers without a network, ns a number",
    "layers": f"Layers on {N_FEATURES} features, ns a row",
}

PRODUCTS = ("forward", "data_gradient", "weight_gradient")
PASSES = ("forward", "inverse", "backward", "read")


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x.dtype.type(0), x)


# NumPy's function where it has one, else SciPy's.
PEERS = {"erf": special.erf, "log_ndtr": special.log_ndtr, "sigmoid": special.expit, "softplus": softplus}
POSITIVE = {"log", "log1p"}


def timer(call: Callable[[], object]) -> Timer:
    """Something that measures seconds per call."""
    call()
    began = time.perf_counter()
    call()
    repeats = max(1, int(SLICE / (time.perf_counter() - began)))

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(repeats):
            call()
        return (time.perf_counter() - began) / repeats

    return measure


def maths(engine: Any, hooks: Any, dtype: str, rounds: int) -> Figures:
    rng = np.random.default_rng(0)
    normal = (2 * rng.standard_normal(N_VALUES)).astype(dtype)
    figures = []
    for name in hooks.math_names():
        peer = PEERS.get(name) or getattr(np, name)
        x = np.abs(normal) if name in POSITIVE else normal
        timers = {
            "ours": timer(lambda name=name, x=x: hooks.math(name, x)),
            "peer": timer(lambda peer=peer, x=x: peer(x)),
        }
        seconds = medians(timers, rounds)
        ns = {key: 1e9 * value / N_VALUES for key, value in seconds.items()}
        figures.append(
            {
                "function": name,
                "ns a value": ns["ours"],
                "NumPy or SciPy": ns["peer"],
                "times faster": ns["peer"] / ns["ours"],
            }
        )
    return figures


def products(engine: Any, hooks: Any, dtype: str, rounds: int) -> Figures:
    """GFLOP/s of every product and of what it is held against."""
    rng = np.random.default_rng(0)
    timers: dict[Any, Timer] = {}
    work: dict[Any, float] = {}  # operations of a call

    for size in MATRIX_SIZES:
        a, b = rng.standard_normal((2, size, size)).astype(dtype)
        timers[size] = timer(lambda a=a, b=b: a @ b)
        work[size] = 2 * size**3

    timers["peak"], work["peak"] = lambda: 1 / hooks.fma_peak(dtype), 1.0

    for name in PRODUCTS:
        for width in WIDTHS:
            for n_features in (0, MASK_FEATURES):
                key = name, width, n_features
                shape = {"rows": width, "cols": width, "n_panels": N_PANELS, "staircase": n_features}
                work[key] = 2 * 16 * N_PANELS * hooks.kernel_work(width, width, n_features)
                repeats = max(1, int(SLICE / hooks.time_kernel(name, **shape, dtype=dtype, repeats=1)))
                timers[key] = lambda name=name, shape=shape, repeats=repeats: hooks.time_kernel(
                    name, **shape, dtype=dtype, repeats=repeats
                )

    with threadpool_limits(1):
        seconds = medians(timers, rounds)
    speed = {key: work[key] / 1e9 / seconds[key] for key in timers}

    def figure(what: str, mask: str, size: int | None, gflops: float) -> dict[str, Any]:
        against = {f"of NumPy's {n}³": gflops / speed[n] for n in MATRIX_SIZES}
        return {
            "product": what,
            "mask": mask,
            "width": size,
            "GFLOP/s": gflops,
            **against,
            "of the peak": gflops / speed["peak"],
        }

    yardsticks = [figure("NumPy's matrix product", "dense", n, speed[n]) for n in MATRIX_SIZES]
    yardsticks.append(figure("multiply-adds in registers", "-", None, speed["peak"]))
    return [
        figure(name.replace("_", " "), "staircase" if n_features else "dense", width, speed[key])
        for key in timers
        if isinstance(key, tuple)
        for name, width, n_features in [key]
    ] + yardsticks


def transformers(engine: Any, hooks: Any, dtype: str, rounds: int) -> Figures:
    """Time of every transformer at its default options, and of the exps that softmaxes are made of."""
    values = np.random.default_rng(0).standard_normal(N_VALUES).astype(dtype)
    exp = timer(lambda: hooks.math("exp", values))
    classes, n_numbers = specs.registry()["transformers"], 16 * TRANSFORMER_PANELS
    figures = []
    for name in engine.registry()["transformers"]:
        spec = classes[name]().to_dict()

        def seconds(pass_: str, repeats: int, spec: dict[str, Any] = spec) -> float:
            return float(hooks.time_transformer(spec, pass_, TRANSFORMER_PANELS, dtype, repeats))

        timers: dict[str, Timer] = {"exp": exp}
        for pass_ in PASSES:
            repeats = max(1, int(SLICE / seconds(pass_, 1)))
            timers[pass_] = lambda pass_=pass_, repeats=repeats: seconds(pass_, repeats)
        found = medians(timers, rounds)
        ns = {pass_: 1e9 * found[pass_] / n_numbers for pass_ in PASSES}
        flow = engine.Flow32(specs.Flow([specs.Elementwise(classes[name]())]).resolve(1).to_dict(), 1)
        figures.append(
            {
                "transformer": name,
                "parameters": flow.n_params,
                "forward": ns["forward"],
                "inverse": ns["inverse"],
                "backward": ns["backward"],
                "reading the parameters": ns["read"],
                "forward, in exps": ns["forward"] / (1e9 * found["exp"] / N_VALUES),
            }
        )
    return figures


def cases(engine: Any) -> Iterator[tuple[str, specs.Bijection]]:
    """Every bijection that the engine knows, as its spec makes it by default; wirings with every transformer."""
    known, classes = engine.registry(), specs.registry()
    for name in known["bijections"]:
        cls: Any = classes["bijections"][name]
        arguments = {field.name for field in fields(cls)}
        if "transformer" in arguments:
            for transformer in known["transformers"]:
                yield f"{name}, {transformer}", cls(classes["transformers"][transformer]())
        elif "columns" in arguments:
            yield f"{name} four columns: autoregressive, affine", cls(range(4), specs.Autoregressive())
        elif "bijection" in arguments:
            yield f"{name} of autoregressive, affine", cls(specs.Autoregressive())
        elif "bijections" in arguments:
            yield f"{name} of two: autoregressive, affine", cls([specs.Autoregressive()] * 2)
        else:
            yield name, cls()


def layers(engine: Any, hooks: Any, dtype: str, rounds: int) -> Figures:
    rng = np.random.default_rng(0)
    x, dz = (to_panels(rng.standard_normal((N_ROWS, N_FEATURES)), dtype) for _ in range(2))
    dlog_det = np.ones(N_ROWS, dtype)
    make = {"float32": engine.Flow32, "float64": engine.Flow64}[dtype]
    figures = []
    for label, bijection in cases(engine):
        flow = make(specs.Flow([bijection]).resolve(N_FEATURES, rng).to_dict(), N_FEATURES)
        flow.start(0)
        timers = {
            "forward": timer(lambda flow=flow: flow.forward(x, N_ROWS)),
            "inverse": timer(lambda flow=flow: flow.inverse(x, N_ROWS)),
            "forward and gradients": timer(lambda flow=flow: flow.forward_vjp(x, N_ROWS, dz, dlog_det)),
        }
        seconds = medians(timers, rounds)
        ns = {name: 1e9 * value / N_ROWS for name, value in seconds.items()}
        figures.append({"layer": label, "parameters": flow.n_params, **ns})
    return figures


def report(result: dict[str, Any]) -> str:
    return "\n\n".join(table(title, result[name]) for name, title in TITLES.items() if name in result)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--isa", choices=_engine.available(), default=_engine.choice()["isa"])
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--quick", action="store_true", help="three rounds in place of fifteen")
    args = parser.parse_args()

    engine, hooks, rounds = _engine.load(args.isa), _engine.hooks(args.isa), 3 if args.quick else 15
    about = machine() | {"isa": engine.isa, "dtype": args.dtype, "numpy": np.__version__}
    result: dict[str, Any] = {"machine": about}
    for measure in (maths, products, transformers, layers):
        result[measure.__name__] = measure(engine, hooks, args.dtype, rounds)
    print(described(about) + "\n\n" + report(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
