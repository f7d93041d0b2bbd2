"""How exact the engine is: the worst errors of every bijection, base and preset, as Markdown tables.

Every bijection of the registry, the wirings with every transformer, stands in a flow of a few layers that is trained
on a table with bent, skewed, bimodal and correlated columns; the rows measured lie in all directions out to ten
standard deviations. The errors are those that the laws of the tests bound (nflows_np.testing), here without a bound.

    python -m bench.accuracy [--markdown FILE] [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from nflows_np import FlowDensity, _engine, specs, testing
from nflows_np.presets import PRESETS
from nflows_np.specs import ActNorm, Flow, Inverse, LinearGaussian, Permutation
from nflows_np.testing import apply, to_panels

from ._markdown import described, markdown
from ._report import ROOT, machine
from .kernels import cases

N_FEATURES, N_TRAINED, BATCH = 5, 5_000, 256
N_DIFFERENCED = (
    16  # rows at which derivatives are compared with differences: out to three standard deviations
)
KINK = 1e-7  # of differences at two steps: a knot or a bend of higher order lies between
BASE_SCALE = 0.5  # of a base's random parameters

BIJECTIONS = """\
Flows of a linear start and some layers of one kind, trained; "gain" is what training added to the log-likelihood, nats
per row (none where the linear start is all there is to learn; the log-det of a leaky ReLU jumps where no gradient sees
it). All errors are the worst of rows out to 10 standard deviations, over both directions.

- *rows*: there and back, from data and from latents; relative to the row's largest entry on either side of the flow, in
  standard deviations, at least one. *roundings*: the same error, and that of log-dets, in units of epsilon times the
  map's own condition, which is what one rounding at each layer explains (`nflows_np/testing/_condition.py`); the larger
  of both precisions.
- *log-det*, nats below 1 and relative above: in float64 against the numerical Jacobian, in float32 against float64;
  and *cancel*: forward's plus inverse's.
- *gradients*: by rows and parameters, float64, against differences of fourth order, relative to the entry, at least
  one.

What is compared with differences is so at rows out to 3 standard deviations, where differences keep most digits: it is
their errors, about 1e-10, that these columns show. The sigmoid of a number far out is 1 but for a few digits, and the
way back has no others."""
BASES = """\
Random parameters, every case of `tests/bases`: log-density against SciPy's formulas, nats below 1 and relative above,
and its gradients by rows and parameters, float64, against differences, relative to the entry, at least one."""
FITTED = """\
`FlowDensity(preset).fit(X)`, data to latents and back: relative to the row's size in standard deviations, at least
one."""


def table(n: int, rng: np.random.Generator) -> np.ndarray:
    """Five columns: a banana, a skewed one, a bimodal one and a correlated one."""
    a = rng.normal(size=n)
    b = a**2 + 0.5 * rng.normal(size=n)
    skewed = np.exp(0.7 * rng.normal(size=n))
    bimodal = np.where(rng.random(n) < 0.5, -2.0, 2.0) + 0.4 * rng.normal(size=n)
    return np.column_stack([a, b, skewed, bimodal, 0.8 * a + 0.6 * rng.normal(size=n)])


def far_rows(n: int, rng: np.random.Generator) -> np.ndarray:
    """Rows in random directions, uniform in distance up to ten standard deviations."""
    direction = rng.normal(size=(n, N_FEATURES))
    return direction / np.abs(direction).max(axis=1, keepdims=True) * rng.uniform(0, 10, size=(n, 1))


def flow_of(bijection: specs.Bijection) -> Flow:
    """A flow that can learn: four layers of the kind, columns mixed between them, after a linear start.

    Of powers, and of what learns nothing, there is one layer: powers of powers leave every range ten standard
    deviations out. Functions whose image is not the whole line stand before their inverses. Angles are no numbers of
    the line: they have no linear start, and stay in their columns.
    """
    if bijection.name in ("exp", "sigmoid", "softplus"):
        return Flow([LinearGaussian(), bijection, Inverse(bijection)])
    start = ActNorm() if bijection.name == "linear_gaussian" else LinearGaussian()
    once = ("sinh_arcsinh", "yeo_johnson", "fixed_affine", "leaky_relu", "permutation")
    name = bijection.to_dict().get("transformer", {"name": bijection.name})["name"]
    if name == "circular_spline":
        return Flow([bijection] * 4)
    return Flow([start, *[bijection, Permutation("random")] * (1 if name in once else 4)])


def smooth(bijection: specs.Bijection) -> specs.Bijection:
    """The same with networks that difference quotients can be taken of: SiLU in place of ReLU."""
    data = bijection.to_dict()
    places = [data]
    for place in places:  # grows by the bijections inside
        if place.get("activation") == "relu":
            place["activation"] = "silu"
        places += place.get("bijections", [place["bijection"]] if "bijection" in place else [])
    made = specs.from_dict(data)
    assert isinstance(made, specs.Bijection)
    return made


class Trained:
    """The same trained flow in both precisions."""

    def __init__(self, engine: Any, bijection: specs.Bijection, X: np.ndarray, n_epochs: int) -> None:
        self.spec = flow_of(bijection).resolve(N_FEATURES, np.random.default_rng(0)).to_dict()
        self.single = engine.Flow32(self.spec, N_FEATURES)
        self.single.start(0)
        panels = to_panels(X, np.float32)
        self.single.start_from_data(panels, len(X))
        before = self.single.log_prob(panels, len(X)).mean()
        if self.single.n_params:
            trainer = self.single.trainer(learning_rate=3e-3)
            for _ in range(n_epochs):
                trainer.run(panels, len(X), BATCH)
        self.gain = self.single.log_prob(panels, len(X)).mean() - before
        self.double = engine.Flow64(self.spec, N_FEATURES)
        self.double.set_params(self.single.get_params().astype(np.float64))

    def errors(self, rows: np.ndarray) -> list[float]:
        few = 0.3 * rows[:N_DIFFERENCED]
        double, single = (testing.check_round_trip(f, rows, rtol=np.inf) for f in (self.double, self.single))
        roundings = [
            testing.check_rounding(f, self.spec, rows, factor=np.inf) for f in (self.double, self.single)
        ]
        return [
            float(self.gain),
            double.rows,
            single.rows,
            max(roundings),
            testing.check_log_det(self.double, few, atol=np.inf, kink=KINK),
            max(self.log_det_in_single(direction, rows) for direction in ("forward", "inverse")),
            double.log_det,
            single.log_det,
            testing.check_gradients(self.double, few, rtol=np.inf, kink=KINK),
        ]

    def log_det_in_single(self, direction: str, rows: np.ndarray) -> float:
        rows = rows.astype(np.float32)
        exact, found = (apply(flow, direction, rows)[1] for flow in (self.double, self.single))
        return float(np.max(np.abs(found - exact) / np.maximum(1.0, np.abs(exact))))


def bijections(engine: Any, quick: bool) -> str:
    rng = np.random.default_rng(0)
    X = table(N_TRAINED, rng)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    rows = far_rows(500 if quick else 5_000, rng)
    header = ["bijection", "gain", "rows, float64", "float32", "roundings"]
    header += ["log-det, float64", "float32", "cancel, float64", "float32", "gradients"]
    lines = []
    for label, bijection in cases(engine):
        began = time.perf_counter()
        errors = Trained(engine, smooth(bijection), X, 2 if quick else 12).errors(rows)
        gain, roundings = (f"{round(errors[i], 2) + 0.0:.2f}" for i in (0, 3))
        shown = [f"{error:.1e}" for error in errors]
        lines.append([label, gain, *shown[1:3], roundings, *shown[4:]])
        said(label, began)
    return f"## Bijections\n\n{BIJECTIONS}\n\n" + markdown(header, lines, 1)


def base_cases() -> Iterator[Any]:
    """The tests' cases of bases, which bring the formulas of SciPy with them."""
    sys.path.insert(0, str(ROOT / "tests"))
    from cases import BASE_CASES

    yield from BASE_CASES


