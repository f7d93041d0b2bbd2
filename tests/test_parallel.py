"""Threads and processes change no bit of any result, and nothing hangs.

What needs pools of processes, or threads beyond the limit that tests run under, runs in an interpreter of its
own, which can be killed when it hangs.
"""

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nflows_np
from nflows_np import FlowDensity
from nflows_np.presets import PRESETS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PACKAGE = Path(nflows_np.__path__[0])
TIMEOUT = 120  # seconds after which a pool counts as hanging; it needs a few of them

# A step is shared out from two million multiply-adds on: see worthwhile_threads in csrc/flow/flow.cpp.
BATCH, WORK = 1024, 2_000_000

every_preset = pytest.mark.parametrize("preset", PRESETS)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


# What those interpreters begin with.
PREAMBLE = f"""
import multiprocessing, os, sys, warnings
import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
import nflows_np
from nflows_np import FlowDensity

warnings.simplefilter("ignore")
BATCH = {BATCH}

def flow_density(preset, **params):
    defaults = {{"n_layers": 2, "hidden_units": 32, "max_iter": 3, "random_state": 0}}
    return FlowDensity(preset, **{{**defaults, **params}})

def tasks():
    return len(os.listdir("/proc/self/task"))

table = np.random.default_rng(0).normal(size=(2500, 32))
table[:, 1:] += table[:, :-1] ** 2
"""


def python(code, **environment):
    """Run `code` after PREAMBLE in a new interpreter; what hangs is ended, and all its children with it."""
    if "tasks()" in code and not os.path.isdir("/proc/self/task"):
        pytest.skip("counts threads through /proc")
    env = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), **environment}
    if "OMP_NUM_THREADS" not in environment:
        env.pop("OMP_NUM_THREADS", None)
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", PREAMBLE + textwrap.dedent(code)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"hangs: nothing after {TIMEOUT} s.\n{output}")
    assert process.returncode == 0, output
    return output


def flow_density(preset, **params):
    defaults = {
        "n_layers": 2,
        "hidden_units": 32,
        "max_iter": 3,
        "learning_rate_init": 1e-2,
        "random_state": 0,
    }
    return FlowDensity(preset, **{**defaults, **params})


def rows(n, d, seed=0):
    """Bent and correlated rows, exact in float32: a copy in either type is the same table."""
    X = np.random.default_rng(seed).normal(size=(n, d))
    X[:, 1:] += X[:, :-1] ** 2 - 1.0
    return np.round(X * 1024.0) / 1024.0


@pytest.fixture(scope="module")
def table():
    """Wide enough that even the linear flow gives two threads something to do."""
    return rows(2500, 32)


@pytest.fixture(scope="module", params=list(itertools.product(PRESETS, ["float32", "float64"])), ids="-".join)
def trained(request):
    """A trained flow of every preset and precision, and rows."""
    preset, dtype = request.param
    X = rows(700, 5)
    return flow_density(preset, dtype=dtype, early_stopping=False, max_iter=8).fit(X), X


# The number of threads


@every_dtype
@every_preset
def test_fit_is_the_same_with_any_number_of_threads(table, preset, dtype):
    params = {"batch_size": BATCH, "dtype": dtype, "early_stopping": True}
    one = flow_density(preset, **params, n_jobs=1).fit(table)
    two = flow_density(preset, **params, n_jobs=2).fit(table)
    assert 3 * one.n_parameters_ * one.batch_size_ >= WORK  # two threads have been at work
    assert np.array_equal(one.parameters_, two.parameters_)
    assert one.loss_curve_ == two.loss_curve_ and one.validation_scores_ == two.validation_scores_
    for name, value in vars(one._fitted.training).items():
        assert np.array_equal(value, getattr(two._fitted.training, name)), name
    assert np.array_equal(one.score_samples(table), two.score_samples(table))
    assert np.array_equal(one.sample(1000, random_state=1), two.sample(1000, random_state=1))


