"""The laws of a base, over every case, engine module and precision."""

import numpy as np
import pytest
from cases import BASE_CASES, every_base
from engine_flows import ISAS, every_dtype, every_isa, log_prob, log_prob_vjp, make_flow, resolve
from reference import build_flow
from reference.adam import Adam

from nflows_np.specs import Affine, Autoregressive, Coupling, LinearGaussian
from nflows_np.testing import apply, check_log_prob_gradients, to_panels
from nflows_np.testing._differences import assert_equal_derivative, by_columns

SIZES = (0, 1, 15, 16, 17, 100)
RTOL = {"float32": 1e-5, "float64": 1e-12}
LAYERS = [LinearGaussian(), Coupling(Affine(), hidden_units=(7,), activation="tanh")]


def factors(n):
    return np.random.default_rng(1).standard_normal(n)


@every_base
@every_isa
@every_dtype
@pytest.mark.parametrize("scale", [0.0, 0.5])
def test_equals_the_reference(case, isa, dtype, scale):
    flow, reference, _ = case.random_flow(isa, dtype, scale=scale)
    rows = case.rows(100, scale=1.5).astype(dtype)
    found, expected = log_prob(flow, rows), reference.log_prob(rows)
    np.testing.assert_allclose(found, expected, rtol=RTOL[dtype], atol=RTOL[dtype])


@every_base
@every_isa
def test_gradients_equal_differences(case, isa):
    flow, _, reader = case.random_flow(isa)
    check_log_prob_gradients(flow, case.rows(9), free=reader.free)


@every_base
@every_isa
def test_single_precision_follows_double(case, isa):
    rows, d_log_prob = case.rows(50), factors(50)
    double, single = (
        log_prob_vjp(case.random_flow(isa, dtype)[0], rows, d_log_prob) for dtype in ("float64", "float32")
    )
    for a, b in zip(double[:2], single[:2], strict=True):
        assert b.dtype == np.float32
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-4 * np.abs(a).max(initial=1.0))


@every_base
@every_isa
@every_dtype
def test_bits_do_not_depend_on_the_batch(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype)
    rows, d_log_prob = case.rows(333, scale=1.5), factors(333)  # more than one tile
    whole, (d_rows, d_params, _) = log_prob(flow, rows), log_prob_vjp(flow, rows, d_log_prob)
    order = np.random.default_rng(0).permutation(333)
    for chosen in (*(np.arange(n) for n in SIZES), np.arange(0, 333, 3), order):
        assert np.array_equal(log_prob(flow, rows[chosen]), whole[chosen])
        assert np.array_equal(log_prob_vjp(flow, rows[chosen], d_log_prob[chosen])[0], d_rows[chosen])
    parts = np.array_split(order, [1, 17, 150])
    total = sum(log_prob_vjp(flow, rows[part], d_log_prob[part])[1].astype(np.float64) for part in parts)
    rounding = {"float32": 1e-4, "float64": 1e-11}[dtype]
    np.testing.assert_allclose(total, d_params, rtol=0, atol=rounding * np.abs(d_params).max(initial=1.0))


@every_base
@every_isa
@every_dtype
def test_nan_stays_in_its_row(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype)
    rows = case.rows(33)
    clean = log_prob(flow, rows)
    rows[[5, 6], 0] = np.nan, -np.nan
    spoilt = log_prob(flow, rows)
    assert np.isnan(spoilt[[5, 6]]).all()
    assert np.array_equal(np.delete(spoilt, [5, 6]), np.delete(clean, [5, 6]))


@every_base
@every_isa
@every_dtype
@pytest.mark.parametrize("scale", [0.5, 20.0])
def test_no_nan_far_in_the_tails_and_at_extreme_parameters(case, isa, dtype, scale):
    """Every finite row has a finite log-density, but for rows outside of a bounded support, whose density is zero."""
    flow, _, _ = case.random_flow(isa, dtype, scale=scale)
    signs = np.where(np.random.default_rng(0).random((8, case.n_features)) < 0.5, -1.0, 1.0)
    rows = np.concatenate([case.rows(17), 1e3 * signs, 1e6 * signs, 1e30 * signs])
    found = log_prob(flow, rows)
    d_rows, d_params, _ = log_prob_vjp(flow, rows[:17], factors(17))
    assert np.isfinite(found[:17]).all()
    if case.is_bounded:
        assert np.all(found[17:] == -np.inf)
    else:
        assert np.isfinite(found).all()
    assert not np.isnan(d_rows).any() and not np.isnan(d_params).any()
    assert not np.isnan(log_prob_vjp(flow, rows, factors(len(rows)))[0]).any()


