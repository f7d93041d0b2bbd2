"""The process of one part of `bench.gpu`: it writes a JSON line for everything that it finds, as soon as it has it.

A part that fails or is stopped leaves the lines that it had. A line is {"what": ..., ...}; one with "error" says what
failed, and {"what": "open", ...} what there was no time for.

    python -m bench._gpu_part PART OPTIONS OUT        OPTIONS is a JSON object, OUT the file of lines
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .configs import Config

MODULES = {
    "machine": "_gpu_machine",
    "laws": "_gpu_laws",
    "floors": "_gpu_floors",
    "ours": "_gpu_ours",
    "torch": "_gpu_torch",
    "zuko": "_gpu_torch",
    "flowjax": "_gpu_flowjax",
    "power": "_gpu_power",
}


@dataclass
class Part:
    """What a part is asked for, and where its findings go."""

    name: str
    file: Path
    device: str
    quick: bool
    seconds: float
    warm: bool  # compile what is compiled, and measure nothing
    max_iter: int
    data: str | None

    def __post_init__(self) -> None:
        self._began = time.perf_counter()

    def left(self) -> float:
        """Seconds that remain."""
        return self.seconds - (time.perf_counter() - self._began)

    def record(self, what: str, **found: Any) -> None:
        """Write one line down."""
        with self.file.open("a") as file:
            file.write(json.dumps({"what": what, **found}) + "\n")

    def attempt(self, what: str, call: Callable[[], dict[str, Any]], **about: Any) -> bool:
        """Write down what a call finds, or why it finds nothing; whether it found something."""
        if self.left() <= 0:
            self.record("open", of=what, **about)
            return False
        try:
            self.record(what, **about, **call())
        except Exception as error:
            traceback.print_exc()
            self.record(what, **about, error=f"{type(error).__name__}: {error}".strip()[:400])
            return False
        return True

    # Sizes

    def configs(self) -> list[Config]:
        """The flows: small ones on three columns for a quick look."""
        if self.quick:
            return [Config(model, 3, (8, 8), 64) for model in ("maf", "coupling")]
        sizes = [(6, (64, 64), 1024), (21, (64, 64), 1024), (63, (512, 512), 8192)]
        return [Config(model, *size) for size in sizes for model in ("maf", "coupling")]

    def rows_to_score(self, config: Config) -> int:
        """Rows of scoring and of sampling; 0 where the flow is only trained."""
        if self.quick:
            return 2000
        return {6: 1_000_000, 21: 0, 63: 100_000}[config.n_features]

    def enough(self, seconds: float) -> int:
        """How many repeats of something that takes so long: three or more, in about a second."""
        return 3 if self.quick else max(3, min(30, int(1.0 / max(seconds, 1e-9))))


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call, which has finished its work when it returns."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median_of(part: Part, call: Callable[[], object]) -> dict[str, Any]:
    """Median and range of some calls after a warm-up."""
    call()
    times = [timed(call)]
    times += [timed(call) for _ in range(part.enough(times[0]) - 1)]
    return {
        "seconds": statistics.median(times),
        "low": min(times),
        "high": max(times),
        "repeats": len(times),
    }


def main() -> None:
    name, options, file = sys.argv[1:]
    part = Part(name=name, file=Path(file), **json.loads(options))
    importlib.import_module(f"bench.{MODULES[name]}").run(part)


if __name__ == "__main__":
    main()