def test_more_threads_than_cores_change_nothing():
    """Beyond the limit that the other tests run under, in an interpreter of its own."""
    code = """
        before = tasks()
        flows = [flow_density("maf", batch_size=BATCH, n_jobs=n).fit(table) for n in (1, 3, 16, 2**31 - 1)]
        assert tasks() < before + len(os.sched_getaffinity(0))    # more would wait for one another
        assert all(np.array_equal(flow.parameters_, flows[0].parameters_) for flow in flows)
        assert all(np.array_equal(flow.score_samples(table), flows[0].score_samples(table)) for flow in flows)
    """
    python(code)


def test_openmp_limit_is_respected():
    """Under OMP_NUM_THREADS=1, which pools of processes give their workers, the engine starts no thread."""
    code = """
        before = tasks()
        flow = flow_density("maf", batch_size=1024).fit(table)
        flow.score_samples(table)
        assert nflows_np.show_config("dicts")["threads"]["default"] == 1
        assert tasks() == before, (before, tasks())
        flow.set_params(n_jobs=2).score_samples(table)    # an explicit number is taken as it is
        assert tasks() == before + 1, (before, tasks())
    """
    python(code, OMP_NUM_THREADS="1")


# Rows do not know each other


def views(X, tmp_path):
    """The same table laid out in memory in every way, and cut, and shuffled: (rows of X, table)."""
    every, n = np.arange(len(X)), len(X)
    order = np.random.default_rng(1).permutation(n)
    wide = np.zeros((2 * n, 3 * X.shape[1]), dtype=np.float32)
    wide[::2, 1::3] = X
    np.save(tmp_path / "rows.npy", X)
    yield every, np.asfortranarray(X)
    yield every, X.astype(np.float32)
    yield every, X.astype(">f8", order="F")
    yield every, X.astype(np.longdouble)
    yield every, wide[::2, 1::3]
    yield every[::-1], X[::-1]
    yield every[5::7], X[5::7]
    yield every, np.load(tmp_path / "rows.npy", mmap_mode="r")
    yield every[3:600:2], np.load(tmp_path / "rows.npy", mmap_mode="r")[3:600:2]
    yield every, pd.DataFrame(X).to_numpy()
    yield order, X[order]
    yield order[:100], np.asfortranarray(X[order[:100]])
    yield np.repeat(order, 30), np.repeat(X[order], 30, axis=0)  # more than a block
    for size in (1, 15, 16, 17, 127, 129):
        yield every[-size:], X[-size:]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_row_has_the_same_density_in_any_table(trained, tmp_path, n_jobs):
    flow, X = trained
    flow.set_params(n_jobs=1)
    whole, latent, back = flow.score_samples(X), flow.transform(X), flow.inverse_transform(X)
    flow.set_params(n_jobs=n_jobs)
    assert len(np.unique(whole)) > 0.9 * len(X)
    for which, view in views(X, tmp_path):
        assert np.array_equal(flow.score_samples(view), whole[which])
        assert np.array_equal(flow.transform(view), latent[which])
        assert np.array_equal(flow.inverse_transform(view), back[which])


def test_many_threads_share_one_estimator(trained):
    """Threads of the caller's own, at once, on an estimator whose engine none of them has made yet."""
    flow, X = trained
    whole, latent, sample = flow.score_samples(X), flow.transform(X), flow.sample(50, random_state=0)
    flow.__dict__.pop("_engine_model")

    def task(i):
        part = slice(i % 37, 700 - i % 11)
        assert np.array_equal(flow.score_samples(X[part]), whole[part])
        assert np.array_equal(flow.transform(X[part]), latent[part])
        assert np.array_equal(flow.sample(50, random_state=0), sample)
        return True

    flow.set_params(n_jobs=2)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(task, range(64)))


