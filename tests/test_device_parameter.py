"""`device=`: an estimator on a device, here the host in a device's place, and what happens where there is none."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

import nflows_np
from nflows_np import FlowDensity, _devices, _engine, load

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:FlowDensity. early_stopping=False trains"),
]

ROWS = np.random.default_rng(0).standard_normal((600, 3))
ROWS[:, 1:] += 0.5 * ROWS[:, :-1] ** 2
OPTIONS = {"flow": "maf", "max_iter": 3, "random_state": 0, "dtype": "float64"}


@pytest.fixture
def host(monkeypatch):
    """The host in the place of a CUDA device."""
    try:
        engine = _engine.device("host")
    except _engine.EngineError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(_engine, "device", lambda name, isa=None: engine)


needs_no_cuda = pytest.mark.skipif(_devices.why_not("cuda") is None, reason="there is a CUDA device")


@pytest.mark.hooks
def test_a_fit_is_that_of_the_cpu(host):
    found, expected = FlowDensity(device="cuda", **OPTIONS).fit(ROWS), FlowDensity(**OPTIONS).fit(ROWS)
    assert (found.device_, expected.device_) == ("cuda", "cpu")
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(found.validation_scores_, expected.validation_scores_, rtol=1e-9)
    np.testing.assert_allclose(found.score_samples(ROWS), expected.score_samples(ROWS), rtol=1e-7)
    np.testing.assert_allclose(found.sample(9, random_state=1), expected.sample(9, random_state=1), rtol=1e-6)
    np.testing.assert_allclose(found.transform(ROWS), expected.transform(ROWS), rtol=0, atol=1e-6)
    again = FlowDensity(device="cuda", **OPTIONS).fit(ROWS)
    np.testing.assert_array_equal(again.parameters_, found.parameters_)


@pytest.mark.hooks
@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, len(ROWS))])
def test_going_on_is_one_fit(host, weights):
    options = OPTIONS | {"device": "cuda", "early_stopping": False, "warm_start": True}
    parts = FlowDensity(**options | {"max_iter": 2}).fit(ROWS, sample_weight=weights)
    parts.set_params(max_iter=1).fit(ROWS, sample_weight=weights)
    whole = FlowDensity(**options).fit(ROWS, sample_weight=weights)
    np.testing.assert_array_equal(parts.parameters_, whole.parameters_)
    stream = FlowDensity(**OPTIONS | {"device": "cuda"}).partial_fit(ROWS).partial_fit(ROWS)
    assert stream.n_iter_ == 2


@pytest.mark.hooks
def test_rows_that_cannot_be_read_in_place(host):
    """float16 rows are gathered anew for every block: the device may not keep the ones before."""
    rows = ROWS.astype(np.float16)
    found, expected = FlowDensity(device="cuda", **OPTIONS).fit(rows), FlowDensity(**OPTIONS).fit(rows)
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-9)


@pytest.mark.hooks
def test_files_and_pickles_know_no_device(host, monkeypatch, tmp_path):
    flow = FlowDensity(device="cuda", **OPTIONS).fit(ROWS)
    flow.save(tmp_path / "device.flow", resumable=True)
    plain = load(tmp_path / "device.flow")
    assert (plain.device, plain.device_) == ("cpu", "cpu")
    plain.save(tmp_path / "cpu.flow", resumable=True)
    assert (tmp_path / "cpu.flow").read_bytes() == (tmp_path / "device.flow").read_bytes()
    assert pickle.loads(pickle.dumps(flow)).device_ == "cuda"
    assert clone(flow).device == "cuda"
    monkeypatch.undo()
    elsewhere = pickle.loads(pickle.dumps(flow))
    if _devices.why_not("cuda"):
        assert elsewhere.device_ == "cpu"
    np.testing.assert_allclose(elsewhere.score_samples(ROWS), flow.score_samples(ROWS), rtol=1e-7)


@pytest.mark.hooks
def test_auto_takes_the_device_for_large_work_only(host, monkeypatch):
    assert FlowDensity(device="auto", **OPTIONS).fit(ROWS).device_ == "cpu"
    monkeypatch.setattr(_devices, "WORTH_A_DEVICE", 1000)
    assert FlowDensity(device="auto", **OPTIONS).fit(ROWS).device_ == "cuda"


@pytest.mark.hooks
def test_grid_searches(host):
    search = GridSearchCV(FlowDensity(device="cuda", **OPTIONS), {"n_layers": [1, 2]}, cv=2).fit(ROWS)
    assert search.best_estimator_.device_ == "cuda"


@pytest.mark.hooks
def test_a_device_that_is_full_leaves_the_estimator_as_it_was(host, monkeypatch):
    flow = FlowDensity(device="cuda", **OPTIONS).fit(ROWS)
    before = flow.score_samples(ROWS)
    monkeypatch.setenv("NFLOWS_NP_HOST_DEVICE_BYTES", "100000")
    with pytest.raises(MemoryError, match="host device: out of memory"):
        flow.set_params(hidden_units=(256, 256)).fit(ROWS)
    monkeypatch.delenv("NFLOWS_NP_HOST_DEVICE_BYTES")
    np.testing.assert_array_equal(flow.score_samples(ROWS), before)


@needs_no_cuda
def test_without_a_device():
    with pytest.raises(RuntimeError, match=r"device='cuda' cannot be used: .*device='cpu' needs no GPU"):
        FlowDensity(device="cuda", **OPTIONS).fit(ROWS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=UserWarning)
        warnings.simplefilter("ignore", category=ConvergenceWarning)
        flow = FlowDensity(device="auto", **OPTIONS).fit(ROWS)
    assert flow.device_ == "cpu"


def test_unknown_devices():
    with pytest.raises(ValueError, match="'device' parameter of FlowDensity must be a str among"):
        FlowDensity(device="tpu").fit(ROWS)
    assert not hasattr(FlowDensity(), "device_")


def test_show_config_tells():
    devices = nflows_np.show_config("dicts")["devices"]
    assert devices["cpu"] == "usable"
    assert devices["cuda"] == (_devices.why_not("cuda") or "usable")
