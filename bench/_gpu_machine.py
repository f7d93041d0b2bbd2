"""What a figure of `bench.gpu` depends on: the card, its driver, the machine, the versions."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

from ._gpu_part import Part
from ._report import machine, versions

DISTRIBUTIONS = ("nflows_np", "numpy", "scipy", "scikit-learn", "torch", "zuko", "flowjax", "jax", "pytest")
QUERY = "name,driver_version,memory.total,clocks.max.sm,clocks.max.memory"


def run(part: Part) -> None:
    part.attempt("machine", machine)
    part.attempt("versions", lambda: versions(*DISTRIBUTIONS))
    part.attempt("device", card if part.device == "cuda" else lambda: {"name": part.device})
    if part.device == "cuda":
        part.attempt("nvcc", nvcc)


def card() -> dict[str, Any]:
    """The first card as nvidia-smi has it."""
    command = ["nvidia-smi", f"--query-gpu={QUERY}", "--format=csv,noheader"]
    output = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    values = (value.strip() for value in output.splitlines()[0].split(","))
    return dict(zip(("name", "driver", "memory", "SM clock", "memory clock"), values, strict=True))


def nvcc() -> dict[str, Any]:
    """The compiler's version."""
    path = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    output = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True)
    return {"release": output.stdout.strip().splitlines()[-1]}