def test_threads_fit_side_by_side(table):
    """One caller gets the pool, the others do their work themselves: the bits are those of a fit alone."""

    def parameters(seed, n_jobs=2):
        flow = flow_density("maf", batch_size=BATCH, random_state=seed, n_jobs=n_jobs)
        return flow.fit(table).parameters_

    expected = [parameters(seed, n_jobs=1) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for found, alone in zip(pool.map(parameters, range(4)), expected, strict=True):
            assert np.array_equal(found, alone)


# Pools of joblib and of multiprocessing


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_grid_search_in_parallel(backend):
    """The parent has used its threads before; the workers of "multiprocessing" are forks of it."""
    code = f"""
        flow_density("maf", n_jobs=2, batch_size=BATCH).fit(table)
        def search(n_jobs):
            grid = {{"flow": ["realnvp", "maf"], "learning_rate_init": [1e-3, 1e-2]}}
            estimator = flow_density("maf", batch_size=BATCH)
            found = GridSearchCV(estimator, grid, cv=2, n_jobs=n_jobs).fit(table[:, :12])
            scores = [found.cv_results_[f"split{{i}}_test_score"].tolist() for i in range(2)]
            return scores, found.best_params_, found.best_estimator_
        scores, best, flow = search(1)
        with parallel_config({backend!r}):
            scores_2, best_2, flow_2 = search(2)
        assert scores_2 == scores and best_2 == best
        assert np.array_equal(flow_2.parameters_, flow.parameters_)
        assert np.array_equal(flow_2.score_samples(table[:, :12]), flow.score_samples(table[:, :12]))
    """
    python(code)


FORK = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")


@FORK
def test_children_of_a_fork():
    """They have none of their parent's threads: they start their own, and reach the same bits."""
    code = """
        flow = flow_density("maf", n_jobs=2, batch_size=BATCH).fit(table)
        expected = flow.parameters_, flow.score_samples(table)
        def child(_):
            scores = flow.score_samples(table)
            again = flow_density("maf", n_jobs=2, batch_size=BATCH).fit(table)
            return tasks(), again.parameters_, scores, again.score_samples(table)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            results = pool.map(child, range(4), chunksize=1)
        for now, parameters, scores, scores_again in results:
            assert now >= 2, now    # a worker of its own
            assert np.array_equal(parameters, expected[0])
            assert np.array_equal(scores, expected[1]) and np.array_equal(scores_again, expected[1])
        assert np.array_equal(flow.score_samples(table), expected[1])
        assert np.array_equal(flow.fit(table).parameters_, expected[0])
    """
    python(code)


@FORK
def test_forks_while_a_thread_is_at_work():
    """The child of a fork amid a parallel call neither waits for that call nor disturbs it."""
    code = """
        import threading
        flow = flow_density("maf", n_jobs=2, batch_size=BATCH).fit(table)
        other = flow_density("maf", n_jobs=2, batch_size=BATCH)
        expected = flow.score_samples(table)
        fits, done = [], threading.Event()
        def work():
            while not done.is_set():
                fits.append(other.fit(table).parameters_)
        worker = threading.Thread(target=work)
        worker.start()
        children = []
        for _ in range(10):
            pid = os.fork()
            if pid == 0:
                same = np.array_equal(flow.score_samples(table), expected)
                os._exit(0 if same else 1)
            children.append(pid)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        done.set()
        worker.join()
        assert codes == [0] * 10, codes
        assert all(np.array_equal(parameters, flow.parameters_) for parameters in fits)
    """
    python(code)


def test_workers_of_a_pool_take_one_thread_each():
    """In threads of joblib and in daemons of multiprocessing the outer loop fills the machine already."""
    code = """
        from joblib import Parallel, delayed
        from nflows_np._config import n_threads
        assert Parallel(2, backend="threading")(delayed(n_threads)() for _ in range(2)) == [1, 1]
        assert Parallel(2, backend="multiprocessing")(delayed(n_threads)() for _ in range(2)) == [1, 1]
        share = Parallel(2, backend="loky")(delayed(n_threads)() for _ in range(2))
        assert max(share) <= max(1, n_threads() // 2)
    """
    python(code)