def axis_of(name, n):
    """Points and their weights: one turn of a circle, or the whole line by z = sinh(t), for tails of any weight."""
    if name == "von_mises":
        return -np.pi + 2 * np.pi * np.arange(n) / n, np.full(n, 2 * np.pi / n)
    t = np.linspace(-9.0, 9.0, n)
    return np.sinh(t), np.cosh(t) * (t[1] - t[0])


# Of the line and the plane; the box has a jump, which no rule of equal steps sees, and its own test.
SMOOTH_CASES = [case for case in BASE_CASES if case.n_features <= 2 and not case.is_bounded]


@pytest.mark.parametrize("case", SMOOTH_CASES, ids=lambda case: case.label)
@every_isa
@pytest.mark.parametrize("scale", [0.0, 0.3])
def test_integrates_to_one(case, isa, scale):
    flow, _, _ = case.random_flow(isa, scale=scale)
    points, weights = axis_of(case.base.name, {1: 4001, 2: 700}[case.n_features])
    grid = np.stack(np.meshgrid(*[points] * case.n_features), axis=-1).reshape(-1, case.n_features)
    mass = np.stack(np.meshgrid(*[weights] * case.n_features), axis=-1).reshape(-1, case.n_features)
    assert np.exp(log_prob(flow, grid)) @ mass.prod(axis=1) == pytest.approx(1.0, abs=1e-4)


@every_base
@every_isa
@every_dtype
def test_log_prob_is_base_plus_log_det(case, isa, dtype):
    flow, _, _ = case.random_flow(isa, dtype, bijections=LAYERS, n_context=2, scale=0.2)
    alone = case.flow(isa, dtype)
    if alone.n_params:
        alone.set_params(flow.get_params()[-alone.n_params :])
    rows, context = case.rows(33), np.random.default_rng(2).standard_normal((33, 2))
    z, log_det = apply(flow, "forward", rows, context)
    found, expected = log_prob(flow, rows, context), log_prob(alone, z) + log_det
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-13)


@every_base
@every_isa
def test_layout(case, isa):
    """The base's blocks come after the chain's, fill the vector in order, and do not decay."""
    flow, _, _ = case.random_flow(isa, bijections=LAYERS)
    layout = flow.layout()
    sizes = [size for _, _, size, _ in layout]
    assert [offset for _, offset, _, _ in layout] == np.cumsum([0, *sizes])[:-1].tolist()
    assert sum(sizes) == flow.n_params
    own = [name.startswith("base.") for name, *_ in layout]
    assert own == sorted(own) and any(own) == (case.flow(isa).n_params > 0)
    assert not any(decays for name, _, _, decays in layout if name.startswith("base."))
    assert len({name for name, *_ in layout}) == len(layout)


@every_base
def test_start_comes_from_its_seed(case):
    seeds = [*((isa, 1) for isa in ISAS), (ISAS[0], 1), (ISAS[0], 2)]
    starts = [case.flow(isa, seed=seed).get_params() for isa, seed in seeds]
    assert all(np.array_equal(params, starts[0]) for params in starts[:-1])
    assert np.array_equal(starts[0], starts[-1]) == (not case.starts_at_random)


@every_base
@every_isa
def test_start_from_data_counts_weights_and_raises_the_likelihood(case, isa):
    rows = 0.3 + 0.5 * case.rows(120)
    counts = np.random.default_rng(0).integers(0, 2 if case.shrinks else 4, 120)
    again = np.repeat(rows, counts, axis=0)
    weighted, repeated = case.flow(isa), case.flow(isa)
    before = log_prob(weighted, again).mean()
    weighted.start_from_data(to_panels(rows), len(rows), counts.astype(float))
    repeated.start_from_data(to_panels(again), len(again))
    np.testing.assert_allclose(weighted.get_params(), repeated.get_params(), rtol=1e-9, atol=1e-11)
    assert np.isfinite(weighted.get_params()).all()
    assert log_prob(weighted, again).mean() >= before


