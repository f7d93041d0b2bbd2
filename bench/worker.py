"""The process of one contestant: it obeys one JSON line after the other, and between them it sleeps.

    {"do": "import"}                                     -> {"versions": ..., "machine": ...}, the latter of ours alone
    {"do": "build", "config": {...}}                     -> {"n_params": ..., "expected_params": ..., "measures": [...]}
    {"do": "prepare", "measure": "step"}                 -> {"seconds": the figure, "lasted": seconds, "rows": ...}
    {"do": "time", "measure": "step"}                    -> {"seconds": the figure, as the mean of one round}
    {"do": "memory"}                                     -> {"megabytes": the peak since "prepare", above the import}

An answer is one line, too; {"error": ...} where the contestant failed.

    python -m bench.worker CONTESTANT THREADS DTYPE
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUND_SECONDS = 0.2
LONG_CALL = 2.5  # seconds: a call that takes longer is its own warm-up


class Worker:
    """The state between two commands: the contestant as built, its rows, and how to call it."""

    def __init__(self, name: str, threads: int, dtype: str) -> None:
        self.name, self.threads, self.dtype = name, threads, dtype
        self._rows: dict[str, Any] = {}
        self._calls: dict[str, Callable[[], float]] = {}
        self._repeat: dict[str, int] = {}
        self._after_import = 0.0

    def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        do = command.pop("do")
        answer: dict[str, Any] = getattr(self, f"do_{do}")(**command)
        return answer

    def do_import(self) -> dict[str, Any]:
        from . import _report, peers

        peers.module(self.name)
        self._after_import = resident()
        answer: dict[str, Any] = {"versions": _report.versions(*peers.DISTRIBUTIONS)}
        if self.name == peers.OURS:
            answer["machine"] = _report.machine()
        return answer

    def do_build(self, config: dict[str, Any]) -> dict[str, Any]:
        from . import peers
        from .configs import Config

        self._calls.clear()
        self._rows.clear()
        self.contestant: peers.Contestant | None = None  # the last one's memory first
        self.config = Config.from_dict(config)
        self.contestant = built = peers.build(self.name, self.config, self.threads, self.dtype)
        return {
            "n_params": built.n_params,
            "expected_params": built.expected_params,
            "measures": built.measures,
        }

    def do_prepare(self, measure: str) -> dict[str, Any]:
        """Make the rows, warm up, choose between whole and chunked scoring, and settle how many calls make a round."""
        call, rows = self._prepared(measure)
        assert self.contestant is not None
        seconds, lasted = lasting(call)
        if lasted < LONG_CALL or self.contestant.compiles:
            seconds, lasted = lasting(call)
            if measure == "score":
                chunked = timed(lambda: self.contestant.chunked_score(self._rows["table"]))
                chunked()
                in_chunks = chunked()
                if in_chunks < seconds:
                    call, seconds, lasted = chunked, in_chunks, in_chunks
        if lasted < ROUND_SECONDS / 2:  # a second call is still a slow one
            lasted = min(lasting(call)[1] for _ in range(5))
        self._calls[measure] = call
        self._repeat[measure] = max(1, round(ROUND_SECONDS / lasted))
        forget_peak()
        return {"seconds": seconds, "lasted": lasted, "rows": rows}

    def do_time(self, measure: str) -> dict[str, Any]:
        call, repeat = self._calls[measure], self._repeat[measure]
        return {"seconds": sum(call() for _ in range(repeat)) / repeat}

    def do_memory(self) -> dict[str, Any]:
        return {"megabytes": max(0.0, peak() - self._after_import)}

    def _prepared(self, measure: str) -> tuple[Callable[[], float], int]:
        """A timed call of a measure, and how many rows it deals with."""
        one, config = self.contestant, self.config
        assert one is not None
        if measure == "sample":
            return timed(lambda: one.sample(config.rows_to_sample)), config.rows_to_sample
        sizes = {"step": config.batch, "epoch": config.rows_of_epoch, "fit": config.rows_of_epoch}
        n = sizes.get(measure, config.rows_to_score)
        X = config.table(n)
        if measure == "step":
            batch = one.batch(X)
            return timed(lambda: one.step(batch)), n
        self._rows["table"] = table = one.table(X)
        if measure == "epoch":
            return lambda: one.epoch(table, config.batch), n
        if measure == "fit":
            return timed(lambda: one.fit(table, config.batch)), n
        return timed(lambda: one.score(table)), len(table)


def timed(call: Callable[[], object]) -> Callable[[], float]:
    def seconds() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return seconds


def lasting(call: Callable[[], float]) -> tuple[float, float]:
    """The figure that a call returns, and how long it took to get it."""
    began = time.perf_counter()
    figure = call()
    return figure, time.perf_counter() - began


def _status(field: str) -> float | None:
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return None


def resident() -> float:
    """Megabytes in memory now; where the system does not tell, the most there ever were."""
    return _status("VmRSS") or peak()


def peak() -> float:
    """The most megabytes in memory since `forget_peak`, or ever where peaks cannot be forgotten."""
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass  # then a peak is that of the process


def main() -> None:
    name, threads, dtype = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if hasattr(os, "sched_setaffinity"):  # before any library counts cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    worker = Worker(name, threads, dtype)
    for line in sys.stdin:
        try:
            answer = worker.obey(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}".strip()[:500]}
            traceback.print_exc()
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
