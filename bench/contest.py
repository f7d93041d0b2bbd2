"""The conductor: one process for each contestant, measured in turn, so that a slow spell of the machine hits them all.

For each number of threads every contestant gets a worker, pinned to the same cores. For each configuration all of them
build the flow, and their parameters are counted. Then each measure goes in rounds: a short time of the first, of the
second, ..., and again. A contestant that fails or takes too long is left out there, and a note says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import peers
from ._report import ROOT
from ._turns import in_turns, spread
from .configs import Config
from .worker import LONG_CALL

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PATIENCE = 240.0  # seconds for any one command
SETTLE = 0.15  # OpenBLAS's threads spin for a tenth of a second after a product: whoever comes next would pay for it


@dataclass(frozen=True)
class Entry:
    """A contestant in one precision, with its own number of threads or the contest's."""

    name: str
    dtype: str
    beside: bool = False  # in another precision than the rest: steps and scores only
    threads: int | None = None

    @property
    def label(self) -> str:
        return f"{self.name} {self.dtype}" if self.beside else self.name


def takes_part(entry: Entry, config: Config, measure: str, *, first: bool) -> bool:
    """Whether a contestant of `python -m bench` is measured there; `first` for the first number of threads."""
    if measure == "fit" or (config.steps_only and measure in ("score", "sample")):
        return False
    if entry.name == peers.YARDSTICK:
        return True
    if entry.beside:
        return measure in ("step", "score")
    if config.splines and entry.name in (*peers.WITHOUT_SPLINES[config.model], *peers.SCORERS):
        return False
    if entry.name in peers.SCORERS:
        return measure == "score" and config.model == "maf"
    if entry.name == peers.COMPILED:
        return first and config.n_features <= 43  # compiling takes a minute each time
    if entry.name in peers.PEERS and measure == "sample" and config.autoregressive:
        return config.n_features <= 43  # one network pass for each column takes minutes beyond
    return True


class Lost(Exception):
    """A worker failed, died or took too long; the message says which."""


class Process:
    """A worker and the pipe to it."""

    def __init__(self, entry: Entry, threads: int, isa: str | None) -> None:
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
        if isa and entry.name == peers.OURS:
            environment["NFLOWS_NP_ISA"] = isa
        command = [sys.executable, "-m", "bench.worker", entry.name, str(threads), entry.dtype]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        alarm = threading.Timer(PATIENCE, self._process.kill)
        alarm.start()
        try:
            print(json.dumps({"do": do, **arguments}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except (BrokenPipeError, ValueError):  # it ended; its pipe is closed
            line = ""
        finally:
            alarm.cancel()
        if not line:
            self.end()
            raise Lost(f"{do}: the worker ended, or took more than {PATIENCE:.0f} s")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Lost(f"{do}: {answer['error']}")
        return answer

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass
class Contest:
    """What to measure, and what came of it: `figures` are flat records, which tables, curves and `compare` read."""

    entries: list[Entry]
    configs: list[Config]
    threads: list[int]
    isa: str | None = None
    most_rounds: int = 7
    takes_part: Callable[..., bool] = takes_part
    figures: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    _absent: set[Entry] = field(default_factory=set)

    def run(self) -> None:
        self._began = time.monotonic()
        for threads in self.threads:
            workers: dict[Entry, Process] = {}
            try:
                for config in self.configs:
                    if threads != self.threads[0] and config.n_features > 43:
                        continue  # minutes, for a point beyond the table's bars
                    self._say(f"{threads} threads: {config.title}, batch {config.batch}")
                    self._start(workers, threads)
                    self._measure_config(workers, config, threads)
            finally:
                for worker in workers.values():
                    worker.end()

    def _start(self, workers: dict[Entry, Process], threads: int) -> None:
        """Start whoever does not run: everyone at first, later those who were lost."""
        for entry in self.entries:
            if entry in self._absent or (entry in workers and workers[entry].alive):
                continue
            workers[entry] = worker = Process(entry, entry.threads or threads, self.isa)
            self._absent.add(entry)  # unless it can be imported
            with self._noting(entry, f"{entry.threads or threads} threads"):
                answer = worker.ask("import")
                self.about.setdefault("versions", answer["versions"])
                self.about |= {k: v for k, v in answer.items() if k == "machine"}
                self._absent.remove(entry)

    def _measure_config(self, workers: dict[Entry, Process], config: Config, threads: int) -> None:
        first = threads == self.threads[0]
        program: dict[Entry, set[str]] = {}
        for entry in (e for e in workers if e not in self._absent):
            wanted = {m for m in peers.FLOW_MEASURES if self.takes_part(entry, config, m, first=first)}
            with self._noting(entry, config.name):
                if wanted:
                    built = workers[entry].ask("build", config=config.to_dict())
                    if built["n_params"] != built["expected_params"]:
                        raise AssertionError(f"{entry.label}, {config.name}: not like for like: {built}")
                    program[entry] = wanted & set(built["measures"])
        for measure in peers.FLOW_MEASURES:
            where = {"threads": threads, "config": config.name, "measure": measure}
            self._measure({e: workers[e] for e in program if measure in program[e]}, where)

    def _measure(self, workers: dict[Entry, Process], where: dict[str, Any]) -> None:
        first: dict[Entry, float] = {}
        rounds: dict[Entry, int] = {}
        rows: dict[Entry, int] = {}
        place = f"{where['config']}, {where['measure']}, {where['threads']} threads"
        for entry, worker in workers.items():
            with self._noting(entry, place):
                prepared = worker.ask("prepare", measure=where["measure"])
                rows[entry] = prepared["rows"]
                rounds[entry] = self._rounds(prepared["lasted"])
                first[entry] = prepared["seconds"]

        def one_round(entry: Entry) -> float | None:
            if workers[entry].alive:
                with self._noting(entry, place):
                    answer = workers[entry].ask("time", measure=where["measure"])
                    if entry.name == peers.YARDSTICK:
                        time.sleep(SETTLE)
                    return float(answer["seconds"])
            return None

        times = in_turns({entry: partial(one_round, entry) for entry in rounds}, rounds)
        times |= {entry: [seconds] for entry, seconds in first.items() if not rounds[entry]}
        for entry in [e for e in times if times[e]]:
            with self._noting(entry, place):
                memory = workers[entry].ask("memory")["megabytes"]
                who = {"contestant": entry.label, "dtype": entry.dtype, "rows": rows[entry]}
                if entry.threads:
                    who["threads"] = entry.threads
                self.figures.append({**where, **who, **spread(times[entry]), "megabytes": round(memory, 1)})

    def _rounds(self, seconds: float) -> int:
        """The longer a call, the fewer; none where the warm-up itself is the figure."""
        if seconds > LONG_CALL:
            return 0
        return min(3 if seconds > 0.3 else 7, self.most_rounds)

    @contextmanager
    def _noting(self, entry: Entry, place: str) -> Iterator[None]:
        """Whoever is lost here is left out here, with a note."""
        try:
            yield
        except Lost as loss:
            note = f"{entry.label} ({place}): {loss}"
            self._say(note)
            if note not in self.notes:
                self.notes.append(note)

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._began:5.0f} s] {text}", file=sys.stderr, flush=True)