def bases(engine: Any) -> str:
    worst: dict[str, list[float]] = {}
    for case in base_cases():
        double, reference, reader = case.random_flow(engine.isa, scale=BASE_SCALE)
        single, _, _ = case.random_flow(engine.isa, "float32", scale=BASE_SCALE)
        rows = case.rows(200, scale=1.5).astype(np.float32).astype(np.float64)
        expected = reference.log_prob(rows)
        rows, expected = rows[np.isfinite(expected)], expected[np.isfinite(expected)]
        errors = []
        for flow in (double, single):
            error = flow.log_prob(to_panels(rows, flow.get_params().dtype), len(rows)) - expected
            errors.append(float(np.max(np.abs(error) / np.maximum(1.0, np.abs(expected)))))
        few = case.rows(N_DIFFERENCED)
        errors.append(testing.check_log_prob_gradients(double, few, rtol=np.inf, kink=KINK, free=reader.free))
        name = case.base.name
        worst[name] = [max(pair) for pair in zip(worst.get(name, errors), errors, strict=True)]
    lines = [[name, *(f"{error:.1e}" for error in worst[name])] for name in engine.registry()["bases"]]
    header = ["base", "log-density, float64", "float32", "gradients"]
    return f"## Bases\n\n{BASES}\n\n" + markdown(header, lines, 1)


def there_and_back(flow: FlowDensity, rows: np.ndarray, scale: np.ndarray, center: np.ndarray) -> float:
    size = np.maximum(np.abs((rows - center) / scale).max(axis=1, keepdims=True), 1.0)
    error = np.abs(flow.inverse_transform(flow.transform(rows)) - rows) / scale
    return float((error / size).max())


def presets(quick: bool) -> str:
    rng = np.random.default_rng(0)
    X = table(N_TRAINED, rng)
    center, scale = X.mean(axis=0), X.std(axis=0)
    rows = center + scale * far_rows(2_000 if quick else 20_000, rng)
    lines = []
    for preset in PRESETS:
        began = time.perf_counter()
        errors = []
        for dtype in ("float64", "float32"):
            with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
                flow = FlowDensity(preset, dtype=dtype, random_state=0, max_iter=3 if quick else 500).fit(X)
            errors.append(f"{there_and_back(flow, rows, scale, center):.1e}")
        lines.append([preset, *errors])
        said(preset, began)
    return f"## Presets\n\n{FITTED}\n\n" + markdown(["preset", "float64", "float32"], lines, 1)


def said(label: str, began: float) -> None:
    print(f"{label}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="file to write the tables to")
    parser.add_argument("--quick", action="store_true", help="fewer rows and hardly any training")
    args = parser.parse_args()

    engine = _engine.engine
    command = "python -m bench.accuracy" + " --quick" * args.quick
    about = described(machine() | {"numpy": np.__version__})
    parts = ["# Worst errors", f"`{command}`", about]
    parts += [presets(args.quick), bijections(engine, args.quick), bases(engine)]
    text = "\n\n".join(parts)
    print(text)
    if args.markdown:
        args.markdown.write_text(text + "\n")


if __name__ == "__main__":
    main()
