"""What this installation is, and how many threads it may use."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Literal

from ._threads import effective_n_threads

_thread_limit: int | None = None  # of the whole process; None: no limit beyond those of _threads


def n_threads(n_jobs: int | None = None) -> int:
    """Resolve an estimator's `n_jobs` to a number of threads, within the limit of :func:`limit_threads`."""
    asked = effective_n_threads(n_jobs)
    return asked if _thread_limit is None else min(asked, _thread_limit)


@contextmanager
def limit_threads(limit: int) -> Iterator[None]:
    """Let no call use more than `limit` threads while the block runs, whatever its `n_jobs` says.

    The engine has a thread pool of its own, which limits for OpenMP and BLAS do not reach: this is its
    counterpart of ``threadpoolctl.threadpool_limits``. It holds for the whole process. Results never depend
    on it.

    Parameters
    ----------
    limit : int
        The largest number of threads, at least 1.

    Raises
    ------
    ValueError
        If `limit` is not a positive integer.

    Examples
    --------
    >>> import nflows_np
    >>> with nflows_np.limit_threads(1):
    ...     pass    # est.fit(X), est.score_samples(X)
    """
    global _thread_limit
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise ValueError(f"limit must be a positive integer, got {limit!r}")
    before, _thread_limit = _thread_limit, limit
    try:
        yield
    finally:
        _thread_limit = before


def show_config(mode: Literal["stdout", "dicts"] = "stdout") -> dict[str, Any] | None:
    """Show this installation: versions, the engine's variant and why it was chosen, the CPU, devices, threads.

    Parameters
    ----------
    mode : {"stdout", "dicts"}, default="stdout"
        Print a report, or return it as nested dictionaries.

    Returns
    -------
    dict or None
        The report with ``mode="dicts"``; otherwise None.

    Raises
    ------
    ValueError
        If `mode` is neither.
    ImportError
        If no engine can be loaded, or not the one that the environment variable NFLOWS_NP_ISA names.

    Examples
    --------
    >>> import nflows_np
    >>> nflows_np.show_config("dicts")["engine"]["isa"] in ("base", "avx2", "avx512")
    True
    """
    if mode not in ("stdout", "dicts"):
        raise ValueError(f"mode must be 'stdout' or 'dicts', got {mode!r}")
    report = _report()
    if mode == "dicts":
        return report
    for section, facts in report.items():
        print(f"{section}:")
        for name, value in facts.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            print(f"  {name}: {shown}")
    return None


def _report() -> dict[str, dict[str, Any]]:
    import nflows_np

    from ._devices import DEVICES, why_not
    from ._engine import choice, engine
    from ._engine._engine import features

    cpu = features()
    return {
        "nflows_np": {"version": nflows_np.__version__, "location": nflows_np.__path__[0]},
        "engine": {**choice(), "compiler": engine.compiler},
        "cpu": {
            "machine": platform.machine(),
            "features": [name for name, present in cpu.items() if present],
            "lacking": [name for name, present in cpu.items() if not present],
        },
        "devices": {name: why_not(name) or "usable" for name in DEVICES},
        "threads": {"default": n_threads(), "cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
        },
    }
