"""Saving and loading: every bit of the fitted state and of its training comes back, by any road."""

import copy
import errno
import json
import os
import pickle
import stat
import subprocess
import sys
import threading
import zipfile
from dataclasses import is_dataclass

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import nflows_np
from nflows_np import FlowDensity
from nflows_np._engine import available, choice, engine
from nflows_np.persistence import FORMAT
from nflows_np.presets import PRESETS
from nflows_np.specs import (
    ActNorm,
    Additive,
    Autoregressive,
    Coupling,
    Elementwise,
    Flow,
    GaussianMixture,
    Inverse,
    LinearGaussian,
    LinearLU,
    On,
    Permutation,
    Planar,
    Product,
    Radial,
    Sequence,
    SinhArcsinh,
    StudentT,
    Sylvester,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

EVERYTHING = Flow([
    LinearGaussian(),
    Elementwise(SinhArcsinh()),
    ActNorm(),
    LinearLU("random"),
    Coupling(mask="random", hidden_units=(8,)),
    Permutation("random"),
    Inverse(Autoregressive(Additive(), hidden_units=(7, 3), activation="elu")),
    Planar(),
    Radial(),
    Sylvester(1),
    Sequence([On(-1, Elementwise()), Inverse(Sequence([LinearLU("random"), On((1, 0), Coupling(hidden_units=(5,)))]))]),
], base=Product([((1,), StudentT(4.0)), ((0,), GaussianMixture(3))]))  # fmt: skip


def small(flow="maf", **params):
    sizes = {} if isinstance(flow, Flow) else {"n_layers": 2, "hidden_units": 8}
    return FlowDensity(flow, **{**sizes, "max_iter": 3, "random_state": 0, **params})


def saved_and_loaded(flow, folder):
    flow.save(folder / "model.flow", resumable=True)
    return nflows_np.load(folder / "model.flow")


def through_joblib(flow, folder):
    joblib.dump(flow, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


def through_skops(flow, folder):
    skops.io.dump(flow, folder / "model.skops")
    untrusted = skops.io.get_untrusted_types(file=folder / "model.skops")
    assert all(name.startswith("nflows_np.") for name in untrusted)
    return skops.io.load(folder / "model.skops", trusted=untrusted)


every_road = pytest.mark.parametrize(
    "road",
    [
        saved_and_loaded,
        through_joblib,
        through_skops,
        lambda flow, folder: pickle.loads(pickle.dumps(flow)),
        lambda flow, folder: copy.deepcopy(flow),
    ],
    ids=["save", "joblib", "skops", "pickle", "deepcopy"],
)


def state_of(flow):
    """The fitted state as one value that compares."""

    def plain(value):
        if isinstance(value, np.ndarray):
            return value.tolist()
        return {k: plain(v) for k, v in vars(value).items()} if is_dataclass(value) else value

    return plain(flow._fitted) | {"n_features_in_": flow.n_features_in_}


def assert_same(found, expected, X):
    assert type(found) is type(expected)
    assert np.array_equal(found.score_samples(X), expected.score_samples(X))
    assert np.array_equal(found.transform(X), expected.transform(X))
    assert np.array_equal(found.sample(33, random_state=5), expected.sample(33, random_state=5))
    assert state_of(found) == state_of(expected)


# Everything comes back


@every_road
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("preset", [*PRESETS, EVERYTHING], ids=[*PRESETS, "everything"])
def test_round_trip(banana, tmp_path, preset, dtype, road):
    flow = small(preset, dtype=dtype, warm_start=True).fit(banana)
    again = road(flow, tmp_path)
    assert_same(again, flow, banana)
    assert again.parameters_.dtype == dtype
    assert again.fit(banana).n_iter_ == 6  # warm: moments, generator and patience go on, bit for bit
    assert_same(again, flow.fit(banana), banana)
    assert_same(again.partial_fit(banana[:100]), flow.partial_fit(banana[:100]), banana)


@pytest.mark.parametrize("hidden_units", [4, (64, 64), (3, 50, 2)])
@pytest.mark.parametrize("n_features", [1, 2, 5])
@pytest.mark.parametrize("preset", PRESETS)
def test_any_shape_can_be_loaded(rng, tmp_path, preset, n_features, hidden_units):
    """Networks that the engine does not need (of one column, of constant layers) stand in specs as well."""
    X = rng.normal(size=(40, n_features))
    flow = small(preset, hidden_units=hidden_units, max_iter=1).fit(X)
    assert_same(saved_and_loaded(flow, tmp_path), flow, X)


@pytest.mark.parametrize("flow", [Flow([]), Flow([Permutation()]), Flow([Elementwise()])])
def test_flows_of_few_parameters(banana, tmp_path, flow):
    fitted = small(flow).fit(banana)
    assert_same(saved_and_loaded(fitted, tmp_path), fitted, banana)


@pytest.mark.parametrize("d", [1, 2, 7])
def test_parameters_are_counted_before_there_is_room_for_them(d):
    layers = [Coupling(Additive(), mask="half"), Inverse(Autoregressive()), LinearGaussian(), Sylvester(d)]
    layers += [
        Sequence([ActNorm(), On(range(d), Sequence([Coupling(), ActNorm()]))]),
        Inverse(Sequence([ActNorm()])),
    ]
    flow = Flow(layers, base=Product([(range(d), GaussianMixture(3))])).resolve(d).to_dict()
    n = engine.Flow32(flow, d).n_params
    assert engine.count_params(flow, d, n) == n < engine.count_params(flow, d, 10 * n) + 1
    assert 1 < engine.count_params(flow, d, 1) <= n


@pytest.mark.parametrize("params", [
    {"clip_ratio": np.inf},
    {"n_iter_no_change": np.inf, "tol": 0.0, "alpha": np.float64(0.5), "batch_size": np.int64(64)},
    {"early_stopping": False},
    {"early_stopping": np.True_, "validation_fraction": 0.3},
    {"hidden_units": np.array([5, 6]), "activation": "tanh"},
    {"hidden_units": [5]},
    {"dtype": np.float64},
    {"dtype": np.dtype("float32"), "n_jobs": 2, "warm_start": True},
    {"base": "student_t"},
    {"base": GaussianMixture(4)},
    {"random_state": None},
    {"random_state": np.int32(7)},
])  # fmt: skip
def test_constructor_parameters(banana, tmp_path, params):
    flow = small(**params).fit(banana)
    again = saved_and_loaded(flow, tmp_path)
    assert_same(again, flow, banana)
    found, expected = again.get_params(), flow.get_params()
    expected["dtype"] = np.dtype(expected["dtype"]).name
    if not isinstance(expected["hidden_units"], int):
        expected["hidden_units"] = tuple(expected["hidden_units"])
    assert found == expected
    assert clone(again).get_params() == found


def test_a_flow_of_your_own_is_a_parameter(banana, tmp_path):
    """The spec as it was given, symbolic and random, beside the one that was fitted."""
    flow = small(EVERYTHING).fit(banana)
    again = saved_and_loaded(flow, tmp_path)
    assert again.flow == EVERYTHING != again.flow_ == flow.flow_
    assert np.array_equal(clone(again).fit(banana).parameters_, flow.parameters_)


def test_random_state_goes_on_where_it_stood(banana, tmp_path):
    state = np.random.RandomState(3)
    state.normal()  # leaves the second normal variate of a pair waiting
    flow = small(random_state=state).fit(banana)
    again = saved_and_loaded(flow, tmp_path)
    assert np.array_equal(again.random_state.normal(size=700), state.normal(size=700))
    flow.set_params(random_state=np.random.RandomState(np.random.PCG64(0)))
    with pytest.raises(TypeError, match=r"parameter random_state=.* has no place in a model file"):
        flow.save(tmp_path / "model.flow")


@every_road
def test_names_of_columns(banana, tmp_path, road):
    X = pd.DataFrame(banana, columns=["Länge", "b, c\n"])
    again = road(small().fit(X), tmp_path)
    assert again.feature_names_in_.dtype == object and list(again.feature_names_in_) == list(X.columns)
    again.score_samples(X)
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        again.score_samples(X[X.columns[::-1]])
    with pytest.raises(ValueError, match="feature names should match"):
        again.score_samples(X.rename(columns=str.upper))


def test_clone_is_not_fitted(banana, tmp_path):
    again = saved_and_loaded(small().fit(banana), tmp_path)
    with pytest.raises(NotFittedError):
        clone(again).score_samples(banana)


def test_loaded_arrays_are_ones_own(banana, tmp_path):
    """Not views of a file or of one another: a fit that goes on changes nothing behind anyone's back."""
    again = saved_and_loaded(small(warm_start=True).fit(banana), tmp_path)
    (tmp_path / "model.flow").unlink()
    assert not again.parameters_.flags.writeable
    before = again.parameters_.copy()
    kept = copy.copy(again)
    again.fit(banana)
    assert np.array_equal(kept.parameters_, before)


SCORE = """
import sys, numpy as np, nflows_np
from nflows_np._engine import choice
flow = nflows_np.load(sys.argv[1])
np.savez(sys.argv[3], score=flow.score_samples(np.load(sys.argv[2])), sample=flow.sample(9, random_state=1))
print(choice()["isa"])
"""


@pytest.mark.parametrize("isa", available())
@pytest.mark.parametrize("dtype, rtol", [("float32", 1e-4), ("float64", 1e-10)])
def test_another_process_and_instruction_set(banana, tmp_path, isa, dtype, rtol):
    flow = small("realnvp", dtype=dtype).fit(banana)
    flow.save(tmp_path / "model.flow")
    np.save(tmp_path / "rows.npy", banana)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    found = subprocess.run(
        [sys.executable, "-c", SCORE, *(tmp_path / name for name in ("model.flow", "rows.npy", "found.npz"))],
        env={**os.environ, "NFLOWS_NP_ISA": isa, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == isa
    with np.load(tmp_path / "found.npz") as results:
        for name, expected in (
            ("score", flow.score_samples(banana)),
            ("sample", flow.sample(9, random_state=1)),
        ):
            unit = flow.scale_ if name == "sample" else 1.0
            np.testing.assert_allclose(results[name] / unit, expected / unit, rtol=rtol, atol=10 * rtol)
            if isa == choice()["isa"]:
                assert np.array_equal(results[name], expected)


# The file


def test_what_is_in_a_file(banana, tmp_path):
    small().fit(banana).save(tmp_path / "model.flow")
    with zipfile.ZipFile(tmp_path / "model.flow") as archive:
        manifest = json.loads(archive.read("model.json"))
        members = set(archive.namelist())
    assert (manifest["format"], manifest["nflows_np"]) == (FORMAT, nflows_np.__version__)
    assert members == {"model.json", *(f"arrays/{name}.npy" for name in manifest["arrays"])}


def test_a_file_is_replaced_and_keeps_its_mode(banana, tmp_path):
    first, second = small(random_state=1).fit(banana), small(random_state=2).fit(banana)
    path, link = tmp_path / "model.flow", tmp_path / "link"
    first.save(path, resumable=True)
    path.chmod(0o640)
    link.symlink_to(path)
    second.save(str(link), resumable=True)
    assert_same(nflows_np.load(path), second, banana)
    assert link.is_symlink() and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link", "model.flow"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_to_and_not_replaced(banana, tmp_path):
    flow, pipe = small("linear").fit(banana), tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: (tmp_path / "model.flow").write_bytes(pipe.read_bytes()))
    reader.start()
    flow.save(pipe, resumable=True)
    reader.join(timeout=30)
    assert pipe.is_fifo()
    assert_same(nflows_np.load(tmp_path / "model.flow"), flow, banana)


@pytest.mark.parametrize("culprit", ["os.fsync", "os.replace", "zipfile.ZipFile.writestr"])
def test_a_failing_write_keeps_the_old_file(banana, tmp_path, monkeypatch, culprit):
    old = small(random_state=1).fit(banana)
    old.save(tmp_path / "model.flow", resumable=True)

    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(culprit, fail)
        small(random_state=2).fit(banana).save(tmp_path / "model.flow", resumable=True)
    assert_same(nflows_np.load(tmp_path / "model.flow"), old, banana)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.flow"]


def test_places_that_cannot_be(banana, tmp_path):
    flow = small("linear").fit(banana)
    for place in (tmp_path / "nowhere" / "model.flow", tmp_path):
        with pytest.raises(OSError, match=str(tmp_path)):
            flow.save(place)
        with pytest.raises(OSError, match=str(tmp_path)):
            nflows_np.load(place)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotFittedError):
        small().save(tmp_path / "model.flow")
    assert list(tmp_path.iterdir()) == []
