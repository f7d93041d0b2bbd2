"""The checks of nflows_np.testing themselves: they pass what is right and fail every lie."""

import doctest

import numpy as np
import pytest
from engine_flows import random_flow, resolve

from nflows_np import testing
from nflows_np.specs import Affine, Autoregressive, Coupling, LinearGaussian


class Lying:
    """An engine's flow one of whose answers is spoilt."""

    def __init__(self, flow, method, spoil):
        self._flow, self._method, self._spoil = flow, method, spoil

    def __getattr__(self, name):
        answer = getattr(self._flow, name)
        return (lambda *args: self._spoil(*answer(*args))) if name == self._method else answer


@pytest.fixture
def flow():
    return random_flow(Coupling(Affine(), hidden_units=(9,), activation="tanh"), 3, 2)[0]


ROWS = np.random.default_rng(0).standard_normal((20, 3))
CONTEXT = np.random.default_rng(1).standard_normal((20, 2))

LIES = {
    "log-det, a little": (testing.check_log_det, "forward", lambda z, log_det: (z, log_det + 1e-7)),
    "log-det of the inverse": (testing.check_log_det, "inverse", lambda x, log_det: (x, 1.001 * log_det)),
    "log-dets that do not cancel": (
        testing.check_round_trip,
        "inverse",
        lambda x, log_det: (x, log_det + 1e-6),
    ),
    "rows that do not come back": (
        testing.check_round_trip,
        "inverse",
        lambda x, log_det: (x + 1e-6, log_det),
    ),
    "NaN rows": (testing.check_round_trip, "forward", lambda z, log_det: (z * np.nan, log_det)),
    "gradient by rows": (testing.check_gradients, "forward_vjp", lambda dx, dp, dc: (1.00001 * dx, dp, dc)),
    "gradient by parameters": (
        testing.check_gradients,
        "forward_vjp",
        lambda dx, dp, dc: (dx, 1.00001 * dp, dc),
    ),
    "gradient by context": (
        testing.check_gradients,
        "inverse_vjp",
        lambda dx, dp, dc: (dx, dp, 1.00001 * dc),
    ),
    "gradient by parameters left out": (
        testing.check_gradients,
        "inverse_vjp",
        lambda dx, dp, dc: (dx, 0.0 * dp, dc),
    ),
    "bits of the first row": (
        testing.check_batch_invariance,
        "forward",
        lambda z, log_det: (z + 1e-15 * len(log_det) * (np.arange(3) == 0)[:, None], log_det),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_found(flow, lie):
    check, method, spoil = LIES[lie]
    check(flow, ROWS, CONTEXT)
    with pytest.raises(AssertionError):
        check(Lying(flow, method, spoil), ROWS, CONTEXT)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("direction", ["forward", "inverse"])
def test_lost_digits_are_found(dtype, direction):
    """A hundred roundings more than there have to be, in rows or in log-dets."""
    layers = [LinearGaussian(), *[Autoregressive(hidden_units=(9,))] * 3]
    flow, spec, lost = random_flow(layers, 3, dtype=dtype)[0], resolve(layers, 3), 100 * np.finfo(dtype).eps
    assert 0.1 < testing.check_rounding(flow, spec, ROWS) < 4.0
    for spoil in (lambda y, log_det: (y * (1 + lost), log_det), lambda y, log_det: (y, log_det + 30 * lost)):
        with pytest.raises(AssertionError, match="roundings"):
            testing.check_rounding(Lying(flow, direction, spoil), spec, ROWS)


def test_nan_in_the_tails_is_found(flow):
    testing.check_tails(flow, 3, CONTEXT[0])
    lying = Lying(flow, "forward", lambda z, log_det: (np.where(np.abs(z) > 1e20, np.nan, z), log_det))
    with pytest.raises(AssertionError, match="NaN among the rows"):
        testing.check_tails(lying, 3, CONTEXT[0])


def test_gradient_of_a_masked_parameter_is_found(flow):
    free = np.ones(flow.n_params, dtype=bool)
    free[-1] = False
    with pytest.raises(AssertionError, match="masked"):
        testing.check_gradients(flow, ROWS, CONTEXT, free=free)


def test_gradients_put_the_parameters_back(flow):
    before = flow.get_params()
    testing.check_gradients(flow, ROWS, CONTEXT)
    assert np.array_equal(flow.get_params(), before)


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17])
def test_panels_round_trip(n):
    rows = np.random.default_rng(0).standard_normal((n, 3))
    panels = testing.to_panels(rows, np.float32)
    assert panels.shape == (-(-n // 16), 3, 16) and panels.dtype == np.float32 and panels.flags.c_contiguous
    assert np.array_equal(testing.from_panels(panels, n), rows.astype(np.float32))
    assert panels.sum(dtype=np.float64) == pytest.approx(rows.astype(np.float32).sum(dtype=np.float64))


@pytest.mark.parametrize(
    ("bijection", "n_features", "n_context"),
    [
        (Coupling(Affine(), hidden_units=(8,)), 3, 2),
        (Autoregressive(Affine(), hidden_units=(12,), activation="silu"), 4, 0),
        (LinearGaussian(), 3, 1),
        (LinearGaussian(), 1, 0),
    ],
)
def test_check_bijection_passes(bijection, n_features, n_context):
    testing.check_bijection(bijection, n_features, n_context)


def test_check_bijection_example_runs():
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder(recurse=False).find(testing.check_bijection, globs={}):
        assert runner.run(example).attempted > 0
    assert runner.failures == 0
