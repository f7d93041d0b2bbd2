"""Model files after random changes: refused or working, nothing else, in bounded time and memory.

500 of them in every run, and 20,000 with --run-slow. The changes of a seed are always the same.
"""

import collections
import resource
import sys
import time
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from mutations import mutated

import nflows_np
from nflows_np import FlowDensity
from nflows_np.persistence import ModelFileError
from nflows_np.specs import (
    Autoregressive,
    Coupling,
    Flow,
    GaussianMixture,
    LinearGaussian,
    LinearLU,
    On,
    Product,
    Sequence,
    StudentT,
)

MEGABYTE = 1 << 20
OWN = Flow(
    [
        LinearGaussian(),
        LinearLU("random"),
        Coupling(hidden_units=(3, 3, 3)),
        Autoregressive(hidden_units=(4,)),
        On((1, 0), Sequence([LinearLU(), On(1, LinearGaussian())])),
    ],
    base=Product([((1,), StudentT(4.0)), ((0,), GaussianMixture(3))]),
)
ROWS = np.random.default_rng(1).normal(size=(20, 2))


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Files of several kinds: of both precisions, with and without validation, names and the state of training."""
    path = tmp_path_factory.mktemp("originals") / "model.flow"
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
    sizes = {"max_iter": 2, "n_layers": 2, "hidden_units": 4}
    models = [
        (
            FlowDensity("maf", early_stopping=True, random_state=np.random.RandomState(0), **sizes).fit(X),
            True,
        ),
        (
            FlowDensity("nsf", dtype="float64", early_stopping=False, base="student_t", **sizes).fit(
                X.values
            ),
            True,
        ),
        (FlowDensity(OWN, max_iter=2, early_stopping=True, n_iter_no_change=np.inf).fit(X.values), True),
        (FlowDensity("planar", max_iter=2, random_state=0).fit(X), False),
        (FlowDensity("maf", gaussianize=True, random_state=0, **sizes).fit(np.exp(X.values)), False),
    ]
    files = []
    for model, resumable in models:
        model.save(path, resumable=resumable)
        files.append(path.read_bytes())
    return files


def outcome(path):
    """What became of a file, in a word or two; whatever else happens is an error."""
    began = time.perf_counter()
    tracemalloc.start()
    try:
        flow = nflows_np.load(path)
    except ModelFileError as error:
        message = str(error)
        assert message.startswith(str(path)) and "\n" not in message and len(message) < 1000 + len(str(path))
        return "refused"
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 40 * path.stat().st_size + 8 * MEGABYTE
        assert time.perf_counter() - began < 30.0
    n = flow.n_features_in_
    X = ROWS if n == 2 else np.resize(ROWS, (20, n))
    score = flow.score_samples(X)
    assert np.all(np.isfinite(score))
    for resumable in (False, True):
        flow.save(path, resumable=resumable)
        assert np.array_equal(nflows_np.load(path).score_samples(X), score)
    try:
        flow.partial_fit(X)
    except ValueError as error:  # parameters that do not fit together, or another flow than was fitted
        assert len(str(error)) < 2000
        return "works"
    assert np.all(np.isfinite(flow.score_samples(X)))
    return "works and goes on"


def tally(originals, path, seeds):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: collections.Counter[str] = collections.Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            path.write_bytes(mutated(originals[seed % len(originals)], np.random.default_rng([20, seed])))
            try:
                found[outcome(path)] += 1
            except BaseException as error:
                raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (
        1 if sys.platform == "darwin" else 1024
    )
    assert grown < 500 * MEGABYTE
    print(dict(found))
    return found


def test_mutated_files(originals, tmp_path):
    found = tally(originals, tmp_path / "model.flow", range(500))
    assert (
        min(found["refused"], found["works"] + found["works and goes on"]) > 25
    )  # the changes are neither all nor nothing


@pytest.mark.slow
def test_many_mutated_files(originals, tmp_path):
    tally(originals, tmp_path / "model.flow", range(20_000))