@every_base
@every_isa
@every_dtype
def test_start_at_constant_columns_is_finite(case, isa, dtype):
    flow = case.flow(isa, dtype)
    rows = np.full((40, case.n_features), 0.5)
    flow.start_from_data(to_panels(rows, dtype), len(rows))
    assert np.isfinite(flow.get_params()).all() and np.isfinite(log_prob(flow, rows)).all()


@every_base
@every_isa
def test_start_sees_what_the_layers_make(case, isa):
    """Behind a layer that whitens, a base starts as it does alone on whitened rows."""
    rows = 5.0 + case.rows(100) @ np.random.default_rng(3).standard_normal((case.n_features,) * 2)
    flow, alone = case.flow(isa, bijections=[LinearGaussian()]), case.flow(isa)
    flow.start_from_data(to_panels(rows), len(rows))
    z, _ = apply(flow, "forward", rows)
    if not case.starts_at_random:  # a mixture's seeds come after the layers' random numbers
        alone.start_from_data(to_panels(z), len(z))
        own = flow.get_params()[flow.n_params - alone.n_params :]
        np.testing.assert_allclose(own, alone.get_params(), rtol=1e-9, atol=1e-9)
    assert np.isfinite(flow.get_params()).all()


@every_base
@every_isa
def test_training_steps_are_adams(case, isa):
    """The trainer's gradient is that of log_prob, by the parameters of the chain and of the base alike."""
    flow, twin = (case.flow(isa, bijections=LAYERS, n_context=2) for _ in range(2))
    trainer = flow.trainer(learning_rate=1e-2, alpha=0.1)
    decays = np.zeros(flow.n_params, dtype=bool)
    for _, offset, size, decayed in flow.layout():
        decays[offset : offset + size] = decayed
    adam, params = Adam(decays, learning_rate=1e-2, alpha=0.1), twin.get_params()
    rows, context = 0.5 * case.rows(300), np.random.default_rng(2).standard_normal((300, 2))
    for _ in range(2):
        (loss,), (applied,) = trainer.run(to_panels(rows), 300, 300, None, to_panels(context))
        assert applied
        assert loss == pytest.approx(-log_prob(twin, rows, context).mean(), rel=1e-11)
        gradient = log_prob_vjp(twin, rows, np.full(300, -1 / 300), context)[1]
        params = adam.step(params, gradient)
        twin.set_params(params)
        np.testing.assert_allclose(flow.get_params(), params, rtol=1e-8, atol=1e-9)


@every_isa
def test_gradients_of_log_prob_by_rows_and_context(isa):
    layers = [LinearGaussian(), Autoregressive(Affine(), hidden_units=(9,), activation="silu")]
    flow = make_flow(layers, 3, 2, isa=isa)
    spec = resolve(layers, 3)
    flow.set_params(
        0.3 * np.random.default_rng(0).standard_normal(flow.n_params) * build_flow(flow, spec)[1].free
    )
    rng = np.random.default_rng(1)
    rows, context, d_log_prob = rng.standard_normal((9, 3)), rng.standard_normal((9, 2)), factors(9)
    d_rows, _, d_context = log_prob_vjp(flow, rows, d_log_prob, context)

    def scaled(rows, context):
        return np.tile(d_log_prob, len(rows) // 9) * log_prob(flow, rows, context)

    by_rows = by_columns(lambda moved: scaled(moved, np.tile(context, (len(moved) // 9, 1))), rows)
    by_context = by_columns(lambda moved: scaled(np.tile(rows, (len(moved) // 9, 1)), moved), context)
    assert_equal_derivative(d_rows.T, by_rows, 1e-6, "by rows")
    assert_equal_derivative(d_context.T, by_context, 1e-6, "by context")
