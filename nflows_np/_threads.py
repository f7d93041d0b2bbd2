"""How many threads a call may use.

Results never depend on this number, so it is a question of manners alone: use the machine, and do not fight
with the parallelism that is already there.
"""

from __future__ import annotations

import multiprocessing
import os
import threading

import joblib
from joblib.parallel import get_active_backend

from ._limits import MAX_THREADS


def effective_n_threads(n_jobs: int | None = None) -> int:
    """Resolve ``n_jobs`` to a number of threads.

    Parameters
    ----------
    n_jobs : int or None, default=None
        A positive number is taken as it is, up to the cores that the affinity and the cgroup of the process
        allow: more threads would only wait for one another. -1 means every usable core, -2 all but one, as
        everywhere in joblib. ``None`` means the number given by an active :func:`joblib.parallel_config`; else one in a
        thread of joblib and in a pool of :mod:`multiprocessing`, whose outer loop already fills the machine;
        else every usable core. Usable cores are those that the affinity and the cgroup of the process allow,
        and at most ``OMP_NUM_THREADS``, by which joblib tells its worker processes their share.

    Returns
    -------
    int
        At least 1, and no more than the engine's pool has threads.

    Raises
    ------
    ValueError
        If ``n_jobs`` is 0.

    Examples
    --------
    >>> from nflows_np._threads import effective_n_threads
    >>> effective_n_threads(1)
    1
    """
    if n_jobs == 0:
        raise ValueError("n_jobs == 0 has no meaning; use None or -1 for every usable core.")
    cores = min(joblib.cpu_count(), MAX_THREADS)
    if n_jobs is not None and n_jobs > 0:
        return min(int(n_jobs), cores)
    usable = min(cores, _openmp_limit())
    if n_jobs is not None:
        return max(1, usable + 1 + int(n_jobs))
    backend, asked = get_active_backend()
    nested_thread = backend.nesting_level and threading.current_thread() is not threading.main_thread()
    if nested_thread or multiprocessing.current_process().daemon:
        return 1
    if asked is not None and asked != 1:
        return effective_n_threads(asked)
    return usable


def _openmp_limit() -> int:
    """The first number of OMP_NUM_THREADS (it may be a list for nested regions); MAX_THREADS where not set."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdigit() and int(first) > 0 else MAX_THREADS
