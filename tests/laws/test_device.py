"""What a device does, on the host: every case and every preset against the CPU engine, within stated bounds.

The kernels are the ones that a GPU runs; here their loops are plain (csrc/cuda/). NFLOWS_NP_TEST_DEVICE=cuda asks a
GPU for the same.
"""

import os

import numpy as np
import pytest
from cases import BASE_CASES, CASES
from engine_flows import ISAS, every_dtype, log_prob, log_prob_vjp, make_flow, random_flow, rows_and_context

from nflows_np import presets
from nflows_np._engine import EngineError, device
from nflows_np.columns import Gather
from nflows_np.specs import (
    Affine,
    AffineSpline,
    Autoregressive,
    Bernstein,
    Inverse,
    LinearGaussian,
    MixtureCDF,
    Permutation,
    Planar,
    RationalQuadratic,
    Sigmoidal,
    StudentT,
)
from nflows_np.testing import (
    apply,
    check_batch_invariance,
    check_gradients,
    check_log_det,
    check_round_trip,
    to_panels,
    vjp,
)

DEVICE = os.environ.get("NFLOWS_NP_TEST_DEVICE", "host")
BOUND = {"float64": 1e-11, "float32": 3e-4}  # of the largest number of an array; formulas' last digits differ

try:
    device(DEVICE)
except EngineError as error:
    pytest.skip(f"{error}", allow_module_level=True)

every_case = pytest.mark.parametrize("case", [*CASES, *BASE_CASES], ids=lambda case: case.label)


def assert_close(found, expected, dtype):
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    atol = BOUND[dtype] * np.abs(expected[finite]).max(initial=1.0)
    np.testing.assert_allclose(found[finite], expected[finite], rtol=0, atol=atol)


def all_results(flow, rows, context):
    """All that a flow can be asked, in one list."""
    rng = np.random.default_rng(2)
    d_out, d_log_det = rng.standard_normal(rows.shape), rng.standard_normal(len(rows))
    found = [log_prob(flow, rows, context), *log_prob_vjp(flow, rows, d_log_det, context)]
    for direction in ("forward", "inverse"):
        found += apply(flow, direction, rows, context)
        found += vjp(flow, direction, rows, context, d_out, d_log_det)
    return [array for array in found if array is not None]


@every_case
@every_dtype
@pytest.mark.parametrize(
    "n", [37, pytest.param(1, marks=pytest.mark.slow), pytest.param(150, marks=pytest.mark.slow)]
)
def test_equals_the_cpu_engine(case, dtype, n):
    flows = [case.random_flow(isa, dtype)[0] for isa in (DEVICE, ISAS[-1])]
    rows, context = rows_and_context(n, case.n_features, getattr(case, "n_context", 0))
    for found, expected in zip(*(all_results(flow, rows, context) for flow in flows), strict=True):
        assert_close(found, expected, dtype)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_obeys_the_laws(case):
    flow, _, reader = case.random_flow(DEVICE)
    rows, context = case.rows_and_context(17)
    check_round_trip(flow, rows, context)
    check_log_det(flow, rows, context)
    check_gradients(flow, *case.rows_and_context(9), free=reader.free)
    check_batch_invariance(flow, *case.rows_and_context(100))


def table_for_training(n=700, n_features=3):
    rows = np.random.default_rng(3).standard_normal((n, n_features))
    rows[:, 1:] += 0.5 * rows[:, :-1] ** 2
    return rows


def trained(flow, rows, dtype, *, context=None, weights=None, orders=(None, None), **options):
    """Losses of some epochs, whether steps were applied, and all that training leaves."""
    panels = to_panels(rows, dtype)
    given = None if context is None else to_panels(context, dtype)
    flow.start_from_data(panels, len(rows), context=given)
    trainer = flow.trainer(learning_rate=3e-3, **options)
    runs = [
        trainer.run(panels, len(rows), 128, weights=weights, context=given, order=order) for order in orders
    ]
    state = trainer.get_state()
    losses, applied = (np.concatenate(arrays) for arrays in zip(*runs, strict=True))
    return losses, applied, [flow.get_params(), state["average"], state["m"], state["v"]], state["step"]


def assert_trained_alike(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-9)
    np.testing.assert_array_equal(found[1], expected[1])
    assert found[3] == expected[3]
    for array, wanted in zip(found[2], expected[2], strict=True):
        np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-8 * np.abs(wanted).max())


@pytest.mark.parametrize("preset", sorted(presets.PRESETS))
def test_trains_as_the_cpu_engine(preset):
    rows = table_for_training()
    spec = getattr(presets, preset)().for_table(*rows.shape)
    runs = []
    for isa in (DEVICE, ISAS[-1]):
        flow = make_flow(list(spec.bijections), rows.shape[1], isa=isa, base=spec.base)
        runs.append(trained(flow, rows, "float64"))
    assert_trained_alike(*runs)


