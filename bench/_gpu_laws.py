"""The laws of `tests/laws/test_device.py` on a device, and how far a few flows there are from the CPU engine.

The tests run in pytest, trained flows first, in several processes where pytest-xdist is installed. The few flows need
no test tools: they stand in where pytest or hypothesis is missing, and their distances are figures in any case.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from typing import Any

import numpy as np

from nflows_np import specs
from nflows_np._engine import device, engine
from nflows_np.testing import apply, to_panels, vjp

from ._gpu_part import Part
from ._report import ROOT

TRAINED = "trains or not_finite or seed or shared_memory"
TESTS = "tests/laws/test_device.py"
# pytest's lines with -v, and with xdist's ("[gw0] [ 1%] PASSED tests/...")
OUTCOME = re.compile(
    r"(?:^\S+::(?P<a>.+?) |\] )(?P<outcome>PASSED|FAILED|ERROR|SKIPPED)(?: \S+?::(?P<b>.+))?"
)
REASON = re.compile(r"^(?:FAILED|ERROR) \S+?::(.+? - .+)$")
MOST_NAMES = 200
SUMMARY_SECONDS = 3

N, D = 512, 4
RQ = specs.RationalQuadratic(8)
FLOWS: dict[str, tuple[list[Any], Any]] = {
    "affine MAF": ([specs.Autoregressive(), specs.Permutation("reverse"), specs.Autoregressive()], None),
    "affine coupling": ([specs.Coupling(), specs.Coupling(swap=True)], None),
    "RQ spline, autoregressive": ([specs.Autoregressive(RQ)], None),
    "RQ spline, coupling": ([specs.Coupling(RQ), specs.Coupling(RQ, swap=True)], None),
    "mixture CDF": ([specs.Autoregressive(specs.MixtureCDF())], None),
    "planar": ([specs.Planar(), specs.Planar()], None),
    "radial": ([specs.Radial(), specs.Radial()], None),
    "Sylvester": ([specs.Sylvester()], None),
    "LU": ([specs.LinearLU(), specs.Autoregressive()], None),
    "Student's t base": ([specs.Autoregressive()], specs.StudentT()),
    "mixture base": ([specs.Autoregressive()], specs.GaussianMixture(3)),
}
BOUND = {"float64": 1e-11, "float32": 3e-4}  # of the largest number of an array, as in the tests


def run(part: Part) -> None:
    for name in FLOWS:
        for dtype in BOUND:
            about = {"flow": name, "dtype": dtype}
            part.attempt("trained alike", lambda n=name, t=dtype: trained_alike(part.device, n, t), **about)
            part.attempt("agreement", lambda n=name, t=dtype: agreement(part.device, n, t), **about)
    if part.quick:
        return part.record("open", of="laws", why="left out by --quick")
    if not (find_spec("pytest") and find_spec("hypothesis")):
        return part.record("open", of="laws", why="pytest or hypothesis is not installed")
    for group, chosen in (("trained flows", TRAINED), ("all others", f"not ({TRAINED})")):
        part.attempt("laws", lambda k=chosen: laws(part, k), group=group)
    return None


def laws(part: Part, chosen: str) -> dict[str, Any]:
    """Counts of a run of pytest, and the names of what failed; it is stopped when time is up."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        TESTS,
        "-v",
        "-rfE",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        "-k",
        chosen,
    ]
    if find_spec("xdist"):
        command += ["-n", str(min(8, os.cpu_count() or 1))]
    environment = os.environ | {
        "NFLOWS_NP_TEST_DEVICE": part.device,
        "COLUMNS": "400",
        "PYTHONUNBUFFERED": "1",
    }
    with tempfile.TemporaryFile("w+", errors="replace") as said:  # a pipe would wait for all who hold it
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            status: int | None = process.wait(timeout=part.left())
        except subprocess.TimeoutExpired:
            status = None
            process.send_signal(signal.SIGINT)  # which makes pytest say what failed
            try:
                process.wait(timeout=SUMMARY_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        said.seek(0)
        output = said.read()
    found = read(output)
    if not sum(found[name] for name in ("passed", "failed", "skipped")):
        raise RuntimeError(f"pytest ran no test: {' / '.join(output.splitlines()[-5:])}")
    return {**found, "finished": status is not None, "status": status}


def read(output: str) -> dict[str, Any]:
    """Counts, names and reasons from what pytest prints with -v and -rfE."""
    passed, skipped, failed, reasons = 0, 0, {}, []
    for line in output.splitlines():
        if match := REASON.match(line):
            reasons.append(match[1][:300])
        elif match := OUTCOME.search(line):
            passed += match["outcome"] == "PASSED"
            skipped += match["outcome"] == "SKIPPED"
            if match["outcome"] in ("FAILED", "ERROR"):
                failed[(match["a"] or match["b"] or line).strip()] = True
    return {
        "passed": passed, "failed": len(failed), "skipped": skipped,
        "names": list(failed)[:MOST_NAMES], "reasons": reasons[:MOST_NAMES],
    }  # fmt: skip


def made(where: Any, name: str, dtype: str) -> Any:
    """A flow of an engine."""
    layers, base = FLOWS[name]
    flow = specs.Flow(layers) if base is None else specs.Flow(layers, base=base)
    spec = flow.resolve(D, np.random.default_rng(3)).to_dict()
    return (where.Flow32 if dtype == "float32" else where.Flow64)(spec, D)


def trained(where: Any, name: str, dtype: str) -> tuple[Any, Any]:
    """A flow after twenty steps from the data's start, and their losses."""
    flow = made(where, name, dtype)
    panels = to_panels(table(), dtype)
    flow.start(0)
    flow.start_from_data(panels.copy(), N)
    trainer = flow.trainer(learning_rate=1e-2)
    return flow, np.concatenate([trainer.run(panels, N, 128)[0] for _ in range(5)])


def table() -> Any:
    """Rows of a banana in four columns."""
    rows = np.random.default_rng(3).standard_normal((N, D))
    rows[:, 1:] += 0.5 * rows[:, :-1] ** 2
    return rows


def trained_alike(where: str, name: str, dtype: str) -> dict[str, Any]:
    """The distance of the losses of twenty steps on the device from those of the CPU engine."""
    (_, found), (_, expected) = (trained(one, name, dtype) for one in (device(where), engine))
    return {"distance": _distance(found, expected)}


def agreement(where: str, name: str, dtype: str) -> dict[str, Any]:
    """Largest distances of a flow on the device from the one of the CPU engine, relative to an array's largest number.

    The CPU engine trains it; the device gets its parameters.
    """
    expected, _ = trained(engine, name, dtype)
    flow = made(device(where), name, dtype)
    flow.set_params(expected.get_params())
    rng, rows = np.random.default_rng(4), table()
    panels, d_out, d_total = to_panels(rows, dtype), rng.standard_normal((N, D)), rng.standard_normal(N)
    asked: dict[str, Any] = {"log_prob": lambda f: [f.log_prob(panels, N)]}
    for way in ("forward", "inverse"):
        asked[way] = lambda f, way=way: apply(f, way, rows, None)
        asked[f"{way} gradients"] = lambda f, way=way: vjp(f, way, rows, None, d_out, d_total)
    found = {}
    for label, ask in asked.items():
        pairs = zip(ask(flow), ask(expected), strict=True)
        found[label] = float(np.max([_distance(a, b) for a, b in pairs if a is not None]))
    return {"distances": found, "within": bool(np.max(list(found.values())) <= BOUND[dtype])}


def _distance(found: Any, expected: Any) -> float:
    largest = np.abs(expected).max(initial=1.0)
    return float(np.abs(np.asarray(found, dtype=np.float64) - expected).max() / largest)
