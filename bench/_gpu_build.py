"""The modules that `bench.gpu` runs: built beforehand or on the spot, in a copy of the tree that imports them.

A folder of modules holds `_stream*.so` and, in `_engine/` or beside it, the door, the engines of the CPU and the engine
of the device. The copy of the tree takes them in, so that the checkout stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ._report import ROOT

MODULES = "*.so"
ARCHITECTURES = "90-real"  # of the H100 and the H200
TREE = ("pyproject.toml", "bench", "nflows_np", "tests")
BUILD_SECONDS = 240  # at most, of a step of a build where time is short
CHECK = "import nflows_np; from nflows_np._engine import device; device({!r})"


def built(
    package: Path, engines: str, *, device: str, python: str = sys.executable, seconds: float | None = None
) -> dict[str, Any]:
    """Build the modules of a device into a folder.

    Parameters
    ----------
    package : Path
        The folder to write the modules to.
    engines : str
        The CPU engines: "all", or what NFLOWS_ENGINES takes.
    device : {"cuda", "host"}
        The device.
    python : str
        The interpreter that will import them; it needs NumPy, pybind11 and Cython.
    seconds : float, optional
        The longest that configuring or building may take.

    Raises
    ------
    RuntimeError
        With the end of what the build said, if it fails.
    subprocess.TimeoutExpired
        If it takes longer than `seconds`.
    """
    options = ["-DNFLOWS_HOOKS=ON"]
    if device == "cuda":
        options = ["-DNFLOWS_CUDA=ON", f"-DCMAKE_CUDA_ARCHITECTURES={ARCHITECTURES}"]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as build:
        configure = ["cmake", "-G", "Ninja", "-S", str(ROOT), "-B", build, f"-DNFLOWS_ENGINES={engines}"]
        configure += [f"-DNFLOWS_PACKAGE_DIR={package}", f"-DPython_EXECUTABLE={python}"]
        _command([*configure, "-DCMAKE_MODULE_LINKER_FLAGS=-s", *options], seconds)  # -s: without symbols
        _command(["cmake", "--build", build, "--parallel", str(os.cpu_count() or 1)], seconds)
    return {"seconds": time.perf_counter() - began, "megabytes": sizes(package)}


def sizes(package: Path) -> dict[str, float]:
    """The modules of a folder and their size in megabytes (2**20 bytes)."""
    return {path.name: round(path.stat().st_size / 2**20, 2) for path in sorted(package.rglob(MODULES))}


def prepare(package: Path, python: str) -> str:
    """Build what `--engine` takes, and say what it holds."""
    package.mkdir(parents=True, exist_ok=True)
    found = built(package.resolve(), "all", device="cuda", python=python)
    lines = [f"{size:8.2f} MiB  {name}" for name, size in found["megabytes"].items()]
    total = sum(found["megabytes"].values())
    return "\n".join([*lines, f"{total:8.2f} MiB  in all, built in {found['seconds']:.0f} s"])


def staged(folder: Path, engine: Path | None, device: str) -> tuple[Path, dict[str, Any]]:
    """A tree whose modules have the device, and how it came about.

    The folder `engine` is tried first, then the modules of the checkout, then a build.
    """
    about: dict[str, Any] = {"tried": {}}
    if engine is not None:
        tree = copied(folder / "prepared", engine)
        reason = why_not(tree, device)
        if reason is None:
            return tree, about | {"modules": "prepared", "megabytes": sizes(engine)}
        about["tried"]["prepared"] = reason
    reason = why_not(ROOT, device)
    if reason is None:
        return ROOT, about | {"modules": "of the checkout"}
    about["tried"]["of the checkout"] = reason
    package = folder / "package"
    found = built(package, "native", device=device, seconds=BUILD_SECONDS)
    tree = copied(folder / "built", package)
    reason = why_not(tree, device)
    if reason is not None:
        raise RuntimeError(reason)
    return tree, about | {"modules": "built here", **found}


def copied(tree: Path, modules: Path) -> Path:
    """A copy of the tree with the modules of a folder instead of its own."""
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns(MODULES, "__pycache__"))
        elif source.exists():
            tree.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, tree / name)
    package = tree / "nflows_np"
    for path in modules.rglob(MODULES):
        shutil.copy2(path, package if path.name.startswith("_stream") else package / "_engine")
    return tree


def why_not(tree: Path, device: str) -> str | None:
    """Why the engine of a device cannot be imported from a tree; None if it can.

    Whether there is such a device is another question, which no build would answer.
    """
    command = [sys.executable, "-c", CHECK.format(device)]
    result = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120)
    if result.returncode == 0:
        return None
    return (result.stderr.strip().splitlines() or [f"exit status {result.returncode}"])[-1]


def _command(command: list[str], seconds: float | None) -> None:
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds
    )
    if result.returncode:
        end = "\n".join(result.stdout.splitlines()[-20:])
        raise RuntimeError(f"{' '.join(command[:2])}: exit status {result.returncode}\n{end}")