def test_trains_with_order_weights_context_and_all_options():
    rng = np.random.default_rng(5)
    rows, context = table_for_training(), rng.standard_normal((700, 2))
    layers = [LinearGaussian(), Planar(), Inverse(Autoregressive(Affine(), hidden_units=(8,), residual=True))]
    orders = [rng.permutation(700), rng.integers(0, 700, 500)]
    runs = [
        trained(
            make_flow(layers, 3, 2, isa=isa, base=StudentT()),
            rows,
            "float64",
            context=context,
            weights=np.linspace(0, 2, 700),
            orders=orders,
            alpha=1e-3,
            average_decay=0.9,
            schedule="cosine",
            total_steps=20,
            warm_up_steps=3,
        )
        for isa in (DEVICE, ISAS[-1])
    ]
    assert_trained_alike(*runs)


def test_a_flow_without_parameters():
    rows = table_for_training(200)
    results, runs = [], []
    for isa in (DEVICE, ISAS[-1]):
        flow = make_flow([Permutation("reverse")], 3, isa=isa)
        results.append(all_results(flow, rows, None))
        runs.append(flow.trainer(learning_rate=1e-3).run(to_panels(rows, "float64"), 200, 64))
    for found, expected in zip(*results, strict=True):
        assert_close(found, expected, "float64")
    np.testing.assert_allclose(runs[0][0], runs[1][0], rtol=1e-12)
    np.testing.assert_array_equal(runs[0][1], runs[1][1])


def test_a_context_that_changes_is_read_again():
    """A stream of rows may stay on the device; panels of the context are another matter."""
    rng = np.random.default_rng(6)
    rows, panels = table_for_training(64), []
    flow = make_flow([Autoregressive(hidden_units=(8,))], 3, 2, isa=DEVICE)
    flow.set_params(0.3 * rng.standard_normal(flow.n_params))
    trainer, order = flow.trainer(learning_rate=1e-12), np.arange(64)
    table = Gather(rows, slice(None), np.zeros(3), np.ones(3), np.dtype("float64"))
    for context in (rng.standard_normal((64, 2)), rng.standard_normal((64, 2))):
        panels.append(to_panels(context, "float64"))
        losses, _ = trainer.run(table, 64, 64, context=panels[-1], order=order)
        expected = -log_prob(flow, rows, context).mean()
        np.testing.assert_allclose(losses[0], expected, rtol=1e-6)


def test_a_step_that_is_not_finite_changes_nothing():
    rows = table_for_training(256)
    flow = make_flow([LinearGaussian(), Autoregressive(hidden_units=(8,))], 3, isa=DEVICE)
    panels = to_panels(rows, "float64")
    flow.start_from_data(panels, 256)
    trainer, before = flow.trainer(learning_rate=1e-2), flow.get_params()
    spoilt = panels.copy()
    spoilt[0, 1, 3] = np.nan
    losses, applied = trainer.run(spoilt, 256, 256)
    assert np.isnan(losses).all()
    assert not applied.any()
    np.testing.assert_array_equal(flow.get_params(), before)
    assert trainer.step == 0
    losses, applied = trainer.run(panels, 256, 256)
    assert np.isfinite(losses).all()
    assert applied.all()


@every_dtype
def test_the_same_seed_gives_the_same_bits(dtype):
    rows = table_for_training()
    runs = []
    for _ in range(2):
        flow = make_flow([LinearGaussian(), Autoregressive(hidden_units=(16,))], 3, isa=DEVICE, dtype=dtype)
        runs.append(trained(flow, rows, dtype))
    np.testing.assert_array_equal(runs[0][0], runs[1][0])
    for array, again in zip(runs[0][2], runs[1][2], strict=True):
        np.testing.assert_array_equal(array, again)


@pytest.mark.parametrize(
    "transformers",
    [
        [RationalQuadratic(n_bins=20)],
        [AffineSpline(n_bins=20)],
        [Bernstein(degree=20)],
        [Sigmoidal(n_units=20)],
        [MixtureCDF(n_components=20)],
        [RationalQuadratic(n_bins=5), Sigmoidal(n_units=20), Affine()],
    ],
    ids=lambda some: "-".join(type(one).__name__ for one in some),
)
def test_large_formulas_and_several(transformers):
    """Kernels for one formula have a light form for few bins, units, terms; this is the other, and that of all."""
    layers = [Autoregressive(transformer, hidden_units=(9,)) for transformer in transformers]
    rows, context = rows_and_context(70, 3)
    results = [all_results(random_flow(layers, 3, isa=isa)[0], rows, context) for isa in (DEVICE, ISAS[-1])]
    for found, expected in zip(*results, strict=True):
        assert_close(found, expected, "float64")


def test_workspaces_beyond_shared_memory():
    """A net so wide that no tile of it fits into the shared memory of the host's device."""
    layers = [Autoregressive(hidden_units=(300, 200), activation="silu")]
    rows, context = rows_and_context(100, 4)
    results = [all_results(random_flow(layers, 4, isa=isa)[0], rows, context) for isa in (DEVICE, ISAS[-1])]
    for found, expected in zip(*results, strict=True):
        assert_close(found, expected, "float64")
