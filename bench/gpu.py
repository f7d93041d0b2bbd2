"""nflows_np on a GPU: one command that tests it there, times it beside PyTorch and JAX, and writes a page.

The parts follow each other, each in a process of its own with a limit of time:

- the laws of `tests/laws/test_device.py`;
- what the card itself needs for launches, copies and products;
- training steps, scoring and sampling, on the device and on the CPU;
- the same by a MAF and a RealNVP in plain PyTorch (eager, compiled, captured as CUDA graphs), and by zuko and flowjax
  where they are installed;
- fits of `FlowDensity` on the POWER table.

What fails is written down and stops nothing else. The whole takes less than eight minutes.

    python -m bench.gpu --prepare DIR [--python PYTHON]            builds the modules, on a machine with nvcc alone
    python -m bench.gpu --engine DIR --data DATA [--wheels WHEELS] [--json gpu.json] [--page bench/GPU.md]
    python -m bench.gpu --page-from gpu.json [--page bench/GPU.md]

Modules are those of `--engine`, or those of the checkout, or built first. `--device host` runs on the host what a
device does, for a look at the program; its times say nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import _gpu_build, _gpu_page
from ._report import ROOT

# The parts in their order, and the most seconds that each may take.
SECONDS = {
    "machine": 20,
    "laws": 130,
    "floors": 30,
    "ours": 70,
    "torch": 100,
    "power": 90,
    "zuko": 70,
    "flowjax": 40,
}
IN_ALL = 450
GRACE = 5  # seconds that a part has to end by itself


class Run:
    """One run over all parts: its tree, its time, and what was found."""

    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self.arguments, self.folder = arguments, folder
        self.began = time.perf_counter()
        self.tree = ROOT
        self.result: dict[str, Any] = {
            "device": arguments.device,
            "quick": arguments.quick,
            "commit": commit(),
        }
        self.result["left out"] = [name for name in SECONDS if name not in arguments.parts]
        self.result["parts"] = {}

    def left(self) -> float:
        return self.arguments.budget - (time.perf_counter() - self.began)

    def all(self) -> dict[str, Any]:
        """Everything in its order."""
        arguments = self.arguments
        try:
            self.tree, self.result["engine"] = _gpu_build.staged(
                self.folder, arguments.engine, arguments.device
            )
        except Exception as error:
            self.result["engine"] = {"error": f"{type(error).__name__}: {error}"[-2000:]}
        warming, until = [], 0.0
        for name in arguments.parts:
            if name == "laws" and not arguments.quick:  # cores and card are free for what compiles
                compiled = [part for part in ("torch", "zuko") if part in arguments.parts]
                warming = [self.process(part, SECONDS["laws"], warm=True) for part in compiled]
                until = time.perf_counter() + SECONDS["laws"]
            self.part(name)
            if name == "laws":
                for process, _ in warming:
                    stop(process, until - time.perf_counter())
            self.save()
        self.result["seconds"] = time.perf_counter() - self.began
        self.save()
        return self.result

    def part(self, name: str) -> None:
        """One part; its lines are kept whatever becomes of it."""
        limit = min(SECONDS[name], self.left())
        found: dict[str, Any] = {"lines": [], "limit": round(limit, 1)}
        self.result["parts"][name] = found
        if limit <= GRACE:
            found["error"] = "no time was left"
            return
        began = time.perf_counter()
        process, file = self.process(name, limit - GRACE)
        try:
            status = process.wait(timeout=limit)
            if status:
                found["error"] = f"exit status {status}: {last_words(file)}"
        except subprocess.TimeoutExpired:
            found["error"] = f"stopped after {limit:.0f} s"
        finally:
            stop(process)
        found["seconds"] = round(time.perf_counter() - began, 2)
        if file.exists():
            found["lines"] = [
                json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")
            ]
        print(
            f"{name}: {len(found['lines'])} findings in {found['seconds']:.0f} s", file=sys.stderr, flush=True
        )

    def process(
        self, name: str, seconds: float, *, warm: bool = False
    ) -> tuple[subprocess.Popen[bytes], Path]:
        """A part under way, in a process group of its own, and the file that it writes."""
        arguments = self.arguments
        file = self.folder / f"{name}{'_warm' if warm else ''}.jsonl"
        options = {
            "device": arguments.device, "quick": arguments.quick, "seconds": seconds, "warm": warm,
            "max_iter": arguments.max_iter, "data": str(arguments.data.resolve()) if arguments.data else None,
        }  # fmt: skip
        path = [str(self.folder / "site"), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "TORCHINDUCTOR_CACHE_DIR": str(self.folder / "inductor"),
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        }
        command = [sys.executable, "-m", "bench._gpu_part", name, json.dumps(options), str(file)]
        with file.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.tree, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        return process, file

    def wheels(self, wheels: Path) -> None:
        """Install the wheels of a folder into a place that parts import from."""
        install = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-index",
            "--no-deps",
            "--no-compile",
        ]
        files = [str(path) for path in sorted(wheels.glob("*.whl"))]
        command = [*install, "--target", str(self.folder / "site"), *files]
        result = subprocess.run(command, capture_output=True, text=True, timeout=90)
        if result.returncode:
            self.result["wheels"] = {"error": result.stderr.strip()[-500:]}

    def save(self) -> None:
        """Write the figures and the page, as far as they are known."""
        if self.arguments.json:
            self.arguments.json.write_text(json.dumps(self.result, indent=1) + "\n")
        if self.arguments.page:
            self.arguments.page.write_text(_gpu_page.page(self.result))


def stop(process: subprocess.Popen[bytes], seconds: float = 0.0) -> None:
    """End a part and all that it started, after so many seconds at the latest."""
    try:
        process.wait(timeout=max(0.0, seconds))
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def last_words(file: Path) -> str:
    """The last line that a part printed."""
    log = file.with_suffix(".log").read_text(errors="replace").strip().splitlines()
    return log[-1][:400] if log else ""


def commit() -> str | None:
    """The checkout's commit, where it has one."""
    try:
        command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--prepare", type=Path, metavar="DIR", help="build the modules into a folder and stop"
    )
    parser.add_argument("--python", default=sys.executable, help="the interpreter to prepare them for")
    parser.add_argument("--page-from", type=Path, metavar="JSON", help="only write the page again")
    parser.add_argument("--engine", type=Path, metavar="DIR", help="modules that were prepared")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="wheels to install aside first")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder of power.npz")
    parser.add_argument("--device", choices=("cuda", "host"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, and no tests")
    parser.add_argument("--parts", nargs="+", choices=SECONDS, default=list(SECONDS), metavar="PART")
    parser.add_argument("--max-iter", type=int, default=20, help="epochs of the two fits that are compared")
    parser.add_argument("--budget", type=float, default=IN_ALL, help="seconds in all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="file to write the figures to")
    parser.add_argument("--page", type=Path, metavar="FILE", help="file to write the page to")
    arguments = parser.parse_args(argv)
    if arguments.prepare:
        print(_gpu_build.prepare(arguments.prepare, arguments.python))
        return
    if arguments.page_from:
        text = _gpu_page.page(json.loads(arguments.page_from.read_text()))
        if arguments.page:
            arguments.page.write_text(text)
        else:
            print(text)
        return
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments, Path(folder))
        if arguments.wheels:
            run.wheels(arguments.wheels)
        print(_gpu_page.page(run.all()))


if __name__ == "__main__":
    main()
